"""`hrv.compare`: what goes in, what is refused or flagged, and what never changes the answer."""

import itertools
import json
import math
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from simulate_days import FIRST_DAY, Truth, allowed_orders, person, phases_of

from hrv.compare import METHODS, CompareSettings, compare, washin_days
from hrv.compare.base import Design
from hrv.compare.design import validate
from hrv.errors import InputError

ORDERS = allowed_orders()
ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")
NAMES = [m.name for m in METHODS if m.clock and m.infers and m.people != "several"]


def eight_by_seven(seed=1, *, randomised=True, **truth):
    rng = np.random.default_rng(seed)
    table = person(ORDER, 7, Truth(**{"effect": 0.18, "phi": 0.3, **truth}), rng)
    return table, phases_of(ORDER, 7, randomised=randomised)


def before_after(days=28, seed=1, **truth):
    rng = np.random.default_rng(seed)
    table = person(("off", "on"), days, Truth(**{"phi": 0.3, **truth}), rng)
    return table, phases_of(("off", "on"), days)


def group(people, seed=1, effect=0.2):
    tables, phases = [], []
    for k in range(people):
        rng = np.random.default_rng([seed, k])
        tables.append(person(ORDER, 7, Truth(effect=effect), rng).assign(subject=f"P{k}"))
        phases.append(phases_of(ORDER, 7).assign(subject=f"P{k}"))
    return pd.concat(tables, ignore_index=True), pd.concat(phases, ignore_index=True)


def why(result):
    assert result.refused
    assert math.isnan(result.low)
    assert math.isnan(result.high)
    assert result.verdict == "refused"
    return result.refusals[0].why


# --- the answer ---------------------------------------------------------------------------


def test_finds_a_large_difference_and_says_it_in_percent():
    outcomes, phases = eight_by_seven(effect=0.6, phi=0.0)
    result = compare(
        outcomes, phases, scale="log", direction="higher", swc=0.1, outcome="ln_rmssd",
        randomisation=ORDERS,
    )  # fmt: skip
    assert result.verdict == "higher"
    assert result.low < 0.6 < result.high
    assert result.percent == pytest.approx(100 * math.expm1(result.estimate))
    assert result.percent_low == pytest.approx(100 * math.expm1(result.low))
    assert result.sentence.startswith("RMSSD was ")
    assert "the direction declared beforehand as better" in result.sentence
    assert "drawn at random" in result.sentence


def test_percent_is_that_of_a_logarithm_unless_the_scale_is_said_to_be_linear():
    outcomes, phases = eight_by_seven(effect=0.6, phi=0.0)
    open_, linear = compare(outcomes, phases), compare(outcomes, phases, scale="linear")
    assert open_.percent == pytest.approx(100 * math.expm1(open_.estimate))
    assert open_.sentence == linear.sentence
    assert "%" not in open_.sentence.replace("95 % interval", "")
    assert all(map(math.isnan, (linear.percent, linear.percent_low, linear.percent_high)))
    large = compare(outcomes.assign(value=outcomes["value"] * 1e5), phases)
    assert large.percent == math.inf
    by_order = compare(outcomes, phases, method="randomisation", randomisation=ORDERS)
    assert math.isnan(by_order.percent_low)


@pytest.mark.parametrize("name", NAMES)
def test_swapping_the_labels_flips_the_sign(name):
    outcomes, phases = eight_by_seven()
    swapped = phases.assign(condition=phases["condition"].map({"on": "off", "off": "on"}))
    one = compare(outcomes, phases, method=name, washin="2d", randomisation=ORDERS)
    other = compare(outcomes, swapped, method=name, washin="2d", randomisation=ORDERS)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-9)
    if name != "randomisation":  # its interval needs more orders than these
        assert one.low == pytest.approx(-other.high, abs=1e-9)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_and_the_zone_of_phases_do_not_matter(name):
    outcomes, phases = eight_by_seven()
    mixed = outcomes.sample(frac=1, random_state=3)
    in_utc = phases.assign(
        start=phases["start"].dt.tz_convert("UTC"), stop=phases["stop"].dt.tz_convert("UTC")
    ).sample(frac=1, random_state=4)
    one = compare(outcomes, phases, method=name, randomisation=ORDERS)
    other = compare(mixed, in_utc, method=name, randomisation=ORDERS)
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_shifting_and_scaling_the_outcome(name):
    outcomes, phases = eight_by_seven()
    moved = outcomes.assign(value=50 + 30 * outcomes["value"])
    one = compare(outcomes, phases, method=name, randomisation=ORDERS)
    other = compare(moved, phases, method=name, randomisation=ORDERS)
    assert other.estimate == pytest.approx(30 * one.estimate, rel=1e-7)
    assert other.swc == pytest.approx(30 * one.swc, rel=1e-6)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6, nan_ok=True)


