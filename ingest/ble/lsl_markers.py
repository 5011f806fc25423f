"""Markers from a stream of Lab Streaming Layer (extra `lsl`), as PsychoPy and others send them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any

from hrv.errors import InputError, MissingExtraError
from ingest.ble.markers import Marker, parse_marker

FIND_S = 10.0
_PULL_S = 0.2
_CONFIG = "[log]\nlevel = -3\n"
"""Configuration of the LSL library: it logs nothing; what matters is told by us."""


class LSLInlet:
    """Follows one stream of string markers while open.

    A text such as ``start stress stroop`` or a JSON object is read as over TCP; any other text
    is kept as a tag.  Markers are placed by the time their program stamped, with the offset
    between both clocks that LSL measures.

    Parameters
    ----------
    on_marker : callable
        Called on the event loop as ``(marker, ago_s)``: how long ago it was stamped.
    name : str
        Name of the stream.
    find_s : float
        How long to look for it, s.
    """

    def __init__(
        self, on_marker: Callable[[Marker, float], object], name: str, find_s: float = FIND_S
    ) -> None:
        self.name = name
        self._on_marker, self._find_s = on_marker, find_s
        self._open = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LSLInlet:
        try:
            import pylsl
        except (ImportError, RuntimeError):  # RuntimeError: the library itself is missing
            raise MissingExtraError("lsl", "take markers from LSL") from None
        if configure := getattr(pylsl, "set_config_content", None):
            configure(_CONFIG)  # its log would be written across the live view
        found = await asyncio.to_thread(
            pylsl.resolve_byprop, "name", self.name, minimum=1, timeout=self._find_s
        )
        if not found:
            raise InputError(
                f"no LSL stream called {self.name!r} was found within {self._find_s:g} s; start "
                "the task program first"
            )
        if found[0].channel_format() != pylsl.cf_string:
            raise InputError(f"the LSL stream {self.name!r} holds numbers, not marker texts")
        inlet = pylsl.StreamInlet(found[0])
        await asyncio.to_thread(inlet.open_stream, self._find_s)
        self._open = True
        self._task = asyncio.create_task(self._follow(inlet, pylsl.local_clock))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._open = False
        if self._task is not None:
            await self._task

    async def _follow(self, inlet: Any, clock: Callable[[], float]) -> None:
        while self._open:
            sample, stamp_s = await asyncio.to_thread(inlet.pull_sample, _PULL_S)
            if sample is None or not sample[0]:
                continue
            offset_s = await asyncio.to_thread(inlet.time_correction)
            ago_s = max(clock() - (stamp_s + offset_s), 0.0)
            self._on_marker(read_marker(sample[0]), ago_s)
        await asyncio.to_thread(inlet.close_stream)


def read_marker(text: str) -> Marker:
    """Read a marker line; any other text is a tag of that name."""
    try:
        return parse_marker(text)
    except InputError:
        return Marker(text.strip(), "tag", "now")
