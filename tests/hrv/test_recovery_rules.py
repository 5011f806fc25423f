"""Edge rules of the recovery measures: one test for each."""

import math

import numpy as np
import oracles_recovery as oracle
import pytest

from hrv.episodes import mark
from hrv.recovery import MEASURES, RecoverySettings, recover, recovery
from hrv.types import Episode, Flag, NNSeries, RRSeries

STRESS = {"kind": "stress", "phase": "stroop", "start": 400.0, "end": 700.0}
GATED = [m.name for m in MEASURES if m.gated]
UNGATED = ["residual_hr", "auc_g_hr", "auc_i_hr", "peak_hr", "reactivity_hr"]


def measured(nn, *events, stress=STRESS):
    """Measures of the first episode."""
    return recover(nn, mark([stress, *events]))[0].measures


def nn(stop_s=1400.0, *, lost=(), removed=(), start_s=0.0, **shape):
    beats = oracle.beats_of(oracle.decay_rate(**shape), stop_s, start_s=start_s)
    return oracle.nn_of(beats, lost=lost, removed=removed)


def stepped(times, rates, stop_s=1400.0):
    """Beats of a heart rate that runs straight between the points given."""
    return oracle.nn_of(oracle.beats_of(lambda t: np.interp(t, times, rates), stop_s))


class TestBaseline:
    def test_a_recording_that_begins_too_late_has_none(self):
        got = measured(nn(start_s=200.0))
        assert got["baseline_hr"].reason == "beats cover 58 % of the baseline, 80 % are needed"
        assert got["residual_hr"].reason == "no baseline heart rate"
        assert got["residual_ln_rmssd"].reason == "no baseline ln RMSSD"
        assert got["peak_hr"].value == pytest.approx(80, abs=0.01)  # needs no baseline

    def test_four_fifths_covered_is_enough(self):
        assert measured(nn(start_s=147.0))["baseline_hr"].value == pytest.approx(60, abs=0.01)
        assert measured(nn(start_s=150.0))["baseline_hr"].reason

    def test_it_starts_600_s_after_an_earlier_stressor_at_the_soonest(self):
        # onset - 300 is 600 s after the offset of the earlier one, or a second less
        rate = oracle.decay_rate(onset_s=1600, offset_s=1900)
        beats = oracle.nn_of(oracle.beats_of(lambda t: rate(t) + 5 * (t < 700), 2600.0))
        late = {**STRESS, "start": 1600.0, "end": 1900.0}
        for end, borrowed in ((700.0, False), (701.0, True)):
            earlier = {**STRESS, "end": end}
            row = recovery(beats, mark([earlier, late])).iloc[1]
            assert row["baseline_hr"] == pytest.approx(65 if borrowed else 60, abs=0.01)
            assert ("baseline of the session's first stressor" in row["flags"]) is borrowed

    def test_without_a_known_first_stressor_it_is_refused(self):
        episode = Episode("x", 400.0, 700.0, previous_offset_s=90.0)
        (result,) = recover(nn(), [episode])
        assert "10 s after an earlier stressor ended (600 s are needed)" in (
            result.measures["baseline_hr"].reason
        )

    def test_it_is_the_median_so_a_cough_does_not_move_it(self):
        points, rates = [0, 200, 205, 210, 399, 400, 700, 701], [60, 60, 110, 60, 60, 80, 80, 60]
        got = measured(stepped(points, rates))
        assert got["baseline_hr"].value == pytest.approx(60, abs=0.01)

    def test_many_corrected_beats_refuse_it_and_a_few_flag_it(self):
        few = nn(removed=[(a, a + 0.01) for a in np.arange(101.3, 339, 10)])
        (result,) = recover(few, mark([STRESS]))
        assert result.measures["baseline_hr"].value == pytest.approx(60, abs=0.01)
        assert result.flags == ("10 % of the beats of the baseline corrected",)

    def test_extra_detections_that_cover_no_time_still_count_as_corrected(self):
        rr_ms = np.tile([980.0, 10.0, 10.0], 1400)
        flag = np.tile([0, int(Flag.EXTRA), int(Flag.EXTRA)], 1400)
        rr = RRSeries.from_ms(rr_ms, flag=flag)
        kept, none = flag == 0, np.empty(0)
        joined = np.zeros(1400, bool)
        part = NNSeries(rr.rr_ms[kept], rr.t_s[kept], joined, none, none, rr, "test")
        reason = measured(part)["baseline_hr"].reason
        assert reason == (
            "67 % of the beats of the baseline were corrected, at most 20 % are allowed"
        )