def test_a_linear_drift_does_not_pass_for_a_difference():
    outcomes, phases = before_after(trend_per_day=0.03)
    still, _ = before_after()
    with_trend, without = compare(outcomes, phases), compare(outcomes, phases, trend=False)
    assert with_trend.estimate == pytest.approx(compare(still, phases).estimate, abs=1e-6)
    assert abs(without.estimate) > 0.5


def test_measuring_at_other_hours_does_not_pass_for_a_difference():
    rng = np.random.default_rng(7)
    order = ("off", "on")
    outcomes = person(order, 28, Truth(circadian=1.0, day_sd=0.05, missing_days=0.0), rng)
    hour = outcomes["time"].dt.hour
    on = outcomes["time"] >= FIRST_DAY + pd.Timedelta(days=28)
    assert on.mean() == 0.5
    shifted = outcomes[(on & (hour >= 13)) | (~on & (hour < 13))]
    result = compare(shifted, phases_of(order, 28))
    naive = shifted["value"][on].mean() - shifted["value"][~on].mean()
    assert abs(naive) > 0.5
    assert result.low < 0 < result.high
    assert abs(result.estimate) < 0.25


def test_with_four_phases_the_estimate_without_trend_is_shown_beside():
    outcomes, phases = eight_by_seven()
    result = compare(outcomes, phases)
    bare = compare(outcomes, phases, trend=False)
    assert result.details["without_trend"]["estimate"] == pytest.approx(bare.estimate, abs=1e-6)
    assert bare.details["with_trend"]["estimate"] == pytest.approx(result.estimate, abs=1e-6)


def test_a_covariate_that_explains_the_days_sharpens_the_answer():
    outcomes, phases = eight_by_seven(seed=3)
    day = outcomes["time"].dt.dayofyear.to_numpy()
    sleep = np.random.default_rng(5).normal(size=400)[day]
    outcomes = outcomes.assign(value=outcomes["value"] + 0.5 * sleep, sleep=sleep)
    adjusted = compare(outcomes, phases)
    bare = compare(outcomes, phases, covariates=())
    assert adjusted.details["coefficients"]["sleep"] == pytest.approx(0.5, abs=0.15)
    assert adjusted.high - adjusted.low < 0.5 * (bare.high - bare.low)


def test_a_covariate_that_varies_within_days_is_learned_there():
    outcomes, phases = eight_by_seven(seed=3)
    posture = np.random.default_rng(5).integers(0, 2, len(outcomes))
    moved = outcomes.assign(value=outcomes["value"] + 0.8 * posture, posture=posture)
    adjusted = compare(moved, phases)
    assert "posture" in adjusted.details["learned_within_days"]
    # one more coefficient is estimated, so not exactly but nearly the answer without posture
    assert adjusted.estimate == pytest.approx(compare(outcomes, phases).estimate, abs=0.02)


def test_settings_and_details_are_plain_and_say_everything():
    outcomes, phases = eight_by_seven()
    for name in NAMES:
        result = compare(outcomes, phases, method=name, washin="2d", randomisation=ORDERS)
        assert result.settings["washin_days"] == 2
        assert result.settings["conditions"] == ["off", "on"]
        json.dumps([result.settings, result.details])


def test_settings_may_come_as_one_value_and_single_ones_override_it():
    outcomes, phases = eight_by_seven()
    base = CompareSettings(washin_days=2, swc=0.3, direction="higher")
    result = compare(outcomes, phases, settings=base, direction="lower")
    assert result.settings["washin_days"] == 2
    assert (result.swc, result.settings["direction"]) == (0.3, "lower")


def test_detectable_difference_explains_but_never_gates():
    outcomes, phases = before_after(days=14)
    result = compare(outcomes, phases)
    assert result.details["mde80"] > 3 * result.details["standard_error"]
    assert not result.refused


