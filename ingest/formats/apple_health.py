"""Apple Health export: the beat times behind each HRV measurement, streamed.

``export.xml`` (or the zip the phone shares) keeps, for each measurement of about a minute,
the time of day of every beat in steps of 10 ms and a heart rate rounded to whole bpm.  RR are
the differences of the times.  Measurements are joined to one series with gaps between them.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv.errors import FormatError
from hrv.types import RR_MAX_MS, Flag, Float, Int, Provenance, RRSeries
from ingest import clock
from ingest.formats import _packed, _xml
from ingest.formats._lines import shown
from ingest.formats._options import fixed_unit
from ingest.formats._parts import outcomes
from ingest.formats._times import clock_note
from ingest.formats.base import Format, ReadOptions, Recording, Source

_SDNN = "HKQuantityTypeIdentifierHeartRateVariabilitySDNN"
_OUTCOMES = {
    _SDNN: "apple_sdnn_ms",
    "HKQuantityTypeIdentifierRestingHeartRate": "apple_resting_heart_rate_bpm",
}
_BEAT = "InstantaneousBeatsPerMinute"
_TAGS = (_BEAT.encode(), *(kind.encode() for kind in _OUTCOMES))
_ZONE_STEP_CS = 90_000  # zones differ by quarters of an hour
_DAY_CS = 8_640_000
_EARLY_CS, _LATE_CS = 6_000, 30_000  # the first beat lies within this of the measurement's start
_BPM_TOLERANCE = 1.5


def sniff(head: bytes, name: str) -> bool:
    """Claim the root element or document type ``HealthData``, or the zip that holds it."""
    del name
    if head.startswith(b"PK\x03\x04"):
        return b"apple_health_export" in head[:256]
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"<") and b"HealthData" in head


@dataclass
class _Measurement:
    """The measurement whose element is open: its beats as they are written."""

    start: datetime
    times: list[str] = field(default_factory=list)
    bpm: list[str] = field(default_factory=list)


@dataclass
class _Export:
    """What one pass over the file collects: 9 bytes a beat, whatever else the file holds."""

    source: str
    cs: array[int] = field(default_factory=lambda: array("q"))  #: beats, 10 ms since 1970 UTC
    unlike: array[int] = field(default_factory=lambda: array("B"))  #: 1: differs from its rate
    spans: list[tuple[int, int, tzinfo]] = field(default_factory=list)  #: of each measurement
    outcomes: list[tuple[datetime, str, float]] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    open: _Measurement | None = None
    shifted: int = 0
    left: int = 0
    left_why: str = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == _BEAT:
            if self.open is not None:
                self.open.times.append(attributes.get("time", ""))
                self.open.bpm.append(attributes.get("bpm", ""))
        elif name == "Record":
            self.close()
            kind = attributes.get("type", "")
            if kind not in _OUTCOMES:
                return
            moment = clock.parse_iso(attributes.get("startDate", ""))
            if moment is None or moment.utcoffset() is None:
                self._leave(f"startDate {shown(attributes.get('startDate', ''))} is no time with "
                            "a zone")  # fmt: skip
                return
            value = _number(attributes.get("value", ""))
            if np.isfinite(value):
                self.outcomes.append((moment, _OUTCOMES[kind], value))
            if kind == _SDNN:
                self.open = _Measurement(moment)
                self.devices.add(attributes.get("sourceName", ""))

    def close(self) -> None:
        """Take the measurement that is open, now that another record begins."""
        done, self.open = self.open, None
        if done is not None and len(done.times) > 1:
            self._keep(done)

    def _keep(self, done: _Measurement) -> None:
        try:
            cs, shifted = _place(done)
        except ValueError as error:
            self._leave(str(error))
            return
        assert done.start.tzinfo is not None
        self.shifted += shifted
        lo = len(self.cs)
        self.cs.frombytes(cs.tobytes())
        self.unlike.frombytes(_unlike(cs, done.bpm).tobytes())
        self.spans.append((lo, len(self.cs), done.start.tzinfo))

    def _leave(self, why: str) -> None:
        self.left += 1
        self.left_why = self.left_why or why


def _number(text: str) -> float:
    try:
        return float(text) if len(text) < 40 else float("nan")
    except ValueError:
        return float("nan")


def _place(done: _Measurement) -> tuple[Int, bool]:
    """Turn times of day into moments; True if they were in another zone than ``startDate``.

    A phone that was carried (or put forward) since shows times of day in its zone of the
    export: they differ from ``startDate`` by quarters of an hour.
    """
    cs = _plain_cs(done.times)
    if cs is None:
        cs = _any_cs(done.times)
    if (np.diff(cs) < 0).any():  # over midnight
        cs = np.rint(np.array(clock.unroll((cs / 100).tolist())) * 100).astype(np.int64)
    start = done.start
    of_day = start.hour * 360_000 + start.minute * 6_000 + start.second * 100
    off = (int(cs[0]) - of_day + _DAY_CS // 2) % _DAY_CS - _DAY_CS // 2
    shift = 0 if -_EARLY_CS <= off <= _LATE_CS else round(off / _ZONE_STEP_CS) * _ZONE_STEP_CS
    if not -_EARLY_CS <= off - shift <= _LATE_CS:
        raise ValueError(
            f"the measurement of {start.isoformat(' ')} has its first beat at "
            f"{shown(done.times[0])}, which no time zone explains"
        )
    if (np.diff(cs) <= 0).any():
        raise ValueError(
            f"the measurement of {start.isoformat(' ')} has beats that do not come one after "
            "another"
        )
    return cs + (round(start.timestamp()) * 100 + off - shift - int(cs[0])), shift != 0


def _plain_cs(times: list[str]) -> Int | None:
    """Give times of day such as ``20:14:07.68`` in 10 ms at once; None if any is otherwise."""
    text = "".join(times)
    if len(text) != 11 * len(times) or not text.isascii():
        return None
    marks = np.frombuffer(text.encode(), dtype=np.uint8).reshape(-1, 11)
    digits = marks[:, [0, 1, 3, 4, 6, 7, 9, 10]].astype(np.int64) - ord("0")
    signs = (marks[:, [2, 5]] == ord(":")).all() and np.isin(marks[:, 8], (46, 44)).all()
    if not signs or (digits < 0).any() or (digits > 9).any():
        return None
    hour, minute, second, part = (10 * digits[:, i] + digits[:, i + 1] for i in (0, 2, 4, 6))
    if (hour > 23).any() or (minute > 59).any() or (second > 59).any():
        return None
    return np.asarray(360_000 * hour + 6_000 * minute + 100 * second + part, dtype=np.int64)


def _any_cs(times: list[str]) -> Int:
    """Give times of day in any spelling of `clock.parse_time_of_day` in 10 ms."""
    seconds: list[float] = []
    for text in times:
        second = clock.parse_time_of_day(text)
        if second is None:
            raise ValueError(f"{shown(text)} is no time of day")
        seconds.append(second)
    return np.array([round(second * 100) for second in seconds], dtype=np.int64)


def _unlike(cs: Int, bpm: list[str]) -> npt.NDArray[np.uint8]:
    """Tell which beats end an interval that differs from the rate written beside it."""
    step = np.diff(cs).astype(np.float64)
    try:
        rate = np.array(bpm[1:], dtype=np.float64)
    except ValueError:
        rate = np.array([_number(text) for text in bpm[1:]])
    differs = np.abs(6_000 / step - rate) > _BPM_TOLERANCE + 6_000 / step**2
    return np.concatenate(([0], differs)).astype(np.uint8)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read every beat-to-beat measurement of an Apple Health export.

    Parameters
    ----------
    source : Source
        ``export.xml``, or the zip file that the phone shares.
    options : ReadOptions
        `tz` expresses the start in a zone.

    Returns
    -------
    Recording
        One series over all measurements, gaps between them; `outcomes` holds the phone's own
        SDNN and resting heart rate.

    Raises
    ------
    FormatError
        If the file is damaged or cut short, or no measurement in it can be understood; single
        ones that cannot are counted in a note, with the first reason.
    """
    fixed_unit(options, "ms", "an Apple Health export")
    export = _Export(source.name)
    with source.open() as file:
        packed = file.read(2) == b"PK"
    if packed:
        with _packed.member(source, _is_export, "export.xml") as file:
            _xml.stream(file, source.name, start=export.start, only=_TAGS)
    else:
        with source.open() as file:
            _xml.stream(file, source.name, start=export.start, only=_TAGS)
    export.close()
    rr = _series(export, options) if export.spans else None
    if rr is None and not export.outcomes:
        why = f"; {export.left} were left out: {export.left_why}" if export.left else ""
        raise FormatError(
            f"holds no heart rate variability (no beat-to-beat measurement of a watch){why}",
            source=source.name,
        )
    notes = rr.provenance.notes if rr is not None else _left(export)
    return Recording(rr, outcomes=outcomes(export.outcomes), notes=notes)


