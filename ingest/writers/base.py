"""What every writer shares: the table entry, what it returns, and how numbers are spelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hrv.types import RRSeries, cumulative_s


@dataclass(frozen=True)
class Written:
    """A recording in a target format.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents by ending; the first is the recording itself, others go beside it.
    lacks : tuple of str
        What the receiver must add, one sentence each.  What the format cannot hold is not
        said here: `ingest.convert` reads the file again and compares.
    """

    files: Mapping[str, bytes]
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Writer:
    """One row of `ingest.WRITERS`.

    Parameters
    ----------
    name : str
        Name for ``--to``.
    summary : str
        One line for help and catalogues.
    suffix : str
        Ending of the file.
    format : str
        Name of the `ingest.FORMATS` entry that reads it back.
    write : callable
        ``(RRSeries) -> Written``.
    """

    name: str
    summary: str
    suffix: str
    format: str
    write: Callable[[RRSeries], Written]


def is_timed(series: RRSeries) -> bool:
    """Tell whether beat times say more than the running sum of intervals."""
    return not np.array_equal(cumulative_s(series.rr_ms), series.t_s)


def decimal(value: float) -> str:
    """Shortest decimal that reads back as the same number, without exponent."""
    text = repr(float(value))
    if "e" in text:
        text = np.format_float_positional(value, trim="-")
    return text.removesuffix(".0")


def in_ms(t_s: float) -> float:
    """Give a time in s as ms, such that dividing by 1000 gives the very same number back."""
    near = round(t_s * 1000, 7)
    return near if near / 1000 == t_s else t_s * 1000
