"""Markers from a task program: one line each over TCP, on this machine only.

    start stress stroop         ->  ok
    end stress stroop           ->  ok
    now tag dose taken          ->  ok
    {"phase": "stroop", "kind": "stress", "edge": "start", "note": "block 2"}   ->  ok

A line that is no marker is answered ``error: why`` and ends the connection, so that nothing
that speaks another protocol (a web page's request) can leave one by accident.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from hrv.errors import InputError
from ingest.documents import parse_json

LOOPBACK = "127.0.0.1"
EDGES = ("start", "end", "now")
LINE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Marker:
    """What a task program says.

    Parameters
    ----------
    phase : str
        What it is about.
    kind : str
        ``"stress"``, ``"motion"``, ``"tag"`` …
    edge : str
        ``"start"``, ``"end"`` or ``"now"``.
    note : str
        Anything else.
    """

    phase: str
    kind: str
    edge: str
    note: str = ""


def parse_marker(line: str) -> Marker:
    """Read one line: ``EDGE KIND NAME…`` or a JSON object.

    Raises
    ------
    InputError
        If it is neither.
    """
    line = line.strip()
    if line.startswith("{"):
        try:
            fields = parse_json(line)
        except ValueError:
            raise InputError("the line begins like JSON but is none") from None
        known = {"phase", "kind", "edge", "note"}
        if set(fields) - known or not all(isinstance(v, str) for v in fields.values()):
            raise InputError(f"a marker holds text under {', '.join(sorted(known))} only")
        marker = Marker(
            fields.get("phase", ""), fields.get("kind", "tag"), fields.get("edge", "now"),
            fields.get("note", ""),
        )  # fmt: skip
    else:
        edge, _, rest = line.partition(" ")
        kind, _, phase = rest.strip().partition(" ")
        marker = Marker(phase.strip(), kind, edge)
    if marker.edge not in EDGES or not marker.phase or not marker.kind:
        raise InputError("a marker is: start|end|now KIND NAME, such as 'start stress stroop'")
    return marker


class MarkerServer:
    """Listens on the loopback interface while open.

    Parameters
    ----------
    on_marker : callable
        Called with every `Marker` the moment its line is complete.
    port : int
        TCP port; 0 takes a free one, see `port` once open.
    """

    def __init__(self, on_marker: Callable[[Marker], object], port: int = 0) -> None:
        self.port = port
        self._on_marker = on_marker
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> MarkerServer:
        try:
            self._server = await asyncio.start_server(
                self._serve, LOOPBACK, self.port, limit=LINE_BYTES
            )
        except OSError as error:
            raise InputError(
                f"port {self.port} cannot be listened on: {error.strerror}; choose another"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except ConnectionError:
            pass  # the task program went away; its markers so far are kept
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # longer than LINE_BYTES
                writer.write(f"error: a line has at most {LINE_BYTES} bytes\n".encode())
                break
            if not line.endswith(b"\n"):
                break  # closed; half a line is no marker
            try:
                self._on_marker(parse_marker(line.decode()))
            except (InputError, UnicodeDecodeError) as error:
                writer.write(f"error: {error}\n".encode())
                break
            writer.write(b"ok\n")
            await writer.drain()
        await writer.drain()
