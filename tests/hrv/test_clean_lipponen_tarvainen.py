"""The default cleaner against its slow twin, NeuroKit2, simulated truth and extremes."""

import importlib.util
import subprocess
import sys
import timeit
import warnings

import numpy as np
import oracles
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.clean import clean
from hrv.clean.lipponen_tarvainen import CAP, HALF, detect, features
from hrv.clean.rolling import quantiles_numpy, rolling_quantiles
from hrv.types import CORRECTED, Flag, RRSeries
from hrv.windows import windows


def rhythm(n, seed, level=850.0, breath=40.0):
    """float64[n]: sinus rhythm with a respiratory, a slow and a random part, whole ms."""
    rng = np.random.default_rng(seed)
    i = np.arange(n)
    slow = np.convolve(rng.normal(0, 3, n), np.ones(40), "same")
    swing = breath * np.sin(i * 2 * np.pi * level / 4000) + 20 * np.sin(i * level / 1600)
    return np.rint(level + slow + swing + rng.normal(0, 5, n))


def with_artefacts(rr, seed, share):
    """Recorded intervals with ectopic, missed and extra beats, and the truth of each interval."""
    rng = np.random.default_rng(seed)
    beats = np.concatenate(([0.0], np.cumsum(rr)))
    kind = np.full(beats.size, "", dtype=object)
    at = rng.choice(np.arange(5, rr.size - 5, 4), int(share * rr.size), replace=False)
    kind[at] = rng.choice(["ectopic", "missed", "extra"], at.size)
    times, truth = [0.0], []
    missed = False
    for k in range(1, beats.size):
        if kind[k] == "missed":
            missed = True
            continue
        early = 0.3 * rr[k - 1] if kind[k] == "ectopic" else 0.0
        times.append(np.rint(beats[k] - early))
        after = kind[k - 1] if kind[k - 1] in ("ectopic", "extra") else ""
        truth.append("missed" if missed else kind[k] if kind[k] == "ectopic" else after)
        missed = False
        if kind[k] == "extra":
            times.append(np.rint(beats[k] + rng.uniform(0.25, 0.75) * rr[k]))
            truth.append("extra")
    return np.diff(times), np.array(truth, dtype=object)


def classes(rr):
    """Interval -> class, as `detect` sees one unbroken stretch."""
    found = detect(features(np.asarray(rr, float), np.arange(len(rr)) == 0))
    names = ("ectopic", "missed", "extra", "displaced")
    return {i: name for name in names for i in getattr(found, name)}


def neurokit_classes(rr):
    """The same from NeuroKit2, in the indices of intervals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from neurokit2 import signal_fixpeaks

        peaks = np.concatenate(([0], np.cumsum(rr))).astype(int)
        found, _ = signal_fixpeaks(peaks, sampling_rate=1000, method="Kubios", iterative=False)
    names = {"ectopic": "ectopic", "missed": "missed", "extra": "extra", "longshort": "displaced"}
    return {int(i) - 1: ours for theirs, ours in names.items() for i in found[theirs]}


# the arithmetic --------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(-500, 500).map(float), min_size=1, max_size=300),
    width=st.sampled_from((1, 3, 11, 91)),
    share=st.sampled_from((0.0, 0.25, 0.5, 0.75, 1.0)),
)
def test_rolling_quantiles_equal_sorted_lists(values, width, share):
    fast = rolling_quantiles(np.array(values), width, (share,))[0]
    assert fast.tolist() == oracles.rolling_quantile(values, width, share)


def test_rolling_quantiles_are_the_same_across_the_chunks():
    values = np.random.default_rng(3).normal(size=5000)
    expected = oracles.rolling_quantile(values.tolist(), 91, 0.25)
    assert rolling_quantiles(values, 91, (0.25, 0.75))[0].tolist() == expected


needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="the extra fast is not installed"
)


@needs_numba
@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.integers(-40, 40).map(lambda x: x / 7), min_size=1, max_size=300),
    width=st.sampled_from((1, 3, 11, 91)),
)
def test_the_compiled_quantiles_are_the_same_bits(values, width):
    from hrv.clean._kernel import quantiles_compiled

    x, shares = np.array(values, dtype=np.float64), (0.0, 0.25, 0.5, 0.77, 1.0)
    assert (
        quantiles_compiled(x, width, shares).tobytes()
        == quantiles_numpy(x, width, shares).tobytes()
    )


@needs_numba
def test_a_process_compiles_once_it_has_spent_what_that_costs_and_the_verdicts_stay():
    # a process of its own: whether numba is loaded here says nothing
    code = """
