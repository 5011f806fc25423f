"""A study with one thing of every kind in it, and where each is."""

from api.schemas.logs import AdverseEventIn, DoseIn, EventIn, InterventionIn, OutcomeIn, PhaseIn
from api.schemas.results import PlanIn
from api.schemas.studies import StudyIn

DAY = "2026-03-04T"
PLAN = {
    "sha256": "0",
    "tz": "Europe/Berlin",
    "look_names": ["planned end"],
    "record": {
        "looks": [{"after_block": 8, "time": "2027-02-05T00:00:00+01:00", "level": 0.95}],
        "spending": "none", "key_sha256": None, "declared": {},
    },
}  # fmt: skip


def furnish(client, folder, subject="P01"):
    """Make two studies: one with one thing of every kind, one with a plan; return identities."""
    study = client.create_study(StudyIn(title="Furnished", tz="Europe/Berlin"))
    person = client.create_subject(study.id, subject)
    file = folder / "rr.txt"
    file.write_text("".join(f"{800 + i % 50}\n" for i in range(900)))
    recording = client.upload(study.id, file, subject, start="2026-03-04T08:00:00+01:00")
    logs = add_logs(client, study.id, subject)
    other = client.create_study(StudyIn(title="Planned"))
    plan = client.create_plan(other.id, PlanIn(title="The plan", content=PLAN))
    job = client.wait(client.start_comparison(study.id).id)
    return {
        "study_id": study.id, "subject_id": person.id, "recording_id": recording.id,
        "plan_id": plan.id, "planned_study_id": other.id,
        "job_id": job.id, "comparison_id": job.comparison_id, **logs,
    }  # fmt: skip


def add_logs(client, study_id, subject):
    """Add one entry of every log (and a second phase, so that there is something to compare)."""
    entries = {
        "events": EventIn(subject=subject, phase="maths", kind="stress",
                          start=f"{DAY}08:03:00+01:00", end=f"{DAY}08:05:00+01:00"),
        "phases": PhaseIn(subject=subject, condition="off", start=f"{DAY}00:00:00+01:00",
                          stop=f"{DAY}23:00:00+01:00"),
        "interventions": InterventionIn(subject=subject, name="walks", kind="exercise",
                                        start=f"{DAY}09:00:00Z"),
        "doses": DoseIn(subject=subject, time=f"{DAY}09:00:00Z", substance="magnesium",
                        status="taken"),
        "adverse_events": AdverseEventIn(subject=subject, time=f"{DAY}09:00:00Z",
                                         term="headache"),
        "outcomes": OutcomeIn(subject=subject, time=f"{DAY}09:00:00Z", name="calm", value=3.0),
    }  # fmt: skip
    made = {log: client.add(study_id, entry).id for log, entry in entries.items()}
    second = PhaseIn(subject=subject, condition="on", start=f"{DAY}23:00:00+01:00",
                     stop="2026-03-09T00:00:00+01:00")  # fmt: skip
    client.add(study_id, second)
    return made
