"""A bar on the terminal while many files are worked through; nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
FEWEST = 3
"""Items below which a bar would only flicker."""


def watched(items: Sequence[T], what: str) -> Iterator[T]:
    """Give the items one by one, with a bar on stderr if that is a terminal.

    Parameters
    ----------
    items : sequence
        What is worked through.
    what : str
        Word before the bar.
    """
    if len(items) < FEWEST or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=len(items))
        for item in items:
            yield item
            bar.advance(task)
