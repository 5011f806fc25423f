"""What was recorded and what is left of it: RRSeries, NNSeries and Windows.

All are frozen; their arrays are float64 (or as stated), one-dimensional, contiguous and
read-only, so a value can be shared between threads and cached without copies.  Units are in
the names.  A time in seconds (``*_s``) counts from the series' ``start`` (an aware datetime,
or None when only order is known); readers put that moment at the first beat.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv.errors import InputError

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
FlagArray = npt.NDArray[np.uint16]

RR_MIN_MS = 200.0
"""Shortest interval a human heart can give (300 bpm)."""
RR_MAX_MS = 10_000.0
"""Longest single interval taken from a file; more is not an interval but a gap or a wrong unit."""
CONTIGUITY_S = 0.002
"""Beat times closer than this to the running sum are the same beat (ticks, ms rounding)."""


class Flag(enum.IntFlag):
    """What is known about one RR interval; zero is a normal beat.  Flags combine.

    The reader sets `GAP`, `SUSPECT` and `UNSURE` (and device annotations), the cleaner the rest.
    Raw values are never altered: every correction is a flag.
    """

    NORMAL = 0
    ECTOPIC = 1  #: a premature beat and its pause
    MISSED = 2  #: at least one beat inside this interval was not detected
    EXTRA = 4  #: a false detection split this interval
    ARTEFACT = 8  #: implausibly long or short against its neighbours, cause unknown
    RANGE = 16  #: outside the absolute limits
    GAP = 32  #: beats (and time) were lost just before this interval
    SUSPECT = 64  #: timing hints at a lost packet; the value itself is as received
    UNSURE = 128  #: the beat's time may be off by more than 0.1 s; interval and order are sound


CORRECTED = Flag.ECTOPIC | Flag.MISSED | Flag.EXTRA | Flag.ARTEFACT | Flag.RANGE
"""Flags that remove an interval from the NN series."""


@dataclass(frozen=True)
class Provenance:
    """Where every value came from and which rule read it.

    Parameters
    ----------
    source : str
        File name, device or call that gave the values.
    format : str
        Name of the `ingest.FORMATS` entry, or ``"numbers"``.
    unit : str
        Unit in the source and the rule that decided it, e.g. ``"ms (all values in 200-3000)"``.
    clock : str
        Origin of `start` and of the beat times, e.g. ``"file name, zone Europe/Berlin (tz=)"``
        or ``"none: only the order of beats is known"``.
    device : str
        Recording device where the source names it.
    notes : tuple of str
        Anything else a careful reader should know (values skipped, repairs, duplicates).
    """

    source: str = ""
    format: str = "numbers"
    unit: str = "ms (given)"
    clock: str = "none: only the order of beats is known"
    device: str = ""
    notes: tuple[str, ...] = ()

    def noting(self, *notes: str) -> Provenance:
        """Return a copy with `notes` appended."""
        return replace(self, notes=(*self.notes, *notes))


def _frozen(values: npt.ArrayLike, dtype: npt.DTypeLike, name: str) -> npt.NDArray[Any]:
    # a copy, as the caller keeps theirs writable, unless nobody can write to it any more
    array = np.array(values, dtype=dtype, copy=None if _is_frozen(values) else True)
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, not of shape {array.shape}")
    array.flags.writeable = False
    return array


def _is_frozen(values: object) -> bool:
    """Tell whether neither the array nor what it is a view of can be written to."""
    while isinstance(values, np.ndarray) and not values.flags.writeable:
        if values.base is None:
            return True
        values = values.base
    return False


def check_start(start: datetime | None) -> None:
    """Refuse a moment without a time zone."""
    if start is not None and start.utcoffset() is None:
        raise InputError(
            f"start {start.isoformat()} has no time zone; give an aware datetime or tz="
        )


def _check_intervals(rr_ms: Float, t_s: Float) -> None:
    if rr_ms.size == 0:
        raise InputError("no RR interval: at least one (two beats) is needed")
    if not (rr_ms.min() > 0 and rr_ms.max() <= RR_MAX_MS):  # NaN fails too
        for wrong, why in (
            (~np.isfinite(rr_ms), "is not a finite number"),
            (rr_ms <= 0, "is not positive"),
            (rr_ms > RR_MAX_MS, f"ms is longer than {RR_MAX_MS / 1000:g} s: a gap or a wrong unit"),
        ):
            if wrong.any():
                i = int(np.argmax(wrong))
                raise InputError(f"RR interval {i + 1} of {rr_ms.size} ({rr_ms[i]:g}) {why}")
    if t_s.size != rr_ms.size:
        raise InputError(f"{t_s.size} beat times for {rr_ms.size} RR intervals; they must pair up")
    if not np.isfinite(t_s).all():
        raise InputError(f"beat time {int(np.argmin(np.isfinite(t_s))) + 1} is not a finite number")


@dataclass(frozen=True, eq=False)
class RRSeries:
    """RR intervals as recorded, never altered.

    Parameters
    ----------
    rr_ms : float64[n]
        Intervals in ms, kept exact from 1/1024 s ticks or ms integers.
    t_s : float64[n]
        Time of the beat that ends each interval, s since `start`; non-decreasing spans of
        lost time show as ``t_s[i] - rr_ms[i] / 1000 > t_s[i - 1]`` and carry `Flag.GAP`.
    flag : uint16[n]
        `Flag` of each interval.
    start : datetime or None
        Aware moment that ``t_s = 0`` means; readers put it at the first beat.
    provenance : Provenance
        Where the values came from.

    Raises
    ------
    InputError
        If an interval is not a positive finite number up to 10 s, arrays differ in length,
        beats run backwards in time or overlap, or `start` has no zone.
    """

    rr_ms: Float
    t_s: Float
    flag: FlagArray
    start: datetime | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        rr, t = _frozen(self.rr_ms, np.float64, "rr_ms"), _frozen(self.t_s, np.float64, "t_s")
        flag = _frozen(self.flag, np.uint16, "flag")
        _check_intervals(rr, t)
        check_start(self.start)
        if flag.size != rr.size:
            raise InputError(f"{flag.size} flags for {rr.size} RR intervals; they must pair up")
        ahead = np.diff(t)
        ahead -= rr[1:] / 1000
        if ahead.size and ahead.min() < -CONTIGUITY_S:
            i = int(np.argmin(ahead)) + 1
            raise InputError(
                f"beat {i + 1} at {t[i]:.3f} s begins before the beat at {t[i - 1]:.3f} s: "
                "intervals overlap (duplicated beats, or times that run backwards)"
            )
        if ahead.size and ahead.max() > CONTIGUITY_S:
            gap = np.concatenate(([False], ahead > CONTIGUITY_S))
            flag = np.bitwise_or(flag, np.uint16(Flag.GAP), where=gap, out=flag.copy())
            flag.flags.writeable = False
        for name, value in (("rr_ms", rr), ("t_s", t), ("flag", flag)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_ms(
        cls,
        rr_ms: npt.ArrayLike,
        *,
        start: datetime | None = None,
        t_s: npt.ArrayLike | None = None,
        flag: npt.ArrayLike | None = None,
        provenance: Provenance | None = None,
    ) -> RRSeries:
        """Build a series from intervals in ms; without `t_s` every beat follows the last.

        Parameters
        ----------
        rr_ms : array_like[n]
            Intervals, ms.
        start : datetime, optional
            Aware time of the first beat.
        t_s : array_like[n], optional
            Time of the beat ending each interval, s since `start`; default the running sum.
        flag : array_like[n], optional
            `Flag` values; default all normal.
        provenance : Provenance, optional
            Default: numbers given in ms.
        """
        rr = np.asarray(rr_ms, dtype=np.float64)
        times = cumulative_s(rr) if t_s is None else np.asarray(t_s, dtype=np.float64)
        flags = np.zeros(rr.shape, np.uint16) if flag is None else np.asarray(flag, np.uint16)
        return cls(rr, times, flags, start, provenance or Provenance())

    def __len__(self) -> int:
        return int(self.rr_ms.size)

    @property
    def begin_s(self) -> Float:
        """float64[n]: time of the beat that begins each interval, s since `start`."""
        return _begin_s(self.t_s, self.rr_ms, (self.flag & Flag.GAP) == 0)

    @property
    def first_s(self) -> float:
        """Time of the first beat, s since `start`."""
        return float(self.rr_ms[0] / -1000 + self.t_s[0])

    @property
    def duration_s(self) -> float:
        """Time from the first beat to the last, gaps included, s."""
        return float(self.t_s[-1] - self.first_s)


def cumulative_s(rr_ms: Float) -> Float:
    """Beat end times (s) as the running sum of intervals (ms), exact where the sums are.

    Intervals that are whole numbers of ms or of 1/1024 s are summed as integers.
    """
    for per_s in (1000.0, 1024.0):
        units = rr_ms * (per_s / 1000.0)
        if np.isfinite(units).all() and (units == np.rint(units)).all():
            return np.asarray(np.cumsum(units.astype(np.int64)) / per_s, dtype=np.float64)
    return np.asarray(np.cumsum(rr_ms) / 1000.0, dtype=np.float64)


def _begin_s(t_s: Float, rr_ms: Float, contiguous: Bool) -> Float:
    if contiguous[1:].all() and t_s.size:
        return np.concatenate((rr_ms[:1] / -1000 + t_s[:1], t_s[:-1]))
    begin = rr_ms / -1000
    begin += t_s
    # where nothing was lost the beginning *is* the previous beat: the same float, no rounding
    np.copyto(begin[1:], t_s[:-1], where=contiguous[1:])
    return np.asarray(begin, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class NNSeries:
    """Normal-to-normal intervals: what is left of an RRSeries after cleaning.

    Metrics take this type only, so raw RR cannot reach them by mistake.

    Parameters
    ----------
    nn_ms : float64[n]
        Intervals between two normal beats, as recorded, ms.
    t_s : float64[n]
        Time of the beat that ends each interval, s since `start`.
    joined : bool[n]
        True where nothing was removed or lost between interval i-1 and i; successive
        differences use these pairs only.  ``joined[0]`` is False.
    filled_ms, filled_t_s : float64[k]
        Interpolated intervals that stand for what the cleaner removed (and their end times).
        They keep the timeline and the spectrum whole and never enter a mean, SDNN or RMSSD.
    rr : RRSeries
        The recording as read, with the cleaner's flags.
    method : str
        Name of the `hrv.CLEANERS` entry that made it.
    settings : mapping
        The cleaner's settings.
    """

    nn_ms: Float
    t_s: Float
    joined: Bool
    filled_ms: Float
    filled_t_s: Float
    rr: RRSeries
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("nn_ms", "t_s", "filled_ms", "filled_t_s"):
            object.__setattr__(self, name, _frozen(getattr(self, name), np.float64, name))
        object.__setattr__(self, "joined", _frozen(self.joined, np.bool_, "joined"))
        if not self.nn_ms.size == self.t_s.size == self.joined.size:
            raise InputError("nn_ms, t_s and joined must have one length")
        if self.filled_ms.size != self.filled_t_s.size:
            raise InputError("filled_ms and filled_t_s must have one length")
        if self.joined.size and self.joined[0]:
            raise InputError("joined[0] must be False: nothing comes before the first interval")

    def __len__(self) -> int:
        return int(self.nn_ms.size)

    @property
    def start(self) -> datetime | None:
        """Aware moment that ``t_s = 0`` means, or None."""
        return self.rr.start

    @property
    def begin_s(self) -> Float:
        """float64[n]: time of the beat that begins each interval, s since `start`."""
        return _begin_s(self.t_s, self.nn_ms, self.joined)

    @property
    def corrected_share(self) -> float:
        """Share of the recorded intervals that the cleaner removed (0 to 1)."""
        return (len(self.rr) - len(self)) / len(self.rr)


@dataclass(frozen=True, eq=False)
class Windows:
    """Spans of intervals: window j is ``nn_ms[lo[j]:hi[j]]``; nothing is copied.

    A window ``[start_s, stop_s)`` holds the intervals whose both beats lie in it.

    Parameters
    ----------
    start_s, stop_s : float64[k]
        Edges in s since the series' start.
    lo, hi : int64[k]
        First interval and one past the last; ``lo == hi`` is an empty window.
    """

    start_s: Float
    stop_s: Float
    lo: Int
    hi: Int

    def __post_init__(self) -> None:
        for name, dtype in (
            ("start_s", np.float64), ("stop_s", np.float64), ("lo", np.int64), ("hi", np.int64),
        ):  # fmt: skip
            object.__setattr__(self, name, _frozen(getattr(self, name), dtype, name))
        if not self.start_s.size == self.stop_s.size == self.lo.size == self.hi.size:
            raise InputError("start_s, stop_s, lo and hi must have one length")

    def __len__(self) -> int:
        return int(self.lo.size)

    def take(self, rows: Int | Bool | slice) -> Windows:
        """Return the windows `rows` (numbers, a mask or a slice)."""
        return Windows(self.start_s[rows], self.stop_s[rows], self.lo[rows], self.hi[rows])

    @cached_property
    def n(self) -> Int:
        """int64[k]: intervals in each window."""
        return self.hi - self.lo

    @cached_property
    def width_s(self) -> Float:
        """float64[k]: length of each window, s."""
        return self.stop_s - self.start_s
