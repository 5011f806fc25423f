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
    phases: Annotated[
        str | None,
        typer.Option(metavar="CSV", help="Of a cohort: subject,start,stop,condition."),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of a cohort: what is compared; default residual_hr."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Of a cohort: methods, the headline first.")
    ] = None,
    washin: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of a cohort: left out after each change.")
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(metavar="higher|lower", help="Of a cohort: direction of benefit."),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="JSON",
            help="Of a cohort: plan.json as registered; default: the one beside the phases.",
        ),
    ] = None,
    forest: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="Of a cohort: draw everyone's effect here.")
    ] = None,
    tz: opt.ZoneOption = None,
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
    hrv compare results/ --phases phases.csv --endpoint ln_rmssd --washin 7d --forest forest.svg

    The last is a folder that hrv batch wrote: the group's answer, everyone's effect drawn
    towards it (--format csv or json carries them all), and the quality of the recordings; all
    of it on one page with --report.  What was registered (plan.json) is kept to and stays sealed
    until its end.
    """
    if phases is not None:
        from api.cli._cohort import present_cohort

        if fhir or checklist:
            raise typer.BadParameter("--fhir and --checklist are of a study.toml")
        present_cohort(
            str(study), phases, endpoint=endpoint, washin=washin, direction=direction, tz=tz,
            methods=None if method is None else opt.names(method), plan=plan, key=key,
            form=form, out=out, forest=forest, report=report,
        )  # fmt: skip
        return
    from hrv.errors import InputError
    from ingest.study import load_study

    try:
        present(
            load_study(study, key=key), form=form, out=out, report=report,
            fhir=fhir, checklist=checklist,
        )  # fmt: skip
    except InputError as error:
        told = str(error)
        if (study / "run.json").is_file() and not (study / "study.toml").exists():
            told = f"{study} holds the results of hrv batch; say with --phases CSV who was on when"
        raise InputError(told if str(study) in told else f"{study}: {told}") from None
