"""ECG to RR: R peaks by neurokit2, refined by a parabola, with a figure of signal quality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import ModuleType

import numpy as np
import pandas as pd

from hrv.errors import FormatError, NotComputableError
from hrv.types import RR_MAX_MS, Flag, Float, Int, Provenance, RRSeries
from ingest.formats.base import ECG

SLOWEST_HZ, FASTEST_HZ = 50.0, 100_000.0
"""Sampling rates between which R peaks are looked for."""
LIKE_TEMPLATE = 0.66
"""Least correlation of a beat with the average beat that counts as clean."""
MAY_HIDE = 1.7
"""Times the usual interval around it from which an interval may hide a missed beat."""
_SHORTEST_S = 5.0
_HALF_BEAT_S = 0.1
_SEARCH_S = 0.02


def resolution_note(rate_hz: float, *, refined: bool) -> str:
    """State what the sampling rate does to RMSSD.

    A peak that lies anywhere within a sample of length d has an error of variance d²/12; a
    successive difference of intervals holds three peaks with weights 1, -2 and 1, so its
    variance grows by 6 d²/12 = d²/2 (Merri et al. 1990, IEEE Trans Biomed Eng 37:99).
    """
    step_ms = 1000 / rate_hz
    added_ms = step_ms / math.sqrt(2)
    at_20 = math.hypot(20, added_ms) - 20
    says = (
        f"{rate_hz:g} Hz: whole samples of {step_ms:.3g} ms would add {added_ms:.2g} ms to RMSSD "
        f"in quadrature (+{at_20:.2g} ms at a true 20 ms)"
    )
    return f"{says}; a parabola through each peak makes it less" if refined else says


@dataclass(frozen=True)
class Piece:
    """Samples that follow one another without a loss.

    Parameters
    ----------
    first, last : int
        Samples [first, last).
    at_s : float
        Time of the first of them, s since the first sample of the recording.
    """

    first: int
    last: int
    at_s: float


@dataclass(frozen=True)
class _Beats:
    peak_s: Float  #: R peaks, s since the first sample of the recording
    likeness: Float  #: correlation of each with the average beat of its piece


def to_series(ecg: ECG, provenance: Provenance, pieces: Sequence[Piece] = ()) -> RRSeries:
    """Find the R peaks of an ECG and return the intervals between them.

    Parameters
    ----------
    ecg : ECG
        At least 5 s at 50 Hz or more, all finite.
    provenance : Provenance
        Of the file; its unit and notes are completed.
    pieces : sequence of Piece, optional
        Where samples were lost: no interval spans two pieces, and a piece under 5 s is left
        out.  Default: nothing was lost.

    Returns
    -------
    RRSeries
        Time zero is the first peak; intervals with a doubtful peak, or that may hide a missed
        one, carry `Flag.SUSPECT`.

    Raises
    ------
    FormatError
        If the signal is too short, too slow, flat or holds NaN.
    NotComputableError
        If fewer than three R peaks are found in one piece.
    """
    name, rate = provenance.source, ecg.sampling_rate_hz
    _check(ecg, name)
    whole = [Piece(0, ecg.signal.size, 0.0)]
    found = [beats for piece in pieces or whole if (beats := _search(ecg, piece)) is not None]
    peaks = sum(beats.peak_s.size for beats in found)
    if not any(beats.peak_s.size >= 3 for beats in found):
        raise NotComputableError(
            f"{name}: {peaks} R peaks were found in {ecg.signal.size / rate:.0f} s of "
            f"{ecg.channel or 'ECG'}; at least three are needed"
        )
    rr_ms, end_s, flag = (
        np.concatenate(part) for part in zip(*map(_intervals, found), strict=True)
    )
    zero_s = float(end_s[0] - rr_ms[0] / 1000)
    notes = (
        f"R peaks of {ecg.channel or 'the ECG'} found by neurokit2, refined by a parabola",
        _quality(np.concatenate([beats.likeness for beats in found]), rr_ms, flag),
        *_losses(len(pieces), len(found)),
        resolution_note(rate, refined=True),
    )
    provenance = replace(
        provenance, unit=f"samples at {rate:g} Hz", notes=(*notes, *provenance.notes)
    )
    return RRSeries.from_ms(
        rr_ms, t_s=end_s - zero_s, flag=flag, provenance=provenance,
        start=None if ecg.start is None else ecg.start + timedelta(seconds=zero_s),
    )  # fmt: skip


def _quality(likeness: Float, rr_ms: Float, flag: Int) -> str:
    """State the quality of the signal: how alike its beats are, and what share of time is clean."""
    clean = float(rr_ms[flag == 0].sum() / rr_ms.sum())
    return (
        f"signal quality: {100 * clean:.0f} % of the time lies between two clean beats that follow "
        f"each other; {100 * float(np.mean(likeness >= LIKE_TEMPLATE)):.0f} % of {likeness.size} "
        f"beats correlate at least {LIKE_TEMPLATE} with the average beat (median "
        f"{np.median(likeness):.2f}); the other intervals are marked"
    )


def _losses(pieces: int, found: int) -> tuple[str, ...]:
    if pieces < 2:
        return ()
    left = f"; {pieces - found} pieces under {_SHORTEST_S:g} s left out" if found < pieces else ""
    return (f"samples were lost {pieces - 1} times: a gap lies there{left}",)


def _search(ecg: ECG, piece: Piece) -> _Beats | None:
    """Find the R peaks of a piece; None if it is too short or flat, or holds none."""
    rate = ecg.sampling_rate_hz
    signal = ecg.signal[piece.first : piece.last]
    if signal.size < _SHORTEST_S * rate or np.ptp(signal) == 0:
        return None
    clean, found = _detect(signal, rate)
    peak_s = _refine(clean, found, rate) / rate + piece.at_s
    rising = np.concatenate(([True], np.diff(peak_s) > 0))[: found.size]
    return _Beats(peak_s[rising], template_correlation(clean, found, rate)[rising])


def _intervals(beats: _Beats) -> tuple[Float, Float, Int]:
    """Intervals (ms) of one piece, times of the beats that end them (s) and flags."""
    doubtful = beats.likeness < LIKE_TEMPLATE
    rr_ms = np.diff(beats.peak_s) * 1000
    kept = rr_ms <= RR_MAX_MS
    usual = pd.Series(rr_ms).rolling(11, center=True, min_periods=1).median().to_numpy()
    missed = rr_ms > MAY_HIDE * usual  # a beat that noise hid leaves no trace but this
    flag = np.where(doubtful[1:] | doubtful[:-1] | missed, int(Flag.SUSPECT), 0)
    return rr_ms[kept], beats.peak_s[1:][kept], flag[kept]


def first_peak(start: datetime | None, says: str) -> tuple[datetime | None, str]:
    """Text for `Provenance.clock` of a recording whose start is that of its first sample."""
    return start, f"{says}, counted to the first R peak" if start else says


def _check(ecg: ECG, name: str) -> None:
    rate = ecg.sampling_rate_hz
    if not SLOWEST_HZ <= rate <= FASTEST_HZ:
        raise FormatError(
            f"a sampling rate of {rate:g} Hz does not show R peaks; {SLOWEST_HZ:g} Hz is the least",
            source=name,
        )
    if ecg.signal.size < _SHORTEST_S * rate:
        raise FormatError(
            f"holds {ecg.signal.size / rate:.1f} s of ECG; at least {_SHORTEST_S:g} s are needed",
            source=name,
        )
    if not np.isfinite(ecg.signal).all():
        at = int(np.argmin(np.isfinite(ecg.signal)))
        raise FormatError(f"sample {at + 1} of the ECG is no number", source=name)
    if np.ptp(ecg.signal) == 0:
        raise FormatError("the ECG is flat: its channel was not connected", source=name)


def _neurokit() -> ModuleType:
    """Import neurokit2 (a second of work) only when an ECG is read."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import warns of its own dependencies
        import neurokit2
    return neurokit2  # type: ignore[no-any-return]


