"""`hrv demo`: the sample study that comes with the package, end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli._output import OutputFormat
from api.cli._study import present


def demo(
    report: Annotated[Path, typer.Option(metavar="HTML", help="Where to write the report.")] = Path(
        "report.html"
    ),
) -> None:
    """Analyse the sample study: print the comparison, write the report, say where.

    \b
    hrv demo
    hrv demo --report /tmp/report.html
    """
    from ingest.study import load_study

    study = sample_folder() / "study.toml"
    typer.echo(f"reading {study}", err=True)
    present(load_study(study), form=OutputFormat.TABLE, out=None, report=report)


def sample_folder() -> Path:
    """The sample study: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "sample_data", package.parent / "sample_data"):
        if (folder / "study.toml").is_file():
            return folder
    from hrv.errors import InputError

    raise InputError("the sample study is not installed; install hrv-recovery again")
