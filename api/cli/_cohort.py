"""How the group answers of a cohort are shown."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from api.cli import _clock
from api.cli._output import (
    OutputFormat,
    bullets,
    cell,
    emit_json,
    emit_table,
    emit_text,
    for_people,
    save,
)
from api.results import comparison_mapping

if TYPE_CHECKING:
    from ingest.cohort.group import Group

_DATE = {"svg": "Date", "pdf": "CreationDate"}
"""Left out, so that the same result gives the same file."""
MOST_SHOWN = 20
"""People and outliers of the table for people; the other forms carry all."""


def present_cohort(
    out_of_batch: str,
    phases: str,
    *,
    form: OutputFormat,
    out: Path | None,
    forest: Path | None,
    report: Path | None,
    **asked: Any,
) -> None:
    """Compare a cohort, print the answers in the form asked for, draw plot and report."""
    from hrv.errors import NotComputableError
    from ingest.cohort.group import compare_cohort

    group = compare_cohort(
        out_of_batch, phases, name=asked.pop("endpoint"), now=_clock.now(), **asked
    )
    if form is OutputFormat.JSON:
        emit_json(_everything(group), out)
    elif form is OutputFormat.TABLE:
        emit_text("\n".join(_lines(group)) + "\n", out)
    else:
        emit_table(group.people, form, out)
    if report is not None:
        _write_report(group, report)
    if forest is not None:
        _draw(group, forest)
    headline = next(iter(group.comparisons.values()))
    if headline.refused:
        raise NotComputableError(headline.sentence)


def _write_report(group: Group, path: Path) -> None:
    from hrv.report import render_cohort

    page = render_cohort(group.result, group.people, group.responders, group.why_not, group.quality)
    save(path, page.encode())
    sys.stderr.write(f"report written to {path.resolve()}\n")


def _draw(group: Group, forest: Path) -> None:
    from hrv.errors import InputError, NotComputableError
    from hrv.plots import forest_plot

    if group.responders is None:
        raise NotComputableError(f"no forest plot is drawn: {group.why_not}")
    figure = forest_plot(
        group.responders, outcome=group.endpoint.label, unit=group.endpoint.unit,
        conditions=group.conditions,
    )  # fmt: skip
    form = forest.suffix.lstrip(".").lower()
    if form not in ("svg", "png", "pdf"):
        raise InputError(f"--forest {forest}: end the name in .svg, .png or .pdf")
    image = io.BytesIO()
    figure.savefig(image, format=form, metadata=None if form == "png" else {_DATE[form]: None})
    save(forest, image.getvalue())


def _everything(group: Group) -> dict[str, Any]:
    together = group.responders
    spread = (
        {"refused": group.why_not}
        if together is None
        else {k: v for k, v in vars(together).items() if k != "people"}
    )
    return {
        "endpoint": group.endpoint.name,
        "unit": group.endpoint.unit,
        "conditions": list(group.conditions),
        "comparisons": {k: comparison_mapping(c) for k, c in group.comparisons.items()},
        "responders": spread,
        "people": group.people.to_dict(orient="records"),
        "quality": {k: t.to_dict(orient="records") for k, t in group.quality.items()},
    }


def _lines(group: Group) -> list[str]:
    first, second = group.conditions
    title = f"{group.endpoint.label}: {second} compared with {first}"
    lines = [title, "=" * len(title), ""]
    for method, answer in group.comparisons.items():
        lines += [fill(f"{method}: {answer.sentence}", 100, subsequent_indent="  "), ""]
        if answer.flags:
            lines += [*bullets(answer.flags[:MOST_SHOWN]), ""]
    lines += ["How much people differ", *_spread(group), "", "Everyone's effect"]
    known = group.people[group.people["shrunken"].notna()].sort_values("shrunken", kind="stable")
    shown = known if len(known) <= MOST_SHOWN else known.iloc[[*range(10), *range(-10, 0)]]
    columns = ["subject", "estimate", "standard_error", "shrunken", "low", "high"]
    if len(shown):
        lines.append(for_people(shown[columns]).rstrip())
    if len(shown) < len(known):
        lines.append(f"  the 10 lowest and the 10 highest of {len(known)}; --format csv has all")
    without = group.people[group.people["reason"] != ""]
    told = [f"{row.subject}: {row.reason}" for row in without.itertuples()]
    if told:
        more = [f"and {len(told) - MOST_SHOWN} more"] if len(told) > MOST_SHOWN else []
        lines += ["", "Without an effect of their own", *bullets([*told[:MOST_SHOWN], *more])]
    return lines + _quality(group)


def _spread(group: Group) -> list[str]:
    r = group.responders
    if r is None:
        return [f"  {group.why_not}"]
    unit = f" {group.endpoint.unit}" if group.endpoint.unit else ""
    level = f"{100 * r.level:g} %"
    return [
        f"  mean {cell(r.mean)}{unit}, {level} interval {cell(r.low)} to {cell(r.high)}",
        f"  SD of true effects {cell(r.tau)}{unit}, {level} interval {cell(r.tau_low)} to "
        f"{cell(r.tau_high)}; {100 * r.i_squared:.0f} % of the spread is people, the rest is noise",
        f"  the next person's effect: {cell(r.next_low)} to {cell(r.next_high)}{unit}",
    ]


def _quality(group: Group) -> list[str]:
    lines = ["", "Quality of the recordings"]
    words = {"distributions": "", "devices": "Devices", "outliers": "Outlying recordings",
             "failures": "What failed"}  # fmt: skip
    for name, word in words.items():
        table = group.quality[name]
        if table.empty:
            continue
        lines += ["", word] if word else []
        lines.append(for_people(table.head(MOST_SHOWN)).rstrip())
        if len(table) > MOST_SHOWN:
            lines.append(f"  and {len(table) - MOST_SHOWN} more; --format json has all")
    missing = group.quality["missing"]
    lacking = missing[(missing["unread"] > 0) | (missing["unmeasured"] > 0)]
    if len(lacking):
        lines += ["", "Who lacks what", for_people(lacking.head(MOST_SHOWN)).rstrip()]
    return lines
