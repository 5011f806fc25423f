"""What `hrv.simulate` promises: known theory, known curves, known artefacts, same numbers."""

import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from hrv.errors import InputError
from hrv.simulate import Artefacts, Heart, Stressor, simulate
from hrv.simulate.artefacts import NONE, detect, inside
from hrv.simulate.ipfm import beat_times
from hrv.simulate.stress import activation, decay_mean, draw_stressor
from hrv.types import Flag

PINNED = (678, [908, 900, 839, 814, 854, 899], 609311)  # intervals, first ticks, sum of ticks
START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def rmssd(rr_ms):
    return float(np.sqrt(np.mean(np.diff(rr_ms) ** 2)))


def breathing(hr_bpm=70.0, rsa_hz=0.25, rsa_ms=40.0):
    """A heart with nothing but respiratory arrhythmia."""
    return Heart(
        hr_bpm=hr_bpm, rsa_hz=rsa_hz, rsa_ms=rsa_ms, rsa_drift_hz=0.0, lf_ms=0.0, slow_ms=0.0
    )


@pytest.mark.parametrize("hr_bpm", [50.0, 70.0, 95.0])
@pytest.mark.parametrize("rsa_hz", [0.15, 0.25, 0.3])
@pytest.mark.parametrize("rsa_ms", [10.0, 40.0])
def test_rmssd_of_breathing_alone_is_what_theory_says(hr_bpm, rsa_hz, rsa_ms):
    series = simulate(1, duration=300, heart=breathing(hr_bpm, rsa_hz, rsa_ms)).series
    theory = np.sqrt(2) * rsa_ms * abs(np.sin(np.pi * rsa_hz * 60.0 / hr_bpm))
    assert rmssd(series.rr_ms) == pytest.approx(theory, rel=0.03)


def test_beats_are_where_a_slow_integration_puts_them():
    t = np.arange(0, 60.05, 0.1)
    rate = 1.1 + 0.2 * np.sin(2 * np.pi * 0.25 * t)
    fine = np.arange(0, 60.0, 1e-4)
    count = np.concatenate(([0.0], np.cumsum(np.interp(fine, t, rate)[:-1] * 1e-4)))
    slow = [fine[np.argmax(count >= k - 1e-9)] for k in range(int(count[-1]) + 1)]
    np.testing.assert_allclose(beat_times(rate)[: len(slow)], slow, atol=2e-4)


def test_a_constant_rate_gives_equal_intervals():
    np.testing.assert_allclose(beat_times(np.full(601, 1.25)), np.arange(76) * 0.8, atol=1e-12)


def test_the_count_of_beats_follows_the_heart_rate_curve():
    truth = simulate(5, duration="20min", stress=[(360, 660)], start=START).truth
    beats_due = np.interp(
        truth.heart_s,
        truth.grid_s,
        np.concatenate(([0.0], np.cumsum((truth.hr_bpm[1:] + truth.hr_bpm[:-1]) / 1200.0))),
    )
    deviation = beats_due - np.arange(truth.heart_s.size)
    assert np.abs(np.diff(deviation)).max() < 0.25  # modulation, a part of a beat
    assert abs(np.polyfit(truth.heart_s, deviation, 1)[0]) * 60 < 0.5  # no drift, bpm


def test_without_modulation_the_intervals_are_the_curve_itself():
    still = Heart(rsa_ms=0.0, lf_ms=0.0, slow_ms=0.0)
    sim = simulate(2, duration="20min", heart=still, stress=[(360, 660)], ticks_per_s=None)
    middle_s = sim.series.t_s - sim.series.rr_ms / 2000.0
    hr_bpm = np.interp(middle_s, sim.truth.grid_s, sim.truth.hr_bpm)
    np.testing.assert_allclose(60_000.0 / sim.series.rr_ms, hr_bpm, atol=0.05)


