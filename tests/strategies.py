"""Hypothesis strategies: recordings in every unit, with losses, and what is left after cleaning."""

import numpy as np
from hypothesis import strategies as st

from hrv.clean.base import to_nn
from hrv.types import Flag, RRSeries

UNITS = {
    "ms": lambda k: k * 1.0,
    "ticks": lambda k: k * (1000 / 1024),
    "us": lambda k: k + (k % 7) / 1000,
    "float": lambda k: k + np.sin(k * 12.9898) * 0.5,
}


@st.composite
def intervals(draw, least=3, most=120, units=("ms", "ticks", "us", "float")):
    """Draw float64[n] of 300 to 1600 ms: a level with swings, and constant stretches."""
    n = draw(st.integers(least, most))
    level = draw(st.integers(400, 1300))
    swing = draw(st.sampled_from((0, 3, 40, 250)))
    seed = draw(st.integers(0, 2**32 - 1))
    unit = UNITS[draw(st.sampled_from(units))]
    k = level + np.random.default_rng(seed).integers(-swing, swing + 1, n)
    return unit(np.clip(k, 300, 1600).astype(float))


@st.composite
def rr_series(draw, **shape):
    """Draw a recording with up to three losses of 0.5 to 200 s."""
    rr = draw(intervals(**shape))
    lost = np.zeros(rr.size)
    for _ in range(draw(st.integers(0, 3))):
        lost[draw(st.integers(0, rr.size - 1))] = draw(st.sampled_from((0.5, 3.0, 30.0, 200.0)))
    lost[0] = 0
    return RRSeries.from_ms(rr, t_s=RRSeries.from_ms(rr).t_s + np.cumsum(lost))


@st.composite
def nn_series(draw, removed=True, **shape):
    """Draw an NN series: a recording with some of its intervals removed, at least one kept."""
    series = draw(rr_series(**shape))
    share = draw(st.sampled_from((0.0, 0.02, 0.3))) if removed else 0.0
    seed = draw(st.integers(0, 2**32 - 1))
    bad = np.random.default_rng(seed).random(len(series)) < share
    bad[draw(st.integers(0, len(series) - 1))] = False
    flag = series.flag | np.where(bad, np.uint16(Flag.ARTEFACT), np.uint16(0))
    return to_nn(series, flag, "drawn", {})


def long_series(seed, n):
    """A wandering rhythm of n beats with two losses and a few removed beats, in whole ms."""
    rng = np.random.default_rng(seed)
    k = np.rint(820 + np.cumsum(rng.normal(0, 4, n)) * 0.5 + rng.normal(0, 30, n))
    lost = np.zeros(n)
    lost[[n // 3, n // 2]] = 0.7, 40.0
    series = RRSeries.from_ms(k, t_s=RRSeries.from_ms(k).t_s + np.cumsum(lost))
    bad = rng.random(n) < 0.01
    return to_nn(series, series.flag | np.where(bad, np.uint16(Flag.ARTEFACT), 0), "drawn", {})
