"""ECG of a Polar strap, logged by Polar Sensor Logger with the strap's own time in ns."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import numpy as np

from hrv.errors import FormatError
from hrv.types import Float, Provenance
from ingest import clock
from ingest.formats._ecg import Piece, first_peak, to_series
from ingest.formats._options import aware_start
from ingest.formats._rows import Cells, has_head
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source

_NS, _UV = "sensor timestamp [ns]", "ecg [uv]"


def sniff(head: bytes, name: str) -> bool:
    """Claim the column head."""
    del name
    return has_head(head, ";", "phone timestamp", _NS) and b"ecg" in head[:200].lower()


def read(source: Source, options: ReadOptions) -> Recording:
    """Read a Polar ECG log and find its R peaks.

    The rate is that of the strap's own clock; where samples were lost (a step of more than
    one and a half samples) a gap is left, and peaks are found on either side of it.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` is the zone of the phone's clock.

    Raises
    ------
    FormatError
        Naming the line.
    """
    cells = Cells.of(source, ";")
    if len(cells.rows) < 2:
        raise FormatError("holds no ECG after its head", source=source.name)
    column = _UV if _UV in cells.head else next((c for c in cells.head if "ecg" in c), _UV)
    signal = cells.numbers(column)
    seconds = cells.numbers(_NS) / 1e9
    rate, pieces = _pieces(cells, seconds)
    moment = _moment(cells)
    start, says = first_peak(*aware_start(moment, options, "phone timestamp of the first sample"))
    ecg = ECG(signal, rate, start, "ecg", "µV")
    provenance = Provenance(
        source=source.name, format="polar_ecg", clock=says, device="Polar", notes=cells.notes
    )
    return Recording(to_series(ecg, provenance, pieces), ecg=ecg)


def _moment(cells: Cells) -> datetime | None:
    """Moment of the first sample; None where the log holds times of day only."""
    text = cells.column("phone timestamp", [0])[0]
    if clock.parse_time_of_day(text) is not None:
        return None
    return cells.moments("phone timestamp", [0])[0]


def _pieces(cells: Cells, seconds: Float) -> tuple[float, list[Piece]]:
    """Find samples a second where none were lost, and the pieces between losses."""
    step = np.diff(seconds)
    middle = float(np.median(step))
    if middle <= 0:
        raise FormatError("the strap's time does not rise from sample to sample",
                          source=cells.source)  # fmt: skip
    if (step <= 0).any():
        raise cells.error(int(np.argmax(step <= 0)) + 1, "the strap's time runs backwards; sort "
                          "the lines, or delete doubled ones")  # fmt: skip
    lost = step > 1.5 * middle
    edges = [0, *(np.flatnonzero(lost) + 1).tolist(), seconds.size]
    pieces = [Piece(a, b, float(seconds[a] - seconds[0])) for a, b in pairwise(edges)]
    return float((~lost).sum() / step[~lost].sum()), pieces


FORMAT = Format(
    name="polar_ecg",
    summary="Polar Sensor Logger ECG (R peaks are found)",
    suffixes=(".txt", ".csv"),
    sniff=sniff,
    read=read,
)
