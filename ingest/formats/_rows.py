"""Delimited text whose first line names its columns: what most phone exports are."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from hrv.errors import FormatError
from hrv.types import Float
from ingest import clock
from ingest.formats._lines import NUMBER, Lines, head_lines, shown
from ingest.formats.base import Source


def has_head(head: bytes, separator: str, *columns: str) -> bool:
    """Tell whether the first line of a sniffed head begins with exactly these columns."""
    lines = head_lines(head)
    return bool(lines) and names(lines[0], separator)[: len(columns)] == list(columns)


def names(line: str, separator: str) -> list[str]:
    """Column names of a head line: lower case, stripped of blanks and quotes."""
    return [cell.strip().strip('"').strip().lower() for cell in line.split(separator)]


@dataclass(frozen=True)
class Cells:
    """The lines after the head, cut into cells.

    Parameters
    ----------
    source : str
        Name for messages.
    head : list of str
        Column names, lower case.
    rows : list of list of str
        Cells, stripped.
    lines : list of int
        One-based line of each row.
    notes : tuple of str
        A note if the file may have been cut short.
    """

    source: str
    head: list[str]
    rows: list[list[str]]
    lines: list[int]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: Source, separator: str) -> Cells:
        """Read and cut a source.

        Raises
        ------
        FormatError
            If it is binary or empty, or a line has other than the head's number of cells.
        """
        lines = Lines.of(source)
        body = lines.rows()
        if not body:
            raise FormatError("the file is empty", source=source.name)
        head = names(body[0], separator)
        numbered = [i + 1 for i, line in enumerate(lines.lines) if line and not line.isspace()]
        rows: list[list[str]] = []
        try:
            for i, cut in enumerate(csv.reader(body[1:], delimiter=separator), start=1):
                cells = [cell.strip() for cell in cut]
                while len(cells) > len(head) and not cells[-1]:
                    cells.pop()
                if len(cells) != len(head):
                    raise FormatError(
                        f"{len(cells)} cells where the head has {len(head)} columns",
                        source=source.name, line=numbered[i],
                    )  # fmt: skip
                rows.append(cells)
        except csv.Error as error:
            raise FormatError(f"is no well-formed table ({error})", source=source.name) from None
        if len(rows) != len(body) - 1:
            raise FormatError("a quote is opened that is never closed", source=source.name)
        return cls(source.name, head, rows, numbered[1:], lines.cut)

    def index(self, column: str) -> int:
        """Position of a column; one sentence if there is none."""
        if column not in self.head:
            raise FormatError(
                f"column {column!r} is missing; the columns are {', '.join(self.head)}",
                source=self.source, line=1,
            )  # fmt: skip
        return self.head.index(column)

    def error(self, row: int, message: str) -> FormatError:
        """Make an error that names the line of a row."""
        return FormatError(message, source=self.source, line=self.lines[row])

    def column(self, column: str, rows: Sequence[int] | None = None) -> list[str]:
        """Cells of one column, of all rows or of those given."""
        at = self.index(column)
        return [self.rows[i][at] for i in (range(len(self.rows)) if rows is None else rows)]

    def numbers(self, column: str, rows: Sequence[int] | None = None) -> Float:
        """Parse one column of numbers with decimal points."""
        wanted = range(len(self.rows)) if rows is None else rows
        texts = self.column(column, rows)
        for row, text in zip(wanted, texts, strict=True):
            if not NUMBER.fullmatch(text) or "," in text or not math.isfinite(float(text)):
                raise self.error(row, f"{column} {shown(text)} is not a number")
        return np.array([float(text) for text in texts], dtype=np.float64)

    def moments(self, column: str, rows: Sequence[int] | None = None) -> list[datetime]:
        """Parse one column of ISO 8601 times, all with a zone or all without."""
        wanted = range(len(self.rows)) if rows is None else rows
        found: list[datetime] = []
        for row, text in zip(wanted, self.column(column, rows), strict=True):
            moment = clock.parse_iso(text)
            if moment is None:
                raise self.error(row, f"{column} {shown(text)} is no ISO 8601 time")
            if found and (moment.utcoffset() is None) != (found[0].utcoffset() is None):
                raise self.error(row, f"{column}: some times have a zone and some have none")
            found.append(moment)
        return found
