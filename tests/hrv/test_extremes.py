"""At the edges of what hearts and files hold: a right number or a stated refusal.

Every case goes through the whole catalogue; numpy's warnings are errors, infinities are failures.
"""

import numpy as np
import pytest

from hrv.clean import clean
from hrv.metrics import METRICS
from hrv.metrics.base import MetricSettings
from hrv.metrics.presets import preset
from hrv.metrics.settings import SpectralSettings
from hrv.types import RRSeries
from hrv.windows import summary, windows

NAMES = [m.name for m in METRICS]


def noise(n, ms, sd, seed=0):
    return np.rint(ms + np.random.default_rng(seed).normal(0, sd, n))


def with_artefacts(share, seed=0):
    rng = np.random.default_rng(seed)
    rr = noise(1500, 800, 30, seed)
    bad = rng.random(rr.size) < share
    rr[bad] = np.rint(rng.uniform(300, 1900, int(bad.sum())))
    return rr


def gap_of_a_day():
    rr = noise(1600, 800, 30)
    return RRSeries.from_ms(rr, t_s=RRSeries.from_ms(rr).t_s + 86_400.0 * (np.arange(1600) >= 800))


CASES = {
    "constant": lambda: RRSeries.from_ms(np.full(1500, 800.0)),
    "constant in ticks": lambda: RRSeries.from_ms(np.full(1500, 819 * 1000 / 1024)),
    "constant and no binary fraction": lambda: RRSeries.from_ms(np.full(1500, 812.3)),
    "two values": lambda: RRSeries.from_ms(np.tile([800.0, 801.0], 700)),
    "one interval": lambda: RRSeries.from_ms([800.0]),
    "3 beats": lambda: RRSeries.from_ms([800.0, 812.0]),
    "40 bpm": lambda: RRSeries.from_ms(noise(900, 1500, 60)),
    "200 bpm": lambda: RRSeries.from_ms(noise(1300, 300, 4)),
    "half artefacts": lambda: RRSeries.from_ms(with_artefacts(0.5)),
    "all artefacts": lambda: RRSeries.from_ms(with_artefacts(1.0)),
    "a gap of a day": gap_of_a_day,
    "microseconds": lambda: RRSeries.from_ms(noise(1500, 800, 30) + np.arange(1500) % 1000 / 1000),
    "rounding only": lambda: RRSeries.from_ms(800 + 1e-9 * np.arange(1500) % 7),
    "longest intervals": lambda: RRSeries.from_ms(np.full(300, 10_000.0)),
    "shortest intervals": lambda: RRSeries.from_ms(np.full(3000, 1e-3)),
}
SETTINGS = {
    "default": MetricSettings(),
    "kubios": preset("kubios"),
    "ar": MetricSettings(spectral=SpectralSettings(method="ar")),
    "lomb": MetricSettings(spectral=SpectralSettings(method="lomb")),
}


def check(row, names=NAMES):
    values = row[names]
    assert not np.isinf(values).any()
    assert set(values.index[values.isna()]) == set(row.attrs["reasons"])


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_metric_is_a_number_or_a_reason(case, settings):
    nn = clean(case(), "none")
    check(summary(nn, settings=settings, force=True))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_metric_of_the_cleaned_series_is_a_number_or_a_reason(case):
    check(summary(clean(case())))


@pytest.mark.parametrize("case", ["half artefacts", "a gap of a day", "constant", "200 bpm"])
def test_every_metric_of_every_window_is_a_number_or_a_reason(case):
    table = windows(clean(CASES[case]()), "1min", "2min", NAMES, force=True)
    assert not np.isinf(table[NAMES]).any(axis=None)
    blank = table[NAMES].isna().any(axis=1)
    assert (table["reason"].ne("") == blank).all()


def test_a_constant_rhythm_has_no_spread_and_no_power():
    row = summary(clean(CASES["constant"]()), force=True)
    for name in ("sdnn", "rmssd", "sd1", "sd2", "lf", "hf", "nn50", "pnn50", "cvrmssd"):
        assert row[name] == 0.0, name
    for name in ("lf_hf", "sampen", "dfa_alpha1", "stress_index", "ln_rmssd", "sd1_sd2"):
        assert np.isnan(row[name]), name


def test_slow_and_fast_hearts_are_right():
    for case, bpm in (("40 bpm", 40), ("200 bpm", 200)):
        row = summary(clean(CASES[case](), "none"), ["mean_hr", "rmssd"])
        rr = CASES[case]().rr_ms
        assert row["mean_hr"] == pytest.approx(bpm, rel=5e-3)
        assert row["rmssd"] == pytest.approx(np.sqrt(np.mean(np.diff(rr) ** 2)), rel=1e-12)


def test_half_artefacts_are_refused_and_say_so():
    row = summary(clean(CASES["half artefacts"]()), ["rmssd", "sdnn", "hf"])
    assert row[["rmssd", "sdnn", "hf"]].isna().all()
    assert row["corrected"] > 0.2


def test_a_day_without_beats_lets_the_windows_beside_it_stand():
    nn = clean(gap_of_a_day())
    table = windows(nn, "5min", "5min", ["rmssd", "hf"])
    whole = table[table["rmssd"].notna()]
    assert len(whole) == 4  # two on each side of the gap
    assert whole["hf"].notna().all()
    assert np.isnan(summary(nn, "rmssd")["rmssd"])


def test_thirty_days_of_microseconds_keep_their_digits():
    rng = np.random.default_rng(0)
    us = 800_000 + rng.integers(-40_000, 40_001, 3_240_000)
    row = summary(clean(RRSeries.from_ms(us / 1000), "none"), ["mean_nn", "sdnn", "rmssd", "sd2"])
    assert row["mean_nn"] == pytest.approx(us.mean() / 1000, rel=1e-14)
    assert row["sdnn"] == pytest.approx(us.std(ddof=1) / 1000, rel=1e-11)
    assert row["rmssd"] == pytest.approx(np.sqrt(np.mean(np.diff(us) ** 2)) / 1000, rel=1e-11)


@pytest.mark.slow
def test_ten_million_beats_go_through_the_catalogue():
    nn = clean(RRSeries.from_ms(noise(10_000_000, 850, 40)), "none")
    check(summary(nn))
