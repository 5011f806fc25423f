"""Apple Health export: the beat times behind each HRV measurement, streamed.

``export.xml`` (or the zip the phone shares) keeps, for each measurement of about a minute,
the time of day of every beat in steps of 10 ms and a heart rate rounded to whole bpm.  RR are
the differences of the times.  Measurements are joined to one series with gaps between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from hrv.errors import FormatError
from hrv.types import RR_MAX_MS, Flag, Provenance, RRSeries
from ingest import clock
from ingest.formats import _packed, _xml
from ingest.formats._lines import shown
from ingest.formats._options import fixed_unit
from ingest.formats._parts import outcomes
from ingest.formats.base import Format, ReadOptions, Recording, Source

_SDNN = "HKQuantityTypeIdentifierHeartRateVariabilitySDNN"
_OUTCOMES = {
    _SDNN: "apple_sdnn_ms",
    "HKQuantityTypeIdentifierRestingHeartRate": "apple_resting_heart_rate_bpm",
}
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
    start: datetime
    cs: list[int] = field(default_factory=list)  #: beats, 10 ms since 1970 UTC
    bpm: list[float] = field(default_factory=list)
    times: list[str] = field(default_factory=list)


@dataclass
class _Export:
    """What one pass over the file collects; it grows with the beats, not with the file."""

    source: str
    measurements: list[_Measurement] = field(default_factory=list)
    outcomes: list[tuple[datetime, str, float]] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)
    open: _Measurement | None = None
    shifted: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "InstantaneousBeatsPerMinute":
            if self.open is not None:
                self.open.times.append(attributes.get("time", ""))
                self.open.bpm.append(_number(attributes.get("bpm", "")))
        elif name == "Record" and (kind := attributes.get("type", "")) in _OUTCOMES:
            moment = clock.parse_iso(attributes.get("startDate", ""))
            if moment is None or moment.utcoffset() is None:
                raise FormatError(
                    f"startDate {shown(attributes.get('startDate', ''))} is no time with a zone",
                    source=self.source,
                )
            value = _number(attributes.get("value", ""))
            if np.isfinite(value):
                self.outcomes.append((moment, _OUTCOMES[kind], value))
            if kind == _SDNN:
                self.open = _Measurement(moment)
                self.devices.add(attributes.get("sourceName", ""))

    def end(self, name: str) -> None:
        if name == "Record" and self.open is not None:
            done, self.open = self.open, None
            if len(done.times) > 1:
                self.shifted += _place(done, self.source)
                done.times.clear()
                self.measurements.append(done)


def _number(text: str) -> float:
    try:
        return float(text) if len(text) < 40 else float("nan")
    except ValueError:
        return float("nan")


def _place(measurement: _Measurement, source: str) -> bool:
    """Turn times of day into moments; True if they were in another zone than ``startDate``.

    A phone that was carried (or put forward) since shows times of day in its zone of the
    export: they differ from ``startDate`` by quarters of an hour.
    """
    seconds: list[float] = []
    for text in measurement.times:
        second = clock.parse_time_of_day(text)
        if second is None:
            raise FormatError(f"{shown(text)} is no time of day", source=source)
        seconds.append(second)
    cs = [round(second * 100) for second in clock.unroll(seconds)]
    start = measurement.start
    of_day = start.hour * 360_000 + start.minute * 6_000 + start.second * 100
    off = (cs[0] - of_day + _DAY_CS // 2) % _DAY_CS - _DAY_CS // 2
    shift = 0 if -_EARLY_CS <= off <= _LATE_CS else round(off / _ZONE_STEP_CS) * _ZONE_STEP_CS
    if not -_EARLY_CS <= off - shift <= _LATE_CS:
        raise FormatError(
            f"the measurement of {start.isoformat(' ')} has its first beat at "
            f"{shown(measurement.times[0])}, which no time zone explains", source=source
        )  # fmt: skip
    zero = round(start.timestamp()) * 100 + off - shift
    measurement.cs = [zero + each - cs[0] for each in cs]
    return shift != 0


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
        If the file is damaged, cut short, or holds a time that is none.
    """
    fixed_unit(options, "ms", "an Apple Health export")
    export = _Export(source.name)
    with source.open() as file:
        packed = file.read(2) == b"PK"
    if packed:
        with _packed.member(source, _is_export, "export.xml") as file:
            _xml.stream(file, source.name, start=export.start, end=export.end)
    else:
        with source.open() as file:
            _xml.stream(file, source.name, start=export.start, end=export.end)
    rr = _series(export, options) if export.measurements else None
    if rr is None and not export.outcomes:
        raise FormatError(
            "holds no heart rate variability (no beat-to-beat measurement of a watch)",
            source=source.name,
        )
    return Recording(rr, outcomes=outcomes(export.outcomes))