# --- which observations count ----------------------------------------------------------------


def test_every_observation_left_out_is_counted_with_its_reason():
    outcomes, phases = eight_by_seven(missing_days=0.0)
    late = outcomes["time"].max() + pd.Timedelta(days=3)
    extra = pd.DataFrame({"time": [late], "value": [1.0]})
    outcomes.loc[[0, 1, 2], "value"] = np.nan
    result = compare(pd.concat([outcomes, extra], ignore_index=True), phases, washin="2d")
    counts = result.details["counts"]
    assert counts["off"]["left_out"]["no value"] == 3
    assert counts["outside"]["left_out"] == {"outside every phase": 1}
    # the order changes into "on" before blocks 2, 5, 8 and into "off" before 4, 6
    assert counts["on"]["left_out"] == {"in the wash-in after a change": 3 * 2 * 6}
    assert counts["off"]["left_out"]["in the wash-in after a change"] == 2 * 2 * 6
    for row in counts.values():
        assert row["observations"] == row["used"] + sum(row["left_out"].values())


def test_a_day_that_holds_both_conditions_is_left_out():
    outcomes, phases = before_after(missing_days=0.0)
    noon = pd.Timedelta(hours=15)
    moved = phases.assign(start=phases["start"] + noon, stop=phases["stop"] + noon)
    result = compare(outcomes, moved)
    left_out = [row["left_out"] for row in result.details["counts"].values()]
    assert any("on a day that holds both conditions" in reasons for reasons in left_out)


def test_parts_of_one_block_interrupted_by_a_pause_stay_one_block():
    outcomes, phases = eight_by_seven()
    first = phases.iloc[[0]]
    pause = first["start"].iloc[0] + pd.Timedelta(days=3)
    parts = pd.concat(
        [first.assign(stop=pause), first.assign(start=pause + pd.Timedelta(hours=8)), phases[1:]]
    ).assign(block=[1, 1, 2, 3, 4, 5, 6, 7, 8])
    assert len(compare(outcomes, parts).details["blocks"]) == 8


def test_days_are_those_of_the_wall_clock():
    late = pd.Timestamp("2026-01-05 23:30", tz="America/New_York")
    outcomes = pd.DataFrame({"time": [late, late + pd.Timedelta(hours=1)], "value": [1.0, 2.0]})
    design = validate(outcomes, phases_of(("off", "on"), 7), settings=CompareSettings())
    assert design.outcomes["day"].diff().iloc[1] == 1
    assert design.outcomes["hour"].tolist() == [23.5, 0.5]


def test_blocks_are_counted_in_whole_days_when_clocks_change_or_phases_end_at_2359():
    order = ("off", "on") * 4
    outcomes = person(order, 7, Truth(missing_days=0.0), np.random.default_rng(1))
    shift = pd.Timedelta(days=57)  # the clocks change in the last block
    local = (outcomes["time"].dt.tz_localize(None) + shift).dt.tz_localize("Europe/Berlin")
    edges = [(FIRST_DAY.tz_localize(None) + shift + pd.Timedelta(days=7 * k)) for k in range(9)]
    edges = [edge.tz_localize("Europe/Berlin") for edge in edges]
    last = pd.Timedelta(minutes=1)
    phases = pd.DataFrame(
        {"start": edges[:-1], "stop": [e - last for e in edges[1:]], "condition": list(order)}
    )
    assert any(b - a != pd.Timedelta(days=7) for a, b in itertools.pairwise(edges))
    blocks = compare(outcomes.assign(time=local), phases, washin="2d").details["blocks"]
    assert [block["planned_days"] for block in blocks] == [7] + [5] * 7
    assert all(block["complete"] for block in blocks)


# --- refusals: each one sentence a participant understands -----------------------------------


def test_refuses_five_days_a_phase():
    outcomes, phases = before_after(days=5, missing_days=0.0)
    result = compare(outcomes, phases)
    assert why(result) == "'off' has 5 days with a usable value and at least 7 are needed"
    assert result.sentence == f"There is no answer for value: {why(result)}."


def test_refuses_blocks_of_four_days():
    order = ("off", "on") * 2
    rng = np.random.default_rng(1)
    outcomes = person(order, 4, Truth(missing_days=0.0), rng)
    assert "no complete blocks" in why(compare(outcomes, phases_of(order, 4)))