class TestGate:
    def test_no_response_gives_no_recovery_and_says_why(self):
        got = measured(nn(rise=2.0))
        assert got["reactivity_hr"].value == pytest.approx(2, abs=0.01)
        for name in GATED:
            assert math.isnan(got[name].value)
            assert got[name].reason == ("no response (heart rate rose 2.0 bpm, 3.0 bpm are needed)")

    def test_residual_activation_and_levels_are_ungated(self):
        got = measured(nn(rise=2.0))
        for name in UNGATED:
            assert got[name].reason == "", name
        assert got["residual_hr"].value == pytest.approx(0.18, abs=0.02)

    def test_a_fall_under_stress_is_no_response(self):
        assert "rose -10.0 bpm" in measured(nn(rise=-10.0))["tau_hr_s"].reason

    def test_a_restless_baseline_raises_the_bar(self):
        wave = oracle.decay_rate(rise=8.0)
        beats = oracle.beats_of(lambda t: wave(t) + 8 * np.sin(2 * np.pi * t / 60), 1400.0)
        reason = measured(oracle.nn_of(beats))["tau_hr_s"].reason
        assert "no response" in reason  # s_B is about 1.4826 x 5.7 bpm

    def test_a_response_gone_by_the_end_of_stress_leaves_no_height_to_fall(self):
        times, rates = [0, 400, 401, 600, 640, 1400], [60, 60, 90, 90, 61, 61]
        got = measured(stepped(times, rates))
        assert got["reactivity_hr"].value > 10
        for name in ("recovered_60_hr", "t50_hr_s"):
            assert got[name].reason == (
                "at the end of stress heart rate is only 1.0 bpm above baseline "
                "(3.0 bpm are needed)"
            )


class TestShortStressor:
    def test_under_a_minute_it_has_no_ln_rmssd(self):
        beats = oracle.beats_of(oracle.decay_rate(offset_s=445.0), 1400.0, rsa_ms=lambda t: 30.0)
        got = measured(oracle.nn_of(beats), stress={**STRESS, "end": 445.0})
        assert "shorter than the 60 s" in got["reactivity_ln_rmssd"].reason
        assert got["reactivity_hr"].reason == ""

    def test_under_half_a_minute_it_has_no_level_at_its_end(self):
        got = measured(nn(offset_s=425.0), stress={**STRESS, "end": 425.0})
        assert got["t50_hr_s"].reason == "the stressor is shorter than 30 s"
        assert got["residual_hr"].reason == ""


class TestBoundedRecovery:
    @pytest.mark.parametrize("kind", ["stress", "motion"])
    def test_the_next_stressor_or_motion_refuses_what_needs_more(self, kind):
        got = measured(nn(), {"kind": kind, "start": 999.0, "end": 1100.0})
        why = "needs 300 s of recovery, but the next stressor or motion begins 299 s after this one"
        assert got["residual_hr"].reason == why
        assert got["residual_ln_rmssd"].reason == why
        assert got["recovered_300_hr"].reason == why
        assert got["recovered_60_hr"].reason == ""
        assert got["hrr60"].reason == ""
        for name in ("recovered_600_hr", "tau_hr_s", "auc_g_hr", "vagal_rebound_ln_rmssd"):
            assert "needs 600 s of recovery" in got[name].reason

    def test_exactly_300_s_are_enough_for_residual_activation(self):
        got = measured(nn(), {**STRESS, "start": 1000.0, "end": 1100.0})
        assert got["residual_hr"].value == pytest.approx(1.806, abs=0.02)

    def test_what_comes_after_the_next_stressor_is_not_looked_at(self):
        rate = oracle.decay_rate(tau_s=400.0)
        beats = oracle.nn_of(oracle.beats_of(lambda t: rate(t) - 40 * (t > 1000), 1400.0))
        got = measured(beats, {**STRESS, "start": 1000.0, "end": 1100.0})
        assert got["t50_hr_s"].censored
        assert got["time_to_baseline_hr_s"].censored

    def test_the_end_of_the_recording_bounds_it_too(self):
        got = measured(nn(stop_s=950.0))
        assert got["residual_hr"].reason.startswith("needs 300 s of recovery, but the recording")
        assert got["residual_hr"].reason.endswith("ends 249 s after the stressor")

    def test_a_recording_stopped_on_time_reaches_the_end(self):
        got = measured(nn(stop_s=1300.0))  # its last beat comes just before 600 s
        assert got["tau_hr_s"].value == pytest.approx(60, abs=0.5)
        assert got["auc_g_hr"].reason == ""

    def test_a_recording_that_ends_within_the_stressor_gives_a_row_of_reasons(self):
        row = recovery(nn(stop_s=500.0), mark([STRESS])).iloc[0]
        assert math.isnan(row["residual_hr"])
        assert row["baseline_hr"] == pytest.approx(60, abs=0.01)
        assert "the recording ends before the stressor does" in row["reason"]

    def test_a_recording_of_another_time_gives_a_row_of_reasons(self):
        row = recovery(nn(), mark([{**STRESS, "start": 50_000.0, "end": 50_300.0}])).iloc[0]
        assert row[[m.name for m in MEASURES]].isna().all()
        assert "beats cover 0 % of the baseline" in row["reason"]


