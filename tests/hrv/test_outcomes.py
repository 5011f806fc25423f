"""Other outcomes: units, the cortisol response, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv.endpoints import endpoint
from hrv.errors import NotComputableError
from hrv.instruments import instrument
from hrv.instruments.cortisol import response
from hrv.study.cortisol import cortisol_responses

ONSET = pd.Timestamp("2026-03-02T17:00:00+01:00")
EMPTY = pd.DataFrame()


def test_magnesium_and_cortisol_are_brought_to_one_unit():
    assert instrument("serum Mg").check(0.85, "mmol/L") == pytest.approx(2.066, abs=1e-3)
    assert instrument("serum Mg").check(1.7, "mEq/L") == pytest.approx(2.066, abs=1e-3)
    assert instrument("cortisol").check(0.4, "µg/dL") == pytest.approx(11.04, abs=0.01)


def test_areas_are_those_of_the_published_formulas():
    """Pruessner et al. 2003 write AUCg and AUCi as sums over intervals; so does this test."""
    minutes, value = [-10.0, 10.0, 20.0, 30.0, 60.0, 90.0], [5.0, 6.0, 9.0, 11.0, 8.0, 6.0]
    aucg = sum(
        (value[i] + value[i + 1]) / 2 * (minutes[i + 1] - minutes[i]) for i in range(5)
    )  # fmt: skip
    found = response(np.array(minutes), np.array(value))
    assert found.aucg == pytest.approx(aucg) == 780.0
    assert found.auci == pytest.approx(aucg - 5.0 * 100.0)
    assert found.peak_change == 6.0


@given(st.floats(0, 50), st.lists(st.floats(0, 50), min_size=5, max_size=5))
def test_a_constant_added_moves_the_ground_area_only(shift, values):
    minutes = np.array([0.0, 15.0, 30.0, 45.0, 60.0])
    one, other = response(minutes, np.array(values)), response(minutes, np.array(values) + shift)
    assert other.aucg == pytest.approx(one.aucg + 60 * shift, abs=1e-6)
    assert other.auci == pytest.approx(one.auci, abs=1e-6)
    assert other.peak_change == pytest.approx(one.peak_change, abs=1e-9)


@pytest.mark.parametrize(
    ("minutes", "why"),
    [
        ([-10.0, 40.0], "2 cortisol samples"),
        ([10.0, 20.0, 40.0], "a reference by 5 min"),
        ([-10.0, 5.0, 20.0], "one from 30 min on"),
    ],
)
def test_too_few_or_too_late_samples_are_refused(minutes, why):
    with pytest.raises(NotComputableError, match=why):
        response(np.array(minutes), np.ones(len(minutes)))


def samples(onset, minutes, values, assay="LC-MS/MS"):
    return pd.DataFrame(
        {
            "subject": "P01",
            "time": [onset + pd.Timedelta(minutes=m) for m in minutes],
            "name": "cortisol",
            "value": values,
            "unit": "nmol/L",
            "assay": assay,
        }
    )


def test_samples_go_to_their_stressor_and_unequal_areas_are_refused():
    onsets = [ONSET + pd.Timedelta(days=d) for d in range(4)]
    usual = [-10, 20, 40, 60]
    table = pd.concat(
        [samples(t, usual, [5, 6, 9, 7]) for t in onsets[:3]]
        + [samples(onsets[3], [-10, 20, 90], [5, 6, 7])]
        + [samples(ONSET + pd.Timedelta(hours=5), [0], [4.0])]
    )
    log = pd.DataFrame({"subject": "P01", "time": onsets})
    derived, refusals = cortisol_responses(table, log)
    counts = derived["name"].value_counts().to_dict()
    assert counts == {"cortisol_peak_change": 4, "cortisol_aucg": 3, "cortisol_auci": 3}
    whys = " ".join(r.why for r in refusals)
    assert "1 of 16 samples lie farther" in whys
    assert "its samples span 100 min where most span 70" in whys


def test_a_derived_outcome_is_an_endpoint_like_any_other():
    log = pd.DataFrame({"subject": ["P01"], "time": [ONSET]})
    derived, _ = cortisol_responses(samples(ONSET, [-10, 20, 40, 60], [5, 6, 9, 7]), log)
    found = endpoint("cortisol_auci", EMPTY, EMPTY, derived)
    assert found.unit == "nmol/L·min"
    assert found.observations["value"].tolist() == [pytest.approx(125.0)]


def test_values_of_two_assays_are_not_compared():
    table = pd.concat([samples(ONSET, [0], [5.0]), samples(ONSET, [1], [5.0], assay="ELISA")])
    with pytest.raises(NotComputableError, match=r"2 assays \(ELISA, LC-MS/MS\)"):
        endpoint("cortisol", EMPTY, EMPTY, table)


def test_no_cortisol_is_no_problem():
    log = pd.DataFrame({"subject": ["P01"], "time": [ONSET]})
    assert cortisol_responses(EMPTY, log)[1] == ()
