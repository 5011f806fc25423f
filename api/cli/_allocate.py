"""`hrv plan --design two-arm|crossover`: people are drawn, not blocks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.cli import _clock
from api.cli._output import OutputFormat, emit_json, emit_text


def allocate(
    declared: Mapping[str, Any],
    design: str,
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
    from hrv.plan.draw import Key
    from ingest.allocation_files import METHODS, allocation_files, read_roster
    from ingest.plan_files import key_text, new_key, write_files

    if design not in drawing.DESIGNS:
        raise InputError(f"--design {design!r}: choose blocks, two-arm or crossover")
    if roster is None:
        raise InputError(f"a {design} study allocates people: list them in a CSV, --roster FILE")
    if key_path is None:
        raise InputError(
            "an allocation is concealed only if its key lies elsewhere: give --key FILE"
        )
    if key_path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"the key must lie outside {folder}, with somebody who enrols nobody")
    if key_path.exists() and not overwrite:
        raise InputError(f"{key_path} exists; a key is never replaced without --overwrite")
    pair = [str(declared["comparator"]), "on"]
    if secrets.randbits(1):
        pair.reverse()
    key = Key({"A": pair[0], "B": pair[1]}, secrets.token_hex(16))
    drawn = drawing.allocate(
        read_roster(roster, strata), strata, design, secrets.randbits(48) if seed is None else seed
    )
    told = {**declared, "method": METHODS[design], "design": design, "strata": strata}
    files, sha256 = allocation_files(drawn, key, told, _clock.now())
    written: list[Path] = []
    if not dry_run:
        with new_key(key_path, key_text(key, sha256)):
            written = [*write_files(folder, files, overwrite=overwrite), key_path]
    mde = drawing.detectable_sd(list(drawn.sizes.values()), design)
    if form is OutputFormat.JSON:
        emit_json({**told, "people": len(drawn.table), "sizes": drawn.sizes, "mde80_sd": mde,
                   "possible_allocations": drawn.possible,
                   "sha256": None if dry_run else sha256,
                   "files": [str(path) for path in written]}, None)  # fmt: skip
    else:
        emit_text(_for_people(drawn, told, mde, sha256, written), None)


def _for_people(
    drawn: Any, told: Mapping[str, Any], mde: float, sha256: str, written: list[Path]
) -> str:
    unit = "SD between people" if drawn.design == "two-arm" else "SD of a person's differences"
    sizes = ", ".join(f"{size} in {name}" for name, size in sorted(drawn.sizes.items()))
    by = f", in strata of {' and '.join(drawn.strata)}" if drawn.strata else ""
    head = f"{told['substance']}: {drawn.design} study of {len(drawn.table)} people"
    lines = [
        head, "=" * len(head), "",
        f"{sizes}{by}; drawn from {drawn.possible} possible allocations.",
        f"It detects {mde:.2f} {unit} in 80 of 100 such studies"
        + (" (adjusted for a baseline that correlates by 0.5)." if drawn.design == "two-arm"
           else "."),
        f"Compared by method {told['method']!r}: put column {drawn.column!r} of allocation.csv",
        "beside the outcomes, with 'period' (baseline and 1, or 1 and 2).",
    ]  # fmt: skip
    if not written:
        return "\n".join([*lines, "", "Dry run: nothing was written."]) + "\n"
    lines += ["", "Deposit before the first measurement (registration.txt)", f"  SHA-256 {sha256}"]
    return "\n".join([*lines, "", "Written", *(f"  {path}" for path in written)]) + "\n"
