"""`hrv journal`: verify, repair or export what `hrv record` wrote."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_json, emit_text


class Action(enum.StrEnum):
    """What to do with a journal."""

    VERIFY = "verify"
    REPAIR = "repair"
    EXPORT = "export"


def journal(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Journal (.hrvj).")],
    out: opt.OutOption = None,
    form: opt.FormatOption = OutputFormat.TABLE,
) -> None:
    """Verify, repair or export a journal.

    \b
    hrv journal verify p01.hrvj                       every byte is checked
    hrv journal repair p01.hrvj --out mended.hrvj     what is whole goes into a new file
    hrv journal export p01.hrvj > p01.jsonl           one JSON line a record

    verify exits with 1 if the journal is damaged or its tail torn.  docs/journal-format.md
    describes the format byte by byte.
    """
    from ingest.reading import file_source

    file_source(file)  # one clear sentence where there is no such file
    {Action.VERIFY: _verify, Action.REPAIR: _repair, Action.EXPORT: _export}[action](
        file, out, form
    )


def _verify(file: Path, out: Path | None, form: OutputFormat) -> None:
    from dataclasses import asdict

    from hrv.errors import NotComputableError
    from ingest.journal import verify

    verdict = verify(file)
    if form is OutputFormat.JSON:
        emit_json({"journal": str(file), "whole": verdict.whole, **asdict(verdict)}, out)
    elif verdict.whole:
        emit_text(f"{file}: {verdict.sentence}\n", out)
    if not verdict.whole:
        raise NotComputableError(
            f"{file}: {verdict.sentence}; hrv journal repair {file} --out NEW copies what is whole"
        )


def _repair(file: Path, out: Path | None, form: OutputFormat) -> None:
    from hrv.errors import InputError
    from ingest.journal import repair, verify

    del form
    if (found := verify(file)).whole:
        sys.stderr.write(f"{file} is {found.sentence}; there is nothing to repair\n")
        return
    if out is None:
        raise InputError("say with --out FILE where the repaired copy goes")
    verdict = repair(file, out)
    sys.stderr.write(f"{file}: {verdict.sentence}\nwhat is whole was written to {out}\n")


def _export(file: Path, out: Path | None, form: OutputFormat) -> None:
    from hrv.errors import InputError
    from ingest.journal import export

    del form
    if out is None:
        export(file, sys.stdout)
        return
    try:
        with out.open("w", encoding="utf-8") as stream:
            export(file, stream)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror}") from None