class TestTimes:
    def test_an_instant_return_is_found_at_the_first_window(self):
        got = measured(stepped([0, 400, 400.1, 700, 700.1, 1400], [60, 60, 80, 80, 60, 60]))
        assert (got["t50_hr_s"].value, got["t50_hr_s"].censored) == (5.0, False)
        assert got["time_to_baseline_hr_s"].value == 30.0  # the centre of the first minute
        assert got["recovered_60_hr"].value == pytest.approx(100, abs=0.5)

    def test_an_overshoot_is_more_than_all_the_way_and_counts_as_back(self):
        got = measured(nn(level=50.0))
        assert got["recovered_300_hr"].value > 140
        assert not got["time_to_baseline_hr_s"].censored
        assert got["residual_hr"].value < 0

    def test_no_return_is_censored_at_the_last_time_looked_at(self):
        got = measured(stepped([0, 400, 401], [60, 60, 80]))
        assert (got["t50_hr_s"].value, got["t50_hr_s"].censored) == (565.0, True)
        baseline = got["time_to_baseline_hr_s"]
        assert (baseline.value, baseline.censored) == (570.0, True)
        assert got["recovered_600_hr"].value == pytest.approx(0, abs=0.5)

    def test_half_way_must_last_half_a_minute(self):
        dip = [0, 400, 401, 730, 735, 750, 755, 900, 901], [60, 60, 80, 80, 62, 62, 80, 80, 60]
        assert measured(stepped(*dip))["t50_hr_s"].value == pytest.approx(200, abs=10)

    def test_a_gap_that_hides_the_crossing_censors_at_its_start(self):
        whole = measured(nn(tau_s=120.0))["t50_hr_s"]
        hidden = measured(nn(tau_s=120.0, lost=[(760, 820)]))["t50_hr_s"]
        assert not whole.censored
        assert hidden.censored
        assert hidden.value < whole.value
        assert hidden.value >= 50  # nothing before the gap was half-way back

    def test_a_gap_that_hides_nothing_changes_nothing(self):
        whole = measured(nn())["t50_hr_s"]
        assert measured(nn(lost=[(900, 950)]))["t50_hr_s"] == whole

    def test_a_recovery_full_of_gaps_is_refused(self):
        got = measured(nn(lost=[(720, 800), (850, 950)]))
        assert got["t50_hr_s"].reason == "beats cover 70 % of the recovery, 80 % are needed"


class TestGaps:
    def test_the_residual_needs_four_fifths_of_its_span(self):
        assert measured(nn(lost=[(800, 845)]))["residual_hr"].reason == ""
        reason = measured(nn(lost=[(800, 850)]))["residual_hr"].reason
        assert reason == "beats cover 79 % of 60–300 s after the stressor, 80 % are needed"

    def test_a_gap_over_a_minute_refuses_the_areas(self):
        assert measured(nn(lost=[(900, 945)]))["auc_i_hr"].reason == ""
        reason = measured(nn(lost=[(900, 965)]))["auc_i_hr"].reason
        assert reason.startswith("a gap of")
        assert reason.endswith("60 s are allowed")

    def test_beats_missing_at_an_end_refuse_the_areas(self):
        reason = measured(nn(lost=[(699, 709)]))["auc_g_hr"].reason
        assert reason == "beats are missing at an end of the recovery"

    def test_a_first_minute_with_holes_has_no_slope(self):
        assert "the first minute" in measured(nn(lost=[(715, 730)]))["slope_hr_bpm_min"].reason

    def test_poor_coverage_is_flagged_by_phase(self):
        (result,) = recover(nn(lost=[(420, 500), (900, 1100)]), mark([STRESS]))
        assert [f.split(" ")[3] for f in result.flags if f.startswith("coverage")] == [
            "stressor",
            "recovery",
        ]

    def test_a_recording_without_one_normal_beat_gives_reasons_only(self):
        rr = RRSeries.from_ms(np.full(1500, 900.0), flag=np.full(1500, int(Flag.ARTEFACT)))
        none = np.empty(0)
        empty = NNSeries(none, none, np.empty(0, bool), none, none, rr, "test")
        row = recovery(empty, mark([STRESS])).iloc[0]
        assert row[[m.name for m in MEASURES]].isna().all()


def test_doubtful_timing_is_flagged():
    base = nn().rr
    flag = base.flag.copy()
    flag[[800, 810]] = Flag.SUSPECT
    rr = RRSeries(base.rr_ms, base.t_s, flag)
    joined = np.arange(len(rr)) > 0
    none = np.empty(0)
    (result,) = recover(NNSeries(rr.rr_ms, rr.t_s, joined, none, none, rr, "x"), mark([STRESS]))
    assert result.flags == ("2 interval(s) with doubtful timing",)


def test_flags_of_the_episode_are_carried():
    walk = {"kind": "motion", "phase": "walk", "start": 200.0, "end": 250.0}
    (result,) = recover(nn(), mark([STRESS, walk]))
    assert result.flags == ("motion (walk) within 5 min before it",)


def test_longer_recovery_windows_are_the_callers_choice():
    settings = RecoverySettings(baseline_from_s=-200.0)
    row = recovery(nn(start_s=190.0), mark([STRESS]), settings).iloc[0]
    assert row["baseline_hr"] == pytest.approx(60, abs=0.01)
