"""Write a planned group study to a folder that `hrv compare` takes as it is, in codes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from hrv.plan.allocate import Allocation
from hrv.plan.draw import Key
from hrv.plan.group import GroupPlan
from hrv.plan.registration import digest
from ingest.columns import DOSE_COLUMNS, EVENT_COLUMNS, OUTCOME_COLUMNS
from ingest.plan_calendar import Entry, written
from ingest.plan_files import PLAN, as_csv, as_json

MANIFEST = "recordings.csv"


def group_files(
    plan: GroupPlan, allocation: Allocation, key: Key, made: datetime, replaces: Sequence[str] = ()
) -> tuple[dict[str, bytes], str]:
    """Lay a group study out as files.

    Parameters
    ----------
    plan : GroupPlan
        What is declared.
    allocation : Allocation
        Who goes where, in codes.
    key : Key
        What the codes mean; only its commitment is written.
    made : datetime
        Aware time of the draw.
    replaces : sequence of str
        Hashes of plans that this one replaces.

    Returns
    -------
    dict of str to bytes
        Content by name.
    str
        SHA-256 to deposit beforehand.
    """
    record = plan.record(allocation, key)
    sha256 = digest(record)
    told = {
        "sha256": sha256, "record": record, "tz": plan.tz, "look_names": [plan.end.name],
        "drawn_at": made.isoformat(), "seed": allocation.seed,
        "possible_allocations": allocation.possible, "substance": plan.substance,
        "comparator": plan.comparator, "replaces": list(replaces),
    }  # fmt: skip
    files = {
        "study.toml": _study_toml(plan, sha256),
        PLAN: as_json(told),
        "registration.txt": _registration(plan, allocation, sha256, made),
        "allocation.csv": allocation.table.to_csv(index=False, lineterminator="\n"),
        MANIFEST: as_csv(("file", "subject", "period"), []),
        "events.csv": as_csv(EVENT_COLUMNS, []),
        "outcomes.csv": as_csv(OUTCOME_COLUMNS, []),
        "doses.csv": as_csv(DOSE_COLUMNS, []),
    }
    out = {name: text.encode("utf-8") for name, text in files.items()}
    out["calendar.ics"] = written(plan.title, entries(plan, sha256), sha256[:16], made)
    return out, sha256


def _study_toml(plan: GroupPlan, sha256: str) -> str:
    quoted = json.dumps
    declared = plan.study()
    swc = [f"swc = {plan.swc!r}"] if plan.swc is not None else []
    periods = " and ".join(visit.period for visit in plan.visits)
    lines = [
        f"# Planned by `hrv plan`; registered as SHA-256 {sha256}.",
        "# Whatever is changed here afterwards makes the comparison exploratory.",
        f"title = {quoted(plan.title, ensure_ascii=False)}",
        f"tz = {quoted(plan.tz)}",
        "",
        "[endpoint]",
        f"primary = {quoted(plan.endpoint)}",
        f"direction = {quoted(plan.direction)}   # benefit, declared beforehand",
        f"secondary = {quoted(list(plan.secondary))}",
        *swc,
        "",
        "[design]",
        f"conditions = {quoted(list(declared.conditions))}   # codes, until the key is given",
        f"method = {quoted(plan.method)}",
        f"start_reason = {quoted(plan.start_reason)}",
        f"familiarisation = {declared.familiarisation}",
        'allocation = "allocation.csv"   # who goes where, as drawn',
        "",
        "[clean]",
        f"method = {quoted(plan.cleaner)}",
        "",
        "[data]",
        f"recordings = {quoted(MANIFEST)}   # one row a recording; periods are {periods}",
        'events = "events.csv"',
        'doses = "doses.csv"',
        'outcomes = "outcomes.csv"',
        "",
        "[plan]",
        f"file = {quoted(PLAN)}",
    ]
    return "\n".join(lines) + "\n"


def _registration(plan: GroupPlan, allocation: Allocation, sha256: str, made: datetime) -> str:
    swc = "none declared" if plan.swc is None else f"{plan.swc:g}"
    visits = "; ".join(f"{v.period} {v.day.isoformat()}" for v in plan.visits)
    lines = [
        ("SHA-256", sha256),
        ("Drawn", f"{made.isoformat(timespec='seconds')}, seed {allocation.seed}"),
        ("People", len(allocation.table)),
        ("Design", f"{plan.design}, drawn from {allocation.possible} allocations"),
        ("Stratified by", ", ".join(allocation.strata) or "nothing"),
        ("Sessions", visits),
        ("Primary endpoint", plan.endpoint),
        ("Direction", f"{plan.direction} is a benefit"),
        ("Smallest worthwhile", swc),
        ("Exploratory", ", ".join(plan.secondary) or "none"),
        ("Artefact handling", plan.cleaner),
        ("Estimator", plan.method),
        ("Reason for starting", plan.start_reason),
        ("Effect opens", f"{plan.end.time:%Y-%m-%d}"),
    ]
    return (
        f"{plan.title}\n\n"
        f"Deposit this text before {plan.first_day.isoformat()}, where its date can be proved.\n\n"
        + "\n".join(f"{name:<21}{value}" for name, value in lines)
        + '\n\nThe hash is over the object "record" of plan.json: keys sorted, no spaces, UTF-8.\n'
    )


def entries(plan: GroupPlan, sha256: str) -> list[Entry]:
    """List what whoever runs the study has to do; nothing in it says who takes what."""
    first = plan.first_day
    sessions = [
        Entry(
            f"Session, period {visit.period}: everybody",
            f"{visit.text[:1].upper()}{visit.text[1:]}.  Add each recording to {MANIFEST} with "
            f"period {visit.period}. Strap on, 6 min quiet, 5 min stress, 10 min recovery sitting.",
            visit.day,
        )
        for visit in plan.visits
    ]
    found = [
        Entry(
            "Register the plan today",
            "Deposit registration.txt (its SHA-256) where its date can be proved. "
            f"SHA-256 {sha256}",
            first - timedelta(days=1),
        ),
        *sessions,
        *_periods(plan),
        Entry("Open the result", "hrv compare study.toml --key KEY --report report.html",
              plan.end.time.date()),
    ]  # fmt: skip
    return sorted(found, key=lambda entry: str(entry.start))


def _periods(plan: GroupPlan) -> list[Entry]:
    days, first = plan.period_days, plan.first_day
    how = "Everybody gets what the allocation says, by code; whoever hands it out knows no more."
    if plan.design == "two-arm":
        return [Entry("Treatment, both arms", how, first + timedelta(days=1), days)]
    second = first + timedelta(days=days + plan.washout)
    found = [Entry("First period", how, first, days)]
    if plan.washout:
        text = "Nobody takes anything; sessions in these days do not count."
        found.append(Entry("Wash-out", text, first + timedelta(days=days), plan.washout))
    return [*found, Entry("Second period, crossed over", how, second, days)]
