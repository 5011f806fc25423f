"""Entries that answers wait for: those of one moment are committed together."""

from __future__ import annotations

import asyncio
from functools import partial

from api.store import audit
from api.store.live import LiveWriter

_Waiting = list[tuple[audit.Deed, "asyncio.Future[None]"]]


class Ledger:
    """Takes entries down; used in the event loop only.

    Those that wait for the disk and those that do not go their own ways: together in a group, or
    one group behind the other, a read would wait for the disk with whoever was refused.
    """

    def __init__(self) -> None:
        self._ways = {durable: _Way() for durable in (False, True)}

    def record(self, writer: LiveWriter, deed: audit.Deed) -> asyncio.Future[None]:
        """Write an entry down; the future resolves when it is committed, or raises why not."""
        return self._ways[deed.durable].record(writer, deed)


class _Way:
    """Hands entries to the writer in groups, one group at a time.

    While one group is being written the next one gathers, so sixteen readers cost as many
    commits as one, and wait for two of them at most.
    """

    def __init__(self) -> None:
        self._waiting: _Waiting = []
        self._writing = False

    def record(self, writer: LiveWriter, deed: audit.Deed) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append((deed, waiter))
        if not self._writing:
            self._writing = True
            loop.call_soon(self._hand_over, writer)  # after whoever else answers at this moment
        return waiter

    def _hand_over(self, writer: LiveWriter) -> None:
        group, self._waiting = self._waiting, []
        self._writing = bool(group)
        if not group:
            return
        try:
            written = asyncio.wrap_future(writer.record([deed for deed, _ in group]))
        except Exception as error:
            self._writing = False
            _tell(group, error)
        else:
            written.add_done_callback(partial(self._written, writer, group))

    def _written(self, writer: LiveWriter, group: _Waiting, outcome: asyncio.Future[None]) -> None:
        _tell(group, outcome.exception())
        self._hand_over(writer)


def _tell(group: _Waiting, error: BaseException | None) -> None:
    for _, waiter in group:
        if waiter.done():  # who asked hung up
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
