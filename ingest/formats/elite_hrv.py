"""Elite HRV: whole ms, one a line; the only clock is the file name ``2017-07-19 07-50-42.txt``."""

from __future__ import annotations

from datetime import datetime

from hrv.errors import FormatError
from hrv.types import Provenance, RRSeries
from ingest.formats._lines import Lines, head_lines, is_whole, shown
from ingest.formats._options import fixed_unit, local_start
from ingest.formats._unit import decide_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source

_NAME = "%Y-%m-%d %H-%M-%S.txt"


def _clock_of(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, _NAME)
    except ValueError:
        return None


def sniff(head: bytes, name: str) -> bool:
    """Claim whole numbers under a file name that is a clock."""
    if _clock_of(name) is None:
        return False
    lines = head_lines(head)
    return bool(lines) and is_whole(lines[0])


def read(source: Source, options: ReadOptions) -> Recording:
    """Read an Elite HRV export.

    Parameters
    ----------
    source : Source
        The file; its name is the clock.
    options : ReadOptions
        `tz` is the zone of the phone's clock; without it the start stays unknown.

    Raises
    ------
    FormatError
        Naming the line that is no interval, or the name that is no clock.
    """
    fixed_unit(options, "ms", "an Elite HRV export")
    naive = _clock_of(source.name)
    if naive is None:
        raise FormatError(
            f"{shown(source.name)} is not a name that Elite HRV gives, such as "
            "'2017-07-19 07-50-42.txt'; read it with format='text'"
        )
    lines = Lines.of(source)
    rr_ms = lines.numbers(lines.rows(), 1)[:, 0]
    _, unit = decide_unit(rr_ms, given=None, header="ms", error_at=lines.error)
    start, says = local_start(naive, options, "file name")
    provenance = Provenance(
        source=source.name, format="elite_hrv", unit=unit.replace("header of the file", "format"),
        clock=says, notes=lines.cut,
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, start=start, provenance=provenance))


FORMAT = Format(
    name="elite_hrv",
    summary="Elite HRV export: ms, one interval a line; the file name is the clock",
    suffixes=(".txt",),
    sniff=sniff,
    read=read,
)