def test_the_stress_response_has_the_stated_height_and_time_constant():
    stressor = Stressor(360.0, 660.0, delta_hr_bpm=20.0, tau_hr_s=80.0)
    truth = simulate(0, duration="30min", stress=[stressor]).truth
    at = {t: truth.hr_bpm[int(t * 10)] for t in (0, 359, 380, 660, 740, 820)}
    assert at[0] == at[359] == 70.0
    assert at[380] == at[660] == 90.0
    assert at[740] - 70.0 == pytest.approx(20.0 * np.exp(-1))
    assert at[820] - 70.0 == pytest.approx(20.0 * np.exp(-2))
    assert truth.baseline_hr_bpm == (70.0,)
    assert truth.residual_hr_bpm[0] == pytest.approx(20.0 * decay_mean(np.array(80.0)), abs=1e-3)


def test_a_stressor_shorter_than_its_rise_stops_on_the_way_up():
    t = np.arange(0.0, 100.0, 0.1)
    share = activation(t, onset_s=10.0, offset_s=20.0, rise_s=20.0, tau_s=30.0)
    assert share.max() == pytest.approx(0.5)
    assert t[np.argmax(share)] == pytest.approx(20.0)


def test_the_residual_share_is_the_mean_of_the_exponential():
    t = np.linspace(60.0, 300.0, 200_001)
    for tau in (20.0, 60.0, 400.0):
        slow = np.trapezoid(np.exp(-t / tau), t) / 240.0
        assert decay_mean(np.array(tau)) == pytest.approx(slow, rel=1e-8)


def test_levels_that_the_recording_does_not_reach_are_nan():
    truth = simulate(0, duration="10min", stress=[(100, 400)]).truth
    assert np.isnan(truth.baseline_hr_bpm[0])
    assert np.isnan(truth.residual_hr_bpm[0])


def test_drawn_responses_have_the_stated_medians_and_spreads():
    rng = np.random.default_rng(4)
    stressors = [draw_stressor(rng, 0.0, 60.0) for _ in range(800)]
    for name, median, sd in (
        ("delta_hr_bpm", 15.0, 0.3),
        ("tau_hr_s", 60.0, 0.35),
        ("tau_vagal_s", 120.0, 0.4),
    ):
        ln = np.log([getattr(s, name) for s in stressors])
        assert ln.mean() == pytest.approx(np.log(median), abs=4 * sd / np.sqrt(800))
        assert ln.std() == pytest.approx(sd, rel=0.1)


def test_vagal_tone_falls_under_stress_and_rises_with_the_gain():
    def rest_rmssd(ln_gain):
        return rmssd(simulate(1, duration=300, heart=Heart(ln_gain=ln_gain)).series.rr_ms)

    assert 30 < rest_rmssd(0.0) < 45
    assert 1.05 < rest_rmssd(np.log(1.1)) / rest_rmssd(0.0) < 1.1
    sim = simulate(1, duration="11min", stress=[Stressor(330, 650)])
    calm = sim.series.t_s < 330
    assert rmssd(sim.series.rr_ms[~calm]) < 0.75 * rmssd(sim.series.rr_ms[calm])


def test_the_daily_rhythm_needs_a_clock():
    assert np.ptp(simulate(0, duration="24h").truth.hr_bpm) == 0.0
    truth = simulate(0, duration="24h", start=START).truth
    assert np.ptp(truth.hr_bpm) == pytest.approx(10.0)
    assert truth.grid_s[np.argmax(truth.hr_bpm)] == pytest.approx(7 * 3600)  # 16 h
    assert truth.grid_s[np.argmax(truth.ln_gain)] == pytest.approx(19 * 3600)  # 4 h


def test_intervals_are_whole_ticks_and_times_their_sums():
    series = simulate(3, duration="24h", artefacts=Artefacts()).series
    ticks = series.rr_ms * 1024 / 1000
    np.testing.assert_array_equal(ticks, np.rint(ticks))
    np.testing.assert_array_equal(series.t_s * 1024, np.rint(series.t_s * 1024))
    joined = (series.flag[1:] & Flag.GAP) == 0
    np.testing.assert_array_equal(
        np.diff(series.t_s)[joined] * 1024, ticks[1:][joined]
    )  # rounding never piles up


