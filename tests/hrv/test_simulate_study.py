"""The sample study's design, truth and mishaps, over many seeds."""

from collections import Counter
from itertools import product
from math import exp, log

import numpy as np
import pytest
from scipy.stats import chisquare

from hrv.clean import clean
from hrv.errors import InputError
from hrv.recovery import recovery
from hrv.schedule import longest_run, schedules
from hrv.simulate import Effect, Person, Protocol, Spread, sample_study
from hrv.simulate.days import draw_test_days, effect_share
from hrv.simulate.expected import expected_effects
from hrv.simulate.study import draw_order, truth_record
from hrv.types import Flag


@pytest.fixture(scope="module")
def study():
    return sample_study(1)


def test_eight_blocks_have_34_orders():
    orders = schedules(8, max_run=2)
    brute = {
        order
        for order in product(("off", "on"), repeat=8)
        if order.count("on") == 4 and longest_run(order) <= 2
    }
    assert len(orders) == 34
    assert set(orders) == brute


def test_other_schedules():
    assert schedules(2) == (("off", "on"), ("on", "off"))
    assert len(schedules(8, max_run=8)) == 70
    assert schedules(4, max_run=1, conditions=("A", "B")) == (tuple("ABAB"), tuple("BABA"))
    for wrong in (3, 0, 22):
        with pytest.raises(InputError, match="halved"):
            schedules(wrong)
    with pytest.raises(InputError, match="runs"):
        schedules(4, max_run=0)


def test_every_order_is_drawn_equally_often():
    orders = schedules(8)
    drawn = Counter(draw_order(seed, orders) for seed in range(3400))
    assert set(drawn) == set(orders)
    assert chisquare(list(drawn.values())).pvalue > 0.001


@pytest.mark.parametrize("seed", range(30))
def test_every_block_has_its_five_days_outside_the_washin(seed):
    order = schedules(8)[seed]
    days = draw_test_days(seed, order, Protocol(), Person(), Effect())
    settled = Counter(d.block for d in days if d.day % 7 >= 2)
    assert settled == dict.fromkeys(range(1, 9), 5)
    assert len({d.day for d in days}) == len(days)
    assert 40 < len(days) <= 56
    for d in days:
        if d.day % 7 >= 2:
            assert d.share == float(d.condition == "on")
    spoiled = [d for d in days if "most of recovery" in d.mishap]
    assert len(spoiled) == 1
    assert spoiled[0].day % 7 < 2


def test_the_effect_comes_and_goes_over_two_days():
    order = ("on", "off", "off", "on", "on", "off", "on", "off")
    share = [effect_share(order, Protocol(), day) for day in (0, 1, 2, 6.9, 7, 8, 9, 14, 21.5, 28)]
    assert share == [0, 0.5, 1, 1, 1, 0.5, 0, 0, 0.25, 1]


def test_what_the_analysis_sees_covers_the_residual_on_every_needed_day(study):
    for session in study.sessions:
        if session.test.day % 7 < 2:
            continue
        begin = session.truth.stressors[0].offset_s + 60.0
        inside = (session.rr.begin_s >= begin) & (session.rr.t_s <= begin + 240.0)
        clean = session.truth.flag & ~np.uint16(Flag.GAP) == 0
        assert session.rr.rr_ms[inside & clean].sum() > 0.8 * 240_000, session.name


def test_the_day_that_may_be_spoiled_is(study):
    (session,) = [s for s in study.sessions if "most of recovery" in s.test.mishap]
    begin = session.truth.stressors[0].offset_s + 60.0
    inside = (session.rr.begin_s >= begin) & (session.rr.t_s <= begin + 240.0)
    assert session.rr.rr_ms[inside].sum() < 0.3 * 240_000


def test_true_baseline_and_residual_match_the_beats(study):
    errors = []
    for session in study.sessions:
        if session.test.mishap:
            continue
        stressor, heart_s = session.truth.stressors[0], session.truth.heart_s

        def rate(begin, end, beats=heart_s):
            return 60.0 * np.count_nonzero((beats >= begin) & (beats < end)) / (end - begin)

        baseline = rate(stressor.onset_s - 300, stressor.onset_s - 60)
        after = rate(stressor.offset_s + 60, stressor.offset_s + 300)
        errors.append((after - baseline) - session.truth.residual_hr_bpm[0])
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(len(errors))
    assert np.std(errors) < 2.5


def test_cleaning_and_recovery_find_the_true_residual_of_every_needed_day(study):
    errors = []
    for session in study.sessions:
        if session.test.day % 7 >= 2:
            measured = recovery(clean(session.rr), list(session.episodes))["residual_hr"].iloc[0]
            errors.append(measured - session.truth.residual_hr_bpm[0])
    assert len(errors) == 40
    assert np.isfinite(errors).all()
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(40)
    assert np.std(errors) < 1.0


