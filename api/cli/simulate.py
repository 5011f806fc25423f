"""`hrv simulate`: a recording, or a whole study, with known truth."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli import _options as opt
from api.cli._output import emit_text


def simulate(
    seed: Annotated[int, typer.Option(help="Same seed and options, same beats.")] = 0,
    duration: Annotated[str, typer.Option(help="Length, such as 20min or 24h.")] = "25min",
    stress: Annotated[
        list[str] | None,
        typer.Option(metavar="FROM-TO", help="A stressor in seconds; may be given again."),
    ] = None,
    artefacts: Annotated[
        bool, typer.Option("--artefacts", help="Ectopic, missed and extra beats, motion, gaps.")
    ] = False,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="First beat, ISO 8601 with a zone.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="PATH", help="Recording to write.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write the stressors here as well.")
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the sample study made from this seed instead."),
    ] = None,
) -> None:
    """Make a recording, or a whole study, with known truth.

    \b
    hrv simulate --seed 1 > session.txt
    hrv simulate --stress 360-660 --events events.csv --out session.txt
    hrv simulate --seed 7 --study my_study
    """
    if study is not None:
        from ingest.sample_study import write_sample_study

        write_sample_study(study, seed=seed)
        sys.stderr.write(f"study written to {study.resolve()}\n")
        return
    from hrv.simulate import Artefacts
    from hrv.simulate import simulate as make
    from ingest import write_text

    made = make(
        seed,
        duration=duration,
        stress=[_span(text) for text in stress or ()],
        artefacts=Artefacts() if artefacts else None,
        start=None if start is None else opt.moment(start),
    )
    write_text(made.series, sys.stdout if out is None else out)
    if events is not None:
        emit_text(made.events.to_csv(index=False), events)


def _span(text: str) -> tuple[float, float]:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*", text)
    if match is None:
        from hrv.errors import InputError

        raise InputError(f"--stress {text!r} is not FROM-TO in seconds, such as 360-660")
    return float(match[1]), float(match[2])
