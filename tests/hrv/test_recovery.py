"""The recovery table against heart rates known exactly, a slow twin, and its invariances."""

import dataclasses
import functools
import math
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import oracles_recovery as oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.episodes import mark
from hrv.errors import InputError
from hrv.recovery import MEASURES, RecoverySettings, curve, recover, recovery

STRESS = {"kind": "stress", "phase": "stroop", "start": 400.0, "end": 700.0}
STOP_S = 1400.0
COLUMNS = """
label kind onset_s offset_s baseline_hr baseline_ln_rmssd reactivity_hr reactivity_hr_percent
reactivity_ln_rmssd reactivity_ln_rmssd_percent peak_hr time_to_peak_hr_s min_ln_rmssd
time_to_min_ln_rmssd_s residual_hr residual_ln_rmssd recovered_60_hr recovered_300_hr
recovered_600_hr t50_hr_s time_to_baseline_hr_s tau_hr_s auc_g_hr auc_i_hr hrr60
slope_hr_bpm_min vagal_rebound_ln_rmssd residual_hr_se
tau_hr_s_low tau_hr_s_high t50_hr_s_censored time_to_baseline_hr_s_censored tau_hr_s_censored
flags reason
"""
NUMBERS = [m.name for m in MEASURES]


def one(nn, *events, **settings_):
    """First row of the table for the usual stressor."""
    chosen = RecoverySettings(**settings_) if settings_ else None
    return recovery(nn, mark([STRESS, *events]), chosen).iloc[0]


def clean(**shape):
    return oracle.nn_of(oracle.beats_of(oracle.decay_rate(**shape), STOP_S))


def breathing(tau_s=60.0, gain=0.5, seed=0):
    """Beats with a respiratory wave that shrinks under stress, and slow noise."""
    rng = np.random.default_rng(seed)
    waves = [(rng.uniform(0.004, 0.04), rng.uniform(0, 6.28)) for _ in range(12)]
    rate = oracle.decay_rate(tau_s=tau_s)

    def noisy(t):
        noise = sum(np.sin(2 * np.pi * f * t + p) for f, p in waves)
        return rate(t) + 0.5 * noise

    def rsa(t):
        return 30.0 * np.where((t >= 400) & (t < 700), gain, 1.0)

    return oracle.beats_of(noisy, STOP_S, rsa_ms=rsa)


@functools.cache
def noise_free():
    return one(clean())


