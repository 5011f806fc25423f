"""A plan made by REST: what it can detect, the draw, the files, and blind until its end."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from serving import serving

from api.client import Client, ServiceError
from api.schemas.logs import Dose, OutcomeIn, Phase
from api.schemas.plans import PlannedIn, ProposalIn
from api.schemas.studies import StudyIn

BEFORE = datetime(2026, 12, 1, 9, tzinfo=UTC)
ASKED = {
    "substance": "ashwagandha", "direction": "higher", "start_reason": "planned",
    "first_day": date(2026, 12, 7), "tz": "Europe/Berlin", "endpoint": "calm",
}  # fmt: skip


@pytest.fixture
def clock():
    return [BEFORE]


@pytest.fixture
def planner(tmp_path, clock):
    with serving(str(tmp_path / "store"), clock=lambda: clock[0]) as url, Client(url) as client:
        yield client


def test_a_proposal_says_what_it_takes_and_what_it_can_detect_and_stores_nothing(planner):
    found = planner.propose_plan(ProposalIn(**ASKED, simulations=20, beside=False))
    assert found.title == "Ashwagandha and calm"
    assert found.what.startswith("8 blocks of 7 days, half with ashwagandha and half without")
    assert "stays sealed until" in found.when
    assert found.possible_orders == 34
    assert [d.drawn for d in found.designs] == [True]
    assert found.designs[0].detects.endswith(" SD")
    assert list(planner.studies()) == []


def before(client, people=("P01",), days=14):
    """A study of a daily score before anything is started."""
    study = client.create_study(StudyIn(title="Before it", tz="Europe/Berlin"))
    rng = np.random.default_rng(11)
    for name in people:
        client.create_subject(study.id, name)
        for day in range(days):
            time = BEFORE - timedelta(days=20 - day)
            value = round(10 + rng.normal(), 2)
            client.add(study.id, OutcomeIn(subject=name, time=time, name="calm", value=value))
    return study.id


def test_a_run_in_tells_the_difference_in_units_and_how_sure_it_is(planner):
    asked = ProposalIn(**ASKED, simulations=20, beside=False, run_in=before(planner), swc=0.5)
    found = planner.propose_plan(asked)
    assert found.variation.startswith("this person's run-in of 14 days, between days 0.908, ")
    assert not found.designs[0].detects.endswith("SD")
    assert float(found.designs[0].detects) > 0.3
    assert found.chances[0].startswith("14 days know the spread only roughly")
    assert re.search(r"worthwhile change, 0.5, would be found in \d+ of 100", found.chances[1])


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"people": ("P01", "P02")}, "several people; a run-in is one person's"),
        ({"days": 5}, "5 days with a value and at least 7 are needed"),
    ],
)
def test_a_run_in_that_tells_too_little_is_refused(planner, made, why):
    with pytest.raises(ServiceError, match=why):
        planner.propose_plan(ProposalIn(**ASKED, run_in=before(planner, **made)))


def test_a_study_that_was_planned_itself_is_no_run_in(planner):
    sealed = planner.draw_plan(PlannedIn(**ASKED)).study_id
    with pytest.raises(ServiceError, match="read as it was registered"):
        planner.propose_plan(ProposalIn(**ASKED, run_in=sealed))
    with pytest.raises(ServiceError, match="there is no study"):
        planner.propose_plan(ProposalIn(**ASKED, run_in=uuid4()))


def test_a_design_with_too_few_orders_is_refused_with_the_mend(planner):
    with pytest.raises(ServiceError, match="plan 8 blocks"):
        planner.propose_plan(ProposalIn(**ASKED, blocks=4, simulations=20))


def test_nobody_is_blind_to_taking_nothing(planner):
    with pytest.raises(ServiceError, match="compare with a placebo"):
        planner.draw_plan(PlannedIn(**ASKED, blinded=True))
    assert list(planner.studies()) == []


def test_a_drawn_plan_is_a_study_with_phases_planned_doses_and_its_files(planner):
    made = planner.draw_plan(
        PlannedIn(**ASKED, amount=600.0, unit="mg", basis="compound", people=["P01", "P02"])
    )
    assert {p.randomised for p in planner.entries(made.study_id, Phase)} == {True}
    doses = list(planner.entries(made.study_id, Dose))
    assert {(d.substance, d.amount, d.status) for d in doses} == {("ashwagandha", 600, "planned")}
    assert len(doses) == 2 * 4 * 7
    names = [f.name for f in made.files]
    assert names == [
        "calendar-P01.ics", "calendar-P02.ics", "plan.json", "registration.txt", "sheet-P01.html",
        "sheet-P02.html",
    ]  # fmt: skip
    assert all(f.purpose for f in made.files)
    assert made.sha256 in planner.plan_file(made.plan_id, "registration.txt").decode()
    assert planner.plan_file(made.plan_id, "calendar-P01.ics").startswith(b"BEGIN:VCALENDAR")
    with pytest.raises(ServiceError, match=r"no file 'key\.json'"):
        planner.plan_file(made.plan_id, "key.json")


def fill_in(client, study_id, folder, effect_of):
    """A daily score on every day of every block."""
    rng, rows = np.random.default_rng(4), ["subject,time,name,value"]
    for phase in client.entries(study_id, Phase):
        day = phase.start
        while day < phase.stop:
            value = 10 + effect_of(phase.condition) + rng.normal()
            at = day + timedelta(hours=18)
            rows.append(f"{phase.subject},{at.isoformat()},calm,{value:.3f}")
            day += timedelta(days=1)
    table = folder / "outcomes.csv"
    table.write_text("\n".join(rows))
    client.import_table(study_id, "outcomes", table)


def test_a_blinded_plan_stays_blind_and_sealed_until_its_end_and_then_opens_by_itself(
    planner, clock, tmp_path
):
    made = planner.draw_plan(
        PlannedIn(**ASKED, comparator="placebo", blinded=True, block_days=7, washin_days=1.0)
    )
    phases = list(planner.entries(made.study_id, Phase))
    assert {p.condition for p in phases} == {"A", "B"}
    assert {d.substance for d in planner.entries(made.study_id, Dose)} == {"bottle A", "bottle B"}
    told = str([planner.plan_file(made.plan_id, f.name) for f in made.files])
    assert "nonce" not in told
    codes = planner.disclose_key(made.study_id, "a friend", "fills the bottles").key.codes
    fill_in(planner, made.study_id, tmp_path, lambda code: 4.0 if codes[code] == "on" else 0.0)
    clock[0] = made.opens - timedelta(hours=1)
    sealed = planner.compare(made.study_id)
    assert sealed.estimate is None
    assert "sealed until" in sealed.refusals[0].why
    with pytest.raises(ServiceError, match="stays shut until"):
        planner.key(made.study_id)
    clock[0] = made.opens
    opened = planner.compare(made.study_id)
    assert opened.low < 4.0 < opened.high
    assert opened.details["registration"]["as_registered"]
    assert "placebo" in opened.sentence
    assert planner.key(made.study_id).codes == codes
