"""Single keys from a terminal, handed to the event loop; the terminal is put back afterwards."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

POLL_S = 0.05


class Keys:
    """While open, every key pressed goes to `on_key`; Ctrl-C stays a signal.

    Ctrl-Z and Ctrl-S, which would halt the recorder, do nothing meanwhile.

    Parameters
    ----------
    on_key : callable
        Called on the event loop with each character; keys without one (arrows) are left out.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._restore: Callable[[], None] = lambda: None

    def __enter__(self) -> Keys:
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":
            self._restore = loop.create_task(_poll_console(self._on_key)).cancel
        else:
            self._restore = self._raw(loop, sys.stdin.fileno())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._restore()

    def _raw(self, loop: asyncio.AbstractEventLoop, file: int) -> Callable[[], None]:
        import termios
        import tty

        before = termios.tcgetattr(file)
        tty.setcbreak(file, termios.TCSANOW)
        now = termios.tcgetattr(file)
        now[0] &= ~(termios.IXON | termios.IXOFF)
        now[6][termios.VSUSP] = b"\0"
        termios.tcsetattr(file, termios.TCSANOW, now)
        loop.add_reader(file, self._read, loop, file)

        def restore() -> None:
            loop.remove_reader(file)
            termios.tcsetattr(file, termios.TCSANOW, before)

        return restore

    def _read(self, loop: asyncio.AbstractEventLoop, file: int) -> None:
        data = os.read(file, 1024)
        if not data:  # the terminal is gone
            loop.remove_reader(file)
        elif len(data) > 1 and data[:1] == b"\x1b":
            return  # an arrow or function key
        else:
            for key in self._decoder.decode(data):
                self._on_key(key)


async def _poll_console(on_key: Callable[[str], None]) -> None:
    """Windows: its console has no readiness to wait for."""
    import msvcrt

    console: Any = msvcrt
    while True:
        while console.kbhit():
            key = console.getwch()
            if key in ("\0", "\xe0"):  # an arrow or function key: its code follows
                console.getwch()
            elif key == "\x03":
                raise KeyboardInterrupt
            else:
                on_key(key)
        await asyncio.sleep(POLL_S)
