"""ECG as delimited text: one column of samples, or a time column and one of samples."""

from __future__ import annotations

import re

import numpy as np

from hrv.errors import FormatError, InputError
from hrv.types import Float, Provenance
from ingest.formats._ecg import first_peak, to_series
from ingest.formats._lines import NUMBER, Lines, head_lines, shown
from ingest.formats._options import aware_start
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source

_ECG = re.compile(r"\b(ecg|ekg)\b", re.I)
_CUT = re.compile(r"[\t;,]")


def sniff(head: bytes, name: str) -> bool:
    """Claim a title line that is all words and names one column ECG (or EKG)."""
    del name
    lines = [line for line in head_lines(head) if not line.startswith("#")]
    if not lines:
        return False
    cells = [cell.strip(" \"'") for cell in _CUT.split(lines[0])]
    plain = all(cell[:1].isalpha() for cell in cells) and cells[0].lower() != "phone timestamp"
    return plain and any(_ECG.search(cell.replace("_", " ")) for cell in cells)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read one column of ECG samples and find its R peaks.

    Parameters
    ----------
    source : Source
        A title line (optional for a single column), then numbers with decimal points.
    options : ReadOptions
        `sampling_rate_hz` must be given: a column of times is not a clock to trust blindly.
        `channel` names the column where more than one could be meant; `start` is the moment
        of the first sample.

    Raises
    ------
    InputError
        If no sampling rate is given.
    FormatError
        Naming the line, or the columns to choose from.
    """
    rate = options.sampling_rate_hz
    if rate is None:
        raise InputError(f"{source.name}: an ECG as text needs sampling_rate_hz=")
    lines = Lines.of(source)
    first = next((i for i, line in enumerate(lines.lines)
                  if line.strip() and not line.startswith("#")), None)  # fmt: skip
    if first is None:
        raise FormatError("holds no sample", source=source.name)
    title = [cell.strip(" \"'") for cell in _CUT.split(lines.lines[first])]
    titled = not NUMBER.fullmatch(title[0])
    lines = lines.starting(first + titled)
    rows = [_CUT.sub(" ", row) for row in lines.rows()]
    if not rows:
        raise FormatError("holds no sample", source=source.name)
    column, label = _column(title if titled else [], len(rows[0].split()), options, source.name)
    signal = np.ascontiguousarray(lines.numbers(rows, len(rows[0].split()))[:, column])
    return recording(signal, rate, label, options, source, lines.cut)


def recording(
    signal: Float, rate: float, label: str, options: ReadOptions, source: Source,
    notes: tuple[str, ...],
) -> Recording:  # fmt: skip
    """Make the recording of a signal without a clock of its own."""
    start, says = first_peak(*aware_start(None, options, ""))
    ecg = ECG(signal, rate, start, label)
    provenance = Provenance(source=source.name, format="ecg_csv", clock=says, notes=notes)
    return Recording(to_series(ecg, provenance), ecg=ecg)


def _column(title: list[str], count: int, options: ReadOptions, source: str) -> tuple[int, str]:
    """Which column holds the ECG."""
    if options.channel is not None:
        if options.channel not in title:
            raise FormatError(
                f"has no column {options.channel!r}; the columns are "
                f"{', '.join(title) or 'untitled'}", source=source
            )  # fmt: skip
        return title.index(options.channel), options.channel
    if count == 1:
        return 0, title[0] if title else ""
    named = [i for i, cell in enumerate(title[:count]) if _ECG.search(cell.replace("_", " "))]
    if len(named) != 1:
        raise FormatError(
            f"{len(named)} of its {count} columns are called ECG ({shown(', '.join(title))}); "
            "say which with channel=", source=source
        )  # fmt: skip
    return named[0], title[named[0]]


FORMAT = Format(
    name="ecg_csv",
    summary="ECG as text, with sampling_rate_hz= (R peaks are found)",
    suffixes=(".csv", ".txt", ".tsv"),
    sniff=sniff,
    read=read,
    takes=("sampling_rate_hz", "channel"),
)
