"""Each claim of the founding document, served as honestly as it can be: one test a row."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from simulate_days import FIRST_DAY, Truth, person, phases_of

from hrv.compare import compare
from hrv.compare.moderators import moderate
from hrv.errors import FormatError, NotComputableError
from hrv.instruments import INSTRUMENTS
from hrv.regimen import UPPER_LEVELS
from hrv.report import render
from hrv.simulate.dosing import DosingRule, false_adaptations
from hrv.study import analyse
from ingest import Source, read_doses
from ingest.sample_regimen import regimen_files, regimen_study
from ingest.study import load_study

ADVICE = re.compile(
    r"\b(you should|should take|increase|reduce) (the|your|a)? ?dose|we recommend|consult", re.I
)


@pytest.fixture(scope="module")
def result(sample_data):
    return analyse(load_study(sample_data / "regimen"))


@pytest.fixture(scope="module")
def page(result):
    return render(result)


def test_the_sample_study_is_made_again_byte_for_byte(sample_data):
    files = regimen_files(regimen_study(1))
    folder = sample_data / "regimen"
    assert sum(len(text.encode()) for text in files.values()) < 2_000_000
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there == set(files)
    for name, text in files.items():
        assert (folder / name).read_bytes() == text.encode(), name


def test_the_report_shows_everything_on_one_timeline(result, page):
    figure = page[
        page.index('id="timeline"') : page.index("</figure>", page.index('id="timeline"'))
    ]
    for word in (
        "magnesium", "300 mg", "150 mg", "breathing", "sertraline (background)", "missed doses",
        "loose stools", "headache", "Residual activation", "GAD-7 total", "Salivary cortisol",
        "Serum magnesium", "Red blood cell magnesium", "Total sleep time", "Night RMSSD by Fitbit",
        "Cortisol area under the curve with respect to increase",
    ):  # fmt: skip
        assert word in figure, word


def test_hrv_and_anxiety_are_separate_endpoints_and_nothing_converts_them(result, page):
    entered = result.study.outcomes
    kept = result.log.outcomes
    for name in ("gad7", "pss10", "stai_state"):
        own = entered.loc[entered["name"] == name, "value"].tolist()
        assert kept.loc[kept["name"] == name, "value"].tolist() == own
        assert name in result.secondary
    derived = set(kept["name"]) - set(entered["name"])
    assert derived == {"cortisol_aucg", "cortisol_auci", "cortisol_peak_change"}
    assert "none is converted into another" in page


def test_cortisol_has_minutes_assay_unit_peak_change_and_areas(result, page):
    kept = result.log.outcomes
    for name in ("cortisol_aucg", "cortisol_auci", "cortisol_peak_change"):
        own = kept[kept["name"] == name]
        assert len(own) == 9
        assert set(own["assay"]) == {"LC-MS/MS"}
        assert set(own["unit"]) <= {"nmol/L·min", "nmol/L"}
    assert "LC-MS/MS" in page


def test_bioavailability_is_entered_with_its_source_and_has_no_default(result):
    assert result.study.doses["bioavailability"].isna().all()
    text = "time,substance,status,bioavailability\n2026-03-02T08:00Z,magnesium,taken,0.24\n"
    with pytest.raises(FormatError, match=r"bioavailability 0\.24 has no source"):
        read_doses(Source("doses.csv", content=text.encode()))


def test_elemental_magnesium_comes_from_the_label_or_certificate(result):
    assert result.study.doses["elemental_share"].isna().all()
    text = (
        "time,substance,status,amount,unit,basis,elemental_share\n"
        "2026-03-02T08:00Z,magnesium,taken,2000,mg,compound,0.141\n"
    )
    with pytest.raises(FormatError, match="name the label or certificate"):
        read_doses(Source("doses.csv", content=text.encode()))


def test_a_dose_has_randomised_levels_a_plateau_beside_a_line_and_no_assumed_peak(result):
    answer = result.log.comparisons["dose_response"]
    assert answer.details["levels_mg"] == [0, 150, 300]
    assert answer.details["shape"] == "the data cannot tell a straight line from a plateau"
    assert "curvature" in answer.details
    assert not any("association only" in flag for flag in answer.flags)


def test_claims_of_others_stand_as_text_beside_the_own_result_never_on_its_axes(result, page):
    assert result.study.log.claims["claim"].tolist() == [
        "37 % less anxiety", "comparable to SSRIs", "most effect at 300 mg",
    ]  # fmt: skip
    for drawing in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        assert "37" not in re.sub(r"<[^>]*>", " ", drawing).split()
        assert "SSRI" not in drawing
    section = page[page.index('id="claims-section"') :]
    section = section[: section.index("</section>")]
    assert "37 % less anxiety" in section
    assert section.count("not verified") == 3
    assert "Own result: Residual activation" in section
    assert "A percentage from before to after is not the effect of a treatment" in section


def test_a_drug_or_therapy_is_a_comparator_arm_or_a_background_whose_change_is_flagged(result):
    assert any("the background sertraline changed its dose" in f for f in result.log.flags)
    order = ("sertraline", "magnesium") * 4
    data = person(
        ["on" if c == "magnesium" else "off" for c in order], 7, Truth(), np.random.default_rng(1)
    )
    phases = phases_of(order, 7)
    arms = compare(data, phases, conditions=("sertraline", "magnesium"))
    assert "with 'magnesium' than with 'sertraline'" in arms.sentence


def test_sleep_is_an_endpoint_of_its_own_with_stages_as_the_device_reports_them(result):
    for name in ("total_sleep_time", "wake_after_sleep_onset", "sleep_efficiency", "fitbit_rmssd"):
        assert not result.secondary[name].refused
    stages = [i for i in INSTRUMENTS if i.name in ("light_sleep", "deep_sleep", "rem_sleep")]
    assert all("device" in i.label for i in stages)


def test_several_things_at_once_are_factorial(result):
    details = result.log.comparisons["components"].details
    assert [row["what"] for row in details["components"]] == ["magnesium", "breathing"]
    assert [row["what"] for row in details["interactions"]] == ["magnesium x breathing"]


def test_deficiency_is_a_baseline_moderator_in_groups_only(result):
    table = result.log.moderators.set_index("moderator")
    assert set(table.index) == {"serum_magnesium", "rbc_magnesium"}
    assert table["slope"].isna().all()
    assert table["reason"].str.contains("in groups only").all()
    rng = np.random.default_rng(2)
    baseline = {f"P{k}": 1.6 + 0.05 * k for k in range(12)}
    differences = {s: -2 * (v - 1.9) + 0.1 * rng.normal() for s, v in baseline.items()}
    found = moderate(differences, baseline)
    assert found["low"] < -2 < found["high"]
    assert found["people"] == 12
    with pytest.raises(NotComputableError, match="in groups only: 3 people"):
        moderate(dict(list(differences.items())[:3]), baseline)


def test_adverse_events_are_told_per_dose_day_with_exact_intervals_beside_the_verdict(result, page):
    table = result.log.adverse.set_index(["term", "condition"])
    on = table.loc[("loose stools", "on")]
    taken = result.study.doses[result.study.doses["status"] == "taken"]
    assert on["dose_days"] == len(taken)
    assert on["low"] < on["per_dose_day"] < on["high"]
    assert page.index('id="adverse-section"') < page.index('id="effect-section"')


def test_a_dose_above_an_upper_level_is_flagged_and_nobody_is_advised(result, page):
    assert any("EFSA upper level of 250 mg a day" in flag for flag in result.log.flags)
    assert {level.mg_per_day for level in UPPER_LEVELS} == {250.0, 350.0}
    text = re.sub(r"<[^>]*>", " ", page)
    assert not ADVICE.search(text)
    assert "gives no diagnosis and no dosing advice" in text


def test_an_effect_over_time_is_told_with_its_interval(result):
    answer = result.log.comparisons["effect_over_time"]
    assert answer.low < answer.estimate < answer.high
    assert [row["what"] for row in answer.details["effect_at"]] == ["begin", "middle", "end"]


def test_a_dosing_rule_is_simulated_for_false_adaptations_and_proposes_nothing():
    strict, loose = (false_adaptations(DosingRule(margin=m)) for m in (2.0, 0.3))
    assert strict.changed < loose.changed
    assert loose.changed > 0.3
    assert loose.low < loose.moved < loose.high
    assert false_adaptations(DosingRule(), seed=3) == false_adaptations(DosingRule(), seed=3)
    assert not [name for name in dir(loose) if "advice" in name or "propose" in name]


def test_censored_recovery_times_are_answered_as_such(result):
    answer = result.secondary["t50_hr_s"]
    assert answer.method == "censored"
    assert not math.isnan(answer.percent)
    assert FIRST_DAY.tzinfo is not None
    assert isinstance(result.log.adverse, pd.DataFrame)
