"""Turn tables of summaries (one line a night or a measurement) into outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from hrv.errors import FormatError, InputError
from ingest import clock
from ingest.formats._lines import NUMBER
from ingest.formats._options import fixed_unit
from ingest.formats._parts import outcomes
from ingest.formats._rows import Cells
from ingest.formats.base import ReadOptions, Recording

_MISSING = ("", "-")


def read_summaries(
    cells: Cells,
    moments: Sequence[datetime],
    prefix: str,
    options: ReadOptions,
    clock_columns: Sequence[str],
) -> Recording:
    """Make one outcome of each number, named after its column; missing ones are left out.

    Parameters
    ----------
    cells : Cells
        The table.
    moments : sequence of datetime
        One a row, aware or all naive (then `options.tz` is needed).
    prefix : str
        Put before column names: ``fitbit`` gives ``fitbit_rmssd``.
    clock_columns : sequence of str
        Columns that are the clock.

    Raises
    ------
    FormatError
        If times without zone come without `tz`, or no number was found.
    """
    fixed_unit(options, "ms", "a table of summaries")
    if options.start is not None:
        raise InputError("a table of summaries has its own times; leave out start=")
    aware = _aware(cells, moments, options)
    found: list[tuple[datetime, str, float]] = []
    texts: list[str] = []
    for column in cells.head:
        if column in clock_columns or not column:
            continue
        values = [cell.replace(",", ".") for cell in cells.column(column)]
        numeric = [value for value in values if value not in _MISSING]
        if not numeric or not all(NUMBER.fullmatch(value) for value in numeric):
            texts.append(column)
            continue
        name = f"{prefix}_{'_'.join(column.split())}"
        found += [
            (moment, name, float(value))
            for moment, value in zip(aware, values, strict=True)
            if value not in _MISSING and math.isfinite(float(value))
        ]
    if not found:
        raise FormatError("holds no number that could be an outcome", source=cells.source)
    left = [f"columns without numbers left out: {', '.join(texts)}"] if texts else []
    notes = ("summaries by the app's own rules, not computed from beats", *left, *cells.notes)
    return Recording(None, outcomes=outcomes(found), notes=notes)


def _aware(cells: Cells, moments: Sequence[datetime], options: ReadOptions) -> Sequence[datetime]:
    if not moments:
        raise FormatError("holds no line after its head", source=cells.source)
    if moments[0].utcoffset() is not None:
        return moments
    if options.tz is None:
        raise FormatError(
            f"its times ({moments[0].isoformat(' ')} …) have no zone; give tz=",
            source=cells.source, line=cells.lines[0],
        )  # fmt: skip
    return clock.localise_all(moments, options.tz)[0]
