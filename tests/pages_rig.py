"""Studies for the tests of the pages: one with an answer, one that is sealed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from api.client import Client
from api.schemas.logs import AdverseEventIn, OutcomeIn, Phase
from api.schemas.plans import PlannedIn
from api.schemas.studies import DesignIn, Endpoint, StudyIn

NAMES = (
    "2026-03-05", "2026-03-06", "2026-03-07", "2026-03-12", "2026-03-13", "2026-03-14",
)  # fmt: skip
"""Recordings of the sample study that are taken: three of either condition."""


@dataclass(frozen=True)
class Told:
    """Where the study with an answer is."""

    url: str
    study: UUID
    subject: UUID
    recording: UUID

    @property
    def pages(self) -> dict[str, str]:
        """Every page that reads, by name."""
        study, recording = f"/studies/{self.study}", f"/recordings/{self.recording}"
        return {
            "home": "/",
            "overview": study,
            "recovery": f"{study}/recovery",
            "recordings": f"{study}/recordings",
            "subject": f"{study}/subjects/{self.subject}",
            "recording": recording,
            "variability": f"{recording}/variability",
        }


def told(url: str, sample_data: Path) -> Told:
    """Make a study of a daily score, with a few recordings, and compare it."""
    with Client(url) as client:
        study = client.create_study(
            StudyIn(
                title="Magnesium glycinate and sleep", tz="Europe/Berlin",
                endpoint=Endpoint(primary="sleep_quality", direction="higher", swc=0.5),
                design=DesignIn(washin_days=2.0, familiarisation=0, start_reason="planned"),
            )
        )  # fmt: skip
        subject = client.create_subject(study.id, "P01")
        made = [
            client.upload(study.id, sample_data / "recordings" / f"{name}.txt", "P01")
            for name in NAMES
        ]
        for log in ("events", "phases", "doses", "outcomes"):
            client.import_table(study.id, log, sample_data / f"{log}.csv")
        client.add(
            study.id,
            AdverseEventIn(
                subject="P01", time=datetime(2026, 3, 18, 9, tzinfo=UTC), term="loose stool",
                severity="mild",
            ),
        )  # fmt: skip
        client.wait(client.start_comparison(study.id).id)
    return Told(url, study.id, subject.id, made[0].id)


def sealed(url: str) -> tuple[UUID, UUID]:
    """Make a registered study with a large effect whose end has not come; it and its person."""
    with Client(url) as client:
        first = datetime.now(UTC).date() - timedelta(days=30)
        plan = PlannedIn(
            substance="ashwagandha", direction="higher", start_reason="planned",
            first_day=first, tz="UTC", endpoint="calm",
        )  # fmt: skip
        made = client.draw_plan(plan)
        for phase in client.entries(made.study_id, Phase):
            for day in range(7):
                time = phase.start + timedelta(days=day, hours=18)
                if time < datetime.now(UTC):
                    value = 10.0 + day % 3 + (8.0 if phase.condition == "on" else 0.0)
                    row = OutcomeIn(subject=phase.subject, time=time, name="calm", value=value)
                    client.add(made.study_id, row)
        client.wait(client.start_comparison(made.study_id).id)
        return made.study_id, next(iter(client.subjects(made.study_id))).id
