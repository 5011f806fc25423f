"""Processes that analyse, so that the server keeps answering while numbers are crunched."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any

import psutil

SLOTS = 256
"""Most jobs that can be told apart when one is cancelled."""
_END_S = 0.5


class CancelledWorkError(Exception):
    """The work was called off."""


_reports: Any = None
_slots: Any = None


def tell_progress(slot: int, done: int, total: int) -> None:
    """Inside a worker: say how far it is.

    Raises
    ------
    CancelledWorkError
        If the work was called off meanwhile.
    """
    if _slots is not None and _slots[slot]:
        raise CancelledWorkError
    if _reports is not None:
        _reports.put((slot, done, total))


def _begin(reports: Any, slots: Any) -> None:
    global _reports, _slots
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _reports, _slots = reports, slots


class Pool:
    """A process pool that can be cancelled by slot, survives a killed worker and ends in time.

    Parameters
    ----------
    workers : int
        Processes; 0: one thread of this process, for small machines and tests.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._context = multiprocessing.get_context("spawn")
        self._slots: Any = self._context.Array("b", SLOTS)
        self._reports: Any = self._context.SimpleQueue()
        self._lock = threading.Lock()
        self._executor: ProcessPoolExecutor | ThreadPoolExecutor | None = None
        self._listeners: dict[int, Callable[[int, int], None]] = {}
        self._stopped = False
        self._reader: threading.Thread | None = None

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a module-level function in a worker."""
        with self._lock:
            executor = self._running()
            try:
                return executor.submit(work, *arguments)
            except BrokenProcessPool:
                self._executor = None  # a worker was killed; the next ones start afresh
                return self._running().submit(work, *arguments)

    def warm(self, work: Callable[[], Any]) -> None:
        """Start every worker now, so that the first request does not wait for imports."""
        if self.workers:
            for _ in range(self.workers):
                self.submit(work)

    def claim(self, listener: Callable[[int, int], None]) -> int:
        """Take a free slot whose progress goes to `listener`."""
        with self._lock:
            slot = next(i for i in range(SLOTS) if i not in self._listeners)
            self._slots[slot] = 0
            self._listeners[slot] = listener
            return slot

    def free(self, slot: int) -> None:
        """Give a slot back."""
        with self._lock:
            self._listeners.pop(slot, None)

    def cancel(self, slot: int) -> None:
        """Call off what runs under a slot; it ends at its next step."""
        self._slots[slot] = 1

    def renew(self) -> None:
        """Let workers end after what they are doing, with all they remember; others follow."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)

    def stop(self) -> None:
        """Call everything off and end the workers within seconds."""
        with self._lock:
            self._stopped = True
            for slot in range(SLOTS):
                self._slots[slot] = 1
            executor, self._executor = self._executor, None
        if executor is not None:
            _end(executor)
        if self._reader is not None:
            self._reports.put(None)
            self._reader.join()
        self._reports.close()

    def _running(self) -> ProcessPoolExecutor | ThreadPoolExecutor:
        if self._stopped:
            raise BrokenProcessPool("the service is ending")
        if self._executor is None:
            arguments = (self._reports, self._slots)
            if self.workers:
                self._executor = ProcessPoolExecutor(
                    self.workers, self._context, initializer=_begin, initargs=arguments
                )
            else:
                global _reports, _slots
                _reports, _slots = arguments
                self._executor = ThreadPoolExecutor(1, "analysis")
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, name="progress", daemon=True)
            self._reader.start()
        return self._executor

    def _read(self) -> None:
        while (report := self._reports.get()) is not None:
            slot, done, total = report
            listener = self._listeners.get(slot)
            if listener is not None:
                listener(done, total)


def _end(executor: ProcessPoolExecutor | ThreadPoolExecutor) -> None:
    if isinstance(executor, ThreadPoolExecutor):
        executor.shutdown(wait=True, cancel_futures=True)
        return
    ours = {p.pid for p in (getattr(executor, "_processes", None) or {}).values()}
    executor.shutdown(wait=False, cancel_futures=True)
    processes = []
    for pid in ours:
        with suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
    _, alive = psutil.wait_procs(processes, timeout=_END_S)
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in alive:  # deep in one long computation; nothing of it is lost but time
            with suppress(psutil.NoSuchProcess):
                end(process)
        _, alive = psutil.wait_procs(alive, timeout=_END_S)
