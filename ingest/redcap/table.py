"""Read a REDCap export (CSV, raw or labels) whole: cells as text, with the line of every row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from hrv.errors import FormatError
from hrv.tables import first_duplicate
from ingest.formats._lines import decode, is_binary
from ingest.formats.base import Source

EVENT = ("redcap_event_name", "Event Name")
INSTRUMENT = ("redcap_repeat_instrument", "Repeat Instrument")
INSTANCE = ("redcap_repeat_instance", "Repeat Instance")
STRUCTURE = (
    *EVENT, *INSTRUMENT, *INSTANCE, "redcap_data_access_group", "Data Access Group",
    "redcap_survey_identifier", "Survey Identifier",
)  # fmt: skip
_MOST_CELLS = 20_000_000


@dataclass(frozen=True)
class Table:
    """An export as it was read.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    columns : tuple of str
        The head.
    rows : tuple of dict
        Stripped cells by column.
    lines : tuple of int
        Line of the file on which each row ends.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...]

    def find(self, names: tuple[str, ...]) -> str:
        """Return the column that is called one of `names`, or ""."""
        return next((name for name in names if name in self.columns), "")


def read_table(source: Source) -> Table:
    """Read an export; text fields may hold line breaks.

    Raises
    ------
    FormatError
        If it is no table, a column is doubled, or a row has more or fewer cells than the head.
    """
    with source.open() as file:
        data = file.read()
    if is_binary(data):
        raise FormatError(
            "holds binary data; export the project as CSV (raw data)", source=source.name
        )
    text = decode(data)
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] = []
    rows, lines = [], []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = [cell.strip() for cell in cells]
                continue
            if len(cells) != len(columns):
                raise FormatError(
                    f"{len(cells)} cells where the head has {len(columns)} columns",
                    source=source.name, line=reader.line_num,
                )  # fmt: skip
            rows.append(dict(zip(columns, (c.strip() for c in cells), strict=True)))
            lines.append(reader.line_num)
            if len(rows) * len(columns) > _MOST_CELLS:
                raise FormatError(
                    "is too large to be taken at once; export fewer fields", source=source.name
                )
    except csv.Error as error:
        raise FormatError(
            f"is no well-formed CSV ({error})", source=source.name, line=reader.line_num
        ) from None
    _check(columns, rows, source.name)
    return Table(source.name, tuple(columns), tuple(rows), tuple(lines))


def _check(columns: list[str], rows: list[dict[str, str]], name: str) -> None:
    if not rows:
        raise FormatError("holds no record", source=name)
    doubled = first_duplicate(columns)
    if doubled is not None:
        raise FormatError(
            f"column {doubled!r} is there twice; export raw data (variable names), not labels",
            source=name, line=1,
        )  # fmt: skip
    if len(columns) < 2 or not all(columns):
        raise FormatError(
            "has no head of variable names separated by commas; export the project as CSV",
            source=name, line=1,
        )  # fmt: skip
