"""Where records come from: ``ble:NAME``, ``replay:FILE?speed=10`` or ``sim:?seed=1``."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from hrv._units import seconds
from hrv.errors import InputError
from ingest import replay
from ingest.ble.measurement import Contact
from ingest.ble.radio import Radio
from ingest.ble.session import SessionSettings, StrapSession
from ingest.formats import journal
from ingest.journal.record import Record
from ingest.reading import file_source, is_file, read
from ingest.timing import SystemTime, Time


class RecordSource(Protocol):
    """A strap, or something that plays one."""

    @property
    def label(self) -> str:
        """What a person calls it."""
        ...

    def records(self) -> AsyncGenerator[Record, None]:
        """Yield everything that happens, in order."""
        ...

    def stop(self) -> None:
        """Ask `records` to end."""
        ...

    def now(self) -> tuple[int, int]:
        """Monotonic and wall stamp (ns) for something that happens now."""
        ...


@dataclass(frozen=True, slots=True)
class SourceName:
    """A source URI in its parts.

    Parameters
    ----------
    scheme : str
        ``"ble"``, ``"replay"`` or ``"sim"``.
    target : str
        Name or address, or file; "" where none is needed.
    options : mapping of str to str
        What follows the question mark.
    """

    scheme: str
    target: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Before:
    """Where an earlier run of a played source stopped.

    Parameters
    ----------
    wall_ns : int
        Wall clock of its first beat, ns since 1970.
    played : sequence of Record
        What its journal holds.
    """

    wall_ns: int
    played: Sequence[Record] = ()


_FORMS = "ble:NAME-or-ADDRESS, replay:FILE?speed=10 or sim:?seed=1"
_OPTIONS = {
    "ble": (),
    "replay": ("speed",),
    "sim": ("seed", "duration", "stress", "marked", "speed"),
}


def parse(uri: str) -> SourceName:
    """Take a source URI apart.

    Raises
    ------
    InputError
        If it has another form, an unknown option, or an option twice.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme not in _OPTIONS:
        hint = f"; to play a file: replay:{uri}" if is_file(uri) else ""
        raise InputError(f"no source is called {uri!r}; use {_FORMS}{hint}")
    target, mark, query = rest.rpartition("?") if scheme != "ble" else (rest, "", "")
    if not mark:
        target, query = rest, ""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise InputError(f"{uri!r}: {query!r} is not of the form name=value&name=value") from None
    options = dict(pairs)
    if len(options) < len(pairs):
        raise InputError(f"{uri!r} gives an option twice")
    for name in options:
        if name not in _OPTIONS[scheme]:
            choices = ", ".join(_OPTIONS[scheme])
            raise InputError(f"{uri!r}: {scheme}: has no option {name!r}; choose from {choices}")
    if scheme == "replay" and not target:
        raise InputError(f"{uri!r} names no file; write replay:FILE")
    if scheme == "sim" and target:
        raise InputError(f"{uri!r}: the simulator takes options only: sim:?seed=1")
    return SourceName(scheme, target, options)


def open_source(
    uri: str, *, radio: Radio | None = None, settings: SessionSettings | None = None,
    time: Time | None = None, before: Before | None = None,
) -> RecordSource:  # fmt: skip
    """Open the source that `uri` names.

    Parameters
    ----------
    uri : str
        ``ble:`` with a name, a part of it or an address (nothing: the only strap in sight);
        ``replay:FILE`` with `speed` (a number, or ``max``); ``sim:`` with `seed`, `duration`
        (``20min``), `stress` (``5min-10min``, several with commas), `marked` (``no``: the heart
        responds, and whoever leads the session says why) and `speed`.
    radio : Radio, optional
        Bluetooth adapter to use; default: the machine's.
    settings : SessionSettings, optional
        How patient a strap session is.
    time : Time, optional
        Clocks to stamp and wait by.
    before : Before, optional
        For ``sim:``: go on where an earlier run stopped.

    Raises
    ------
    InputError
        If the URI is wrong or its file cannot be read.
    """
    name, time = parse(uri), time or SystemTime()
    if name.scheme == "ble":
        if radio is None:
            from ingest.ble.strap import BleakRadio  # only who wants a strap pays for bleak

            radio = BleakRadio()
        return StrapSession(radio, name.target, settings=settings, time=time)
    if name.scheme == "replay":
        return _open_replay(name, uri, time)
    return _open_simulation(name, uri, time, before or Before(time.wall_ns()))


def speed_of(name: SourceName, uri: str) -> float | None:
    """How many times as fast a source is played; None for as fast as possible.

    Raises
    ------
    InputError
        If it says no such speed.
    """
    text = name.options.get("speed", "1")
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        raise InputError(f"{uri!r}: speed {text!r} must be a positive number or max")
    return speed


def _open_replay(name: SourceName, uri: str, time: Time) -> RecordSource:
    speed = speed_of(name, uri)
    source = file_source(name.target)
    with source.open() as file:
        head = file.read(4096)
    if journal.sniff(head, source.name):
        records = replay.journal_records(name.target)
    else:
        records = replay.synthetic_records(read(name.target), wall_ns=time.wall_ns())
    return replay.Replay(source.name, records, speed=speed, time=time)


def _open_simulation(name: SourceName, uri: str, time: Time, before: Before) -> RecordSource:
    from hrv.simulate import simulate  # the simulator is heavy; only who wants it pays

    speed, seed, duration_s, spans = simulation_of(name, uri)
    made = simulate(seed, duration=duration_s, stress=spans)
    records = replay.synthetic_records(
        made.series, wall_ns=before.wall_ns, device=f"simulated strap, seed {seed}",
        contact=Contact.HELD, battery_percent=100,
    )  # fmt: skip
    marked = name.options.get("marked", "yes")
    if marked not in ("yes", "no"):
        raise InputError(f"{uri!r}: marked {marked!r} must be yes or no")
    phases = [("stress", "stress", begin, end) for begin, end in spans if marked == "yes"]
    rest = replay.behind(replay.with_markers(records, phases), before.played)
    return replay.Replay(f"simulation, seed {seed}", rest, speed=speed, time=time)


def simulation_of(
    name: SourceName, uri: str
) -> tuple[float | None, int, float, list[tuple[float, float]]]:
    """Speed, seed, length (s) and stretches of stress (s) of a simulation.

    Raises
    ------
    InputError
        Naming the option that is wrong.
    """
    seed = name.options.get("seed", "0")
    if not seed.isdecimal():
        raise InputError(f"{uri!r}: seed {seed!r} must be a whole number, 0 or above")
    spans = [_span(text, uri) for text in name.options.get("stress", "").split(",") if text]
    duration_s = seconds(name.options.get("duration", "20min"), "duration")
    return speed_of(name, uri), int(seed), duration_s, spans


def _span(text: str, uri: str) -> tuple[float, float]:
    begin, dash, end = text.partition("-")
    if not dash:
        raise InputError(f"{uri!r}: stress {text!r} must be BEGIN-END, such as 5min-10min")
    return seconds(begin, "begin of stress"), seconds(end, "end of stress")
