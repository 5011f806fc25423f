"""EDF and EDF+: R peaks of an ECG signal, or of annotations that mark them."""

from __future__ import annotations

import io
import re
import warnings
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from hrv.errors import FormatError, HRVError, MissingExtraError
from hrv.types import RR_MAX_MS, Provenance, RRSeries
from ingest.formats._ecg import Piece, first_peak, to_series
from ingest.formats._lines import shown
from ingest.formats._options import aware_start
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source
from ingest.formats.wfdb_record import pick_channel

_VERSION = b"0       "
_BEAT = re.compile(r"r|r[- _]?(peak|wave)|qrs|beat", re.I)
_LARGEST = 1 << 31
_ONSET = re.compile(rb"([+-]\d{1,9}(?:\.\d{1,9})?)\x14")


def sniff(head: bytes, name: str) -> bool:
    """Claim the version field and plain ASCII header of EDF."""
    del name
    return len(head) >= 256 and head.startswith(_VERSION) and head[:256].isascii() and (
        head[236:244].strip().lstrip(b"-").isdigit())  # fmt: skip


def read(source: Source, options: ReadOptions) -> Recording:
    """Read an EDF file.

    The first signal whose label is that of an ECG lead is used (or `channel`); a file without
    one may mark R peaks by EDF+ annotations.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `channel` is the label of a signal, `tz` the zone of the file's start.

    Raises
    ------
    MissingExtraError
        If edfio is not installed.
    FormatError
        If the file is cut short or damaged, or holds no ECG.
    """
    with source.open() as file:
        data = file.read(_LARGEST + 1)
    _check_length(data, source.name)
    edf, labels = _decoded(data, source.name)
    start, says = _start(edf, options)
    if not labels and options.channel is None:
        return Recording(_annotated(edf, options, source.name))
    at = pick_channel(labels, options.channel, source.name)
    signal = edf.signals[at]
    start, says = first_peak(start, says)
    ecg = ECG(
        np.array(signal.data, dtype=np.float64), float(signal.sampling_frequency), start,
        labels[at], str(signal.physical_dimension),
    )  # fmt: skip
    provenance = Provenance(source=source.name, format="edf", clock=says)
    return Recording(to_series(ecg, provenance, _pieces(data, ecg, source.name)), ecg=ecg)


def _check_length(data: bytes, name: str) -> None:
    """Refuse a header whose records are not there, before anything is allocated for them."""
    if len(data) > _LARGEST:
        raise FormatError("is larger than 2 GB", source=name)
    try:
        records, signals = int(data[236:244]), int(data[252:256])
        samples = [
            int(data[256 + 216 * signals + 8 * i : 256 + 216 * signals + 8 * i + 8])
            for i in range(signals)
        ]
    except ValueError:
        raise FormatError("is no whole EDF file: its header is cut short or damaged",
                          source=name) from None  # fmt: skip
    size = 256 * (signals + 1) + 2 * records * sum(samples)
    if records < 1 or signals < 1 or min(samples) < 0 or len(data) < size:
        raise FormatError(
            f"its header promises {size} bytes but {len(data)} are there: it was cut short or "
            "never closed", source=name
        )  # fmt: skip


def _pieces(data: bytes, ecg: ECG, name: str) -> list[Piece]:
    """Find the pieces of a discontinuous file (EDF+D), whose records say when they begin.

    Each record opens its annotations with its own onset and a byte 20, twice.
    """
    if data[192:197] != b"EDF+D":
        return []
    records, signals = int(data[236:244]), int(data[252:256])
    labels = [data[256 + 16 * i : 272 + 16 * i].strip() for i in range(signals)]
    if b"EDF Annotations" not in labels:
        raise FormatError("is discontinuous (EDF+D) but says nowhere when its records begin",
                          source=name)  # fmt: skip
    counts = [int(data[256 + 216 * signals + 8 * i :][:8]) for i in range(signals)]
    begin = 256 * (signals + 1) + 2 * sum(counts[: labels.index(b"EDF Annotations")])
    onset = []
    for record in range(records):
        mark = _ONSET.match(data, begin + 2 * sum(counts) * record)
        if mark is None:
            raise FormatError(f"record {record + 1} does not say when it begins", source=name)
        onset.append(float(mark[1]))
    each = ecg.signal.size // records
    ahead = np.diff(onset) - each / ecg.sampling_rate_hz
    if (ahead < -0.5 / ecg.sampling_rate_hz).any():
        raise FormatError("its records overlap in time", source=name)
    starts = [0, *(np.flatnonzero(ahead > 0.5 / ecg.sampling_rate_hz) + 1).tolist(), records]
    return [Piece(each * a, each * b, onset[a] - onset[0]) for a, b in pairwise(starts)]


def _decoded(data: bytes, name: str) -> tuple[Any, list[str]]:
    try:
        import edfio
    except ImportError:
        raise MissingExtraError("formats", "read EDF") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            edf = edfio.read_edf(io.BytesIO(data))
            labels = [str(signal.label) for signal in edf.signals]
            for signal in edf.signals:
                _ = signal.sampling_frequency, signal.physical_dimension
        return edf, labels
    except HRVError:
        raise
    except Exception as error:  # a flipped byte makes the decoder raise almost anything
        why = str(error) or type(error).__name__
        raise FormatError(f"is a damaged EDF file ({shown(why)}); copy it again",
                          source=name) from error  # fmt: skip


def _start(edf: Any, options: ReadOptions) -> tuple[datetime | None, str]:
    try:
        moment = datetime.combine(edf.startdate, edf.starttime)
    except Exception:  # withheld or damaged: edfio raises its own kinds for both
        return aware_start(None, options, "")
    return aware_start(moment, options, "start of the file")


def _annotated(edf: Any, options: ReadOptions, name: str) -> RRSeries:
    try:
        onset = [float(a.onset) for a in edf.annotations if _BEAT.fullmatch(str(a.text).strip())]
    except Exception as error:  # as above
        raise FormatError(f"its annotations are damaged ({shown(str(error))})",
                          source=name) from error  # fmt: skip
    if len(onset) < 3:
        raise FormatError("holds neither a signal nor annotations of R peaks", source=name)
    t_s = np.array(sorted(onset))
    rr_ms = np.round(np.diff(t_s) * 1e6) / 1e3
    kept = (rr_ms <= RR_MAX_MS) & (rr_ms > 0)
    if not kept.any():
        raise FormatError("its annotations of R peaks are no beats", source=name)
    start, says = first_peak(*_start(edf, options))
    provenance = Provenance(
        source=name, format="edf", unit="s (EDF+ annotations)", clock=says,
        notes=(f"{len(onset)} annotations of R peaks",),
    )  # fmt: skip
    return RRSeries.from_ms(
        rr_ms[kept], t_s=(t_s[1:] - t_s[0])[kept], provenance=provenance,
        start=None if start is None else start + timedelta(seconds=float(t_s[0])),
    )  # fmt: skip


FORMAT = Format(
    name="edf",
    summary="EDF and EDF+ with an ECG (R peaks are found) or annotated R peaks",
    suffixes=(".edf",),
    sniff=sniff,
    read=read,
    takes=("channel",),
)
