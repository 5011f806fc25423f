"""Tables people keep by hand (CSV): columns, separators and times checked line by line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike

import pandas as pd

from hrv.errors import FormatError, InputError
from hrv.tables import first_duplicate
from ingest import clock
from ingest.formats._lines import NUMBER, decode, is_binary, shown
from ingest.formats.base import Source
from ingest.reading import source_of
from ingest.spreadsheet import plain

SEPARATORS = (",", ";", "\t")
_UNIX_S = 1e8  # a plain number beyond three years of seconds is a date in disguise


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Parameters
    ----------
    source : str
        File name for messages.
    line : int
        One-based line.
    cells : dict of str to str
        Text by column, stripped; columns that the file does not have are empty.
    """

    source: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def error(self, message: str) -> FormatError:
        """Make an error that names this line."""
        return FormatError(message, source=self.source, line=self.line)

    def required(self, column: str) -> str:
        """Return the cell of a column that must not be empty."""
        if not self[column]:
            raise self.error(f"column {column!r} is empty")
        return self[column]

    def one_of(self, column: str, choices: Sequence[str]) -> str:
        """Return a cell that must be one of `choices` (in lower case)."""
        text = self.required(column).lower()
        if text not in choices:
            raise self.error(f"{column} {shown(self[column])} must be one of {', '.join(choices)}")
        return text

    def number(self, column: str) -> float:
        """Return a finite number; NaN for an empty cell."""
        text = self[column]
        if not text:
            return math.nan
        if not NUMBER.fullmatch(text) or "," in text or not math.isfinite(float(text)):
            raise self.error(f"{column} {shown(text)} is not a number with a decimal point")
        return float(text)

    def moment(self, column: str, tz: str | None) -> datetime:
        """Return an aware moment; a time without zone takes `tz`."""
        text = self.required(column)
        moment = clock.parse_iso(text)
        if moment is None:
            raise self.error(
                f"{column} {shown(text)} is no ISO 8601 time such as 2024-03-01T08:00:00+01:00"
            )
        if moment.utcoffset() is not None:
            return moment
        if tz is None:
            raise self.error(
                f"{column} {shown(text)} has no zone; write +01:00 or Z behind it, or give tz="
            )
        try:
            return clock.localise(moment, tz)[0]
        except InputError as error:
            raise self.error(str(error)) from None

    def moment_or_seconds(self, column: str, tz: str | None) -> datetime | float:
        """Return an aware moment, or a plain number: seconds since the recording's start."""
        text = self.required(column)
        if not NUMBER.fullmatch(text) or "," in text:
            return self.moment(column, tz)
        if abs(float(text)) > _UNIX_S:
            raise self.error(
                f"{column} {text} is too large for seconds since the recording's start; "
                "write a clock time as 2024-03-01T08:00:00+01:00"
            )
        return float(text)


def rows(
    path: str | PathLike[str] | Source,
    *,
    required: Sequence[str],
    optional: Sequence[str],
    subject: str | None = None,
) -> Iterator[Row]:
    """Read a table with a head line, separated by commas, semicolons or tabs.

    Parameters
    ----------
    path : str, path-like or Source
        The file.
    required, optional : sequence of str
        Column names; any order and case in the file; others are refused, so that a
        misspelt one is not lost.
    subject : str, optional
        Stands in for an empty cell of the column ``subject``.

    Yields
    ------
    Row

    Raises
    ------
    FormatError
        If the file is empty or binary, a column is missing, unknown or doubled, or a line
        has more or fewer cells than the head.
    """
    source = source_of(path)
    lines = _text_lines(source)
    head_at, head, separator = _head(lines, source.name, (*required, *optional))
    _check_head(head, source.name, head_at, required, optional)
    reader = csv.reader(lines[head_at:], delimiter=separator, strict=True)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = head_at + reader.line_num
            if len(cells) != len(head):
                raise FormatError(
                    f"{len(cells)} cells where the head has {len(head)} columns",
                    source=source.name, line=line,
                )  # fmt: skip
            found = dict(zip(head, (plain(cell.strip()) for cell in cells), strict=True))
            found["subject"] = found.get("subject") or subject or ""
            yield Row(source.name, line, {c: found.get(c, "") for c in (*required, *optional)})
    except csv.Error as error:
        raise FormatError(
            f"is no well-formed table ({error})", source=source.name, line=head_at + reader.line_num
        ) from None


def _text_lines(source: Source) -> list[str]:
    with source.open() as file:
        data = file.read()
    if is_binary(data):
        raise FormatError("holds binary data, not a table", source=source.name)
    lines = decode(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not any(line.strip() for line in lines):
        raise FormatError("the file is empty", source=source.name)
    return [line + "\n" for line in lines]


def _head(lines: list[str], name: str, known: Sequence[str]) -> tuple[int, list[str], str]:
    """Index after the head line, its columns, and the separator that finds most of them."""
    at = next(i for i, line in enumerate(lines) if line.strip())
    best: tuple[int, list[str], str] = (-1, [], ",")
    for separator in SEPARATORS:
        head = [c.strip().strip('"').lower() for c in lines[at].rstrip("\n").split(separator)]
        best = max(best, (sum(c in known for c in head), head, separator), key=lambda b: b[0])
    if best[0] == 0:
        raise FormatError(
            f"the first line {shown(lines[at].strip())} names none of the columns "
            f"{', '.join(known)}", source=name, line=at + 1,
        )  # fmt: skip
    return at + 1, best[1], best[2]


def _check_head(
    head: list[str], name: str, line: int, required: Sequence[str], optional: Sequence[str]
) -> None:
    doubled = first_duplicate(head)
    if doubled is not None:
        raise FormatError(f"column {doubled!r} is there twice", source=name, line=line)
    missing = [column for column in required if column not in head]
    unknown = [column for column in head if column not in (*required, *optional)]
    if missing or unknown:
        what = [f"column {column!r} is missing" for column in missing]
        what += [f"column {column!r} is not known" for column in unknown]
        columns = ", ".join((*required, *(f"[{column}]" for column in optional)))
        raise FormatError(f"{'; '.join(what)}; the columns are {columns}", source=name, line=line)


def times(moments: Sequence[datetime], tz: str | None) -> pd.Series:
    """Make a column of moments in one zone.

    The zone is `tz`; without it the offset that all moments share; else UTC.
    """
    offsets = {moment.utcoffset() for moment in moments}
    shared = moments[0].tzinfo if len(offsets) == 1 else UTC
    shown_in = shared if tz is None else clock.zone(tz)
    utc = pd.to_datetime([moment.astimezone(UTC) for moment in moments], utc=True)
    return pd.Series(utc.tz_convert(shown_in))
