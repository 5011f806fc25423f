"""From a plan that was drawn to a study in the store: phases, doses, registration, key, files."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.models import Dose, HeldKey, Phase, Plan, PlanFile, Study, Subject
from hrv.errors import InputError
from hrv.plan.design import Plan as Design
from hrv.plan.draw import draw, new_key
from hrv.plan.proposal import Proposal, propose, study_of
from ingest.plan_calendar import Practical, planned_doses
from ingest.plan_files import PLAN, plan_files

PURPOSES = {
    "registration.txt": "to deposit beforehand",
    PLAN: "what the hash covers",
    ".ics": "calendar with reminders",
    ".html": "sheet to print",
}
"""What the kept files are for, by name or ending; of a blinded plan they speak in codes."""


@dataclass(frozen=True)
class Stored:
    """A plan and the study it became."""

    study: Study
    plan: Plan
    proposal: Proposal


def purpose_of(name: str) -> str | None:
    """Say what a file of a plan is for; None if it is not kept beside the plan."""
    return PURPOSES.get(name) or next(
        (said for ending, said in PURPOSES.items() if name.endswith(ending) and ending[0] == "."),
        None,
    )


def store_plan(
    session: Session, design: Design, practical: Practical, *, blinded: bool, made: datetime
) -> Stored:
    """Draw a plan, register it and make the study it becomes.

    Parameters
    ----------
    session : Session
        Within which everything is stored.
    design : Plan
        What is declared.
    practical : Practical
        Hours and dose.
    blinded : bool
        Draw in codes and keep the key shut until the planned end.
    made : datetime
        Moment of the draw.

    Raises
    ------
    InputError
        If a study against nothing is to be blinded.
    """
    if blinded and design.comparator == "off":
        raise InputError(
            "nobody is blind to taking nothing: compare with a placebo, or plan without blinding"
        )
    key = new_key(design) if blinded else None
    proposal = propose(design, draw(design, secrets.randbits(48), key))
    files = plan_files(proposal, practical, made)
    study = _study(session, proposal)
    plan = Plan(study_id=study.id, title="plan.json", content=json.loads(files[PLAN]))
    session.add(plan)
    session.flush()
    for name, data in files.items():
        if purpose_of(name) is not None:
            session.add(PlanFile(plan_id=plan.id, name=name, data=data))
    if key is not None:
        session.add(
            HeldKey(
                study_id=study.id, codes=dict(key.codes), nonce=key.nonce,
                opens_at=proposal.looks[-1].time,
            )
        )  # fmt: skip
    _people(session, study, proposal, practical, made)
    session.flush()
    return Stored(study, plan, proposal)


def _study(session: Session, proposal: Proposal) -> Study:
    planned, design = study_of(proposal.plan, proposal.schedule), proposal.plan
    settings = planned.settings
    row = Study(
        title=planned.title,
        tz=design.tz,
        declared={
            "primary": planned.primary,
            "direction": settings.direction,
            "secondary": list(planned.secondary),
            "swc": settings.swc,
            "conditions": list(planned.conditions),
            "method": planned.method,
            "washin_days": settings.washin_days,
            "familiarisation": planned.familiarisation,
            "start_reason": settings.start_reason,
            "randomisation": [list(order) for order in planned.randomisation or ()],
            "cleaner": planned.cleaner,
            "seed": planned.seed,
        },
    )
    session.add(row)
    session.flush()
    return row


def _people(
    session: Session, study: Study, proposal: Proposal, practical: Practical, made: datetime
) -> None:
    who: dict[str, UUID] = {}
    for name in proposal.plan.subjects:
        subject = Subject(study_id=study.id, name=name, enrolled_at=made, strata={})
        session.add(subject)
        session.flush()
        who[name] = subject.id
    for row in proposal.schedule.phases.to_dict(orient="records"):
        session.add(
            Phase(
                study_id=study.id, subject_id=who[row["subject"]], condition=row["condition"],
                start=_plain(row["start"]), stop=_plain(row["stop"]), block=int(row["block"]),
                randomised=bool(row["randomised"]),
            )
        )  # fmt: skip
    for name, subject_id in who.items():
        session.add_all(_doses(study.id, subject_id, proposal, name, practical))


def _plain(moment: datetime) -> datetime:
    to_python = getattr(moment, "to_pydatetime", None)
    return moment if to_python is None else to_python()


def _doses(
    study_id: UUID, subject_id: UUID, proposal: Proposal, name: str, practical: Practical
) -> Iterator[Dose]:
    for row in planned_doses(proposal, name, practical):
        yield Dose(
            study_id=study_id, subject_id=subject_id, time=datetime.fromisoformat(row["time"]),
            substance=row["substance"], product=row["product"], unit=row["unit"],
            amount=float(row["amount"]) if row["amount"] else None, basis=row["basis"],
            status=row["status"], note=row["note"],
        )  # fmt: skip


def files_of(session: Session, plan_id: UUID) -> list[PlanFile]:
    """Files that go with a plan, in order of their names."""
    query = select(PlanFile).where(PlanFile.plan_id == plan_id).order_by(PlanFile.name)
    return list(session.scalars(query))
