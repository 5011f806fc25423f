"""The tables of results: methods, exploratory endpoints, what is missing, doses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

from hrv.report import numbers, words
from hrv.report.checklist import STANDARDS, checklist
from hrv.report.table import Cell, Table, bar_cell, cell, columns
from hrv.study import StudyResult
from hrv.types import Comparison

FOLD_ABOVE = 12
"""Tables longer than this start folded on a screen."""


def methods(result: StudyResult) -> Table:
    """Return the primary endpoint by every method, with what each assumes."""
    title = words.quantity(result.study.primary, result.headline)
    level = numbers.share(result.study.settings.level)
    rows = []
    for k, (name, comparison) in enumerate(result.primary.items()):
        told = words.method(name)
        # the headline's flags stand with the verdict
        notes = [told.assumes, *_caveats(comparison, flags=k > 0)]
        first = Cell(told.title + (" (headline)" if k == 0 else ""), _joined(notes))
        rows.append((first, *_answer(comparison, result.study.primary)))
    return Table(
        "methods",
        f"Primary endpoint, {title}, by every method",
        columns("Method and what it assumes", "#Estimate", f"#{level} interval", "#p", "#df"),
        tuple(rows),
        "The headline method was fixed beforehand. The others show how much the answer depends "
        "on the method; none replaces it.",
    )


def _caveats(comparison: Comparison, *, flags: bool = True) -> list[str]:
    """Sentences on what was refused and, if asked, on what weakens the answer."""
    whys = "; ".join(r.why for r in comparison.refusals)
    if comparison.refused:
        return [f"Refused: {whys}."]
    told = [f"No {r.what}: {r.why}." for r in comparison.refusals]
    if flags:
        told += [words.sentence_case(flag) + "." for flag in comparison.flags]
    return told


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _answer(comparison: Comparison, name: str) -> tuple[Cell, Cell, Cell, Cell]:
    """Estimate, interval, p and df; a refusal says so where the estimate would stand."""
    _, unit = words.outcome(name, comparison)
    c = comparison
    if c.refused:
        blank = cell(numbers.NO_VALUE)
        return cell("refused"), blank, blank, blank
    estimate, interval = numbers.estimate_and_interval(c.estimate, c.low, c.high, unit)
    (_, p), *others = numbers.p_values(c)
    tail = (
        Cell(numbers.p_value(p), "; ".join(_p_words(c)) if others else ""),
        cell(numbers.number(c.df, 1)),
    )
    if np.isnan(c.percent):
        return cell(estimate), cell(interval), *tail
    percent, percents = numbers.estimate_and_interval(c.percent, c.percent_low, c.percent_high, "%")
    return Cell(percent, f"ln {estimate}"), Cell(percents, f"ln {interval}"), *tail


def _p_words(c: Comparison) -> list[str]:
    """Say of which side the p-value of a declared direction is, and what that of both is."""
    (which, _), *others = numbers.p_values(c)
    return [which, *(f"{words} {numbers.p_value(p)}" for words, p in others)]


def assumptions(result: StudyResult) -> Table:
    """Return what the headline method assumed and what the data say of it."""
    rows = [
        (
            Cell(words.sentence_case(check["assumed"]), f"Checked by: {check['checked']}."),
            cell(words.sentence_case(check["found"])),
            cell("stands out" if check["stands_out"] else "nothing against it"),
        )
        for check in result.headline.details.get("assumptions", ())
    ]
    return Table(
        "assumptions",
        "What was assumed, and what the data say of it",
        columns("Assumption", "=Found", "Verdict"),
        tuple(rows),
        "None of these decides whether an answer is given: choosing an analysis by its checks "
        "would change its error rate.",
    )


def hangs_on(result: StudyResult) -> Table:
    """Return the headline with and without each adjustment, and what missing days could hide."""
    head = result.headline
    _, unit = words.outcome(result.study.primary, head)
    rows = []
    for row in head.details.get("with_and_without", ()):
        if "refused" in row:
            rows.append(
                (cell(words.sentence_case(row["what"])), cell("refused"), cell(row["refused"]))
            )
            continue
        told = numbers.estimate_and_interval(row["estimate"], row["low"], row["high"], unit)
        rows.append((cell(words.sentence_case(row["what"])), cell(told[0]), cell(told[1])))
    return Table(
        "with-and-without",
        "With and without each adjustment",
        columns("Analysis", "#Difference", "Interval"),
        tuple(rows),
        _missing_words(head, unit),
    )


def _missing_words(head: Comparison, unit: str) -> str:
    """Say what the missing days would have to be like to change the answer."""
    said = "The first row is the declared analysis; the others show what it hangs on."
    missing = head.details.get("missing_days", {})
    for name, delta in missing.get("delta", {}).items():
        if delta is not None:
            share = 100 * missing["missing_share"][name]
            value = numbers.estimate_and_interval(delta, delta, delta, unit)[0]
            said += (
                f" The {share:.0f} % of days missing with {name!r} would have to lie {value} from "
                "what the others lead to expect before the interval reached zero."
            )
    return said


def checklists(result: StudyResult) -> tuple[Table, ...]:
    """Return the reporting checklists, one table a standard."""
    items = checklist(result)
    return tuple(
        Table(
            f"checklist-{k}",
            standard,
            columns("Item", "Asks for", "=Answer from the data"),
            tuple(
                (cell(item.number), cell(item.topic), cell(item.text or "to be written"))
                for item in items
                if item.standard == standard
            ),
            fold=True,
        )
        for k, standard in enumerate(STANDARDS)
    )


def exploratory(result: StudyResult) -> Table:
    """Return the endpoints that were not declared primary, labelled as exploratory."""
    rows = []
    for name, comparison in result.secondary.items():
        title = words.quantity(name, comparison)
        adjusted = float(comparison.details.get("p_holm", np.nan))
        estimate, interval, p_value, _ = _answer(comparison, name)
        rows.append(
            (
                Cell(words.sentence_case(title), _joined(_caveats(comparison))),
                estimate,
                interval,
                p_value,
                cell(numbers.p_value(adjusted)),
                cell(words.VERDICTS.get(comparison.verdict, comparison.verdict)),
            )
        )
    level = numbers.share(result.study.settings.level)
    heads = ("Endpoint", "#Estimate", f"#{level} interval", "#p", "#p (Holm)", "Against the SWC")
    return Table(
        "exploratory",
        "Exploratory endpoints",
        columns(*heads),
        tuple(rows),
        "Not declared as primary: they raise questions and confirm nothing. p (Holm) accounts "
        "for their number. SWC: smallest worthwhile change.",
    )


def rates(result: StudyResult) -> Table:
    """Return how many episodes gave a value, no response or a refusal, by condition."""
    rows = []
    for _, row in result.rates.iterrows():
        total = float(row["episodes"])
        counted = tuple(_part(row[name], total) for name in ("valid", "no_response", "refused"))
        rows.append((cell(row["condition"]), cell(numbers.count(total)), *counted))
    return Table(
        "rates",
        "Stress episodes by condition",
        columns("Condition", "#Episodes", "#With a value", "#No response", "#Refused"),
        tuple(rows),
        "If values go missing more often in one condition, what is left is a selection. No "
        "response: the heart rate did not rise enough to speak of recovery.",
    )


def _part(value: object, total: float) -> Cell:
    if value is None or pd.isna(value) or not total > 0:  # type: ignore[call-overload]
        return cell(numbers.NO_VALUE)
    share = float(value) / total  # type: ignore[arg-type]
    percent = numbers.with_unit(numbers.number(100 * share, 0), "%")
    return bar_cell(f"{numbers.count(value)} ({percent})", share)


_REASON = re.compile(r"(?:^|; )([a-z][a-z0-9_]*(?:, [a-z][a-z0-9_]*)*): ")


def split_reasons(text: str) -> list[tuple[str, str]]:
    """Split ``"measure: why; measure, measure: why"`` into pairs of measure and why.

    A why may hold semicolons: only lower-case names before a colon begin a new pair.
    """
    parts = _REASON.split(text)
    told = zip(parts[1::2], parts[2::2], strict=True)
    return [(name, why) for names, why in told for name in names.split(", ")]


def episode_refusals(result: StudyResult) -> Table:
    """Return why single episodes could not give a measure, alike reasons together."""
    texts = [str(text) for text in result.recovery.get("reason", pd.Series(dtype=str)).fillna("")]
    examples: dict[str, str] = {}
    episodes: dict[str, set[int]] = {}
    measures: dict[str, Counter[str]] = {}
    for k, text in enumerate(texts):
        for name, why in split_reasons(text):
            kind = re.sub(r"[-−]?\d+(?:\.\d+)?", "#", why)  # alike but for the figures
            examples.setdefault(kind, why)
            episodes.setdefault(kind, set()).add(k)
            measures.setdefault(kind, Counter())[words.outcome(name)[0]] += 1
    rows = []
    for kind in sorted(episodes, key=lambda kind: (-len(episodes[kind]), kind)):
        n = len(episodes[kind])
        note = f"figures of one of the {n}" if "#" in kind and n > 1 else ""
        first = Cell(words.sentence_case(examples[kind]), note)
        named = words.sentence_case(" · ".join(sorted(measures[kind])))
        rows.append((first, cell(f"{n} of {len(texts)}"), cell(named)))
    return Table(
        "episode-refusals",
        "Measures refused in single episodes",
        columns("Why", "#Episodes", "=Measures"),
        tuple(rows),
        fold=len(rows) > FOLD_ABOVE,
    )


def episode_flags(result: StudyResult) -> Table:
    """Return what qualifies single episodes, counted."""
    texts = result.recovery.get("flags", pd.Series(dtype=str)).fillna("")
    tally = Counter(flag for text in texts for flag in str(text).split("; ") if flag)
    rows = tuple((cell(flag), cell(f"{n} of {len(texts)}")) for flag, n in tally.most_common())
    return Table(
        "episode-flags",
        "What qualifies single episodes",
        columns("Flag", "#Episodes"),
        rows,
        fold=len(rows) > FOLD_ABOVE,
    )


def adherence(result: StudyResult) -> Table:
    """Return planned, taken and missed doses by condition."""
    rows = []
    for _, row in result.adherence.iterrows():
        planned = float(row["planned"])
        taken = cell(numbers.count(row["taken"]))
        if planned > 0:
            taken = _part(row["taken"], planned)
        rest = (cell(numbers.count(row[name])) for name in ("missed", "unknown_basis"))
        rows.append(
            (cell(row["condition"]), cell(row["substance"]), cell(numbers.count(planned)), taken,
             *rest)
        )  # fmt: skip
    return Table(
        "adherence",
        "Doses by condition",
        columns("Condition", "Substance", "#Planned", "#Taken", "#Missed", "#Basis unknown"),
        tuple(rows),
        "Basis: whether an amount means the element or the whole compound. Where it is unknown "
        "it is not guessed, and no dose–response is computed.",
    )


def doses(result: StudyResult) -> Table:
    """Return the dose log, one row a dose."""
    rows = []
    for _, row in result.study.doses.iterrows():
        amount = numbers.with_unit(_plain(row.get("amount")), str(row.get("unit") or ""))
        told = (_text(row.get(name)) for name in ("basis", "status", "note"))
        rows.append(
            (cell(numbers.moment(row.get("time"))), cell(_text(row.get("subject"))),
             cell(_text(row.get("substance"))), cell(amount), *(cell(text) for text in told))
        )  # fmt: skip
    return Table(
        "doses",
        "Dose log",
        columns("Time", "Person", "Substance", "#Amount", "Basis", "Status", "=Note"),
        tuple(rows),
        fold=len(rows) > FOLD_ABOVE,
    )


def _plain(value: object) -> str:
    """Return an entered amount as it was entered, without digits that were not."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return numbers.NO_VALUE
    return f"{float(value):g}"  # type: ignore[arg-type]


def _text(value: object) -> str:
    missing = value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT
    return numbers.NO_VALUE if missing or value == "" else str(value)


def nonempty(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Return the tables that have rows."""
    return tuple(table for table in tables if table.rows)
