"""Tables as the template draws them: text already formatted, nothing left to compute."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column: its heading and what it holds: numbers, running text, or short words."""

    title: str
    kind: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text : str
        What is printed.
    note : str
        A second, smaller line.
    bar : float or None
        Share (0 to 1) drawn as a small bar beside the text.
    """

    text: str
    note: str = ""
    bar: float | None = None


@dataclass(frozen=True)
class Table:
    """One table.

    Parameters
    ----------
    ident : str
        Unique id in the page.
    caption : str
        What the table shows.
    columns : tuple of Column
        Headings; the first column names the rows.
    rows : tuple of tuple of Cell
        As many cells a row as columns.
    note : str
        Small print under the table.
    fold : bool
        Start folded on a screen (it is always printed in full).
    """

    ident: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    fold: bool = False


def cell(text: Any, note: str = "") -> Cell:
    """Return a cell of text."""
    return Cell(str(text), note)


def bar_cell(text: str, share: float) -> Cell:
    """Return a cell with a bar of `share` (clipped to 0–1); none where the share is unknown."""
    known = share is not None and math.isfinite(share)
    return Cell(text, bar=min(1.0, max(0.0, float(share))) if known else None)


def columns(*titles: str) -> tuple[Column, ...]:
    """Return columns; a title that begins with ``#`` heads numbers, with ``=`` running text."""
    kinds = {"#": "num", "=": "prose"}
    return tuple(Column(title.lstrip("#="), kinds.get(title[0], "")) for title in titles)
