"""`hrv scan`: the straps in sight."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table

if TYPE_CHECKING:
    from ingest.ble.radio import Found


def scan(
    duration: Annotated[str, typer.Option(metavar="TIME", help="How long to listen.")] = "8s",
    roster: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Say what does not match this roster.")
    ] = None,
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
) -> None:
    """Straps in sight: name, address, signal strength, connected or not.

    \b
    hrv scan
    hrv scan --duration 20s --format json
    hrv scan --roster group.toml
    """
    import pandas as pd

    from hrv._units import seconds
    from hrv.errors import NotComputableError
    from ingest.roster import load_roster

    listed = load_roster(roster) if roster is not None else None
    seconds_ = seconds(duration, "--duration")
    if sys.stderr.isatty():
        sys.stderr.write(f"listening for {seconds_:g} s ...\n")
    found = asyncio.run(look(seconds_))
    rows = [
        {
            "name": f.name, "address": f.address, "rssi_dbm": f.rssi_dbm,
            "connected": f.connected, "source": f"ble:{f.label}",
        }
        for f in found
    ]  # fmt: skip
    columns = ["name", "address", "rssi_dbm", "connected", "source"]
    if listed is not None:
        seats = [listed.seat_of(f) for f in found]
        rows = [r | {"person": s.person if s else ""} for r, s in zip(rows, seats, strict=True)]
        columns.append("person")
        warn(listed.mismatches(found))
    table = pd.DataFrame(rows, columns=columns).astype({"rssi_dbm": "Int64"})
    if rows or form is not OutputFormat.TABLE:
        emit_table(table, form, out)
    if not found:
        raise NotComputableError(
            f"no strap was heard within {seconds_:g} s; wear one with wet electrodes and end its "
            "connection to any watch or other app: a strap in use stays invisible"
        )


async def look(seconds: float) -> list[Found]:
    """Straps in sight of this machine's Bluetooth."""
    from ingest.ble.strap import BleakRadio

    return await BleakRadio().scan(seconds)


def warn(sentences: Iterable[str]) -> None:
    """Tell what does not match."""
    for sentence in sentences:
        sys.stderr.write(f"hrv: warning: {sentence}\n")