def _is_export(name: str) -> bool:
    """Tell the export from the clinical one beside it; its name is translated on some phones."""
    parts = name.split("/")
    return (
        len(parts) <= 2
        and parts[-1].lower().endswith(".xml")
        and not parts[-1].lower().startswith("export_cda")
        and not parts[-1].startswith(".")
    )


def _series(export: _Export, options: ReadOptions) -> RRSeries:
    found = sorted(export.measurements, key=lambda each: each.cs[0])
    zero = found[0].cs[0]
    rr_ms: list[float] = []
    end_s: list[float] = []
    flag: list[int] = []
    last, doubled, unlike = -1, 0, 0
    for each in found:
        if each.cs[0] < last:
            doubled += 1
            continue
        for i in range(1, len(each.cs)):
            step = each.cs[i] - each.cs[i - 1]
            if step * 10 > RR_MAX_MS:
                continue  # beats were lost: the next interval begins after a gap
            if step <= 0:
                raise FormatError(
                    f"the measurement of {each.start.isoformat(' ')} has beats that do not "
                    "come one after another", source=export.source
                )  # fmt: skip
            differs = abs(6_000 / step - each.bpm[i]) > _BPM_TOLERANCE + 6_000 / step**2
            unlike += differs
            rr_ms.append(step * 10.0)
            end_s.append((each.cs[i] - zero) / 100)
            flag.append(Flag.SUSPECT if differs else 0)
        last = each.cs[-1]
    if not rr_ms:
        raise FormatError("holds no two beats within 10 s", source=export.source)
    return _build(export, options, found, (rr_ms, end_s, flag), doubled, unlike)


def _build(
    export: _Export,
    options: ReadOptions,
    found: list[_Measurement],
    columns: tuple[list[float], list[float], list[int]],
    doubled: int,
    unlike: int,
) -> RRSeries:
    rr_ms, end_s, flag = columns
    lead_s = end_s[0] - rr_ms[0] / 1000
    moment = datetime.fromtimestamp(found[0].cs[0] / 100 + lead_s, UTC)
    start = clock.in_zone(moment.astimezone(found[0].start.tzinfo), options.tz)
    says = "startDate and times of day of the beats"
    if options.start is not None:
        start, says = options.start, "given (start=)"
    notes = [f"{len(found) - doubled} measurements joined, 10 ms resolution, gaps between them"]
    if doubled:
        notes.append(f"{doubled} measurements left out that overlap the one before")
    if unlike:
        notes.append(f"{unlike} intervals marked that differ from the rate written beside them")
    if export.shifted:
        notes.append(
            f"{export.shifted} measurements have times of day in another zone than their "
            "startDate; whole quarters of an hour were taken off"
        )
    provenance = Provenance(
        source=export.source, format="apple_health", clock=says, notes=tuple(notes),
        unit="ms (differences of beat times, 10 ms resolution)",
        device=", ".join(sorted(name for name in export.devices if name))[:100],
    )  # fmt: skip
    t_s = np.array(end_s) - lead_s
    return RRSeries.from_ms(rr_ms, t_s=t_s, start=start, flag=flag, provenance=provenance)


FORMAT = Format(
    name="apple_health",
    summary="Apple Health export.xml or its zip: beats behind each HRV measurement",
    suffixes=(".xml", ".zip"),
    sniff=sniff,
    read=read,
)