def test_refuses_a_wash_in_that_leaves_too_little_of_each_block():
    order = ("off", "on") * 4
    outcomes = person(order, 7, Truth(missing_days=0.0), np.random.default_rng(1))
    phases = phases_of(order, 7)
    assert not compare(outcomes, phases, washin="2d").refused
    assert "complete block" in why(compare(outcomes, phases, washin="3d"))
    assert "7 are needed" in why(compare(outcomes, phases, washin="7d"))


def test_a_block_of_few_days_stays_in_the_day_model_but_not_in_the_block_means():
    outcomes, phases = eight_by_seven(missing_days=0.0)
    day = (outcomes["time"] - FIRST_DAY).dt.days
    thin = outcomes[(day < 42) | (day > 45)]  # block 7 keeps 3 days
    result = compare(thin, phases)
    assert any("1 of 8 blocks are incomplete (number 7)" in flag for flag in result.flags)
    assert 7 in result.details["days"]["block"]
    by_block = compare(thin, phases, method="block_means")
    assert 7 not in by_block.details["block_means"]["block"]
    assert by_block.df == 7 - 3


def test_refuses_block_means_of_a_single_change():
    outcomes, phases = before_after()
    result = compare(outcomes, phases, method="block_means")
    assert "1 complete block" in why(result)


def test_refuses_a_randomisation_test_without_a_log_and_says_so():
    outcomes, phases = eight_by_seven()
    result = compare(outcomes, phases, method="randomisation")
    assert why(result) == "no randomisation was logged beforehand"
    assert any("no randomisation was logged" in flag for flag in compare(outcomes, phases).flags)


def test_refuses_fewer_than_twenty_possible_orders():
    outcomes, phases = eight_by_seven()
    few = [ORDER, *[order for order in ORDERS if order != ORDER][:18]]
    result = compare(outcomes, phases, method="randomisation", randomisation=few)
    assert why(result) == "only 19 orders were possible and at least 20 are needed"
    many = [ORDER, *[order for order in ORDERS if order != ORDER][:19]]
    assert not compare(outcomes, phases, method="randomisation", randomisation=many).refused


def test_refuses_a_covariate_that_went_together_with_the_condition():
    outcomes, phases = eight_by_seven()
    condition = compare(outcomes, phases).details["days"]
    second = dict(zip(condition["date"], condition["second_condition"], strict=True))
    on = [second[str(t.date())] for t in outcomes["time"]]
    result = compare(outcomes.assign(therapy=np.array(on, dtype=float)), phases)
    assert "therapy went together" in why(result)
    assert "combined" in why(result)


@pytest.mark.parametrize("name", NAMES)
def test_refuses_an_outcome_that_never_varies(name):
    outcomes, phases = eight_by_seven()
    result = compare(outcomes.assign(value=1.0), phases, method=name, randomisation=ORDERS)
    assert "do not vary" in why(result)


@pytest.mark.parametrize("name", ["block_means", "randomisation"])
def test_refuses_several_people_where_a_method_is_for_one(name):
    outcomes, phases = group(2)
    result = compare(outcomes, phases, method=name, randomisation=ORDERS)
    assert "for one person and there are 2" in why(result)
    assert "paired" in why(result)


def test_refuses_a_group_of_four():
    outcomes, phases = group(4)
    assert "at least 5 are needed" in why(compare(outcomes, phases))


# --- groups ----------------------------------------------------------------------------------


def test_a_group_is_a_t_interval_over_peoples_own_estimates():
    outcomes, phases = group(6)
    own = [
        compare(
            outcomes[outcomes["subject"] == s], phases[phases["subject"] == s]
        ).estimate
        for s in sorted(set(outcomes["subject"]))
    ]  # fmt: skip
    result = compare(outcomes, phases)
    assert result.estimate == pytest.approx(np.mean(own))
    assert result.df == 5
    half = 2.570581835636314 * np.std(own, ddof=1) / math.sqrt(6)  # t(5), 97.5 %
    assert result.high - result.estimate == pytest.approx(half, rel=1e-9)
    prediction = result.details["prediction"]
    assert prediction["high"] - result.estimate == pytest.approx(half * math.sqrt(7), rel=1e-9)


