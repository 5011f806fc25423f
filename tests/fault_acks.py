"""How work under faults acknowledges, and what a kind of work is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ACKS = "acks"


class Acks:
    """Acknowledgements, each one write to a file or a pipe."""

    def __init__(self, to: Path | int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._to = to if isinstance(to, int) else os.open(to, flags, 0o600)

    def __call__(self, *said: object) -> None:
        os.write(self._to, (" ".join(map(str, said)) + "\n").encode())


@dataclass(frozen=True)
class Work:
    """One kind of work.

    Parameters
    ----------
    name : str
        What the reliability table calls it.
    run : callable
        ``(folder, acks, rounds)``: does it, `rounds` times or goes on where a crash left it.
    check : callable
        ``(folder, acknowledged lines, whole)``: `whole` also restarts the program over it.
    prepare : callable, optional
        ``(folder, acks, rounds)``: what must be there before.
    """

    name: str
    run: Callable[[Path, Acks, int], None]
    check: Callable[[Path, list[list[str]], bool], None]
    prepare: Callable[[Path, Acks, int], None] | None = None


def acknowledged(text: bytes) -> list[list[str]]:
    """Lines of acknowledgements, the last one only if it is whole."""
    return [line.split() for line in text.decode().splitlines(keepends=True)
            if line.endswith("\n")]  # fmt: skip


def rr_of(first: int, count: int) -> np.ndarray:
    """Intervals of a simulated strap, each known by its number."""
    return 500.0 + (np.arange(first, first + count) * 7919) % 997