def _is_export(name: str) -> bool:
    """Tell the export from the clinical one beside it; its name is translated on some phones."""
    parts = name.split("/")
    return (
        len(parts) <= 2
        and parts[-1].lower().endswith(".xml")
        and not parts[-1].lower().startswith("export_cda")
        and not parts[-1].startswith(".")
    )


def _left(export: _Export) -> tuple[str, ...]:
    if not export.left:
        return ()
    return (f"{export.left} measurements left out; the first: {export.left_why}",)


def _series(export: _Export, options: ReadOptions) -> RRSeries:
    """Join measurements in the order of time; one that overlaps the one before is left out."""
    spans, chosen = sorted(export.spans, key=lambda span: export.cs[span[0]]), []
    last = -math.inf  # a wrong clock may lie before 1970
    for span in spans:
        if export.cs[span[0]] >= last:
            chosen.append(span)
            last = export.cs[span[1] - 1]
    zero = export.cs[chosen[0][0]]
    rr_ms, end_s, flag = _columns(export, chosen)
    lead_s = float(end_s[0] - rr_ms[0] / 1000)
    end_s -= lead_s
    moment = datetime.fromtimestamp(zero / 100 + lead_s, UTC).astimezone(chosen[0][2])
    start, says = clock.in_zone(moment, options.tz), "startDate and times of day of the beats"
    if options.start is not None:
        start, says = options.start, "given (start=)"
    notes = [f"{len(chosen)} measurements joined, 10 ms resolution, gaps between them",
             clock_note(rr_ms, float(end_s[-1]))]  # fmt: skip
    if len(chosen) < len(spans):
        notes.append(
            f"{len(spans) - len(chosen)} measurements left out that overlap the one before"
        )
    for column in (rr_ms, end_s, flag):
        column.flags.writeable = False  # the series takes them as they are
    provenance = Provenance(
        source=export.source, format="apple_health", clock=says,
        notes=(*notes, *_marks(export, int((flag != 0).sum())), *_left(export)),
        unit="ms (differences of beat times, 10 ms resolution)",
        device=", ".join(sorted(name for name in export.devices if name))[:100],
    )  # fmt: skip
    return RRSeries(rr_ms, end_s, flag, start, provenance)