def test_a_refused_person_still_counts_in_the_group():
    outcomes, phases = group(5)
    start = outcomes["time"].min()
    few = outcomes["time"] < start + pd.Timedelta(days=12)
    thin = outcomes[(outcomes["subject"] != "P2") | few]
    result = compare(thin, phases)
    assert not result.refused
    assert result.details["n_people"] == 5
    assert any(flag.startswith("'P2' counts with a plain difference") for flag in result.flags)


def test_a_person_with_one_condition_only_is_named():
    outcomes, phases = group(6)
    never_on = outcomes["time"] < outcomes["time"].min() + pd.Timedelta(days=6)
    result = compare(outcomes[(outcomes["subject"] != "P3") | never_on], phases)
    assert result.details["n_people"] == 5
    assert any("'P3' cannot be counted" in flag for flag in result.flags)


# --- flags -----------------------------------------------------------------------------------


def flagged(result, words):
    return any(words in flag for flag in result.flags)


def test_a_single_change_is_an_association_only():
    outcomes, phases = before_after()
    assert flagged(compare(outcomes, phases), "association only")
    assert not flagged(compare(*eight_by_seven()), "association only")


def test_flags_strong_correlation_of_days():
    outcomes, phases = before_after(days=80, seed=4, phi=0.95, within_sd=0.02)
    result = compare(outcomes, phases)
    assert result.details["phi"] > 0.7
    assert flagged(result, "resemble their neighbours")


def test_flags_few_and_missing_days_and_unequal_counts():
    outcomes, phases = before_after(days=14, missing_days=0.0)
    on = outcomes["time"] >= phases["start"].iloc[1]
    day = (outcomes["time"] - FIRST_DAY).dt.days
    result = compare(outcomes[~on | (day % 2 == 0)], phases)
    assert flagged(result, "few days: 'on' has 7")
    assert flagged(result, "50 % of the days planned for 'on' are missing")
    assert flagged(result, "'off' has 2.0 times as many observations")
    assert not flagged(compare(outcomes, phases), "missing")


def test_flags_a_reason_to_start_that_nobody_stated():
    outcomes, phases = before_after()
    assert flagged(compare(outcomes, phases), "was not stated")
    assert not flagged(compare(outcomes, phases, start_reason="planned"), "was not stated")


def test_flags_a_study_that_began_with_the_new_condition():
    order = tuple("on" if c == "off" else "off" for c in ORDER)
    outcomes = person(order, 7, Truth(), np.random.default_rng(2))
    result = compare(outcomes, phases_of(order, 7), washin="2d")
    assert flagged(result, "began with 'on'")


def test_flags_standard_errors_that_are_not_complete():
    outcomes, phases = eight_by_seven(per_day=1)
    assert compare(outcomes, phases).details["measurement_variance_from"] == "own standard errors"
    outcomes.loc[3, "se"] = np.nan
    result = compare(outcomes, phases)
    assert result.details["measurement_variance_from"] == "none"
    assert flagged(result, "no standard error")


# --- wrong input: one clear sentence ---------------------------------------------------------


def wrong(outcomes, phases, match, **options):
    with pytest.raises(InputError, match=match) as caught:
        compare(outcomes, phases, **options)
    assert "\n" not in str(caught.value)


def test_overlapping_phases():
    outcomes, phases = before_after()
    early = phases.assign(start=[phases["start"][0], phases["start"][1] - pd.Timedelta(days=1)])
    wrong(outcomes, early, "overlap: 'on' starts .* before 'off' ends")


def test_a_phase_that_ends_before_it_starts():
    outcomes, phases = before_after()
    wrong(outcomes, phases.rename(columns={"start": "stop", "stop": "start"}), "before it starts")


def test_times_without_a_zone():
    outcomes, phases = before_after()
    bare = outcomes.assign(time=outcomes["time"].dt.tz_localize(None))
    wrong(bare, phases, r"observation 1 \(2026-01-0.*has no time zone")
    wrong(outcomes, phases.assign(start=phases["start"].dt.tz_localize(None)), "no time zone")


def test_times_that_are_missing_or_no_times():
    outcomes, phases = before_after()
    wrong(outcomes.assign(time="noon-ish"), phases, "'noon-ish'. is not a date and time")
    gap = outcomes.copy()
    gap.loc[4, "time"] = pd.NaT
    wrong(gap, phases, "observation 5 is missing")
    wrong(outcomes.drop(columns="time"), phases, "no column 'time'")


