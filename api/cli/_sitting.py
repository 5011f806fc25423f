"""Run a station on the command line: signals, marker inlets, desk, and what is said at the end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from rich.console import Console

from api.cli._desk import desk_for
from api.cli._output import OutputFormat
from hrv.errors import InputError
from ingest.ble.markers import Marker, MarkerServer
from ingest.ble.news import News
from ingest.ble.station import Station


@dataclass(frozen=True)
class Inlets:
    """Where markers come from beside the keyboard.

    Parameters
    ----------
    port : int or None
        TCP port on the loopback interface; 0 takes a free one, None none.
    lsl : str or None
        Name of a marker stream of Lab Streaming Layer; None none.
    """

    port: int | None = None
    lsl: str | None = None


def sit(
    opening: Callable[[], Awaitable[Station]], *, form: OutputFormat, title: str, every_s: float,
    inlets: Inlets | None = None,
) -> Station:  # fmt: skip
    """Open a station and record until its sources end, or a key or Ctrl-C stops them.

    Everything happens on one event loop: some systems' Bluetooth knows no second one.

    Raises
    ------
    HRVError
        If no strap could be had, or an inlet cannot be opened.
    """
    # what people read goes to standard output unless a program reads that
    console = Console(stderr=form is not OutputFormat.TABLE, highlight=False)

    async def run() -> Station:
        station = await opening()
        await _sit(station, console, title, every_s, inlets or Inlets())
        return station

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:  # a second Ctrl-C
        raise KeyboardInterrupt from None


async def _sit(
    station: Station, console: Console, title: str, every_s: float, inlets: Inlets
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        desk = desk_for(station, console, title=title, every_s=every_s)
        stack.enter_context(desk)
        if inlets.port is not None:
            server = await stack.enter_async_context(MarkerServer(station.take, inlets.port))
            _tell(station, f"markers are taken at 127.0.0.1 port {server.port}")
        if inlets.lsl is not None:
            from ingest.ble.lsl_markers import LSLInlet

            inlet = await stack.enter_async_context(LSLInlet(_taker(station), inlets.lsl))
            _tell(station, f"markers are taken from the LSL stream {inlet.name}")
        running = asyncio.ensure_future(station.run())
        with _stopping(station, running):
            await running


def _taker(station: Station) -> Callable[[Marker, float], None]:
    def take(marker: Marker, ago_s: float) -> None:
        try:
            station.take(marker, "LSL", ago_s)
        except InputError as error:  # LSL has no way to answer
            _tell(station, f"marker {marker.phase!r} was not taken: {error}", "warning")

    return take


def _tell(station: Station, text: str, level: str = "info") -> None:
    if station.on_news is not None:
        station.on_news(News(station.now_s, "", text, level))


@contextlib.contextmanager
def _stopping(station: Station, running: asyncio.Future[None]) -> Iterator[None]:
    """End cleanly at Ctrl-C, a closed terminal or a polite kill; at a second one at once."""
    loop, asked = asyncio.get_running_loop(), False

    def stop() -> None:
        nonlocal asked
        if asked:
            running.cancel()
        asked = True
        station.stop()

    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, n)]
    numbers = [getattr(signal, name) for name in names]
    if sys.platform == "win32":
        for number in numbers:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
        yield
        return
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
