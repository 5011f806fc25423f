"""Plain text: one RR interval a line, or Kubios' two columns of time and interval.

No byte tells "plain RR", Kubios type 1 and other one-column exports apart, so they are one
format.  Understood are ms, s and 1/1024 s; decimal points or commas; tabs, semicolons, spaces
or commas between two columns; a byte-order mark; any line ends; blank lines and comment lines
(``#``); ``# key: value`` and one title line at the top.  Keys that say something: ``unit``,
``start`` (ISO 8601), ``zone``, ``device``, and what `write_text` adds.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise

import numpy as np

from hrv.errors import FormatError
from hrv.types import CONTIGUITY_S, Float, Provenance, RRSeries
from ingest import clock
from ingest.formats import ecg_csv, elite_hrv, opensignals, vns_analyse
from ingest.formats._lines import NUMBER, Lines, head_lines, is_whole, shown
from ingest.formats._times import clock_note, overlap, settle
from ingest.formats._unit import FLOOR_MS, UNITS, decide_unit, to_ms
from ingest.formats.base import Format, ReadOptions, Recording, Source

_KEY = re.compile(r"#\s*([A-Za-z][\w ]*?)\s*:\s*(.*)")
_UNIT_WORD = re.compile(r"(?:^|[\s_(\[])(ms|msec|milliseconds?|s|sec|seconds?)(?:[)\]\s]|$)", re.I)


def sniff(head: bytes, name: str) -> bool:
    """Claim text whose first line after an optional head is one or two numbers."""
    every = head_lines(head)
    columns = 3 if any(line.startswith("# time unit:") for line in every) else 2
    lines = [line for line in every if not line.startswith("#")]
    if not lines or elite_hrv.sniff(head, name) or opensignals.sniff(head, name):
        return False
    if ecg_csv.sniff(head, name) or vns_analyse.sniff(head, name):
        return False
    if not _is_data(lines[0]):
        lines = lines[1:] if _is_title(lines[0]) else []
    return bool(lines) and _is_data(lines[0], columns)


def _cells(line: str) -> list[str]:
    return [cell for cell in re.split(r"[\t; ]+|,\s+", line.strip()) if cell]


def _is_number(cell: str) -> bool:
    parts = cell.split(",")  # "0.759,0.690" is two numbers, "0,759" one or two
    return len(parts) <= 2 and (
        bool(NUMBER.fullmatch(cell)) or all(NUMBER.fullmatch(part) for part in parts)
    )


def _is_data(line: str, columns: int = 3) -> bool:
    cells = _cells(line)
    numbers = sum(1 + ("." in cell and "," in cell) for cell in cells)
    return 1 <= numbers <= columns and all(map(_is_number, cells))


def _is_title(line: str) -> bool:
    first = re.split(r"[\t;,]", line)[0].strip().strip("\"'")
    words = re.split(r"[\t;,]", line)
    return len(words) <= 2 and bool(first) and first[0].isalpha()


def read(source: Source, options: ReadOptions) -> Recording:
    """Read plain text or Kubios text.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `unit` decides the unit of the intervals; else the head does; else the rule of
        `_unit.decide_unit`, which is reported in ``provenance.unit``.  `start` is the moment
        of time zero; else ``# start:``; without one only order is known.  `tz` is the zone of
        a ``# start:`` without zone.

    Raises
    ------
    FormatError
        Naming the line and the value.
    """
    lines = Lines.of(source)
    lines, keys, title = _head(lines)
    lines, remarks = _without_comments(lines)
    rows, table = _table(lines)
    rr_column = table[:, min(table.shape[1], 2) - 1]
    unit, unit_says = decide_unit(
        rr_column, given=options.unit, header=_header_unit(keys, title), error_at=lines.error
    )
    decimals = _decimals(rows) if unit == "s" else 0
    rr_ms = to_ms(rr_column, unit, decimals)
    _check_count(keys, rr_ms.size, lines.source)
    start, clock_says = _start(keys, options, lines.source)
    t_s, notes = _times(table, rr_ms, unit, keys, lines)
    flag = _flags(table, keys, lines)
    provenance = Provenance(
        source=source.name, format="text", unit=unit_says, clock=clock_says,
        device=keys.get("device", ""), notes=(*notes, *remarks, *lines.cut),
    )  # fmt: skip
    series = RRSeries.from_ms(rr_ms, start=start, t_s=t_s, flag=flag, provenance=provenance)
    return Recording(series)


def _head(lines: Lines) -> tuple[Lines, dict[str, str], str]:
    keys: dict[str, str] = {}
    title = ""
    for i, raw in enumerate(lines.lines):
        line = raw.strip()
        if line.startswith("#"):
            if match := _KEY.match(line):
                keys[match[1].lower()] = match[2].strip()
        elif line and not title and not _is_data(line) and _is_title(line):
            title = line
        elif line:
            return lines.starting(i), keys, title
    raise FormatError("holds no RR interval: at least two are needed", source=lines.source)


def _without_comments(lines: Lines) -> tuple[Lines, tuple[str, ...]]:
    """Blank the comment lines among the values, so that the others keep their numbers."""
    if "#" not in "".join(lines.lines[lines.first :]):
        return lines, ()
    bare = [
        "" if i >= lines.first and line.lstrip().startswith("#") else line
        for i, line in enumerate(lines.lines)
    ]
    skipped = sum(now != line for now, line in zip(bare, lines.lines, strict=True))
    if not skipped:
        return lines, ()
    what = "1 comment line" if skipped == 1 else f"{skipped} comment lines"
    note = f"{what} among the values skipped; the intervals about them count as successive"
    return Lines(lines.source, bare, lines.first), (note,)


def _header_unit(keys: dict[str, str], title: str) -> str | None:
    if keys.get("unit") in UNITS:
        return keys["unit"]
    match = _UNIT_WORD.search(re.split(r"[\t;,]", title)[-1]) if title else None
    if match is None:
        return None
    return "ms" if match[1].lower().startswith("m") else "s"


def _table(lines: Lines) -> tuple[list[str], Float]:
    """Split the rows into one to three columns of numbers."""
    rows = lines.rows()
    body = "\n".join(rows)
    if ";" in body or "," in body:
        body = body.replace(";", " ")
        rows = (_resolve_commas(body) if "," in body else body).split("\n")
    columns = len(rows[0].split())
    if not 1 <= columns <= 3:
        raise lines.error(0, f"{columns} columns; one (RR) or two (time, RR) were expected")
    return rows, lines.numbers(rows, columns)


def _resolve_commas(body: str) -> str:
    """Turn each comma into a space (separator) or a point (decimal comma)."""
    if "." in body or re.search(r",[ \t]", body):
        return body.replace(",", " ")
    if re.search(r"\d[ \t]+\d", body) or not _comma_separates(body):
        return body.replace(",", ".")
    return body.replace(",", " ")


def _comma_separates(body: str) -> bool:
    """Tell ``12345,690`` (time and interval) from ``0,690`` where no other sign decides.

    They are columns only if the second numbers could all be intervals in ms and the first ones
    rise by at least as much throughout; ``0,200`` and ``1,001`` are seconds.
    """
    pairs = [row.split(",") for row in body.split("\n")]
    if not all(len(pair) == 2 and all(map(is_whole, pair)) for pair in pairs):
        return False
    times, values = zip(*((int(a), int(b)) for a, b in pairs), strict=True)
    if min(values) < FLOOR_MS:
        return False
    return all(b - a >= v - 2 for (a, b), v in zip(pairwise(times), values[1:], strict=True))


def _decimals(rows: list[str]) -> int:
    """Most digits after the point in any last column; 0 where exponents are written."""
    if any("e" in row or "E" in row for row in rows):
        return 0
    return max(len(row.rstrip().rpartition(".")[2]) if "." in row else 0 for row in rows)


def _flags(table: Float, keys: dict[str, str], lines: Lines) -> Float | None:
    """Third column of a file of `write_text`; no other file may have one."""
    if table.shape[1] < 3:
        return None
    if "time unit" not in keys:
        raise lines.error(0, "3 columns; one (RR) or two (time, RR) were expected")
    flag = table[:, 2]
    wrong = (flag != np.rint(flag)) | (flag < 0) | (flag > 0xFFFF)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise lines.error(row, f"the flag {flag[row]:g} is no whole number up to 65535")
    return flag


def _check_count(keys: dict[str, str], found: int, source: str) -> None:
    said = keys.get("intervals", "")
    if is_whole(said) and int(said) != found:
        raise FormatError(
            f"its head says {said} intervals but {found} follow: it was cut short or edited; "
            "copy it again, or delete the line '# intervals:' to take it as it is", source=source
        )  # fmt: skip


def _start(keys: dict[str, str], options: ReadOptions, source: str) -> tuple[datetime | None, str]:
    if options.start is not None:
        return options.start, "given (start=)"
    text = keys.get("start")
    if text is None:
        return None, "none: only the order of beats is known (start= gives it)"
    moment = clock.parse_iso(text)
    if moment is None:
        raise FormatError(
            f"'# start: {shown(text)}' is no ISO 8601 time such as 2024-03-01T08:00:00+01:00",
            source=source,
        )
    if moment.utcoffset() is None and options.tz is None:
        return None, f"local time {moment.isoformat(' ')} of unknown zone; tz= gives it"
    if moment.utcoffset() is None:
        assert options.tz is not None
        moment, twice = clock.localise(moment, options.tz)
        return moment, f"head of the file, zone {options.tz} (tz=){twice and '; ' + twice}"
    return clock.in_zone(moment, options.tz or keys.get("zone")), "head of the file"


def _times(
    table: Float, rr_ms: Float, unit: str, keys: dict[str, str], lines: Lines
) -> tuple[Float | None, tuple[str, ...]]:
    """Beat times from the first of two columns, and what there is to say about them."""
    if table.shape[1] == 1:
        return None, ()
    time_unit = keys.get("time unit")
    if time_unit in UNITS:  # a file of `write_text`: exact, and zero means zero
        return to_ms(table[:, 0], time_unit) / 1000 if time_unit != "s" else table[:, 0], ()
    end_s, how, resolution_s = _foreign_times(table[:, 0], rr_ms, unit, lines)
    end_s = settle(end_s, rr_ms, resolution_s)
    begin_s = end_s[0] - rr_ms[0] / 1000
    if abs(begin_s) > CONTIGUITY_S:
        how += f"; the first beat is at {begin_s:.3f} s of its clock and counts as 0 here"
    notes = (how, clock_note(rr_ms, float(end_s[-1] - begin_s)))
    return end_s - begin_s if abs(begin_s) > CONTIGUITY_S else end_s, notes


def _foreign_times(
    column: Float, rr_ms: Float, unit: str, lines: Lines
) -> tuple[Float, str, float]:
    """Find the unit of a time column and whether it marks the end or begin of intervals."""
    step = _resolution(column)
    for name, scale in (("ms", 1e-3), ("s", 1.0), ("1/1024 s", 1 / 1024)):
        if name == "1/1024 s" and unit != name:
            continue
        end_s, resolution_s = column * scale, min(step * scale, 0.02)
        if overlap(end_s, rr_ms, resolution_s) is None:
            return end_s, f"time column in {name}, end of each interval", resolution_s
        begins = end_s + rr_ms / 1000
        if overlap(begins, rr_ms, resolution_s) is None:
            return begins, f"time column in {name}, begin of each interval", resolution_s
    row = overlap(column, rr_ms, min(step, 0.02)) or 1
    raise lines.error(
        row, f"the time {column[row]:g} is less than the interval {rr_ms[row]:g} ms after the time "
        "before it: intervals overlap; delete the doubled lines or the time column"
    )  # fmt: skip


def _resolution(column: Float) -> float:
    """Step of a printed column: 10^-decimals, as far as six."""
    for decimals in range(7):
        scaled = column * 10.0**decimals
        if np.allclose(scaled, np.rint(scaled), rtol=0, atol=1e-4):
            return float(10.0**-decimals)
    return 1e-6


FORMAT = Format(
    name="text",
    summary="Plain RR text: one interval a line (ms or s), or Kubios' time and interval",
    suffixes=(".txt", ".csv", ".dat", ".rr"),
    sniff=sniff,
    read=read,
)
