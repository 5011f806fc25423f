"""Plans: what they refuse, what they draw, what their hash covers, what they can detect."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from simulate_days import Truth, person

from hrv.errors import InputError, NotComputableError
from hrv.plan import Layout, Plan, Variation, draw, learn, new_key, simulate
from hrv.plan.draw import CODES
from hrv.plan.proposal import layout_of, looks_of, propose
from hrv.plan.substances import kind_of

FIRST = date(2026, 12, 7)


def plan(**changed) -> Plan:
    declared = {
        "substance": "magnesium glycinate", "direction": "lower", "start_reason": "planned",
        "first_day": FIRST, "tz": "Europe/Berlin",
    }  # fmt: skip
    return Plan(**{**declared, **changed})


def test_magnesium_gets_eight_blocks_of_fourteen_days_because_it_washes_in_for_seven():
    chosen = plan()
    assert (chosen.n_blocks, chosen.days, chosen.washin) == (8, 14, 7)
    assert len(chosen.orders) == 34
    assert chosen.total_days == 4 + 8 * 14
    assert any("weeks to months" in note for note in chosen.kind.notes)


def test_another_substance_gets_eight_weeks():
    chosen = plan(substance="ashwagandha")
    assert (chosen.n_blocks, chosen.days, chosen.washin) == (8, 7, 2)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"pairwise": True}, "only 16 possible orders"),
        ({"n_blocks": 4}, "only 6 ways"),
        ({"n_blocks": 6}, "only 14 ways"),
        ({"n_blocks": 7}, "7 blocks cannot be halved"),
        ({"block_days": 7}, "at least 5 are needed; plan blocks of 14 days"),
        ({"direction": "better"}, "direction 'better' is not known"),
        ({"start_reason": ""}, "start reason '' is not known"),
        ({"substance": "sertraline"}, "does not come and go within weeks"),
        ({"substance": "CBT"}, "does not come and go within weeks"),
        ({"substance": " "}, "needs the name of what is started"),
        ({"comparator": "nothing"}, "comparator 'nothing' is not known"),
        ({"looks": (4, 4)}, "in order and each once"),
        ({"looks": (1,)}, "name blocks from 2 to 8"),
        ({"method": "t test"}, "no method is called 't test'"),
        ({"subjects": ("A", "A")}, "two people have the same name"),
        ({"familiarisation": -1}, "number of familiarisation tests -1"),
    ],
)
def test_a_plan_that_could_not_answer_is_refused_in_one_sentence(changed, why):
    with pytest.raises(InputError, match=why) as refused:
        plan(**changed)
    assert "\n" not in str(refused.value)


def test_the_same_seed_draws_the_same_schedule_and_the_same_hash():
    one, other = (propose(plan(), draw(plan(), 7)) for _ in range(2))
    assert one.schedule.drawn == other.schedule.drawn
    assert one.sha256 == other.sha256
    assert any(propose(plan(), draw(plan(), s)).sha256 != one.sha256 for s in range(8, 12))


def test_every_order_is_drawn_about_as_often_as_any_other():
    chosen = plan(subjects=tuple(f"P{k}" for k in range(3400)))
    drawn = draw(chosen, 1).drawn.values()
    counts = pd.Series(["".join(o) for o in drawn]).value_counts()
    assert len(counts) == 34
    chi2 = float(((counts - 100) ** 2 / 100).sum())
    assert chi2 < 63.9  # 99.9 % point of chi-square with 33 degrees of freedom


def test_blocks_begin_at_local_midnight_also_where_clocks_change():
    phases = draw(plan(), 1).phases
    assert all(t.hour == t.minute == 0 for t in phases["stop"])
    assert len({t.utcoffset() for t in phases["stop"]}) == 2
    assert (phases["start"][1:].to_numpy() == phases["stop"][:-1].to_numpy()).all()


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "residual_ln_rmssd"}, {"direction": "higher"}, {"swc": 1.0},
        {"cleaner": "malik"}, {"washin_days": 8.0}, {"method": "block_means"},
        {"familiarisation": 3}, {"secondary": ("gad7",)}, {"looks": (4,)},
        {"start_reason": "other"}, {"spending": "pocock"},
    ],
    ids=str,
)  # fmt: skip
def test_the_hash_covers_everything_that_is_declared(changed):
    before = propose(plan(), draw(plan(), 1)).sha256
    after = plan(**changed)
    assert propose(after, draw(after, 1)).sha256 != before


def test_a_blinded_schedule_speaks_of_codes_and_its_hash_commits_to_the_key():
    chosen = plan(comparator="placebo")
    key, other = new_key(chosen), new_key(chosen)
    blinded = draw(chosen, 3, key)
    assert set(blinded.phases["condition"]) == set(CODES)
    assert blinded.drawn == draw(chosen, 3, other).drawn  # the seed says nothing of the key
    assert propose(chosen, blinded).sha256 != propose(chosen, draw(chosen, 3, other)).sha256
    meanings = {tuple(new_key(chosen).codes.items()) for _ in range(40)}
    assert len(meanings) == 2


def test_nobody_is_blind_to_taking_nothing():
    with pytest.raises(InputError, match="nobody is blind to taking nothing"):
        draw(plan(), 1, new_key(plan()))


def test_the_order_of_the_subjects_does_not_decide_who_gets_what_twice():
    chosen = plan(subjects=("P1", "P2", "P3", "P4", "P5", "P6"))
    assert len(set(draw(chosen, 1).drawn.values())) > 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Magnesium glycinate", "magnesium"), ("CBT", "psychotherapy"), ("steak", "other"),
        ("green tea", "caffeine"), ("sertraline 50 mg", "antidepressant"), ("", "other"),
        ("paced breathing", "breathing"),
    ],
)  # fmt: skip
def test_kinds_are_recognised_by_the_beginnings_of_words(name, kind):
    assert kind_of(name).name == kind


def test_looks_end_with_the_planned_end():
    looks = looks_of(plan(looks=(4, 6)))
    assert [k.after_block for k in looks] == [4, 6, 8]
    assert looks[-1].name == "planned end"
    assert looks[0].level > looks[1].level > looks[2].level > 0.95
    assert looks_of(plan())[0].level == pytest.approx(0.95, abs=1e-9)


# --- what a plan can detect

TYPICAL = Variation(0.18, 0.3, 0.25, 0.15, source="test", known_unit=True)


@pytest.mark.parametrize(("days", "published"), [(7, 23), (14, 16)], ids=["8x7", "8x14"])
def test_detectable_differences_agree_with_simulations_of_the_whole_pipeline(days, published):
    orders = tuple(tuple(c == "on" for c in o) for o in plan(substance="x").orders)
    power = simulate(Layout("", orders, days, 0, drawn=True), TYPICAL, tests_a_day=6, n=120)
    percent = 100 * math.expm1(power.detectable())
    assert percent == pytest.approx(published, rel=0.2)  # figures of an earlier simulation
    assert power.at(0.0) < 0.1


def test_power_grows_with_the_difference_and_shrinks_with_the_noise():
    layout = layout_of(plan(substance="x"))
    quiet = simulate(layout, TYPICAL, n=60)
    assert quiet.at(0.1) <= quiet.at(0.2) <= quiet.at(0.4)
    noisy = simulate(layout, replace(TYPICAL, day_sd=0.36, within_sd=0.5), n=60)
    assert noisy.detectable() == pytest.approx(2 * quiet.detectable(), rel=1e-6)


def test_a_design_that_the_method_refuses_detects_nothing():
    layout = Layout("", ((False, True),), 6, 0, drawn=False)
    assert math.isinf(simulate(layout, TYPICAL, n=20).detectable())


def test_a_run_in_gives_back_the_variation_it_was_made_from():
    truth = Truth(phi=0.4, day_sd=0.2, within_sd=0.3, per_day=4, circadian=0, weekend=0)
    found = [learn(person(("off",), 84, truth, np.random.default_rng(seed))) for seed in range(12)]
    assert np.mean([v.day_sd for v in found]) == pytest.approx(0.2, rel=0.12)
    assert np.mean([v.within_sd for v in found]) == pytest.approx(0.3, rel=0.06)
    assert np.mean([v.phi for v in found]) == pytest.approx(0.4, abs=0.12)
    assert found[0].missing == pytest.approx(0.15, abs=0.1)


def test_a_short_run_in_assumes_the_correlation_and_says_how_little_it_knows():
    observations = person(("off",), 14, Truth(per_day=1), np.random.default_rng(1))
    found = learn(observations)
    assert found.phi == 0.3
    low, high = found.uncertainty()
    assert low < 1 < high
    assert high / low > 1.4


def test_a_run_in_of_three_days_is_refused():
    with pytest.raises(NotComputableError, match="at least 7 are needed"):
        learn(person(("off",), 4, Truth(missing_days=0), np.random.default_rng(1)))