class TestKnownTruth:
    @pytest.mark.parametrize(
        ("name", "truth", "within"),
        [
            ("onset_s", 400, 0),
            ("offset_s", 700, 0),
            ("baseline_hr", 60, 1e-3),
            ("reactivity_hr", 20, 0.01),
            ("reactivity_hr_percent", 100 / 3, 0.02),
            ("peak_hr", 80, 1e-3),
            # mean of 20 exp(-t/60) from 60 to 300 s
            ("residual_hr", 20 * 60 * (math.exp(-1) - math.exp(-5)) / 240, 0.02),
            # y(t) is the mean of the 30 s that end at t
            ("recovered_60_hr", 100 * (1 - 2 * (math.exp(-0.5) - math.exp(-1))), 0.5),
            ("recovered_300_hr", 100 * (1 - 2 * (math.exp(-4.5) - math.exp(-5))), 0.1),
            ("recovered_600_hr", 100, 0.1),
            ("t50_hr_s", 60 * math.log(2), 5),
            # mean of 20 exp(-t/60) over the minute around t falls to 1 bpm
            ("time_to_baseline_hr_s", 60 * math.log(20 * 2 * math.sinh(0.5)), 5),
            ("tau_hr_s", 60, 0.3),
            # trapezoid over 5 to 595 s
            ("auc_i_hr", 20 * (math.exp(-5 / 60) - math.exp(-595 / 60)), 0.1),
            ("auc_g_hr", 60 * 590 / 60 + 20 * math.exp(-5 / 60), 0.1),
            ("hrr60", 20 * (1 - 6 * (math.exp(-5 / 6) - math.exp(-1))), 0.15),
        ],
    )
    def test_a_noise_free_return_gives_the_true(self, name, truth, within):
        assert noise_free()[name] == pytest.approx(truth, abs=within)

    def test_nothing_is_censored_or_flagged(self):
        row = noise_free()
        assert not row[["t50_hr_s_censored", "tau_hr_s_censored"]].any()
        assert row["flags"] == ""

    def test_slope_is_that_of_a_straight_fall(self):
        def rate(t):
            return np.interp(t, [0, 400, 401, 700, 800], [60, 60, 85, 85, 60])

        row = one(oracle.nn_of(oracle.beats_of(rate, STOP_S)))
        assert row["slope_hr_bpm_min"] == pytest.approx(-15, abs=0.2)
        assert row["hrr60"] == pytest.approx(15 - 25 / 20, abs=0.2)  # 50-60 s: 13.75 bpm down

    @pytest.mark.parametrize("tau_s", [15.0, 30.0, 120.0, 250.0])
    def test_tau_is_unbiased_by_the_width_of_the_windows(self, tau_s):
        assert one(clean(tau_s=tau_s))["tau_hr_s"] == pytest.approx(tau_s, rel=0.01)

    def test_the_standard_error_of_the_residual_is_its_spread_over_independent_beats(self):
        rng = np.random.default_rng(0)
        rr_s = np.diff(oracle.beats_of(oracle.decay_rate(), 1010.0))
        rows = []
        for _ in range(60):
            beats = np.concatenate(([0.0], np.cumsum(rr_s * rng.normal(1, 0.06, rr_s.size))))
            rows.append(one(oracle.nn_of(beats)))
        table = pd.DataFrame(rows)
        spread = table["residual_hr"].std()
        assert table["residual_hr_se"].mean() == pytest.approx(spread, rel=0.3)
        assert table["residual_hr"].mean() == pytest.approx(1.81, abs=0.15)

    def test_ln_rmssd_follows_the_vagal_gain(self):
        row = one(oracle.nn_of(breathing(gain=0.5)))
        # a wave of amplitude A at f sampled every T gives RMSSD = sqrt(2) A |sin(pi f T)|
        truth = math.log(0.5 * math.sin(math.pi / 4 * 0.75) / math.sin(math.pi / 4))
        assert row["reactivity_ln_rmssd"] == pytest.approx(truth, abs=0.05)
        percent = 100 * math.expm1(row["reactivity_ln_rmssd"])
        assert row["reactivity_ln_rmssd_percent"] == pytest.approx(percent)
        assert row["min_ln_rmssd"] < row["baseline_ln_rmssd"] + row["reactivity_ln_rmssd"]
        assert 30 <= row["time_to_min_ln_rmssd_s"] <= 330
        assert abs(row["vagal_rebound_ln_rmssd"]) < 0.1
        assert abs(row["residual_ln_rmssd"]) < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_every_measure_equals_its_slow_twin(seed):
    nn = oracle.nn_of(breathing(seed=seed, tau_s=40.0 + 20 * seed))
    row = one(nn)
    for name, value in oracle.measures(nn, 400.0, 700.0).items():
        if math.isnan(value):
            assert row[f"{name}_censored"], name
        else:
            assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    gaps=st.lists(st.tuples(st.floats(100, 1390), st.floats(0.1, 8)), max_size=4),
)
def test_levels_equal_their_slow_twin_with_lost_beats(seed, gaps):
    nn = oracle.nn_of(breathing(seed=seed), lost=[(a, a + w) for a, w in gaps])
    row = one(nn)
    twin = {s: oracle.window_hr(nn, s, 10.0) for s in oracle.starts(100, 340, 10, 5)}
    level, _ = oracle.baseline(list(twin.values()), 1.0)
    assert row["baseline_hr"] == pytest.approx(level, rel=1e-9)
    assert row["residual_hr"] == pytest.approx(oracle.hr(nn, 760, 1000) - level, abs=1e-9)


