"""`hrv journal`: verify, repair or export what `hrv record` wrote."""

from __future__ import annotations

import contextlib
import enum
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

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
    stream: Annotated[
        str,
        typer.Option(metavar="ecg|acc|ppi", help="Export one of Polar's own streams as CSV."),
    ] = "",
    form: opt.FormatOption = OutputFormat.TABLE,
) -> None:
    """Verify, repair or export a journal.

    \b
    hrv journal verify p01.hrvj                       every byte is checked
    hrv journal repair p01.hrvj --out mended.hrvj     what is whole goes into a new file
    hrv journal export p01.hrvj > p01.jsonl           one JSON line a record
    hrv journal export p01.hrvj --stream ecg --out ecg.csv

    verify exits with 1 if the journal is damaged or its tail torn.  docs/journal-format.md
    describes the format byte by byte.
    """
    from ingest.reading import file_source

    file_source(file)  # one clear sentence where there is no such file
    if action is Action.VERIFY:
        _verify(file, out, form)
    elif action is Action.REPAIR:
        _repair(file, out)
    elif stream:
        _export_stream(file, out, stream)
    else:
        _export(file, out)


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


def _repair(file: Path, out: Path | None) -> None:
    from hrv.errors import InputError
    from ingest.journal import repair, verify

    if (found := verify(file)).whole:
        sys.stderr.write(f"{file} is {found.sentence}; there is nothing to repair\n")
        return
    if out is None:
        raise InputError("say with --out FILE where the repaired copy goes")
    verdict = repair(file, out)
    sys.stderr.write(f"{file}: {verdict.sentence}\nwhat is whole was written to {out}\n")


def _export(file: Path, out: Path | None) -> None:
    from ingest.journal import export

    with _opened(out) as target:
        export(file, target)


def _export_stream(file: Path, out: Path | None, name: str) -> None:
    import csv

    from hrv.errors import InputError, NotComputableError
    from ingest.ble.polar import Stream
    from ingest.ble.polar_samples import COLUMNS, samples
    from ingest.journal import records

    if name.upper() not in Stream.__members__:
        raise InputError(f"--stream knows ecg, acc and ppi, not {name!r}")
    stream, count = Stream[name.upper()], 0
    with _opened(out) as target:
        table = csv.writer(target, lineterminator="\n")
        table.writerow(COLUMNS[stream])
        for row in samples(records(file), stream):
            table.writerow(row)
            count += 1
    if not count:
        raise NotComputableError(
            f"{file} holds no {name.upper()}; record it with --polar {name.lower()}"
        )


@contextlib.contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    from hrv.errors import InputError

    if out is None:
        yield sys.stdout
        return
    try:
        stream = out.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror}") from None
    with stream:
        yield stream
