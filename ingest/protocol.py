"""Guided protocols: a TOML file of timed phases, and the pure state machine that runs it.

title = "Mental arithmetic"

[[phase]]
name = "baseline"
duration = "5min"
say = "Sit still and breathe as you like."

[[phase]]
name = "arithmetic"
kind = "stress"
duration = "5min"
say = "Count down from 1022 in steps of 13, aloud."
check = true              # go/no-go: the signal must be good before this phase begins
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hrv._units import seconds
from hrv.errors import FormatError, InputError
from hrv.tables import first_duplicate
from ingest.documents import parse_toml
from ingest.reading import file_source

_KEYS = frozenset({"title", "phase"})
_PHASE_KEYS = frozenset({"name", "kind", "duration", "say", "check"})


@dataclass(frozen=True)
class Phase:
    """One timed part of a protocol.

    Parameters
    ----------
    name : str
        As it will stand in the markers.
    duration_s : float
        Length, s.
    kind : str
        ``"stress"`` makes it an episode; anything else is context.
    say : str
        What the person is told.
    check : bool
        True if the signal must be good before it begins.
    """

    name: str
    duration_s: float
    kind: str = "rest"
    say: str = ""
    check: bool = False


@dataclass(frozen=True)
class Protocol:
    """Phases in order.

    Parameters
    ----------
    title : str
        Name of the protocol.
    phases : tuple of Phase
        At least one.
    """

    title: str
    phases: tuple[Phase, ...]

    @property
    def duration_s(self) -> float:
        """Length of all phases, s."""
        return sum(phase.duration_s for phase in self.phases)


@dataclass(frozen=True)
class Cue:
    """A phase begins or ends.

    Parameters
    ----------
    at_s : float
        When, by the clock given to the state machine.
    phase : Phase
        Which.
    edge : str
        ``"start"`` or ``"end"``.
    """

    at_s: float
    phase: Phase
    edge: str


@dataclass(frozen=True)
class Guide:
    """Where a protocol stands: an immutable state; every step returns the next one.

    Parameters
    ----------
    protocol : Protocol
        What is run.
    index : int
        Phase that runs or comes next; the number of phases when all are over.
    began_s : float or None
        When the phase began; None while waiting to begin it.
    cues : tuple of Cue
        What the last step did, to be marked.
    """

    protocol: Protocol
    index: int = 0
    began_s: float | None = None
    cues: tuple[Cue, ...] = field(default=())

    @property
    def done(self) -> bool:
        """True when every phase is over."""
        return self.index >= len(self.protocol.phases)

    @property
    def phase(self) -> Phase | None:
        """Phase that runs or waits; None when done."""
        return None if self.done else self.protocol.phases[self.index]

    @property
    def waiting(self) -> bool:
        """True if the phase has not begun: it waits for `begin`."""
        return not self.done and self.began_s is None

    def left_s(self, now_s: float) -> float:
        """Time until the phase ends, s; its whole length while it waits, 0 when done."""
        if self.phase is None:
            return 0.0
        if self.began_s is None:
            return self.phase.duration_s
        return max(self.began_s + self.phase.duration_s - now_s, 0.0)

    def begin(self, now_s: float) -> Guide:
        """Begin the phase that waits.

        Raises
        ------
        InputError
            If none waits.
        """
        if self.phase is None or not self.waiting:
            raise InputError("no phase waits to begin")
        cue = Cue(now_s, self.phase, "start")
        return replace(self, began_s=now_s, cues=(cue,))

    def tick(self, now_s: float) -> Guide:
        """Let time pass: phases whose time is over end, and the next begin at that very time.

        A phase with `check` does not begin by itself: it waits for `begin`.
        """
        guide = replace(self, cues=())
        cues: tuple[Cue, ...] = ()
        while guide.began_s is not None and guide.phase is not None:
            end_s = guide.began_s + guide.phase.duration_s
            if now_s < end_s:
                break
            guide = guide._ended(end_s)
            cues = (*cues, *guide.cues)
        return replace(guide, cues=cues)

    def skip(self, now_s: float) -> Guide:
        """End the running phase now, and go on as if its time were over."""
        ticked = self.tick(now_s)
        if ticked.began_s is None:
            return ticked
        ended = ticked._ended(now_s)
        return replace(ended, cues=(*ticked.cues, *ended.cues))

    def abort(self, now_s: float) -> Guide:
        """End the running phase now and give up the rest."""
        ticked = self.tick(now_s)
        cues = ticked.cues
        if ticked.phase is not None and ticked.began_s is not None:
            cues = (*cues, Cue(now_s, ticked.phase, "end"))
        return replace(ticked, index=len(self.protocol.phases), began_s=None, cues=cues)

    def told(self, name: str, edge: str, at_s: float) -> Guide:
        """Follow a cue that an earlier run marked: how a protocol is taken up again."""
        names = [phase.name for phase in self.protocol.phases]
        if name not in names:
            return self
        index = names.index(name)
        if edge == "start":
            return replace(self, index=index, began_s=at_s, cues=())
        return replace(self, index=index + 1, began_s=None, cues=())

    def _ended(self, end_s: float) -> Guide:
        """End the running phase at `end_s`; begin the next then, unless it waits for a check."""
        assert self.phase is not None
        cues: tuple[Cue, ...] = (Cue(end_s, self.phase, "end"),)
        following = replace(self, index=self.index + 1, began_s=None)
        if following.phase is not None and not following.phase.check:
            following = replace(following, began_s=end_s)
            cues = (*cues, Cue(end_s, following.phase or self.phase, "start"))
        return replace(following, cues=cues)


def load_protocol(path: str | Path) -> Protocol:
    """Read a protocol.

    Raises
    ------
    InputError
        If there is no such file.
    FormatError
        Naming the phase and what is wrong with it.
    """
    source = file_source(path)
    try:
        with source.open() as file:
            content = parse_toml(file.read())
    except ValueError as error:
        raise FormatError(f"is no TOML: {error}", source=source.name) from None
    return read_protocol(content, source.name)


def read_protocol(content: Mapping[str, Any], source: str) -> Protocol:
    """Read a protocol from the keys of its TOML; `source` names it in messages.

    Raises
    ------
    FormatError
        As for `load_protocol`.
    """
    _only(content, _KEYS, source)
    entries = content.get("phase")
    if not isinstance(entries, list) or not entries:
        raise FormatError("has no [[phase]]; a protocol needs at least one", source=source)
    phases = tuple(_phase(entry, number, source) for number, entry in enumerate(entries, 1))
    if twice := first_duplicate(phase.name for phase in phases):
        raise FormatError(f"two phases are called {twice!r}; number them", source=source)
    return Protocol(str(content.get("title", source)), phases)


def _phase(entry: Any, number: int, source: str) -> Phase:
    where = f"{source}, phase {number}"
    if not isinstance(entry, dict):
        raise FormatError("is no table; write [[phase]]", source=where)
    _only(entry, _PHASE_KEYS, where)
    name, check = entry.get("name"), entry.get("check", False)
    if not isinstance(name, str) or not name.strip():
        raise FormatError("has no name", source=where)
    if not isinstance(check, bool):
        raise FormatError(f"check is {check!r}; write true or false", source=where)
    duration = entry.get("duration")
    if isinstance(duration, bool) or not isinstance(duration, int | float | str):
        raise FormatError("has no duration; write duration = '5min'", source=where)
    try:
        duration_s = seconds(duration)
    except InputError as error:
        raise FormatError(str(error), source=where) from None
    if duration_s <= 0:
        raise FormatError(f"lasts {duration!r}; it must be longer than nothing", source=where)
    kind, say = str(entry.get("kind", "rest")), str(entry.get("say", ""))
    return Phase(name.strip(), duration_s, kind, say, check)


def _only(entry: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for key in entry:
        if key not in known:
            choices = ", ".join(sorted(known))
            raise FormatError(f"does not know {key!r}; it may hold {choices}", source=where)
