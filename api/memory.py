"""Keep the memory of a long-running server flat, where the C library would let it spread.

glibc gives threads arenas of their own, and keeps what is freed in them; answers of growing
recordings, made in many threads, then leave holes everywhere that are never given back.
"""

from __future__ import annotations

import ctypes
import sys

_ARENA_MAX, _TRIM_THRESHOLD, _MMAP_THRESHOLD = -8, -1, -3  # of malloc.h
_ARENAS, _LARGE_BYTES = 2, 128 * 1024


def settle() -> None:
    """Let all threads share a few arenas; call it before there are threads."""
    for option, value in (
        (_ARENA_MAX, _ARENAS), (_TRIM_THRESHOLD, _LARGE_BYTES), (_MMAP_THRESHOLD, _LARGE_BYTES),
    ):  # fmt: skip
        _call("mallopt", option, value)


def give_back() -> None:
    """Return to the system what is free within the arenas; it takes milliseconds."""
    _call("malloc_trim", 0)


def _call(name: str, *values: int) -> None:
    """Call a function of glibc; where the C library is another, nothing needs doing."""
    if sys.platform == "linux":
        function = getattr(ctypes.CDLL(None), name, None)
        if function is not None:
            function(*values)
