"""`hrv evaluate-detector`: how good is the detection of stressors that nobody marked."""

from __future__ import annotations

import sys
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_json, emit_table, emit_text, for_people

if TYPE_CHECKING:
    from hrv.detection import Evaluation, Subject


def evaluate_detector(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Marked recordings; none: simulated weeks."),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(metavar="CSV", help="Their stressors: subject,phase,kind,start,end."),
    ] = None,
    people: Annotated[int, typer.Option(help="People to simulate.")] = 6,
    days: Annotated[int, typer.Option(help="Days each; the first two are the run-in.")] = 7,
    seed: Annotated[int, typer.Option(help="Of the simulation and the random detector.")] = 1,
    clean: opt.CleanOption = "lipponen_tarvainen",
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
) -> None:
    """How good is the detection of stressors that nobody marked (hrv.detect)?

    \b
    hrv evaluate-detector
    hrv evaluate-detector --people 12 --seed 2
    hrv evaluate-detector *_IBI.csv --events phases.csv

    Without files people are simulated who wear a strap through their waking days.  Precision
    and recall are counted by event, thresholds are chosen on everybody but the person they
    are tried on, and the same is printed for heart rate alone and for chance.
    """
    from hrv.detection import evaluate_detector as evaluate
    from hrv.errors import InputError

    if files and events is None:
        raise InputError("marked recordings need --events CSV with their stressors")
    if events is not None and not files:
        raise InputError(f"--events {events} needs the recordings it belongs to; name their files")
    if files and events is not None:
        from ingest.marked import marked_subjects

        where = f"{len(files)} marked recordings, baselines pooled over each person's own"
        subjects = marked_subjects(
            files, events, cleaner=clean, format=input_format, unit=unit, tz=tz
        )
    else:
        where = f"{people} simulated people, {days} days each, baselines frozen on the first two"
        subjects = _simulated(people, days, seed)
    result = evaluate(subjects, seed=seed)
    if form is OutputFormat.TABLE:
        emit_text(_for_people(result, where), out)
    elif form is OutputFormat.JSON:
        emit_json(
            {
                "detectors": result.detectors,
                "people": result.people,
                "sentences": result.sentences,
                "not_judged": [vars(r) for r in result.refusals],
            },
            out,
        )
    else:
        emit_table(result.people, form, out)


def _simulated(people: int, days: int, seed: int) -> list[Subject]:
    from hrv.detection.simulated import simulated_subjects

    if not sys.stderr.isatty():
        return simulated_subjects(people, days=days, seed=seed)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("people", total=people)

        def told(done: int, _: int) -> None:
            bar.update(task, completed=done)

        return simulated_subjects(people, days=days, seed=seed, progress=told)


DIGITS = {
    "events": 0, "found": 0, "met": 1, "precision": 2, "recall": 2, "F1": 2,
    "false alarms a day": 1, "onset error s": 0, "latency s": 0, "watched h": 1,
}  # fmt: skip
"""Columns of the table for people and their decimals."""


def _for_people(result: Evaluation, where: str) -> str:
    from hrv.detection.evaluation import describe_rule

    names = {"detections": "found", "matched": "met", "f1": "F1", "latency_s": "latency s",
             "false_alarms_per_day": "false alarms a day", "onset_error_s": "onset error s",
             "watched_h": "watched h"}  # fmt: skip
    table = result.detectors.rename(columns=names)
    for name, digits in DIGITS.items():
        table[name] = [f"{v:.{digits}f}" if v == v else "–" for v in table[name]]
    lines = [where[:1].upper() + where[1:] + ".", "", for_people(table[["detector", *DIGITS]])]
    lines += [fill(sentence, 100) for sentence in result.sentences]
    lines += ["", fill(describe_rule(), 100)]
    if result.refusals:
        lines += ["", "Not judged", *(f"  - {r.what}: {r.why}" for r in result.refusals)]
    return "\n".join(lines) + "\n"
