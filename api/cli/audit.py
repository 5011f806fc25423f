"""`hrv audit`: check the log of who did what, and read it."""

from __future__ import annotations

import enum
import sys
from typing import Annotated
from uuid import UUID

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table
from api.cli._store import StoreOption, opened


class Action(enum.StrEnum):
    """What to do with the audit log."""

    VERIFY = "verify"
    SHOW = "show"


def audit(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    head: Annotated[
        str, typer.Option(metavar="N:DIGEST", help="An earlier head; it must be in the chain.")
    ] = "",
    study: Annotated[str, typer.Option(metavar="ID", help="Show only of this study.")] = "",
    store: StoreOption = None,
    form: opt.FormatOption = OutputFormat.TABLE,
) -> None:
    """Verify or show the log of every read, change and export.

    \b
    hrv audit verify
    hrv audit verify --head 1207:9f2c…          nothing before it was changed or cut off
    hrv audit show --study 01a2… --format csv

    Each entry holds the hash of the one before, so verify finds an entry that was changed or
    taken out.  Note the head it prints elsewhere: it shows later whether the end was cut off.
    verify exits with 1 if the chain does not hold.
    """
    if action is Action.SHOW:
        _show(study, store, form)
    else:
        _verify(head, store)


def _verify(head: str, store: str | None) -> None:
    from api.store import audit as log

    noted = _head(head) if head else None
    with opened(store) as found, found.read() as session:
        last, broken = log.verify(session, noted)
    for place in broken:
        sys.stdout.write(f"entry {place.number}: {place.why}\n")
    if broken:
        raise typer.Exit(1)
    entries = "1 entry" if last.number == 1 else f"{last.number:,} entries"
    sys.stdout.write(f"{entries}, the chain holds; head {last.number}:{last.digest}\n")


def _head(text: str) -> tuple[int, str]:
    from hrv.errors import InputError

    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise InputError(f"--head {text!r} is no head; copy the N:DIGEST that verify printed")
    return int(number), digest


def _show(study: str, store: str | None, form: OutputFormat) -> None:
    import pandas as pd

    from api.store import audit as log
    from hrv.errors import InputError

    try:
        which = UUID(study) if study else None
    except ValueError:
        raise InputError(f"--study {study!r} is no identity of a study") from None
    columns = ["number", "time", "who", "action", "kind", "study_id", "detail"]
    with opened(store) as found, found.read() as session:
        rows = [
            {**row, "study_id": str(row["study_id"] or "")} for row in log.entries(session, which)
        ]
    emit_table(pd.DataFrame(rows, columns=columns), form, None)