import sys, numpy as np, hrv
from hrv import _compiled
from hrv.clean import rolling
rr = np.rint(np.random.default_rng(1).normal(800, 40, 5000))
rr[::97] *= 0.6
first = hrv.clean(hrv.RRSeries.from_ms(rr))
assert "numba" not in sys.modules
_compiled.LOADING_S = rolling.SAVED_S * 5000 * 193 * 1.5
second = hrv.clean(hrv.RRSeries.from_ms(rr))
assert "hrv.clean._kernel" in sys.modules
assert (first.rr.flag == second.rr.flag).all() and (first.rr.flag != 0).sum() > 50
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


@settings(max_examples=60, deadline=None)
@given(rr=strategies.intervals(least=1, most=150, units=("ms",)), data=st.data())
def test_classes_equal_the_slow_twin(rr, data):
    for _ in range(data.draw(st.integers(0, 6))):  # disturb it here and there
        i = data.draw(st.integers(0, rr.size - 1))
        rr[i] = data.draw(st.sampled_from((0.4, 0.7, 1.3, 2.0, 3.0))) * rr[i]
    assert classes(rr) == oracles.artefact_classes(rr.tolist())


# against NeuroKit2 -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.0, 0.005, 0.01])
def test_classes_are_those_of_neurokit2(seed, share):
    rr, _ = with_artefacts(rhythm(1500, seed), seed, share)
    ours = classes(rr)
    judged = {i: name for i, name in ours.items() if i < rr.size - 2}  # it skips the last two
    assert judged == neurokit_classes(rr)
    assert share == 0.0 or len(ours) > 5


@pytest.mark.parametrize("seed", range(2))
def test_with_many_artefacts_finds_all_that_neurokit2_finds_and_more(seed):
    rr, truth = with_artefacts(rhythm(1500, seed), seed, 0.12)
    ours, theirs = classes(rr), neurokit_classes(rr)
    true = set(np.flatnonzero(truth != ""))
    assert len(true & set(ours)) > 1.3 * len(true & set(theirs))


@pytest.mark.parametrize(
    "name", ["kubios/series_1.txt", "kubios/series_3.txt", "rest/rest_rri.txt"]
)
def test_classes_of_real_recordings_are_those_of_neurokit2(shared_data, name):
    rr = np.loadtxt(shared_data / name)
    ours, theirs = classes(rr), neurokit_classes(rr)
    # the first minute's thresholds see the interval before the first: of the mean length of the
    # whole recording there, of its beginning here (nothing hours later may change a verdict)
    assert {i: c for i, c in ours.items() if HALF < i < rr.size - 2} == {
        i: c for i, c in theirs.items() if i > HALF
    }
    assert len({i for i in {*ours, *theirs} if i <= HALF and ours.get(i) != theirs.get(i)}) <= 1


# against truth ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "breath"), [(850.0, 40.0), (1100.0, 80.0), (620.0, 5.0)])
def test_finds_the_artefacts_and_little_else(level, breath):
    removed, truth, errors = [], [], []
    for seed in range(4):
        rr = rhythm(2000, seed, level, breath)
        recorded, kinds = with_artefacts(rr, seed, 0.005)
        nn = clean(RRSeries.from_ms(recorded))
        removed.append((nn.rr.flag & CORRECTED) != 0)
        truth.append(kinds)
        errors.append(_rms(np.diff(nn.nn_ms)[nn.joined[1:]]) / _rms(np.diff(rr)) - 1)
    hit, kind = np.concatenate(removed), np.concatenate(truth)
    for name in ("ectopic", "missed", "extra"):
        assert hit[kind == name].mean() > 0.95
    assert hit[kind == ""].mean() < 0.01
    assert np.max(np.abs(errors)) < 0.02


def _rms(values):
    return np.sqrt(np.mean(values * values))


def test_flags_both_intervals_beside_an_ectopic_beat():
    rr = rhythm(300, 1)
    rr[150] -= 250
    rr[151] += 250
    nn = clean(RRSeries.from_ms(rr))
    assert nn.rr.flag[150] & CORRECTED
    assert nn.rr.flag[151] & Flag.ECTOPIC
    assert np.flatnonzero(nn.rr.flag & CORRECTED).tolist() == [150, 151]


def test_splits_a_missed_beat_and_merges_an_extra_one():
    rr = rhythm(300, 2, breath=10.0).tolist()
    rr[100:102] = [rr[100] + rr[101]]
    rr[200:201] = [round(0.4 * rr[200]), rr[200] - round(0.4 * rr[200])]
    nn = clean(RRSeries.from_ms(rr))
    assert np.flatnonzero(nn.rr.flag & Flag.MISSED).tolist() == [100]
    assert np.flatnonzero(nn.rr.flag & Flag.EXTRA).tolist() == [200, 201]
    assert nn.filled_ms.tolist() == [rr[100] / 2, rr[100] / 2, rr[200] + rr[201]]


