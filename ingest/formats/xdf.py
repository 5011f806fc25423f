"""XDF (Lab Streaming Layer): an irregular stream of RR, or an ECG; markers become events.

Times of an irregular stream are when values arrived, so they are never de-jittered; clock
offsets that the recorder measured between machines are applied.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd

from hrv.errors import FormatError, HRVError, MissingExtraError
from hrv.types import Float, Provenance, RRSeries
from ingest.formats._ecg import first_peak, to_series
from ingest.formats._lines import shown
from ingest.formats._options import aware_start
from ingest.formats._parts import tags
from ingest.formats._place import place
from ingest.formats._unit import decide_unit, to_ms
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source

_RR = re.compile(r"\b(rr|ibi|ppi|nn|r-r)\b", re.I)
_ECG = re.compile(r"\b(ecg|ekg)\b", re.I)
_LARGEST = 1 << 31


def sniff(head: bytes, name: str) -> bool:
    """Claim the magic bytes."""
    del name
    return head.startswith(b"XDF:")


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the RR stream, or find R peaks in the ECG stream.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `channel` is the name of a stream, `unit` that of its intervals, `start` the moment of
        the first beat (an XDF file has only the laboratory's running clock).

    Raises
    ------
    MissingExtraError
        If pyxdf is not installed.
    FormatError
        If the file is damaged or no stream, or more than one, could be meant.
    """
    streams = _streams(source)
    stream, is_ecg = _pick(streams, options.channel, source.name)
    stamps = np.asarray(stream["time_stamps"], dtype=np.float64)
    values = np.asarray(stream["time_series"])
    if values.ndim != 2 or values.dtype.kind not in "iuf" or stamps.size != values.shape[0]:
        raise FormatError(f"its stream {_name(stream)!r} holds no numbers", source=source.name)
    if values.shape[0] < 2 or values.shape[1] < 1 or not np.isfinite(stamps).all():
        raise FormatError(f"its stream {_name(stream)!r} is empty", source=source.name)
    cut = () if stream.get("footer") else ("its stream has no footer: it was cut short",)
    with np.errstate(invalid="ignore"):  # a signalling NaN; it is refused where it matters
        column = np.ascontiguousarray(values[:, 0], dtype=np.float64)
    start, says = aware_start(None, options, "")
    if is_ecg:
        rate = (stamps.size - 1) / float(max(stamps[-1] - stamps[0], 1e-9))
        ecg = ECG(column, rate, options.start, _name(stream))
        provenance = Provenance(
            source=source.name, format="xdf", clock=first_peak(start, says)[1], notes=cut
        )
        series = to_series(ecg, provenance)
        return Recording(series, _events(streams, stamps[0], series), ecg=ecg)
    return _beats(source, options, streams, (column, stamps, _name(stream), cut))


def _beats(
    source: Source,
    options: ReadOptions,
    streams: list[Any],
    found: tuple[Float, Float, str, tuple[str, ...]],
) -> Recording:
    column, stamps, name, cut = found

    def error_at(i: int, message: str) -> FormatError:
        return FormatError(f"value {i + 1} of {name!r}: {message}", source=source.name)

    if not np.isfinite(column).all():
        raise error_at(int(np.argmin(np.isfinite(column))), "is no number")
    unit, unit_says = decide_unit(column, given=options.unit, header=None, error_at=error_at)
    rr_ms = to_ms(column, unit)
    if (np.diff(stamps) < -1.0).any():
        raise error_at(int(np.argmax(np.diff(stamps) < -1.0)) + 1, "its time runs backwards")
    at_s = np.maximum.accumulate(stamps) - stamps[0]
    placed = place(rr_ms, at_s, 0.000001)
    start, says = aware_start(None, options, "")
    provenance = Provenance(
        source=source.name, format="xdf", unit=unit_says, clock=says, device=name,
        notes=(*placed.notes, *cut),
    )  # fmt: skip
    series = RRSeries.from_ms(rr_ms, t_s=placed.t_s, start=start, provenance=provenance)
    return Recording(series, _events(streams, float(stamps[0]) + placed.begin_s, series))


def _streams(source: Source) -> list[Any]:
    try:
        import pyxdf
    except ImportError:
        raise MissingExtraError("formats", "read XDF") from None
    with source.open() as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST or b"<!ENTITY" in data:
        raise FormatError("is larger than 2 GB or declares an XML entity: refused",
                          source=source.name)  # fmt: skip
    logging.getLogger("pyxdf").setLevel(logging.CRITICAL)  # its words become ours below
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            streams, _ = pyxdf.load_xdf(
                io.BytesIO(data), dejitter_timestamps=False, synchronize_clocks=True
            )
        return list(streams)
    except HRVError:
        raise
    except Exception as error:  # a flipped byte makes the decoder raise almost anything
        why = str(error) or type(error).__name__
        raise FormatError(f"is a damaged XDF file ({shown(why)}); copy it again",
                          source=source.name) from error  # fmt: skip


def _info(stream: Any, key: str) -> str:
    value = stream["info"].get(key) or [""]
    return " ".join(str(value[0] or "").split())  # messages are one line


def _name(stream: Any) -> str:
    return _info(stream, "name")


def _is_irregular(stream: Any) -> bool:
    try:
        return float(_info(stream, "nominal_srate") or 0) == 0
    except ValueError:
        return True


def _pick(streams: list[Any], wanted: str | None, source: str) -> tuple[Any, bool]:
    names = ", ".join(f"{_name(s)} ({_info(s, 'type')})" for s in streams)
    if wanted is not None:
        found = [s for s in streams if _name(s) == wanted]
        if len(found) != 1:
            raise FormatError(f"has {len(found)} streams called {wanted!r}; it has {names}",
                              source=source)  # fmt: skip
        return found[0], not _is_irregular(found[0])
    for pattern, irregular in ((_RR, True), (_ECG, False)):
        found = [
            s for s in streams
            if _is_irregular(s) is irregular
            and pattern.search(f"{_name(s)} {_info(s, 'type')}".replace("_", " "))
        ]  # fmt: skip
        if len(found) == 1:
            return found[0], not irregular
        if found:
            raise FormatError(f"{len(found)} streams could be meant; say which of {names} with "
                              "channel=", source=source)  # fmt: skip
    raise FormatError(f"has neither an RR nor an ECG stream; it has {names or 'none'}",
                      source=source)  # fmt: skip


def _events(streams: list[Any], zero: float, series: RRSeries) -> pd.DataFrame:
    """Markers (irregular streams of text) in seconds since the first beat, or as moments."""
    del series
    found: list[tuple[str, float]] = []
    for stream in streams:
        values = stream["time_series"]
        if not _is_irregular(stream) or not isinstance(values, list):
            continue
        for stamp, value in zip(stream["time_stamps"], values, strict=False):
            found.append((str(value[0]) if value else "", float(stamp) - zero))
    found.sort(key=lambda each: each[1])
    return tags(found)


FORMAT = Format(
    name="xdf",
    summary="XDF (LSL): RR stream or ECG (R peaks are found), markers as events",
    suffixes=(".xdf",),
    sniff=sniff,
    read=read,
    takes=("channel",),
)
