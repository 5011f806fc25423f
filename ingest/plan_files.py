"""Write a planned study to a folder that `hrv compare` takes as it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from hrv.errors import InputError, StorageError
from hrv.plan.draw import Key
from hrv.plan.proposal import Proposal, title_of
from ingest.columns import DOSE_COLUMNS, EVENT_COLUMNS, OUTCOME_COLUMNS, PHASE_COLUMNS
from ingest.documents import parse_json
from ingest.durable import make_folder, write_file
from ingest.plan_calendar import Practical, calendar, planned_doses
from ingest.plan_sheet import sheet

PLAN = "plan.json"
RECORDINGS = "recordings"
_DOSES = tuple(c for c in DOSE_COLUMNS if c not in ("form", "route"))


def plan_files(
    proposal: Proposal, practical: Practical, made: datetime, replaces: Sequence[str] = ()
) -> dict[str, bytes]:
    """Lay a plan out as files.

    Parameters
    ----------
    proposal : Proposal
        The plan and what was drawn.
    practical : Practical
        Hours and dose, for the calendar and the sheet.
    made : datetime
        Aware time of the draw.
    replaces : sequence of str
        Hashes of plans that this one replaces: a schedule drawn anew does not hide the old one.

    Returns
    -------
    dict of str to bytes
        Content by path relative to the study's folder.
    """
    plan, schedule = proposal.plan, proposal.schedule
    alone = len(plan.subjects) == 1
    drawn = {name: list(order) for name, order in schedule.drawn.items()}
    files = {
        "study.toml": _study_toml(proposal),
        PLAN: as_json(_plan_json(proposal, made, replaces)),
        "registration.txt": _registration_text(proposal, made),
        "phases.csv": as_csv(
            PHASE_COLUMNS, [_phase(r) for r in schedule.phases.to_dict("records")]
        ),
        "randomisation.json": as_json(
            {
                "seed": schedule.seed,
                "drawn": next(iter(drawn.values())) if alone else drawn,
                "set": [list(order) for order in schedule.orders],
            }
        ),
        "events.csv": as_csv(EVENT_COLUMNS, []),
        "outcomes.csv": as_csv(OUTCOME_COLUMNS, []),
        "doses.csv": as_csv(
            _DOSES, [r for s in plan.subjects for r in planned_doses(proposal, s, practical)]
        ),
    }
    out = {name: text.encode("utf-8") for name, text in files.items()}
    for subject in plan.subjects:
        suffix = "" if alone else f"-{subject}"
        out[f"calendar{suffix}.ics"] = calendar(proposal, subject, practical, made)
        out[f"sheet{suffix}.html"] = sheet(proposal, subject, practical).encode("utf-8")
    return out


def key_text(key: Key, sha256: str) -> str:
    """Write the key of a blinded study."""
    return as_json({"codes": dict(key.codes), "nonce": key.nonce, "plan_sha256": sha256})


@contextmanager
def new_key(path: Path, text: str) -> Iterator[None]:
    """Put a key on the disk before what it opens; if that cannot be written, take it back.

    Only its owner may read it.

    Raises
    ------
    StorageError
        If the key cannot be written.
    """
    earlier = path.read_bytes() if path.exists() else None
    try:
        write_file(path, text.encode(), mode=0o600)
    except OSError as error:
        raise StorageError(f"cannot write the key to {path}: {error.strerror}") from None
    try:
        yield
    except BaseException:
        if earlier is None:
            path.unlink()
        else:
            write_file(path, earlier)
        raise


def earlier_plans(folder: Path) -> tuple[str, ...]:
    """Return the hashes of the plan a folder holds and of those that plan replaced."""
    path = folder / PLAN
    if not path.is_file():
        return ()
    try:
        content = parse_json(path.read_bytes())
        return (*map(str, content.get("replaces", ())), str(content["sha256"]))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"{path} is damaged ({error}); move it away and plan again") from None


def write_files(folder: Path, files: Mapping[str, bytes], *, overwrite: bool) -> list[Path]:
    """Write all files, or none if one would replace another that nobody allowed to be replaced.

    Raises
    ------
    InputError
        Naming the files in the way, or why the folder cannot be written.
    """
    there = [name for name in files if (folder / name).exists()]
    if there and not overwrite:
        shown = ", ".join(there[:3]) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
        raise InputError(
            f"{folder} already holds {shown}; choose another folder, or replace them with "
            "--overwrite (the earlier plan's hash stays on record)"
        )
    held = [name for name in ("doses.csv", "events.csv", "outcomes.csv") if name in there]
    for log in held:
        if _has_entries(folder / log):
            raise InputError(
                f"{folder / log} holds entries that a new plan would lose; move it away first"
            )
    try:
        make_folder(folder / RECORDINGS)
        for name, content in files.items():
            write_file(folder / name, content)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written ({error.strerror})") from None
    return [folder / name for name in files]


def _has_entries(path: Path) -> bool:
    """Whether somebody has entered something: a dose taken or missed, an event, an outcome."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return any(line.strip() and ",planned," not in line for line in lines)