@pytest.mark.parametrize("kind", ["ectopic", "missed", "extra", "moved"])
@pytest.mark.parametrize("share", [0.2, 0.35, 0.5])
def test_a_recording_of_mostly_wrong_beats_gives_no_numbers(kind, share):
    """The published thresholds break down here and let RMSSD through six times too large."""
    rng = np.random.default_rng(7)
    rr = rhythm(1200, 7)
    beats = np.concatenate(([0.0], np.cumsum(rr)))
    at = np.flatnonzero(rng.random(rr.size - 1) < share) + 1
    if kind == "missed":
        beats = np.delete(beats, at)
    elif kind == "extra":
        beats = np.sort(
            np.append(beats, np.rint(beats[at] + rng.uniform(0.2, 0.8, at.size) * rr[at]))
        )
    elif kind == "ectopic":
        at = at[np.diff(at, prepend=-9) > 1]
        beats[at] -= np.rint(0.3 * rr[at - 1])
    else:
        beats[at] += np.rint(rng.uniform(-0.4, 0.4, at.size) * rr[at])
    nn = clean(RRSeries.from_ms(np.diff(beats)[np.diff(beats) > 0]))
    table = windows(nn, "5min", "1min", ["rmssd"])
    wrong = np.abs(table["rmssd"] / _rms(np.diff(rr)) - 1) > 0.25
    assert not wrong.any()
    assert table["rmssd"].isna().mean() > 0.7


# gaps and extremes -----------------------------------------------------------------------------


def test_a_step_of_heart_rate_across_a_gap_is_no_artefact():
    rr = np.concatenate((rhythm(200, 1, level=1000.0), rhythm(200, 2, level=600.0)))
    for lost_s in (5.0, 3600.0):
        series = RRSeries.from_ms(
            rr, t_s=RRSeries.from_ms(rr).t_s + lost_s * (np.arange(400) >= 200)
        )
        nn, whole = clean(series), clean(RRSeries.from_ms(rr))
        added = (nn.rr.flag & CORRECTED).astype(bool) & ~(whole.rr.flag & CORRECTED).astype(bool)
        assert not added[195:205].any()


def test_beats_beyond_a_long_loss_change_nothing():
    first, second = rhythm(200, 3), rhythm(200, 4, level=500.0)
    first[100] *= 2
    rr = np.concatenate((first, second))
    series = RRSeries.from_ms(rr, t_s=RRSeries.from_ms(rr).t_s + 600.0 * (np.arange(400) >= 200))
    both, own = clean(series), clean(RRSeries.from_ms(first))
    assert np.array_equal(both.rr.flag[:200], own.rr.flag)


def test_finds_an_extra_beat_just_after_a_gap():
    rr = rhythm(300, 5, breath=10.0).tolist()
    rr[150:151] = [round(0.4 * rr[150]), rr[150] - round(0.4 * rr[150])]
    series = RRSeries.from_ms(rr, t_s=RRSeries.from_ms(rr).t_s + 2.0 * (np.arange(301) >= 150))
    nn = clean(series)
    assert nn.rr.flag[150] & CORRECTED
    assert nn.rr.flag[151] & CORRECTED


def test_finds_a_missed_beat_in_a_paced_rhythm():
    rr = np.full(100, 1000.0)
    rr[50] = 2000.0
    nn = clean(RRSeries.from_ms(rr))
    assert np.flatnonzero(nn.rr.flag & CORRECTED).tolist() == [50]
    assert nn.rr.flag[50] == Flag.MISSED


def test_rounding_to_ticks_is_no_artefact():
    beats = np.rint(np.arange(500) * 0.8572 * 1024) * 1000 / 1024
    assert clean(RRSeries.from_ms(np.diff(beats))).corrected_share == 0


def test_irregular_rhythm_is_not_called_normal():
    """Atrial fibrillation has no normal-to-normal intervals."""
    rr = np.rint(np.random.default_rng(1).normal(750, 170, 1000).clip(350, 1500))
    nn = clean(RRSeries.from_ms(rr))
    assert nn.corrected_share > 0.5


def test_strong_respiratory_arrhythmia_is_called_normal():
    """RMSSD of 150 ms at 50 bpm, as in a trained adolescent."""
    i = np.arange(600)
    rr = np.rint(1200 + 165 * np.sin(i * 1.35) + np.random.default_rng(2).normal(0, 15, 600))
    assert _rms(np.diff(rr)) > 145
    assert clean(RRSeries.from_ms(rr)).corrected_share < 0.02


def test_the_bound_on_thresholds_is_twice_the_normal_distribution():
    from scipy.stats import norm

    low, high = norm.ppf(0.625), norm.ppf(0.875)  # quartiles of |x|
    assert pytest.approx(2 * 5.2 * (high - low) / 2 / low, rel=0.01) == CAP


def test_a_day_takes_under_half_a_second():
    series = RRSeries.from_ms(with_artefacts(rhythm(100_000, 1), 1, 0.01)[0])
    assert min(timeit.repeat(lambda: clean(series), number=1, repeat=3)) < 0.5