def test_other_resolutions_and_none():
    ms = simulate(3, duration=60, ticks_per_s=1000).series.rr_ms
    exact = simulate(3, duration=60, ticks_per_s=None).series.rr_ms
    np.testing.assert_array_equal(ms, np.rint(ms))
    assert 0 < np.abs(ms - exact).max() <= 1.0


def test_same_seed_same_recording_and_other_seed_another():
    def series(seed):
        sim = simulate(seed, stress=[(360, 660)], artefacts=Artefacts(), start=START)
        return sim.series

    np.testing.assert_array_equal(series(1).rr_ms, series(1).rr_ms)
    assert series(1).rr_ms[:50].tolist() != series(2).rr_ms[:50].tolist()


def test_artefacts_do_not_move_the_heart():
    clean = simulate(1, duration="2h", artefacts=NONE)
    spoiled = simulate(1, duration="2h", artefacts=Artefacts(ectopic=0.0))
    np.testing.assert_array_equal(clean.truth.heart_s, spoiled.truth.heart_s)


def test_the_numbers_of_seed_one_are_pinned():
    series = simulate(1, duration=600, artefacts=Artefacts(missed=0.03)).series
    ticks = np.rint(series.rr_ms * 1.024).astype(int).tolist()
    assert (len(ticks), ticks[:6], sum(ticks)) == PINNED


def test_artefact_rates_are_the_stated_ones():
    artefacts = Artefacts(bursts_per_h=0.0, gaps_per_h=0.0)
    truth = simulate(7, duration="4d", heart=breathing(), artefacts=artefacts).truth
    n = truth.heart_s.size
    for flag, rate, intervals in (
        (Flag.ECTOPIC, 0.002, 2), (Flag.MISSED, 0.002, 1), (Flag.EXTRA, 0.001, 2),
    ):  # fmt: skip
        found = np.count_nonzero(truth.flag & flag) / intervals
        assert found == pytest.approx(rate * n, abs=4 * np.sqrt(rate * n))


def test_bursts_multiply_missed_and_extra_beats_only():
    beat_s = np.arange(400_000) * 0.8
    always = Artefacts(bursts_per_h=720.0, burst_s=60.0, gaps_per_h=0.0)
    kinds = detect(np.random.default_rng(0), beat_s, always).flag
    assert np.count_nonzero(kinds & Flag.ECTOPIC) / 2 / beat_s.size == pytest.approx(0.002, rel=0.1)
    assert np.count_nonzero(kinds & Flag.EXTRA) / 2 / beat_s.size == pytest.approx(0.02, rel=0.1)


def test_gaps_come_at_the_stated_rate_and_length():
    sim = simulate(7, duration="4d", heart=breathing(), artefacts=Artefacts(0.0, 0.0, 0.0))
    series = sim.series
    gap = np.flatnonzero(series.flag & Flag.GAP)
    lost_s = series.t_s[gap] - series.rr_ms[gap] / 1000 - series.t_s[gap - 1]
    assert gap.size == pytest.approx(192, abs=4 * np.sqrt(192))
    assert np.median(lost_s) == pytest.approx(9.0, abs=1.5)  # 3 to 15 s, out to the next beats
    np.testing.assert_array_equal(sim.truth.flag & Flag.GAP, series.flag & Flag.GAP)


def test_a_dropped_strap_leaves_a_gap_and_no_beat_in_it():
    sim = simulate(
        1, artefacts=Artefacts(0, 0, 0, bursts_per_h=0, gaps_per_h=0, drops=((100, 200),))
    )
    t_s = sim.series.t_s
    assert not ((t_s > 100) & (t_s < 200)).any()
    assert np.count_nonzero(sim.series.flag & Flag.GAP) == 1
    assert sim.series.duration_s == pytest.approx(1200, abs=2)


