"""Lines of text with their numbers: what every text format parses with."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from hrv.errors import FormatError
from hrv.types import Float
from ingest.formats.base import Source

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
"""A plain decimal number with a point or a comma; no nan, inf or digit separators."""
_LARGEST = 1e15  # more is neither an interval nor a time in any unit
_DIGITS = str.maketrans("", "", "0123456789")
_FAST = str.maketrans("", "", "0123456789.+-eE \t")


def decode(data: bytes) -> str:
    """Decode a text file: byte-order marks first, then UTF-8, then Windows' western set."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def is_binary(data: bytes) -> bool:
    """Tell whether bytes cannot be text (a NUL outside UTF-16)."""
    return b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff")


def head_lines(head: bytes) -> list[str]:
    """Split a sniffed head into its non-blank lines, without a last line that may be cut."""
    if is_binary(head):
        return []
    lines = re.split(r"\r\n|\r|\n", decode(head))
    if len(lines) > 1:
        lines = lines[:-1]
    return [line.strip() for line in lines if line.strip()]


def is_whole(text: str) -> bool:
    """Tell whether text is a whole number in plain digits, of a length that can be meant."""
    return text.isascii() and text.isdigit() and len(text) <= 16


def shown(text: str) -> str:
    """Quote a piece of a file for a message, shortened."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _whole(rows: list[str], columns: int) -> Float | None:
    """Parse rows of digits all spaced as the first is, five times as fast; None where one is not.

    What is left of the text without its digits tells that no row has more cells than the first,
    and the count of numbers that none has fewer.
    """
    if not rows:
        return None
    body = "\n".join(rows)
    spacing = rows[0].translate(_DIGITS)
    if len(spacing) != columns - 1 or spacing.strip(" \t"):
        return None
    if body.translate(_DIGITS) != "\n".join([spacing] * len(rows)):
        return None
    found = np.fromstring(body, dtype=np.int64, sep=" ")  # too long a number becomes the largest
    return (
        found.astype(np.float64).reshape(-1, columns) if found.size == len(rows) * columns else None
    )


@dataclass(frozen=True)
class Lines:
    """A text file as lines that remember their numbers.

    Parameters
    ----------
    source : str
        Name for messages.
    lines : list of str
        Every line, blank ones too.
    first : int
        Index of the first line that has not been consumed.
    """

    source: str
    lines: list[str]
    first: int = 0

    @classmethod
    def of(cls, source: Source) -> Lines:
        """Read and split a source.

        Raises
        ------
        FormatError
            If it is binary.
        """
        with source.open() as file:
            data = file.read()
        if is_binary(data):
            raise FormatError(
                f"holds binary data (byte {data.index(0) + 1} is zero), not text",
                source=source.name,
            )
        text = decode(data)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return cls(source.name, text.split("\n"))

    @property
    def cut(self) -> tuple[str, ...]:
        """A note if the last line has no line end, as a file that was cut short would look."""
        if self.lines[-1].strip():
            return ("the last line has no line end; if the file was cut short, it is incomplete",)
        return ()

    def starting(self, first: int) -> Lines:
        """Return the same lines with everything before index `first` consumed."""
        return Lines(self.source, self.lines, first)

    def rows(self) -> list[str]:
        """Return the non-blank lines that are left."""
        return list(filter(str.strip, self.lines[self.first :]))

    def number_of(self, row: int) -> int:
        """One-based line number of the non-blank line with index `row`."""
        left = enumerate(self.lines[self.first :], start=self.first + 1)
        numbers = [number for number, line in left if line and not line.isspace()]
        return numbers[row]

    def error(self, row: int, message: str) -> FormatError:
        """Make an error that names the line of row `row`."""
        return FormatError(message, source=self.source, line=self.number_of(row))

    def numbers(self, rows: list[str], columns: int) -> Float:
        """Parse rows of `columns` space-separated numbers with decimal points.

        Parameters
        ----------
        rows : list of str
            The non-blank lines left, separators already made spaces.
        columns : int
            Numbers expected a line.

        Returns
        -------
        float64[n, columns]

        Raises
        ------
        FormatError
            Naming the first line that is not so.
        """
        try:
            if (whole := _whole(rows, columns)) is not None:
                array = whole
            elif "".join(rows).translate(_FAST):
                raise ValueError
            elif columns == 1:  # a list beats loadtxt here, and loses to it on tables
                array = np.array(list(map(float, rows)), dtype=np.float64).reshape(-1, 1)
            else:
                array = np.loadtxt(rows, dtype=np.float64, ndmin=2, comments=None)
            if array.shape != (len(rows), columns):
                raise ValueError
        except ValueError:
            raise self._first_wrong(rows, columns) from None
        sane = (np.abs(array) < _LARGEST).all(axis=1)
        if not sane.all():
            row = int(np.argmin(sane))
            raise self.error(row, f"{shown(rows[row])} is too large a number")
        return array

    def _first_wrong(self, rows: list[str], columns: int) -> FormatError:
        for i, row in enumerate(rows):
            cells = row.split()
            for cell in cells:
                if not NUMBER.fullmatch(cell) or "," in cell:
                    return self.error(i, f"{shown(cell)} is not a number")
            if len(cells) != columns:
                return self.error(
                    i, f"{len(cells)} numbers ({shown(row.strip())}) where each line has {columns}"
                )
        return FormatError("holds something that is not a number", source=self.source)
