"""How a running recording is shown and steered: a live picture with keys, or plain lines."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from types import TracebackType
from typing import IO, Protocol

from rich.console import Console
from rich.live import Live

from api.cli import _live_view as view
from api.cli._keys import Keys
from api.cli._outlet import Outlet
from hrv.errors import InputError
from ingest.ble.news import News
from ingest.ble.post import Post
from ingest.ble.station import Station

FRAME_S = 0.25
PATIENCE_S = 1.0
"""How long a terminal that stalls is waited for at the end."""


class Desk(Protocol):
    """Shows a station while open."""

    def __enter__(self) -> Desk:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """End, and leave the terminal as it was."""
        ...


class Lines:
    """Plain lines: what happens when it happens, and the vitals of each strap now and then.

    Parameters
    ----------
    station : Station
        What is recorded.
    out : file
        Where lines go.
    every_s : float
        Pause between two lines of vitals, by the time of what is recorded.
    """

    def __init__(self, station: Station, out: IO[str], every_s: float) -> None:
        self._out, self._every_s = out, every_s
        self._next_s: dict[Post, float] = dict.fromkeys(station.posts, every_s)
        self._several = len(station.posts) > 1
        self._outlet = Outlet()
        station.on_news, station.on_packet = self._news, self._packet

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._outlet.close(PATIENCE_S)

    def _news(self, news: News) -> None:
        warns = "warning: " if news.level == "warning" else ""
        who = f"{news.who}: " if news.who else ""
        self._say(f"{view.clock(news.at_s)}  {who}{warns}{news.text}")

    def _packet(self, post: Post) -> None:
        elapsed_s = post.elapsed_s
        if elapsed_s < self._next_s[post]:
            return
        self._next_s[post] = (elapsed_s // self._every_s + 1) * self._every_s
        vitals = post.watch.at(post.now_ns)
        parts = [
            f"HR {view.number(vitals.hr_bpm, 'bpm')}",
            f"RMSSD {view.number(vitals.rmssd_ms, 'ms', 1)}",
            f"artefacts {view.percent(vitals.artefact_share)}",
            view.contact(vitals).plain,
            view.battery(vitals).plain,
            view.gaps(vitals).plain,
        ]
        who = f"{post.label}: " if self._several else ""
        self._say(f"{view.clock(elapsed_s)}  {who}{'  '.join(parts)}")

    def _say(self, line: str) -> None:
        def write() -> None:
            self._out.write(line + "\n")
            self._out.flush()

        self._outlet.put(write)


class Picture:
    """The live picture, and keys that mark.

    Parameters
    ----------
    station : Station
        What is recorded.
    console : Console
        Terminal to draw on.
    title : str
        Name of the recording.
    """

    def __init__(self, station: Station, console: Console, title: str) -> None:
        self._station, self._console, self._title = station, console, title
        self._log: deque[News] = deque(maxlen=50)
        self._asked: tuple[str, float] | None = None  # question, and when its key was pressed
        self._typed = ""
        self._ring = False
        self._outlet = Outlet(latest_only=True)
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._cleanup = contextlib.ExitStack()
        station.on_news = self._news

    def __enter__(self) -> Picture:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._live)
            stack.callback(self._outlet.close, PATIENCE_S)
            if sys.stdin.isatty():
                stack.enter_context(Keys(self.press))
            stack.callback(asyncio.create_task(self._draw_along()).cancel)
            self._cleanup = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._cleanup.close()

    async def _draw_along(self) -> None:
        while True:
            self._draw()
            await asyncio.sleep(FRAME_S)

    def _draw(self) -> None:
        entry = None if self._asked is None else f"{self._asked[0]} {self._typed}"
        frame = view.screen(self._station, self._log, entry, self._title)
        ring, self._ring = self._ring, False

        def show() -> None:
            self._live.update(frame, refresh=True)
            if ring:
                self._console.bell()

        self._outlet.put(show)

    def _news(self, news: News) -> None:
        self._log.append(news)
        self._ring = self._ring or news.level == "cue"

    def press(self, key: str) -> None:
        """Do what a key asks for; what cannot be done is told."""
        try:
            if self._asked is not None:
                self._type(key)
            else:
                self._command(key)
        except InputError as error:
            self._log.append(News(self._station.now_s, "", str(error), "warning"))
        self._draw()

    def _command(self, key: str) -> None:
        station = self._station
        guided = station.guide is not None and not station.guide.done
        if key == "q":
            station.stop()
        elif key == "c":
            station.check()
        elif key == "d":
            self._asked = ("dose taken, what and how much:", station.now_s)
        elif key == "n":
            self._asked = ("note:", station.now_s)
        elif key == "s" and not guided:
            station.stress()
        elif key == " " and guided:
            station.go()
        elif key == "x" and guided:
            station.skip()

    def _type(self, key: str) -> None:
        """Take a line of text; Enter keeps it, Escape drops it."""
        assert self._asked is not None
        if key in ("\r", "\n"):
            self._keep(*self._asked)
        elif key == "\x1b":
            self._asked, self._typed = None, ""
        elif key in ("\x7f", "\b"):
            self._typed = self._typed[:-1]
        elif key.isprintable():
            self._typed += key

    def _keep(self, question: str, pressed_s: float) -> None:
        typed = self._typed.strip()
        self._asked, self._typed = None, ""
        ago_s = max(self._station.now_s - pressed_s, 0.0)
        if question.startswith("dose"):
            phase = f"dose taken: {typed}" if typed else "dose taken"
            self._station.mark(phase, kind="dose", ago_s=ago_s)
        elif typed:
            self._station.mark(typed, kind="note", ago_s=ago_s)


def desk_for(station: Station, console: Console, *, title: str, every_s: float) -> Desk:
    """Picture where `console` is a terminal, else lines."""
    if console.is_terminal and not console.is_dumb_terminal:
        station.attended = sys.stdin.isatty()
        return Picture(station, console, title)
    return Lines(station, console.file, every_s)
