"""`hrv compare`: a study, analysed from its `study.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat
from api.cli._study import present


def compare(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY", help="The study's study.toml, its folder, or - for standard input."
        ),
    ],
    report: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Write the self-contained report here.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Key of a blinded study: which code is which."),
    ] = None,
    checklist: Annotated[
        bool,
        typer.Option("--checklist", help="Print CENT 2015 and SCRIBE 2016, filled from the data."),
    ] = False,
    fhir: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Write inputs and answer as FHIR R4 here.")
    ] = None,
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
) -> None:
    """Compare stress recovery before and after, as the study declares it.

    \b
    hrv compare study.toml
    hrv compare study.toml --report out.html
    hrv compare study.toml --format json --out result.json
    hrv compare study.toml --checklist --format csv > checklist.csv
    hrv compare study.toml --fhir bundle.json --key ../key.json
    """
    from hrv.errors import InputError
    from ingest.study import load_study

    try:
        present(
            load_study(study, key=key), form=form, out=out, report=report,
            fhir=fhir, checklist=checklist,
        )  # fmt: skip
    except InputError as error:
        told = str(error)
        raise InputError(told if str(study) in told else f"{study}: {told}") from None
