"""A plan made by REST: what it can detect, the draw, the files, and blind until its end."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from serving import serving

from api.client import Client, ServiceError
from api.schemas.logs import Dose, Phase
from api.schemas.plans import PlannedIn, ProposalIn

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
