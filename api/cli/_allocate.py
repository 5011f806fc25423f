"""`hrv plan --design two-arm|crossover`: people are drawn, not blocks."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli import _clock
from api.cli._output import OutputFormat, emit_json, emit_text

if TYPE_CHECKING:
    from hrv.plan.allocate import Allocation
    from hrv.plan.group import GroupPlan


def allocate(
    plan: GroupPlan,
    roster: Path | None,
    strata: list[str],
    folder: Path,
    key_path: Path | None,
    *,
    seed: int | None,
    overwrite: bool,
    dry_run: bool,
    form: OutputFormat,
) -> None:
    """Draw, write and show an allocation."""
    from hrv.errors import InputError
    from hrv.plan import allocate as drawing
    from hrv.plan.draw import CODES, Key
    from ingest.allocation_files import read_roster
    from ingest.group_files import group_files
    from ingest.plan_files import earlier_plans, key_text, write_files

    if roster is None:
        raise InputError(
            f"a {plan.design} study allocates people: list them in a CSV, --roster FILE"
        )
    if key_path is None:
        raise InputError(
            "an allocation is concealed only if its key lies elsewhere: give --key FILE"
        )
    if key_path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"the key must lie outside {folder}, with somebody who enrols nobody")
    if key_path.exists() and not overwrite:
        raise InputError(f"{key_path} exists; a key is never replaced without --overwrite")
    pair = [plan.comparator, "on"]
    if secrets.randbits(1):
        pair.reverse()
    key = Key(dict(zip(CODES, pair, strict=True)), secrets.token_hex(16))
    drawn = drawing.allocate(
        read_roster(roster, strata), strata, plan.design,
        secrets.randbits(48) if seed is None else seed,
    )  # fmt: skip
    files, sha256 = group_files(plan, drawn, key, _clock.now(), earlier_plans(folder))
    written: list[Path] = []
    if not dry_run:
        written = write_files(folder, files, overwrite=overwrite)
        key_path.write_text(key_text(key, sha256), encoding="utf-8")
        written.append(key_path)
    mde = drawing.detectable_sd(list(drawn.sizes.values()), plan.design)
    if form is OutputFormat.JSON:
        emit_json({**_as_mapping(plan, drawn), "mde80_sd": mde,
                   "sha256": None if dry_run else sha256,
                   "files": [str(path) for path in written]}, None)  # fmt: skip
    else:
        emit_text(_for_people(plan, drawn, mde, sha256, written), None)


def _as_mapping(plan: GroupPlan, drawn: Allocation) -> dict[str, Any]:
    return {
        "substance": plan.substance, "comparator": plan.comparator, "endpoint": plan.endpoint,
        "secondary": list(plan.secondary), "direction": plan.direction, "swc": plan.swc,
        "start_reason": plan.start_reason, "start": plan.first_day.isoformat(),
        "method": plan.method, "design": plan.design, "strata": list(drawn.strata),
        "sessions": [{"period": v.period, "day": v.day.isoformat()} for v in plan.visits],
        "opens": plan.end.time, "people": len(drawn.table), "sizes": dict(drawn.sizes),
        "possible_allocations": drawn.possible,
    }  # fmt: skip


def _for_people(
    plan: GroupPlan, drawn: Allocation, mde: float, sha256: str, written: list[Path]
) -> str:
    from ingest.plan_sheet import day_name

    unit = "SD between people" if drawn.design == "two-arm" else "SD of a person's differences"
    sizes = ", ".join(f"{size} in {name}" for name, size in sorted(drawn.sizes.items()))
    by = f", in strata of {' and '.join(drawn.strata)}" if drawn.strata else ""
    visits = [f"{day_name(v.day, year=True)} (period {v.period})" for v in plan.visits]
    head = f"{plan.substance}: {drawn.design} study of {len(drawn.table)} people"
    lines = [
        head, "=" * len(head), "",
        f"{sizes}{by}; drawn from {drawn.possible} possible allocations.",
        f"Sessions of everybody: {' and '.join(visits)}.",
        f"The effect stays sealed until {day_name(plan.end.time.date(), year=True)}.",
        f"It detects {mde:.2f} {unit} in 80 of 100 such studies"
        + (" (adjusted for a baseline that correlates by 0.5)." if drawn.design == "two-arm"
           else "."),
        f"Compared by method {plan.method!r}: list each recording in recordings.csv, with file,",
        "subject and period; who is in which group is read from allocation.csv.",
    ]  # fmt: skip
    if not written:
        return "\n".join([*lines, "", "Dry run: nothing was written."]) + "\n"
    lines += ["", "Deposit before the first measurement (registration.txt)", f"  SHA-256 {sha256}"]
    return "\n".join([*lines, "", "Written", *(f"  {path}" for path in written)]) + "\n"