def _study_toml(proposal: Proposal) -> str:
    plan, schedule = proposal.plan, proposal.schedule
    quoted = json.dumps
    subject = [f"subject = {quoted(plan.subjects[0])}"] if len(plan.subjects) == 1 else []
    swc = [f"swc = {plan.swc!r}"] if plan.swc is not None else []
    lines = [
        f"# Planned by `hrv plan`; registered as SHA-256 {proposal.sha256}.",
        "# Whatever is changed here afterwards makes the comparison exploratory.",
        f"title = {quoted(title_of(plan), ensure_ascii=False)}",
        f"tz = {quoted(plan.tz)}",
        "",
        "[endpoint]",
        f"primary = {quoted(plan.endpoint)}",
        f"direction = {quoted(plan.direction)}   # benefit, declared beforehand",
        f"secondary = {quoted(list(plan.secondary))}",
        *swc,
        "",
        "[design]",
        f"conditions = {quoted(list(schedule.conditions))}",
        f"method = {quoted(plan.method)}",
        f'washin = "{plan.washin:g}d"   # left out after each change of condition',
        f"familiarisation = {plan.familiarisation}   # first tests, left out",
        f"start_reason = {quoted(plan.start_reason)}",
        'phases = "phases.csv"',
        'randomisation = "randomisation.json"   # every order that could have been drawn',
        "",
        "[clean]",
        f"method = {quoted(plan.cleaner)}",
        "",
        "[data]",
        f'recordings = "{RECORDINGS}/{"*" if subject else "*/*"}"'
        + ("" if subject else "   # one folder a person"),
        *subject,
        'events = "events.csv"',
        'doses = "doses.csv"',
        'outcomes = "outcomes.csv"',
        "",
        "[plan]",
        f'file = "{PLAN}"',
    ]
    return "\n".join(lines) + "\n"


def _plan_json(proposal: Proposal, made: datetime, replaces: Sequence[str]) -> dict[str, Any]:
    plan = proposal.plan
    return {
        "sha256": proposal.sha256,
        "record": dict(proposal.record),
        "tz": plan.tz,
        "look_names": [look.name for look in proposal.looks],
        "drawn_at": made.isoformat(),
        "seed": proposal.schedule.seed,
        "substance": plan.substance,
        "comparator": plan.comparator,
        "tests_a_day": plan.tests_a_day,
        "replaces": list(replaces),
    }


def _registration_text(proposal: Proposal, made: datetime) -> str:
    plan, declared = proposal.plan, proposal.record["declared"]
    looks = ", ".join(f"{k.time:%Y-%m-%d} at {100 * k.level:.4g} %" for k in proposal.looks)
    swc = "half the SD between days" if plan.swc is None else f"{plan.swc:g}"
    return (
        f"{title_of(plan)}\n\n"
        f"Deposit this text before {plan.first_day.isoformat()}, where its date can be proved.\n\n"
        f"SHA-256            {proposal.sha256}\n"
        f"Drawn              {made.isoformat(timespec='seconds')}, seed {proposal.schedule.seed}\n"
        f"People             {len(plan.subjects)}\n"
        f"Primary endpoint   {plan.endpoint}\n"
        f"Direction          {plan.direction} is a benefit\n"
        f"Smallest worthwhile change   {swc}\n"
        f"Exploratory        {', '.join(plan.secondary) or 'none'}\n"
        f"Artefact handling  {plan.cleaner}\n"
        f"Estimator          {plan.method}, {100 * declared['level']:g} % intervals\n"
        f"Design             {plan.n_blocks} blocks of {plan.days} days, drawn from "
        f"{len(proposal.schedule.orders)} orders\n"
        f"Wash-in            {plan.washin:g} days after each change\n"
        f"Familiarisation    {plan.familiarisation} tests, left out\n"
        f"Reason for starting   {plan.start_reason}\n"
        f"Blinded            {'yes' if proposal.schedule.key is not None else 'no'}\n"
        f"Effect opens       {looks}\n\n"
        "The hash is over the object \"record\" of plan.json: keys sorted, no spaces, UTF-8.\n"
    )  # fmt: skip


def _phase(row: Mapping[Any, Any]) -> dict[str, str]:
    told = {str(k): str(v) for k, v in row.items()}
    return {
        **told,
        "start": row["start"].isoformat(),
        "stop": row["stop"].isoformat(),
        "randomised": str(bool(row["randomised"])).lower(),
    }


def as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    """Write a table with its header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_json(value: Any) -> str:
    """Write a value for people to read as well."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
