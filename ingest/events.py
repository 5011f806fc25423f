"""What happened when, from tables: stressors, tags, conditions, doses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from os import PathLike

import pandas as pd

from hrv.errors import FormatError
from hrv.tables import first_duplicate
from ingest._doses import bioavailability, dose_cells
from ingest.columns import DOSE_COLUMNS, EVENT_COLUMNS, PHASE_COLUMNS, TAG
from ingest.formats._lines import NUMBER, Lines, is_whole, shown
from ingest.formats.base import Source
from ingest.reading import source_of
from ingest.tables import Row, rows, times

_TRUTH = {"no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}
STATUSES = ("planned", "taken", "missed")
_UNIX_RANGE_S = (1e8, 4_102_444_800)  # 1973 to 2100


def read_events(
    path: str | PathLike[str] | Source, *, tz: str | None = None, subject: str | None = None
) -> pd.DataFrame:
    """Read phases and stressors from a table.

    Parameters
    ----------
    path : str, path-like or Source
        CSV with ``phase, kind, start, end`` and optionally ``subject``, ``session`` (see
        `hrv.mark`) and ``note``; times are ISO 8601
        with a zone (or `tz`), or plain numbers: seconds since the recording's start.  Only
        an event of kind ``"tag"`` may leave ``end`` empty: it is an instant.
    tz : str, optional
        IANA zone of times without one, and zone of the result.
    subject : str, optional
        Whose the lines without a subject are; default "".

    Returns
    -------
    DataFrame
        Columns ``subject, phase, kind, start, end``, then ``session`` and ``note`` if the file
        tells them, in the order of the file; `start` and
        `end` are aware times in `tz` (else in the one offset the file uses, else UTC), or
        float seconds.

    Raises
    ------
    FormatError
        Naming the line: a phase that ends before it starts, a time without zone, clock times
        mixed with seconds, two overlapping phases of one subject (both named).
    """
    optional = ("subject", "session", "note")
    table = list(rows(path, required=EVENT_COLUMNS[1:], optional=optional, subject=subject))
    spans = [_span(row, tz) for row in table]
    _check_one_sort(table, spans)
    _check_apart(table, spans, "phase")
    frame = pd.DataFrame({c: [row[c] for row in table] for c in EVENT_COLUMNS[:3]}, dtype=object)
    frame = frame.assign(
        start=_column([start for start, _ in spans], tz), end=_column([end for _, end in spans], tz)
    )
    told = [c for c in ("session", "note") if any(row[c] for row in table)]
    return frame.assign(**{c: [row[c] for row in table] for c in told})


Moment = datetime | float


def _span(row: Row, tz: str | None) -> tuple[Moment, Moment]:
    kind = row.required("kind")
    row.required("phase")
    start = row.moment_or_seconds("start", tz)
    if kind == TAG and not row["end"]:
        return start, start
    end = row.moment_or_seconds("end", tz)
    if isinstance(start, float) != isinstance(end, float):
        raise row.error("start and end must both be clock times or both be seconds")
    if _before(end, start) or (end == start and kind != TAG):
        when = "before" if _before(end, start) else "when"
        raise row.error(
            f"phase {row['phase']!r} ends ({row['end']}) {when} it starts ({row['start']}); "
            "mend the two times"
        )
    return start, end


def _before(a: Moment, b: Moment) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return a < b
    assert isinstance(a, datetime)
    assert isinstance(b, datetime)
    return a < b


def _check_one_sort(table: list[Row], spans: list[tuple[Moment, Moment]]) -> None:
    seconds = [isinstance(start, float) for start, _ in spans]
    if len(set(seconds)) > 1:
        row = table[seconds.index(not seconds[0])]
        raise row.error("clock times and seconds since the start are mixed; use one of the two")


def _check_apart(table: list[Row], spans: list[tuple[Moment, Moment]], name: str) -> None:
    """Refuse two spans of one subject that overlap; column `name` names them."""
    lasting = [i for i, (start, end) in enumerate(spans) if start != end]
    zero = spans[lasting[0]][0] if lasting else 0.0
    lasting.sort(key=lambda i: (table[i]["subject"], _seconds_after(spans[i][0], zero)))
    for a, b in pairwise(lasting):
        one, other, who = table[a], table[b], table[b]["subject"]
        if one["subject"] == who and _before(spans[b][0], spans[a][1]):
            raise other.error(
                f"phase {other[name]!r} begins before phase {one[name]!r} of line {one.line} "
                f"ends{f' (subject {who})' if who else ''}; phases of one person must not overlap"
            )


def _seconds_after(moment: Moment, zero: Moment) -> float:
    if isinstance(moment, float) or isinstance(zero, float):
        assert not isinstance(moment, datetime)
        return moment
    return (moment - zero).total_seconds()


def _column(moments: Sequence[Moment], tz: str | None) -> pd.Series:
    clock_times = [moment for moment in moments if isinstance(moment, datetime)]
    if clock_times:
        return times(clock_times, tz)
    return pd.Series(moments, dtype="float64")


def read_tags(
    path: str | PathLike[str] | Source, *, subject: str = "", tz: str | None = None
) -> pd.DataFrame:
    """Read the event marks of an Empatica E4 (``tags.csv``: one unix second a line).

    A tag is one press of the button.  Whether two make a phase only the protocol knows, so
    they are not paired here: each is an instant, with `start` equal to `end`.

    Parameters
    ----------
    path : str, path-like or Source
        The file; an empty one holds no tags.
    subject : str
        Whose they are.
    tz : str, optional
        IANA zone of the result; default UTC.

    Returns
    -------
    DataFrame
        Columns ``subject, phase, kind, start, end`` with phases ``"tag 1"``, ``"tag 2"`` …

    Raises
    ------
    FormatError
        Naming the line that is no unix second, or that does not come after the one before.
    """
    lines = Lines.of(source_of(path))
    found: list[datetime] = []
    for i, line in enumerate(lines.rows()):
        text = line.strip()
        seconds = float(text) if NUMBER.fullmatch(text) and "," not in text else math.nan
        if not _UNIX_RANGE_S[0] < seconds < _UNIX_RANGE_S[1]:
            raise lines.error(i, f"{shown(text)} is no time in seconds since 1970")
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        if found and moment <= found[-1]:
            raise lines.error(i, f"the tag {text} does not come after the one before it")
        found.append(moment)
    names = [f"tag {i + 1}" for i in range(len(found))]
    frame = pd.DataFrame({"subject": subject, "phase": names, "kind": TAG}, dtype=object)
    column = times(found, tz or "UTC")
    return frame.assign(start=column, end=column)


def read_doses(
    path: str | PathLike[str] | Source, *, tz: str | None = None, subject: str | None = None
) -> pd.DataFrame:
    """Read the log of doses and other interventions.

    Parameters
    ----------
    path : str, path-like or Source
        CSV with ``time, substance, status`` and optionally ``subject, form, product, amount,
        unit, basis, route, note``.  `basis` says what the amount weighs: ``elemental``,
        ``compound`` or ``unknown`` (the default: it is never guessed); `status` is
        ``planned``, ``taken`` or ``missed``.
    tz : str, optional
        IANA zone of times without one, and zone of the result.
    subject : str, optional
        Whose the lines without a subject are; default "".

    Returns
    -------
    DataFrame
        Columns of `DOSE_COLUMNS`; `time` aware, `amount` float (NaN if not given), the rest
        text ("" if not given).

    Raises
    ------
    FormatError
        Naming the line and the value.
    """
    required = ("time", "substance", "status")
    optional = tuple(column for column in DOSE_COLUMNS if column not in required)
    table = list(rows(path, required=required, optional=optional, subject=subject))
    data: dict[str, list[object]] = {column: [] for column in DOSE_COLUMNS}
    moments = []
    for row in table:
        row.required("substance")
        values: dict[str, object] = dict(row.cells)
        values |= {**dose_cells(row), "bioavailability": bioavailability(row)}
        values["status"] = row.one_of("status", STATUSES)
        moments.append(row.moment("time", tz))
        for column, into in data.items():
            into.append(values[column])
    _check_doubles(table, moments)
    frame = pd.DataFrame(data, columns=list(DOSE_COLUMNS), dtype=object)
    return frame.assign(time=times(moments, tz), **_floats(frame))


def _floats(frame: pd.DataFrame) -> dict[str, pd.Series]:
    names = ("amount", "elemental_share", "bioavailability")
    return {name: frame[name].astype("float64") for name in names}


def _check_doubles(table: list[Row], moments: list[datetime]) -> None:
    keys = [
        repr((moment.astimezone(UTC), {**row.cells, "time": ""}))
        for row, moment in zip(table, moments, strict=True)
    ]
    if (double := first_duplicate(keys)) is not None:
        first, second = [row for row, key in zip(table, keys, strict=True) if key == double][:2]
        raise FormatError(
            f"repeats line {first.line}; delete one of the two",
            source=second.source, line=second.line,
        )  # fmt: skip


def read_phases(
    path: str | PathLike[str] | Source, *, tz: str | None = None, subject: str | None = None
) -> pd.DataFrame:
    """Read the conditions of a study: when each person was on or off.

    Parameters
    ----------
    path : str, path-like or Source
        CSV with ``start, stop, condition`` and optionally ``subject, block, randomised``.
        `stop` is the moment at which the phase no longer holds.
    tz : str, optional
        IANA zone of times without one, and zone of the result.
    subject : str, optional
        Whose the lines without a subject are; default "".

    Returns
    -------
    DataFrame
        Columns of `PHASE_COLUMNS`; aware times, `block` int64 (default: 0, 1, … in order of
        start within each subject), `randomised` bool (default False).

    Raises
    ------
    FormatError
        Naming the line: a phase that ends before it starts, a time without zone, two
        overlapping phases of one subject (both named).
    """
    required = ("start", "stop", "condition")
    optional = ("subject", "block", "randomised")
    table = list(rows(path, required=required, optional=optional, subject=subject))
    spans: list[tuple[Moment, Moment]] = []
    for row in table:
        start, stop = row.moment("start", tz), row.moment("stop", tz)
        if stop <= start:
            raise row.error(
                f"phase {row.required('condition')!r} ends ({row['stop']}) before it starts "
                f"({row['start']}); mend the two times"
            )
        spans.append((start, stop))
    _check_apart(table, spans, "condition")
    frame = pd.DataFrame(
        {
            "subject": [row["subject"] for row in table],
            "condition": [row.required("condition") for row in table],
            "randomised": [_truth(row) for row in table],
        }
    )
    frame["start"] = _column([start for start, _ in spans], tz)
    frame["stop"] = _column([stop for _, stop in spans], tz)
    frame["block"] = _blocks(table, frame)
    return frame[list(PHASE_COLUMNS)]


def _truth(row: Row) -> bool:
    return _TRUTH[row.one_of("randomised", tuple(_TRUTH))] if row["randomised"] else False


def _blocks(table: list[Row], frame: pd.DataFrame) -> pd.Series:
    given = [row["block"] for row in table]
    if not any(given):
        order = frame.groupby("subject")["start"].rank(method="first")
        return (order - 1).astype("int64")
    for row in table:
        if not is_whole(row["block"]):
            raise row.error(f"block {row['block']!r} is not a whole number; number all or none")
    return pd.Series([int(block) for block in given], dtype="int64")
