"""ECG to RR: R peaks by neurokit2, refined by a parabola, with a figure of signal quality."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from types import ModuleType

import numpy as np

from hrv.errors import FormatError, NotComputableError
from hrv.types import RR_MAX_MS, Flag, Float, Int, Provenance, RRSeries
from ingest.formats.base import ECG

SLOWEST_HZ, FASTEST_HZ = 50.0, 100_000.0
"""Sampling rates between which R peaks are looked for."""
LIKE_TEMPLATE = 0.66
"""Least correlation of a beat with the average beat that counts as clean."""
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


def to_series(ecg: ECG, provenance: Provenance) -> RRSeries:
    """Find the R peaks of an ECG and return the intervals between them.

    Parameters
    ----------
    ecg : ECG
        At least 5 s at 50 Hz or more, all finite.
    provenance : Provenance
        Of the file; its unit and notes are completed.

    Returns
    -------
    RRSeries
        Time zero is the first peak; intervals with a doubtful peak carry `Flag.SUSPECT`.

    Raises
    ------
    FormatError
        If the signal is too short, too slow, flat or holds NaN.
    NotComputableError
        If fewer than three R peaks are found.
    """
    name, rate = provenance.source, ecg.sampling_rate_hz
    _check(ecg, name)
    clean, found = _detect(ecg)
    if found.size < 3:
        raise NotComputableError(
            f"{name}: {found.size} R peaks were found in {ecg.signal.size / rate:.0f} s of "
            f"{ecg.channel or 'ECG'}; at least three are needed"
        )
    peak_s = _refine(clean, found, rate) / rate
    likeness = template_correlation(clean, found, rate)
    doubtful = likeness < LIKE_TEMPLATE
    rr_ms = np.diff(peak_s) * 1000
    kept = (rr_ms <= RR_MAX_MS) & (rr_ms > 0)
    flag = np.where(doubtful[1:] | doubtful[:-1], int(Flag.SUSPECT), 0)
    share = float(np.mean(~doubtful))
    start = None if ecg.start is None else ecg.start + timedelta(seconds=float(peak_s[0]))
    notes = (
        f"R peaks of {ecg.channel or 'the ECG'} found by neurokit2, refined by a parabola",
        f"signal quality: {100 * share:.0f} % of {found.size} beats correlate at least "
        f"{LIKE_TEMPLATE} with the average beat (median {np.median(likeness):.2f}); "
        "intervals at the others are marked",
        resolution_note(rate, refined=True),
    )
    provenance = replace(
        provenance, unit=f"samples at {rate:g} Hz", notes=(*notes, *provenance.notes)
    )
    return RRSeries.from_ms(
        rr_ms[kept], t_s=(peak_s[1:] - peak_s[0])[kept], start=start, flag=flag[kept],
        provenance=provenance,
    )  # fmt: skip


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


def _detect(ecg: ECG) -> tuple[Float, Int]:
    neurokit = _neurokit()
    rate = ecg.sampling_rate_hz
    signal = ecg.signal - np.median(ecg.signal)
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