def _columns(export: _Export, chosen: list[tuple[int, int, tzinfo]]) -> tuple[Float, Float, Any]:
    """Intervals (ms), times of the beats that end them (s) and flags; the export's are dropped.

    A distance beyond any interval means that beats were lost: a gap follows.
    """
    every = np.frombuffer(export.cs, dtype=np.int64)
    at = np.concatenate([every[lo:hi] for lo, hi, _ in chosen])
    unlike = np.frombuffer(export.unlike, dtype=np.uint8)
    flag = np.concatenate([unlike[lo:hi] for lo, hi, _ in chosen]) * np.uint16(Flag.SUSPECT)
    del every, unlike
    export.cs, export.unlike = array("q"), array("B")  # years of beats need not be held twice
    rr_ms = np.diff(at, prepend=at[0]) * 10.0
    rr_ms[np.cumsum([0, *(hi - lo for lo, hi, _ in chosen[:-1])])] = np.inf
    kept = rr_ms <= RR_MAX_MS
    if not kept.any():
        raise FormatError("holds no two beats within 10 s", source=export.source)
    zero, at, rr_ms, flag = at[0], at[kept], rr_ms[kept], flag[kept]
    at -= zero
    return rr_ms, at / 100, flag


def _marks(export: _Export, unlike: int) -> list[str]:
    notes = []
    if unlike:
        notes.append(f"{unlike} intervals marked that differ from the rate written beside them")
    if export.shifted:
        notes.append(
            f"{export.shifted} measurements have times of day in another zone than their "
            "startDate; whole quarters of an hour were taken off"
        )
    return notes


FORMAT = Format(
    name="apple_health",
    summary="Apple Health export.xml or its zip: beats behind each HRV measurement",
    suffixes=(".xml", ".zip"),
    sniff=sniff,
    read=read,
)