def test_the_true_effect_is_the_mean_over_many_drawn_days():
    protocol = Protocol(n_blocks=8, block_days=400)
    order = ("off", "on", "off", "on", "on", "off", "on", "off")
    residual = {"off": [], "on": []}
    tau = {"off": [], "on": []}
    for seed in range(8):
        for day in draw_test_days(seed, order, protocol, Person(), Effect()):
            if day.share in (0.0, 1.0):
                t = np.linspace(60.0, 300.0, 49)
                height = day.stressor.delta_hr_bpm * np.exp(-t / day.stressor.tau_hr_s)
                residual[day.condition].append(np.trapezoid(height, t) / 240.0)
                tau[day.condition].append(day.stressor.tau_hr_s)
    truth = expected_effects(Person(), Effect())
    found = np.mean(residual["on"]) - np.mean(residual["off"])
    assert truth["residual_hr"] == pytest.approx(-0.54, abs=0.005)
    assert found == pytest.approx(truth["residual_hr"], abs=0.05)
    assert np.mean(tau["on"]) - np.mean(tau["off"]) == pytest.approx(truth["tau_hr_s"], abs=1.2)
    assert np.median(np.log(tau["on"])) == pytest.approx(log(60 * 0.8), abs=0.02)


def test_a_null_effect_is_a_true_null():
    null = Effect(0.0, 0.0, 0.0, 0.0, 0.0)
    assert set(expected_effects(Person(), null).values()) == {0.0}
    one, other = (
        draw_test_days(3, order, Protocol(), Person(), null) for order in schedules(8)[:2]
    )
    assert [d.stressor for d in one] == [d.stressor for d in other]
    assert [d.heart for d in one] == [d.heart for d in other]


def test_the_treatment_changes_only_what_it_should():
    order = ("off", "on") * 4
    plain = draw_test_days(3, order, Protocol(), Person(), Effect(0.0, 0.0, 0.0, 0.0, 0.0))
    treated = draw_test_days(3, order, Protocol(), Person(), Effect())
    for a, b in zip(plain, treated, strict=True):
        assert b.stressor.delta_hr_bpm == a.stressor.delta_hr_bpm
        assert b.stressor.tau_hr_s == pytest.approx(a.stressor.tau_hr_s * 0.8**b.share)
        assert b.stressor.tau_vagal_s == pytest.approx(a.stressor.tau_vagal_s * 0.8**b.share)
        assert exp(b.heart.ln_gain - a.heart.ln_gain) == pytest.approx(1.1**b.share)
        assert b.heart.hr_bpm == a.heart.hr_bpm


def test_days_resemble_their_neighbours_as_stated():
    person = Person(day_hr_bpm=Spread(2.5, 0.7))
    days = draw_test_days(
        1, ("off", "on") * 4, Protocol(block_days=500, washin_days=0.0), person, Effect()
    )
    level = np.array([d.heart.hr_bpm for d in days])
    assert level.std() == pytest.approx(2.5, rel=0.1)
    assert np.corrcoef(level[1:], level[:-1])[0, 1] == pytest.approx(0.7, abs=0.05)


def test_the_papers_hold_what_they_should(study):
    doses, outcomes, phases = study.doses, study.outcomes, study.phases
    assert len(doses) == 28
    assert (doses["status"] == "missed").sum() == 1
    assert (doses["basis"] == "unknown").sum() == 1
    assert set(doses["amount"]) == {300}
    for time in doses["time"]:
        within = (phases["start"] <= time) & (time < phases["stop"])
        assert phases.loc[within, "condition"].tolist() == ["on"]
    counts = outcomes["name"].value_counts()
    assert (counts["sleep_quality"], counts["gad7"]) == (56, 8)
    assert outcomes.loc[outcomes["name"] == "gad7", "value"].between(0, 21).all()
    assert outcomes.loc[outcomes["name"] == "sleep_quality", "value"].between(0, 10).all()
    assert len(study.events) == 3 * len(study.sessions)


def test_blocks_last_seven_local_days_through_the_change_of_the_clocks(study):
    assert study.phases["start"].iloc[1:].tolist() == study.phases["stop"].iloc[:-1].tolist()
    hours = (study.phases["stop"] - study.phases["start"]).dt.total_seconds() / 3600
    assert hours.tolist() == [168, 168, 168, 167, 168, 168, 168, 168]
    assert {t.hour for t in study.phases["start"]} == {0}
    assert {s.rr.start.utcoffset().total_seconds() for s in study.sessions} == {3600, 7200}


def test_sessions_carry_their_stressor(study):
    for session in study.sessions:
        (episode,) = session.episodes
        onset_s = episode.onset_s + episode.seconds_after(session.rr.start)
        assert onset_s == session.truth.stressors[0].onset_s
        assert session.rr.duration_s == pytest.approx(1320.0, abs=60.0)


def test_same_seed_same_study():
    one, other = sample_study(2), sample_study(2)
    assert truth_record(one) == truth_record(other)
    for a, b in zip(one.sessions, other.sessions, strict=True):
        np.testing.assert_array_equal(a.rr.rr_ms, b.rr.rr_ms)
    assert truth_record(one)["sessions"][0] != truth_record(sample_study(3))["sessions"][0]