def test_times_as_text_with_an_offset_are_read():
    outcomes, phases = before_after()
    text = outcomes.assign(time=[t.isoformat() for t in outcomes["time"]])
    assert compare(text, phases).estimate == compare(outcomes, phases).estimate


def test_one_condition_only():
    outcomes, phases = before_after()
    wrong(outcomes, phases.assign(condition="on"), "only one condition .'on'.")


def test_three_conditions_must_be_chosen_from():
    outcomes, phases = eight_by_seven()
    three = phases.assign(condition=["off", "low", "high", "off", "low", "high", "off", "low"])
    wrong(outcomes, three, "3 conditions .off, low, high.; name the two")
    result = compare(outcomes, three, conditions=("off", "low"))
    assert result.details["counts"]["high"]["used"] == 0


def test_unknown_names():
    outcomes, phases = before_after()
    wrong(outcomes, phases, "no method is called 't_test'; choose from default", method="t_test")
    wrong(outcomes, phases, "no phase has the condition 'mg'", conditions=("off", "mg"))
    wrong(outcomes, phases, "compare has no setting 'alpha'", alpha=0.05)
    wrong(outcomes, phases, "scale 'ln' is not known", scale="ln")
    wrong(outcomes, phases, "direction 'up' is not known", direction="up")
    wrong(outcomes, phases, "start_reason 'why' is not known", start_reason="why")


def test_two_observations_at_one_time():
    outcomes, phases = before_after()
    wrong(pd.concat([outcomes, outcomes[:1]]), phases, "same time 2026-01-0.*remove the duplicate")


def test_values_that_are_no_numbers():
    outcomes, phases = before_after()
    wrong(outcomes.assign(value="high"), phases, "column 'value' holds text")
    wrong(outcomes.assign(value=np.inf), phases, "infinite")
    wrong(outcomes.assign(note="x"), phases, "column 'note' holds text.*covariates=")
    assert not compare(outcomes.assign(note="x"), phases, covariates=()).refused
    wrong(outcomes.assign(se=-1.0), phases, "negative")


def test_tables_without_rows_or_columns():
    outcomes, phases = before_after()
    wrong(outcomes[:0], phases, "outcomes hold no row")
    wrong(outcomes, phases[:0], "phases hold no row")
    wrong(outcomes.drop(columns="value"), phases, "outcomes have no column 'value'")
    wrong(outcomes, phases.drop(columns="stop"), "phases have no column 'stop'")
    wrong(outcomes, None, "method 'default' needs phases")


def test_a_subject_without_a_phase():
    outcomes, phases = group(2)
    wrong(outcomes, phases[phases["subject"] == "P0"], "subject 'P1' has outcomes but no phase")


def test_a_condition_column_beside_phases():
    outcomes, phases = before_after()
    wrong(outcomes.assign(condition="on"), phases, "give only one")


def test_an_order_that_is_not_in_the_log():
    outcomes, phases = eight_by_seven()
    others = [order for order in ORDERS if order != ORDER]
    wrong(outcomes, phases, "off-on-on.* is not in the randomisation log", randomisation=others)
    wrong(outcomes, phases, "names a condition 'mg'", randomisation=[("off", "mg") * 4])
    uneven = [ORDER, ORDER[:4]]
    wrong(outcomes, phases, "4 to 8 blocks", randomisation=uneven)


@pytest.mark.parametrize("text", ["a week", "-1d", -1, float("inf"), None, ""])
def test_a_wash_in_that_is_no_length_of_time(text):
    with pytest.raises(InputError, match="wash-in"):
        washin_days(text)


def test_wash_in_as_text_days_or_timedelta():
    assert washin_days("7d") == washin_days(7) == washin_days(timedelta(days=7)) == 7
    assert washin_days("36h") == 1.5


def test_a_design_is_what_every_method_gets():
    outcomes, phases = eight_by_seven()
    design = validate(outcomes, phases, settings=CompareSettings(), randomisation=ORDERS)
    assert isinstance(design, Design)
    assert design.conditions == ("off", "on")
    assert design.randomised
    assert list(design.phases["block"]) == list(range(8))
