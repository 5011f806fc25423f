"""Hostile requests, drawn by Schemathesis from the service's own document.

The default run draws a few for every operation; `make test-hostile` draws 500.
"""

import os
from pathlib import Path
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from serving import serving

from api.app import create_app
from api.client import Client
from api.schemas.logs import DoseIn, EventIn, InterventionIn, OutcomeIn, PhaseIn
from api.schemas.results import PlanIn
from api.schemas.studies import StudyIn
from api.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = int(os.environ.get("HRV_TEST_EXAMPLES", "3"))
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


@pytest.fixture(scope="module")
def identities(tmp_path_factory):
    """A service with one thing of every kind, and where it is."""
    folder = tmp_path_factory.mktemp("hostile")
    with serving(str(folder)) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="Hostile", tz="Europe/Berlin"))
        subject = client.create_subject(study.id, "P01")
        file = folder / "rr.txt"
        file.write_text("".join(f"{800 + i % 50}\n" for i in range(900)))
        recording = client.upload(study.id, file, "P01", start="2026-03-04T08:00:00+01:00")
        event = client.add(
            study.id,
            EventIn(subject="P01", phase="maths", kind="stress",
                    start=f"{DAY}08:03:00+01:00", end=f"{DAY}08:05:00+01:00"),
        )  # fmt: skip
        phase = client.add(
            study.id,
            PhaseIn(subject="P01", condition="off", start=f"{DAY}00:00:00+01:00",
                    stop=f"{DAY}23:00:00+01:00"),
        )  # fmt: skip
        client.add(
            study.id,
            PhaseIn(subject="P01", condition="on", start=f"{DAY}23:00:00+01:00",
                    stop="2026-03-09T00:00:00+01:00"),
        )  # fmt: skip
        started = client.add(
            study.id,
            InterventionIn(subject="P01", name="walks", kind="exercise", start=f"{DAY}09:00:00Z"),
        )
        dose = client.add(
            study.id,
            DoseIn(subject="P01", time=f"{DAY}09:00:00Z", substance="magnesium", status="taken"),
        )
        outcome = client.add(
            study.id, OutcomeIn(subject="P01", time=f"{DAY}09:00:00Z", name="calm", value=3.0)
        )
        other = client.create_study(StudyIn(title="Planned"))
        plan = client.create_plan(other.id, PlanIn(title="The plan", content=PLAN))
        job = client.wait(client.start_comparison(study.id).id)
        yield url, {
            "study_id": study.id, "subject_id": subject.id, "recording_id": recording.id,
            "plan_id": plan.id, "job_id": job.id, "comparison_id": job.comparison_id,
            "events": event.id, "phases": phase.id, "interventions": started.id,
            "doses": dose.id, "outcomes": outcome.id,
        }  # fmt: skip


def is_uuid(text):
    try:
        return bool(UUID(str(text)))
    except ValueError:
        return False


@pytest.fixture(scope="module")
def api_schema(identities):
    url, known = identities
    config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)

    @schema.hook
    def map_path_parameters(context, path_parameters):
        """Half of the time, mean the things that are there."""
        if path_parameters and hash(str(path_parameters)) % 2:
            log = context.operation.path.split("/")[2]
            for name in path_parameters:
                found = known.get(log if name == "entry_id" else name)
                kept = context.operation.method.lower() != "delete"
                if found is not None and kept and is_uuid(path_parameters[name]):
                    path_parameters[name] = str(found)
        return path_parameters

    return schema


def operations():
    """Every operation but streams, which do not end."""
    paths = create_app(Settings(store="unused")).openapi()["paths"]
    return [
        (path, method)
        for path, item in paths.items()
        for method in item
        if not path.endswith("{recording_id}/events") and not path.endswith("{job_id}/events")
    ]


@pytest.mark.parametrize(("path", "method"), operations())
def test_no_request_is_answered_outside_the_document(api_schema, path, method):
    operation = api_schema[path][method]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 100,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def hold(case):
        case.call_and_validate(timeout=30)

    hold()
