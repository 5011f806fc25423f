"""One thread of linear algebra, for whoever fits many small matrices one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  # brings a library of its own, limited only once loaded
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _Limit:
    """Fits that are at work now; the first one in limits, the last one out gives back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limiter: Any = None

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limiter.restore_original_limits()


_LIMIT = _Limit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread inside, and give back what there was before.

    A fit works on matrices of a few dozen rows: threads of their own would wait for each other
    for many times as long as they compute.  The limit is one of the whole process, so it stands
    until the last of the fits that run at the same time, in whatever thread, has ended.
    """
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