class TestInvariance:
    def same(self, left, right, tolerance=1e-6):
        for name in NUMBERS:
            assert left[name] == pytest.approx(right[name], abs=tolerance, nan_ok=True), name
        assert left["reason"] == right["reason"]
        assert left["flags"] == right["flags"]

    def test_time_may_start_anywhere(self):
        beats = breathing()
        shifted = {**STRESS, "start": 400.0 + 86_400, "end": 700.0 + 86_400}
        there = recovery(oracle.nn_of(beats + 86_400), mark([shifted])).iloc[0]
        self.same(one(oracle.nn_of(beats)), there)

    def test_a_clock_gives_the_same_numbers_as_seconds(self):
        start = datetime(2024, 3, 1, 9, 30, tzinfo=UTC)
        beats = breathing()
        event = {
            **STRESS,
            "start": start + pd.Timedelta(seconds=400),
            "end": start + pd.Timedelta(seconds=700),
        }
        there = recovery(oracle.nn_of(beats, start=start), mark([event])).iloc[0]
        self.same(one(oracle.nn_of(beats)), there)
        assert (there["onset_s"], there["offset_s"]) == (400.0, 700.0)

    def test_what_lies_far_from_the_episode_does_not_matter(self):
        beats = breathing()
        beats = beats[beats < 1320]
        before, after = np.arange(-5000.0, -100, 0.7), np.arange(2000.0, 9000, 0.9)
        longer = np.concatenate((before, beats[beats > 50], after))
        gaps = [(-150, 55), (1318, 2005)]
        short = oracle.nn_of(beats[beats > 50])
        self.same(one(short), one(oracle.nn_of(longer, lost=gaps)))

    def test_a_later_session_does_not_matter(self):
        nn = oracle.nn_of(breathing())
        later = {**STRESS, "start": 90_000.0, "end": 90_300.0}
        self.same(one(nn), one(nn, later))

    def test_slower_and_faster_hearts_scale(self):
        slow, fast = one(clean()), one(clean(rest=90.0, rise=30.0))
        for name in ("reactivity_hr", "residual_hr", "hrr60"):
            assert fast[name] == pytest.approx(1.5 * slow[name], abs=0.1)
        assert fast["tau_hr_s"] == pytest.approx(slow["tau_hr_s"], rel=0.01)


class TestTable:
    def test_columns_are_those_promised(self):
        assert list(recovery(clean(), mark([STRESS])).columns) == COLUMNS.split()

    def test_no_episode_gives_an_empty_table_of_the_same_types(self):
        empty, full = recovery(clean(), []), recovery(clean(), mark([STRESS]))
        assert len(empty) == 0
        pd.testing.assert_series_equal(empty.dtypes, full.dtypes)

    def test_units_settings_and_cleaner_travel_with_it(self):
        import json

        attrs = recovery(clean(), mark([STRESS])).attrs
        assert json.loads(json.dumps(attrs)) == attrs
        assert attrs["units"]["residual_hr"] == "bpm"
        assert attrs["settings"] == dataclasses.asdict(RecoverySettings())
        assert attrs["clean"]["method"] == "test"

    def test_a_number_or_a_reason_never_both_nor_neither(self):
        nn = oracle.nn_of(breathing(), lost=[(720, 800), (1000, 1200)])
        for result in recover(nn, mark([STRESS, {**STRESS, "start": 1100, "end": 1200}])):
            for name, measure in result.measures.items():
                assert math.isnan(measure.value) == bool(measure.reason), name

    def test_measures_are_named_once_and_described(self):
        names = [m.name for m in MEASURES]
        assert len(set(names)) == len(names)
        for m in MEASURES:
            assert m.summary
            assert m.source
            assert m.compute.__doc__

    def test_raw_intervals_are_refused(self):
        with pytest.raises(InputError, match=r"call hrv\.clean first"):
            recovery(clean().rr, mark([STRESS]))

    def test_wrong_settings_are_refused(self):
        with pytest.raises(InputError, match="the baseline runs from -60 to -300 s"):
            RecoverySettings(baseline_from_s=-60, baseline_to_s=-300)
        with pytest.raises(InputError, match="hr_step_s 0 is not a positive time"):
            RecoverySettings(hr_step_s=0)
        with pytest.raises(InputError, match="level 95 is not a share"):
            RecoverySettings(level=95)

    def test_the_curve_is_what_the_fit_saw(self):
        seen = curve(clean(), mark([STRESS])[0])
        assert list(seen["t_s"][:3]) == [5.0, 10.0, 15.0]
        truth = 20 * np.exp(-seen["t_s"] / 60)
        assert np.abs(seen["hr_above_baseline"] - truth).max() < 0.2


def test_scipy_is_not_imported_before_it_is_needed():
    code = (
        "import sys, hrv.recovery, hrv.episodes; "
        "heavy = {'scipy.optimize', 'scipy.stats', 'matplotlib'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