def _detect(signal: Float, rate: float) -> tuple[Float, Int]:
    neurokit = _neurokit()
    signal = signal - np.median(signal)
    signal = signal / np.max(np.abs(signal))
    whole_rate = max(1, round(rate))
    try:
        clean = np.asarray(
            neurokit.ecg_clean(signal, sampling_rate=whole_rate, method="neurokit"), np.float64
        )
        _, info = neurokit.ecg_peaks(
            clean, sampling_rate=whole_rate, method="neurokit", correct_artifacts=False
        )
        return clean, np.asarray(info["ECG_R_Peaks"], dtype=np.int64)
    except (IndexError, ValueError, ZeroDivisionError):  # its way of finding nothing
        return signal, np.array([], dtype=np.int64)


def _refine(clean: Float, peak: Int, rate: float) -> Float:
    """Vertex of the parabola through the highest sample near each peak and its neighbours."""
    reach = max(1, round(_SEARCH_S * rate))
    refined = np.empty(peak.size, dtype=np.float64)
    for i, at in enumerate(peak.tolist()):
        lo, hi = max(1, at - reach), min(clean.size - 1, at + reach + 1)
        top = lo + int(np.argmax(clean[lo:hi])) if lo < hi else at
        top = min(max(top, 1), clean.size - 2)
        before, here, after = clean[top - 1 : top + 2]
        bend = before - 2 * here + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
        refined[i] = top + (shift if abs(shift) <= 1 else 0.0)
    return refined


def template_correlation(clean: Float, peak: Int, rate: float) -> Float:
    """Correlation of each beat with the average beat.

    Parameters
    ----------
    clean : float64[n]
        Filtered ECG.
    peak : int64[m]
        R peaks, samples.
    rate : float
        Samples a second.

    Returns
    -------
    float64[m]
        Pearson correlation over 0.2 s around each peak; 0 at the edges of the signal.

    References
    ----------
    Orphanidou et al. 2015, IEEE J Biomed Health Inform 19:832-838,
    doi:10.1109/JBHI.2014.2338351 (0.66 separates acceptable ECG).
    """
    half = max(2, round(_HALF_BEAT_S * rate))
    inside = (peak >= half) & (peak < clean.size - half)
    likeness = np.zeros(peak.size)
    if inside.sum() < 2:
        return likeness
    beats = clean[peak[inside, None] + np.arange(-half, half + 1)]
    beats = beats - beats.mean(axis=1, keepdims=True)
    template = np.median(beats, axis=0)
    template = template - template.mean()
    norms = np.linalg.norm(beats, axis=1) * np.linalg.norm(template)
    dots = beats @ template
    likeness[inside] = np.divide(dots, norms, out=np.zeros_like(dots), where=norms > 0)
    return likeness
