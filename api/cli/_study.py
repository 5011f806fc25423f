"""How a study's result is shown on the terminal and as JSON; shared by `compare` and `demo`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from api.cli import _clock
from api.cli._output import OutputFormat, bullets, cell, emit_json, emit_table, emit_text, save
from api.results import as_mapping, checklist_table, comparison_table

if TYPE_CHECKING:
    from hrv.study import Study, StudyResult
    from hrv.types import Comparison


def present(
    study: Study,
    *,
    form: OutputFormat,
    out: Path | None,
    report: Path | None,
    fhir: Path | None = None,
    checklist: bool = False,
) -> None:
    """Analyse `study`, print it in the form asked for, write the report and the export."""
    result = _analyse_with_progress(study)
    if checklist:
        emit_table(checklist_table(result), form, out)
    elif form is OutputFormat.JSON:
        emit_json(as_mapping(result), out)
    elif form is OutputFormat.TABLE:
        _print_for_people(result, out)
    else:
        emit_table(comparison_table(result), form, out)
    if report is not None:
        _write_report(result, report)
    if fhir is not None:
        from hrv.export import bundle

        emit_json(bundle(result), fhir)
        sys.stderr.write(f"FHIR bundle written to {fhir.resolve()}\n")
    if result.headline.refused:
        from hrv.errors import NotComputableError

        raise NotComputableError(f"{study.title}: {result.headline.sentence}")


def _analyse_with_progress(study: Study) -> StudyResult:
    from hrv.study import analyse

    now = _clock.now()
    if not sys.stderr.isatty():
        return analyse(study, now=now)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("recordings", total=len(study.sessions))
        return analyse(study, progress=lambda done, _: bar.update(task, completed=done), now=now)


def _print_for_people(result: StudyResult, out: Path | None) -> None:
    emit_text("\n".join(_lines(result)) + "\n", out)


def _lines(result: StudyResult) -> list[str]:
    study, headline = result.study, result.headline
    lines = [study.title, "=" * len(study.title), "", fill(headline.sentence, 100), ""]
    if result.sealed:
        return [*lines, *_rates(result), *_not_answered(result)]
    lines += [_row(name, c) for name, c in result.primary.items()]
    confirms = result.confirmatory
    if confirms is not headline:
        lines.append(fill(f"  {_confirming(confirms)}", 100, subsequent_indent="  "))
    if result.secondary:
        lines += ["", "Exploratory endpoints (not part of the verdict)"]
        lines += [_row(name, c) for name, c in result.secondary.items()]
    lines += _log_lines(result)
    lines += ["", *_rates(result)]
    checks = headline.details.get("assumptions", ())
    if checks:
        told = (
            f"{c['assumed']}: {c['found']}{' – stands out' if c['stands_out'] else ''}"
            for c in checks
        )
        lines += ["", "What was assumed, and what the data say of it", *bullets(told)]
    if headline.flags:
        lines += ["", "Bear in mind", *bullets(headline.flags)]
    return lines + _not_answered(result)


def _confirming(c: Comparison) -> str:
    """Say which p confirms, and what the number of orders allows it to be."""
    from hrv.compare.words import p_value, p_values

    (which, first), *others = p_values(c)
    told = "The order was drawn and logged"
    if which:
        told += f", and the direction {c.settings['direction']!r} declared beforehand"
    told += f": p {p_value(first)} by {c.method} is the confirmatory one"
    told += "".join(f"; {words} it is {p_value(p)}" for words, p in others)
    smallest = c.details.get("smallest_p_value", 0.0)
    if smallest > 1 - c.settings.get("level", 0.95):
        told += (
            f". With {c.details['orders']} orders a two-sided p cannot fall below "
            f"{p_value(smallest)}, however large the difference"
        )
    return f"{told}."


def _log_lines(result: StudyResult) -> list[str]:
    """Say what the log holds beside the headline: regimen, adverse events, doses too high."""
    lines = []
    if result.log.comparisons:
        lines += ["", "The regimen (exploratory)"]
        for name, comparison in result.log.comparisons.items():
            lines.append(_row(name, comparison))
            if "shape" in comparison.details:
                lines.append(f"  {'':<20} {comparison.details['shape']}")
    if len(result.log.adverse):
        lines += ["", "Adverse events"]
        lines += [_adverse_line(row) for row in result.log.adverse.to_dict(orient="records")]
    if result.log.flags:
        lines += ["", "Doses and background", *bullets(result.log.flags)]
    return lines


def _adverse_line(row: Mapping[Any, Any]) -> str:
    per, base = ("dose-day", row["dose_days"]) if row["dose_days"] else ("day", row["days"])
    return (
        f"  {row['term']:<20} {row['condition']:<6} {row['events']} in {base} {per}s: "
        f"{row['per_dose_day']:.3f} a {per} [{row['low']:.3f} to {row['high']:.3f}]"
    )


def _not_answered(result: StudyResult) -> list[str]:
    if not result.refusals:
        return []
    return ["", "Not answered", *bullets(f"{r.what}: {r.why}" for r in result.refusals)]


def _row(name: str, c: Comparison) -> str:
    """One comparison in one line: name, estimate with interval, verdict, p."""
    from hrv.compare.words import p_value, p_values
    from hrv.report.figures import headline

    if c.refused:
        why = c.refusals[0].why if c.refusals else "refused"
        return fill(f"  {name:<20} refused: {why}", 100, subsequent_indent=" " * 23)
    estimate, interval = headline(c, str(c.settings.get("unit", "")))
    known = [f"{p_value(p)} {of.split(',')[0]}".rstrip() for of, p in p_values(c) if p == p]
    p = f"p {'; '.join(known)}" if known else ""
    bounds = f"[{interval}]" if c.low == c.low else ""
    row = f"  {name:<20} {estimate:>10}  {bounds:<24} {c.verdict:<13} {p}"
    return row.replace("\u202f", " ").rstrip()


def _rates(result: StudyResult) -> list[str]:
    lines = [f"{len(result.study.sessions)} recordings"]
    for row in result.rates.to_dict(orient="records"):
        shown = ", ".join(f"{k.replace('_', ' ')} {cell(v)}" for k, v in _rest(row).items())
        lines.append(f"  {row['condition']:<6} {shown}")
    return lines


def _rest(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k != "condition"}


def _write_report(result: StudyResult, path: Path) -> None:
    from hrv.report import render

    save(path, render(result).encode())
    sys.stderr.write(f"report written to {path.resolve()}\n")
