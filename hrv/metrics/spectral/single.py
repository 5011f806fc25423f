"""Even samples of each window by itself, for estimators that cannot share work."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hrv.detrend import smoothness_priors
from hrv.metrics.base import MetricSettings
from hrv.metrics.spectral.sampling import REACH, bounds, own
from hrv.metrics.spectral.timeline import Timeline
from hrv.types import Float, Windows


def resampled(
    line: Timeline, windows: Windows, settings: MetricSettings
) -> Iterator[list[tuple[int, Float]]]:
    """Unbroken pieces of every window as even samples.

    Parameters
    ----------
    line : Timeline
        The intervals' timeline.
    windows : Windows
        k spans.
    settings : MetricSettings
        `spectral` and `detrend`.

    Yields
    ------
    list of (int, float64[N])
        Number of the first sample and the samples (ms) of each piece between losses of beats;
        with the trend removed if asked.  Empty for an empty window.
    """
    knobs = settings.spectral
    reach = REACH.get(knobs.interpolation, 0)
    first, stop = line.knots(windows)
    for a, b in zip(first.tolist(), stop.tolist(), strict=True):
        pieces = []
        for low, high in line.pieces(a, b) if b > a else ():
            x = own(line.t_s[low:high], line.value_ms[low:high], knobs)
            if settings.detrend.spectral:
                x = smoothness_priors(x, settings.detrend.smoothness)
            at = line.t_s[min(low + reach, high - 1)]
            pieces.append((int(bounds(at, at, knobs.rate_hz)[0]), x))
        yield pieces


def unbroken(pieces: list[tuple[int, Float]]) -> Float | None:
    """Return the samples of a window that no loss interrupts; None if one does."""
    if len(pieces) > 1:
        return None
    return pieces[0][1] if pieces else np.empty(0)
