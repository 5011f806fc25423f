"""`hrv record`: straps, a replay or the simulator into journals, with a live view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat

if TYPE_CHECKING:
    from ingest.ble.seats import Opener
    from ingest.ble.strap import BleakRadio
    from ingest.roster import Roster
    from ingest.sources import RecordSource

_LOOK_S = 8.0
PortOption = Annotated[
    int | None,
    typer.Option(
        "--marker-port", metavar="PORT", min=0, max=65535,
        help="Take marker lines over TCP on this machine; 0 takes a free port.",
    ),
]  # fmt: skip
LSLOption = Annotated[
    str | None,
    typer.Option("--lsl", metavar="NAME", help="Take markers from this LSL stream (extra lsl)."),
]
EveryOption = Annotated[
    str, typer.Option(metavar="TIME", help="Pause between lines where there is no live view.")
]


def record(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[SOURCE]", help="ble:NAME-or-ADDRESS, replay:FILE or sim:"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Journal; a folder with --roster."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop after so long, such as 10min.")
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A group: who wears which strap (TOML)."),
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Lead through timed phases (TOML).")
    ] = None,
    person: Annotated[str, typer.Option(help="Pseudonym, kept in the journal.")] = "",
    session: Annotated[str, typer.Option(help="Name of the session, kept in the journal.")] = "",
    polar: Annotated[
        str, typer.Option(metavar="STREAMS", help="Record Polar's own streams too: ecg,acc,ppi.")
    ] = "",
    marker_port: PortOption = None,
    lsl: LSLOption = None,
    append: Annotated[
        bool, typer.Option("--append", help="Go on in a journal that was finished.")
    ] = False,
    every: EveryOption = "10s",
    form: opt.FormatOption = OutputFormat.TABLE,
) -> None:
    """Record a strap, or a group, into journals that lose nothing.

    \b
    hrv record ble:H10 --out p01.hrvj
    hrv record "sim:?seed=1&stress=5min-10min" --out try.hrvj --duration 12min
    hrv record ble: --out p01.hrvj --protocol arithmetic.toml
    hrv record --roster group.toml --out day3 --marker-port 9000
    hrv recovery p01.hrvj                      what came of it

    Keys: s stress starts / ends, d dose taken, n note, c check signal, q or Ctrl-C stop.
    A journal that a crash cut off is continued; see docs/straps.md.
    """
    from api.cli._outcome import emit_outcome
    from api.cli._sitting import Inlets, sit
    from api.cli.scan import look, warn
    from hrv._units import seconds
    from hrv.errors import NotComputableError
    from ingest.ble.seats import open_post, open_roster
    from ingest.ble.station import Station
    from ingest.protocol import load_protocol

    plan = load_protocol(protocol) if protocol is not None else None
    duration_s = None if duration is None else seconds(duration, "--duration")
    every_s = seconds(every, "--every")
    group = _check(source, out, roster, person, session)
    opener = _opener(polar)

    async def opening() -> Station:
        assert out is not None
        if group is None:
            assert source is not None
            post = open_post(source, out, opener, person=person, session=session, append=append)
            return Station([post], plan, duration_s)
        if not all(seat.plays for seat in group.seats):
            warn(group.mismatches(await look(_LOOK_S)))
        return Station(open_roster(group, out, opener, append=append), plan, duration_s)

    title = session or (group.title if group else "") or (plan.title if plan else "")
    title = title or f"hrv record · {source}"
    station = sit(opening, form=form, title=title, every_s=every_s, inlets=Inlets(marker_port, lsl))
    if not emit_outcome(station, form):
        raise NotComputableError("no RR interval was received")


def _check(
    source: str | None, out: Path | None, roster: Path | None, person: str, session: str
) -> Roster | None:
    """Refuse options that do not go together; read the roster, if there is one."""
    from hrv.errors import InputError
    from ingest.roster import load_roster

    if (source is None) == (roster is None):
        raise InputError("name one SOURCE (ble:, replay:FILE, sim:) or a --roster, not both")
    if out is None:
        raise InputError("say where to with --out FILE (a folder with --roster)")
    if roster is None:
        return None
    if person or session:
        raise InputError("--person and --session stand in the roster, line by line")
    return load_roster(roster)


def _opener(polar: str) -> Opener:
    """Open sources that share one radio and one patience."""
    from hrv.errors import InputError
    from ingest.ble.polar import Stream
    from ingest.ble.session import SessionSettings
    from ingest.sources import open_source

    streams = []
    for name in opt.names(polar) if polar else ():
        if name.upper() not in Stream.__members__:
            raise InputError(f"--polar knows ecg, acc and ppi, not {name!r}")
        streams.append(Stream[name.upper()])
    settings = SessionSettings(polar=tuple(streams))
    radio: list[BleakRadio] = []

    def open_one(uri: str) -> RecordSource:
        if uri.startswith("ble:") and not radio:
            from ingest.ble.strap import BleakRadio

            radio.append(BleakRadio())
        return open_source(uri, radio=radio[0] if radio else None, settings=settings)

    return open_one
