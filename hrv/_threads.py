"""One thread of linear algebra, for whoever fits many small matrices one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  # brings a library of its own, limited only once loaded
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread inside, and give back what there was before.

    A fit works on matrices of a few dozen rows: threads of their own would wait for each other
    for many times as long as they compute.  The limit is one of the whole process.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield
