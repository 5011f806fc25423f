"""FHIR export: every resource validates, codes follow LOINC, refusals keep their reason."""

import json
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest
from fhir.resources.R4B.bundle import Bundle
from studies import simulated_study

import hrv
from hrv.export import bundle
from hrv.export.codes import LOINC
from hrv.study.types import StudyLog


@pytest.fixture(scope="module")
def result():
    study, _ = simulated_study()
    return hrv.analyse(study)


@pytest.fixture(scope="module")
def made(result):
    events = pd.DataFrame(
        {
            "subject": ["P01", "P01"],
            "time": pd.to_datetime(["2026-03-12T10:00:00+01:00"] * 2),
            "term": ["loose stool", "headache"],
            "severity": ["mild", "a nuisance"],
        }
    )
    study = replace(result.study, log=StudyLog(adverse_events=events))
    logged = replace(result, study=study)
    return json.loads(json.dumps(bundle(logged), allow_nan=False))


def resources(made, kind):
    return [e["resource"] for e in made["entry"] if e["resource"]["resourceType"] == kind]


def coded(made, code):
    return [
        r
        for r in resources(made, "Observation")
        if any(c["code"] == code for c in r["code"]["coding"])
    ]


def test_the_whole_bundle_validates(made):
    read = Bundle.model_validate(made)
    assert len(read.entry) == len(made["entry"])
    kinds = Counter(e["resource"]["resourceType"] for e in made["entry"])
    assert kinds["MedicationStatement"] == 28
    assert kinds["QuestionnaireResponse"] == 8
    assert kinds["AdverseEvent"] == 2
    assert kinds["Patient"] == 1


def test_every_reference_points_into_the_bundle_and_every_name_is_unique(made):
    urls = [entry["fullUrl"] for entry in made["entry"]]
    assert len(set(urls)) == len(urls)
    text = json.dumps(made)
    referred = {part.split('"')[0] for part in text.split('"reference": "')[1:]}
    assert referred <= set(urls)


def test_loinc_80404_7_is_sdnn_only_and_rmssd_has_a_local_code(made):
    assert len(coded(made, "80404-7")) == 44
    sdnn = {m.name: m for m in hrv.METRICS}["sdnn"]
    assert {r["code"]["text"] for r in coded(made, "80404-7")} == {sdnn.summary}
    assert len(coded(made, "rmssd")) == 44
    for r in coded(made, "rmssd"):
        assert all(c["system"] != LOINC for c in r["code"]["coding"])
        assert r["code"]["text"]
        assert r["valueQuantity"]["code"] == "ms"
    assert {r["valueQuantity"]["code"] for r in coded(made, "8867-4")} == {"/min"}


def test_a_refused_number_keeps_its_place_and_its_reason(made, result):
    episodes = coded(made, "residual_hr")
    assert len(episodes) == len(result.recovery)
    absent = [r for r in episodes if "dataAbsentReason" in r]
    assert len(absent) == int(result.recovery["residual_hr"].isna().sum()) == 1
    assert absent[0]["dataAbsentReason"]["text"]
    assert "valueQuantity" not in absent[0]


def test_doses_say_what_their_amount_weighs_and_whether_they_were_taken(made):
    doses = resources(made, "MedicationStatement")
    assert Counter(d["status"] for d in doses) == {"completed": 27, "not-taken": 1}
    bases = Counter(d["dosage"][0]["text"] for d in doses)
    assert bases == {"300 mg, basis elemental": 27, "300 mg, basis unknown": 1}
    assert not any("coding" in d["medicationCodeableConcept"] for d in doses)  # no unverified codes


def test_the_answer_carries_interval_verdict_and_what_weakens_it(made, result):
    answers = coded(made, "difference-residual_hr")
    head = answers[0]
    assert head["valueQuantity"]["value"] == pytest.approx(result.headline.estimate)
    parts = {c["code"]["text"]: c["valueQuantity"]["value"] for c in head["component"]}
    assert parts["low"] == pytest.approx(result.headline.low)
    assert parts["p value"] == pytest.approx(result.headline.p_value)
    assert head["interpretation"][0]["text"] == result.headline.verdict
    assert result.headline.sentence in [n["text"] for n in head["note"]]
    refused = coded(made, "difference-gad7")
    assert not refused or "dataAbsentReason" in refused[0]


def test_the_same_result_gives_the_same_bundle(result):
    assert bundle(result) == bundle(result)


def test_gad7_is_a_questionnaire_with_its_loinc_panel(made):
    response = resources(made, "QuestionnaireResponse")[0]
    assert response["questionnaire"].endswith("69737-5")
    assert response["item"][0]["linkId"] == "70274-6"


def test_severities_outside_the_value_set_stay_text(made):
    mild, other = resources(made, "AdverseEvent")
    assert mild["severity"]["coding"][0]["code"] == "mild"
    assert other["severity"] == {"text": "a nuisance"}
