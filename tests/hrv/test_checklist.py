"""The reporting checklists: complete, filled from the data, and silent where data say nothing."""

from dataclasses import replace

import pandas as pd
import pytest
from fake_result import crowd_result, fake_result, refused_result
from studies import simulated_study

import hrv
from hrv.report import numbers
from hrv.report.checklist import CENT, FILLED, SCRIBE, YOURS, checklist
from hrv.report.view import verdict


@pytest.fixture(scope="module")
def result():
    study, _ = simulated_study()
    return hrv.analyse(study)


def answers(result, standard="CENT 2015"):
    return {item.number: item for item in checklist(result) if item.standard == standard}


def test_both_lists_are_whole():
    majors = {int("".join(c for c in n.split(".")[0] if c.isdigit())) for n, *_ in CENT}
    assert majors == set(range(1, 26))
    assert len(CENT) == 44  # sub-items, as the statement counts them
    assert [n for n, *_ in SCRIBE] == [str(k) for k in range(1, 27)]


def test_what_the_data_know_is_filled_and_the_rest_is_left_to_the_authors(result):
    found = answers(result)
    assert found["8a"].text == "The order was drawn from 34 possible ones, logged beforehand."
    assert "at most 2 alike in a row" in found["8b"].text
    assert found["3a"].text.startswith("8 periods of 7 days; left out: the first 2 days")
    assert found["8c"].text.startswith("P01: off, on, off, off")
    assert "300 mg (elemental), 27 doses" in found["5"].text
    assert result.headline.sentence in found["17a.2"].text
    for number in ("1a", "4b", "25"):
        assert (found[number].status, found[number].text) == (YOURS, "")
    assert all(bool(i.text) == (i.status == FILLED) for i in checklist(result))


def test_the_p_of_a_declared_direction_confirms_and_the_two_sided_stands_beside_it(result):
    found = result.primary["randomisation"]
    one_sided = numbers.p_value(found.details["p_value_declared_direction"])
    two_sided = numbers.p_value(found.p_value)
    assert one_sided != two_sided
    told = f"Randomisation p {one_sided} (lower, as declared), {two_sided} (two-sided)."
    assert answers(result)["17a.2"].text.endswith(told)
    facts = dict(verdict(result).facts)
    assert facts["p, randomisation (confirms; lower, as declared)"] == one_sided
    assert facts["p, randomisation, two-sided"] == two_sided


def test_without_a_declared_direction_the_two_sided_p_confirms(result):
    settings = replace(result.study.settings, direction="none")
    bare = hrv.analyse(replace(result.study, settings=settings))
    two_sided = numbers.p_value(bare.primary["randomisation"].p_value)
    assert dict(verdict(bare).facts)["p, randomisation (confirms)"] == two_sided
    assert answers(bare)["17a.2"].text.endswith(f"Randomisation p {two_sided}.")


def test_a_series_says_how_many_people_were_assigned_recorded_and_analysed(result):
    assert answers(result)["13a.2"].text == "Not applicable: one person."
    phases = pd.concat([result.study.phases, result.study.phases.assign(subject="P02")])
    head = replace(
        result.headline, details={**result.headline.details, "n_people": 1, "sd_people": 0.1}
    )
    two = replace(
        result, study=replace(result.study, phases=phases),
        primary={**result.primary, "default": head},
    )  # fmt: skip
    assert answers(two)["13a.2"].text == (
        "2 people assigned, 1 with a recording, 1 analysed for the primary outcome."
    )


def test_an_order_that_was_not_drawn_is_not_said_to_be(result):
    phases = result.study.phases.assign(randomised=False)
    plain = replace(result, study=replace(result.study, randomisation=None, phases=phases))
    assert answers(plain)["8a"].text == "The order was not randomised."
    assert answers(plain)["8b"].status == YOURS


@pytest.mark.parametrize("make", [fake_result, refused_result, crowd_result])
def test_the_lists_hold_for_any_result(make):
    for item in checklist(make()):
        assert "nan" not in item.text.lower().split()