def slow_detect(beat_s, kind, extra_at):
    """Walk along the beats one by one: the readable twin of `detect` without gaps."""
    heart = list(beat_s)
    for k in range(1, len(beat_s)):
        if kind[k] == Flag.ECTOPIC:
            heart[k] = beat_s[k - 1] + 0.7 * (beat_s[k] - beat_s[k - 1])
    seen = []
    skipped = False
    for k, at in enumerate(heart):
        if kind[k] == Flag.EXTRA:
            seen.append((heart[k - 1] + extra_at[k] * (at - heart[k - 1]), Flag.EXTRA, skipped))
            skipped = False
        if kind[k] == Flag.MISSED:
            skipped = True
            continue
        seen.append((at, kind[k] & Flag.ECTOPIC, skipped))
        skipped = False
    out = []
    for (t0, m0, _), (t1, m1, jumped) in pairwise(seen):
        out.append((t0, t1, int(m0 | m1 | (Flag.MISSED if jumped else 0))))
    return out


@pytest.mark.parametrize("seed", range(20))
def test_detections_agree_with_a_walk_along_the_beats(seed):
    beat_s = np.cumsum(np.random.default_rng(seed).uniform(0.6, 1.0, 400))
    rates = Artefacts(0.1, 0.1, 0.1, bursts_per_h=0.0, gaps_per_h=0.0)
    found = detect(np.random.default_rng(seed), beat_s, rates)
    rng = np.random.default_rng(seed)  # the same draws in the same order
    rng.uniform(0.0, float(beat_s[-1]), rng.poisson(0.0))
    draw = rng.random(400)
    kind = np.select(
        [draw < 0.1, draw < 0.2, draw < 0.3], [int(Flag.ECTOPIC), int(Flag.MISSED), int(Flag.EXTRA)]
    )
    kind[:3] = kind[-1] = 0
    expected = slow_detect(beat_s, kind, rng.uniform(0.3, 0.7, 400))
    np.testing.assert_allclose(found.begin_s, [e[0] for e in expected], atol=1e-9)
    np.testing.assert_allclose(found.end_s, [e[1] for e in expected], atol=1e-9)
    assert found.flag.tolist() == [e[2] for e in expected]


def test_overlapping_spans_are_one():
    spans = np.array([[10.0, 30.0], [0.0, 2.0], [20.0, 25.0]])
    times = np.array([0.0, 1.9, 2.0, 9.9, 10.0, 26.0, 29.9, 30.0])
    assert inside(times, spans).tolist() == [True, True, False, False, True, True, True, False]
    assert not inside(times, np.empty((0, 2))).any()


def test_events_have_clock_times_if_there_is_a_clock():
    stress = [Stressor(360, 660, label="stroop")]
    row = simulate(0, stress=stress, start=START, subject="A").events.iloc[0]
    assert (row["subject"], row["phase"], row["kind"]) == ("A", "stroop", "stress")
    assert (row["end"] - row["start"]).total_seconds() == 300.0
    assert (row["start"] - START).total_seconds() == 360.0
    assert simulate(0, stress=stress).events.loc[0, ["start", "end"]].tolist() == [360.0, 660.0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"duration": "long"}, "duration"),
        ({"duration": 2}, "too short"),
        ({"seed": -1}, "negative"),
        ({"stress": [(300, 200)]}, "later offset"),
        ({"duration": 600, "stress": [(300, 700)]}, "ends after the recording"),
        ({"heart": Heart(rsa_ms=2000.0)}, "positive rate"),
        ({"artefacts": Artefacts(drops=((0, 1300),))}, "leave no interval"),
    ],
)
def test_what_cannot_be_simulated_is_one_clear_error(arguments, words):
    with pytest.raises(InputError, match=words):
        simulate(**arguments)


@pytest.mark.parametrize("wrong", [{"missed": -0.1}, {"missed": 0.2}, {"gap_s": (5.0, 1.0)}])
def test_impossible_artefacts_are_refused(wrong):
    with pytest.raises(InputError):
        Artefacts(**wrong)


def test_importing_the_simulator_brings_no_heavy_package():
    code = (
        "import sys, hrv.simulate\n"
        "heavy = {'matplotlib', 'neurokit2', 'sklearn', 'bleak', 'fastapi'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pairs_of_times_draw_the_same_response_whatever_else_is_asked():
    short = simulate(9, duration="12min", stress=[(360, 660)]).truth.stressors
    long = simulate(9, duration="30min", stress=[(360, 660), (1200, 1500)], start=START).truth
    assert short == long.stressors[:1]
