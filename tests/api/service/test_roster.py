"""The roster: concealed places, withdrawal, and what happens with the data of who left."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from api.client import ServiceError
from api.schemas.logs import (
    AdverseEvent,
    AdverseEventIn,
    DoseIn,
    EventIn,
    InterventionIn,
    OutcomeIn,
    PhaseIn,
)
from api.schemas.results import KeyIn
from api.schemas.roster import AllocationIn
from api.schemas.studies import DesignIn, Endpoint, StudyIn
from api.store import models

DAY = datetime(2026, 3, 4, 8, tzinfo=UTC)
SEX = {"sex": ["f", "m"]}


@pytest.fixture
def trial(client):
    """A study of two arms whose list of places is drawn."""

    def make(**said):
        design = DesignIn(conditions=["placebo", "drug"], method=said.pop("method", "ancova"))
        study = client.create_study(
            StudyIn(title="A trial", endpoint=Endpoint(primary="rmssd"), design=design)
        )
        return study, client.draw_allocation(study.id, AllocationIn(**said))

    return make


def test_places_are_given_one_by_one_and_half_of_each_stratum_a_side(client, trial):
    study, drawn = trial(strata=SEX, places=6)
    codes = {"f": [], "m": []}
    for number in range(12):
        sex = "fm"[number % 2]
        subject = client.create_subject(study.id, f"P{number:02d}")
        codes[sex].append(client.allocate(subject.id, {"sex": sex}).code)
    assert [Counter(c) for c in codes.values()] == [{"A": 3, "B": 3}] * 2
    assert [(s.given, s.places) for s in client.allocation(study.id).given] == [(6, 6)] * 2
    more = client.create_subject(study.id, "P12")
    with pytest.raises(ServiceError, match="no place of the drawn list is left"):
        client.allocate(more.id, {"sex": "f"})
    assert {s.place for s in client.subjects(study.id)} == {"A", "B", None}
    assert drawn.sha256 in drawn.registration


def test_no_answer_tells_a_place_that_nobody_has_yet(client, trial, http):
    study, _ = trial(places=10)
    client.create_subject(study.id, "P01")
    said = [
        http.get(f"/v1/studies/{study.id}{path}").json()
        for path in ("", "/allocation", "/subjects", "/plans")
    ]
    assert "code" not in str(said)
    assert said[1]["given"] == [{"stratum": "", "given": 0, "places": 10}]
    assert http.get(f"/v1/studies/{study.id}/key").status_code == 409


def test_nobody_is_allocated_twice_and_the_list_is_not_drawn_again(client, trial):
    study, _ = trial(places=10)
    subject = client.create_subject(study.id, "P01")
    client.allocate(subject.id)
    with pytest.raises(ServiceError, match="has a place already"):
        client.allocate(subject.id)
    with pytest.raises(ServiceError, match="not drawn again"):
        client.draw_allocation(study.id, AllocationIn(places=10))


def test_a_stratum_that_is_none_is_refused_with_those_there_are(client, trial):
    study, _ = trial(strata=SEX, places=6)
    subject = client.create_subject(study.id, "P01")
    with pytest.raises(ServiceError, match="sex is 'x'; choose from f, m"):
        client.allocate(subject.id, {"sex": "x"})
    with pytest.raises(ServiceError, match="sex is 'missing'"):
        client.allocate(subject.id)


def test_an_open_list_says_the_condition_and_keeps_no_key(client, trial, http):
    study, _ = trial(places=10, blinded=False)
    subject = client.create_subject(study.id, "P01")
    assert client.allocate(subject.id).code in ("placebo", "drug")
    assert http.get(f"/v1/studies/{study.id}/key").status_code == 404


def test_the_key_opens_early_only_on_the_record(client, trial):
    study, drawn = trial(places=10)
    with pytest.raises(ServiceError, match="stays shut until somebody is told"):
        client.key(study.id)
    told = client.disclose_key(study.id, "pharmacy", "packs the bottles")
    assert set(told.key.codes.values()) == {"placebo", "drug"}
    assert [(d.told, d.reason) for d in client.disclosures(study.id)] == [
        ("pharmacy", "packs the bottles")
    ]
    from hrv.plan.draw import Key

    assert Key(told.key.codes, told.key.nonce).commitment == drawn.key_sha256


def test_a_trial_of_two_arms_is_compared_in_codes_and_by_name_with_the_key(
    client, trial, tmp_path, http
):
    (study, _), rng = trial(places=12), np.random.default_rng(5)
    for number in range(12):
        subject = client.create_subject(study.id, f"P{number:02d}")
        client.allocate(subject.id)
        for period in ("baseline", "treatment"):
            file = tmp_path / f"{number}_{period}.txt"
            spread = 45 if period == "treatment" and number % 2 else 30
            rr_ms = 800 + spread * rng.normal(size=200)
            file.write_text("\n".join(str(int(v)) for v in rr_ms))
            client.upload(study.id, file, subject.name, period=period)
    coded = client.compare(study.id)
    assert set(coded.details["arms"]) == {"A", "B"}
    told = client.disclose_key(study.id, "statistician", "the data base is closed")
    job = client.wait(client.start_comparison(study.id, told.key).id)
    named = client.comparison(job.comparison_id)
    assert set(named.details["arms"]) == {"placebo", "drug"}
    assert named.estimate is not None
    assert abs(named.estimate) == pytest.approx(abs(coded.estimate))
    seen = http.get(f"/studies/{study.id}", headers={"Accept": "text/html"}).text
    assert named.sentence.split(" (")[0].replace("'", "&#39;") in seen
    assert "The study changed" not in seen
    wrong = KeyIn(codes={"A": "drug", "B": "placebo"}, nonce="guessed")
    with pytest.raises(ServiceError, match="not the one that the allocation was drawn with"):
        client.wait(client.start_comparison(study.id, wrong).id)


def filled(client, study, rr_file):
    """A person with one of everything."""
    subject = client.create_subject(study.id, "P77", note="called twice")
    client.upload(study.id, rr_file("own.txt"), "P77", start=DAY)
    later = DAY + timedelta(hours=1)
    for entry in (
        EventIn(subject="P77", phase="maths", kind="stress", start=DAY, end=later),
        PhaseIn(subject="P77", condition="off", start=DAY, stop=later),
        InterventionIn(subject="P77", name="walks", kind="exercise", start=DAY),
        DoseIn(subject="P77", time=DAY, substance="magnesium", status="taken"),
        OutcomeIn(subject="P77", time=DAY, name="calm", value=3.0),
        AdverseEventIn(subject="P77", time=DAY, term="headache", severity="mild"),
    ):
        client.add(study.id, entry)
    return subject


def test_data_of_who_withdrew_stays_unless_it_is_deleted(client, study, rr_file, http):
    subject = filled(client, study, rr_file)
    with pytest.raises(ServiceError, match="has not withdrawn"):
        client.delete_data(subject)
    left = client.withdraw(subject.id, DAY + timedelta(days=2), "moved away")
    assert (left.withdrawal_reason, left.data_deleted) == ("moved away", False)
    assert [r.subject for r in client.recordings(study.id)] == ["P77"]
    client.delete_data(left)
    after = next(s for s in client.subjects(study.id) if s.name == "P77")
    assert after.data_deleted
    assert (after.note, after.withdrawal_reason) == ("", "moved away")
    for log in (
        "recordings", "events", "phases", "interventions", "doses", "outcomes", "adverse_events"
    ):  # fmt: skip
        assert http.get(f"/v1/studies/{study.id}/{log}?subject=P77").json()["items"] == [], log


def test_deleting_data_leaves_no_file_and_no_result_made_from_it(store):
    from api.store.roster import delete_data, withdraw

    with store.write() as session:
        study = models.Study(title="s", declared={})
        session.add(study)
        session.flush()
        subject = models.Subject(study_id=study.id, name="P01", strata={})
        upload = models.Upload(study_id=study.id, name="f", size=1, sha256="0")
        session.add_all([subject, upload])
        session.flush()
        session.add_all(
            [
                models.UploadPart(upload_id=upload.id, number=0, data=b"x"),
                models.Recording(
                    study_id=study.id, subject_id=subject.id, name="r", provenance={},
                    upload_id=upload.id,
                ),
                models.ComparisonResult(study_id=study.id, key="k", data=b"", report=b""),
                models.IdempotencyKey(
                    scope="mine", fingerprint="", status=201, headers={},
                    body=b'{"subject": "P01"}',
                ),
                models.IdempotencyKey(
                    scope="other", fingerprint="", status=201, headers={},
                    body=b'{"subject": "P02"}',
                ),
            ]
        )  # fmt: skip
        session.flush()
        withdraw(subject, DAY, "")
        assert delete_data(session, subject) == {"recording": 1}
        for model in (models.Upload, models.UploadPart, models.ComparisonResult):
            key = model.study_id if hasattr(model, "study_id") else model.upload_id
            own = study.id if hasattr(model, "study_id") else upload.id
            assert session.query(model).filter(key == own).count() == 0
        assert session.get(models.IdempotencyKey, "mine") is None
        assert session.get(models.IdempotencyKey, "other") is not None


def test_nobody_leaves_before_they_came_or_twice(client, study):
    subject = client.create_subject(study.id, "P09")
    client.withdraw(subject.id, DAY)
    with pytest.raises(ServiceError, match="withdrew before"):
        client.withdraw(subject.id, DAY)


def test_adverse_events_stand_beside_the_verdict(client, study):
    for day, condition in ((0, "off"), (14, "on")):
        start = DAY + timedelta(days=day)
        client.add(
            study.id,
            PhaseIn(subject="P01", condition=condition, start=start, stop=start + timedelta(14)),
        )
    client.add(study.id, AdverseEventIn(subject="P01", time=DAY + timedelta(15), term="nausea"))
    found = client.compare(study.id).model_dump()["adverse_events"]
    assert [(r["condition"], r["term"], r["events"]) for r in found] == [
        ("off", "nausea", 0), ("on", "nausea", 1),
    ]  # fmt: skip
    (stored,) = client.entries(study.id, AdverseEvent)
    assert (stored.term, stored.end) == ("nausea", None)
