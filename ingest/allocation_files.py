"""Write a concealed allocation: who goes where in codes, its registration, and the hash of both."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from hrv.errors import InputError
from hrv.plan.allocate import Allocation
from hrv.plan.draw import Key
from hrv.plan.registration import digest

METHODS = {"two-arm": "ancova", "crossover": "crossover"}


def read_roster(path: Path, strata: Sequence[str]) -> pd.DataFrame:
    """Read who is enrolled: a CSV with ``subject`` and the columns to stratify by.

    Raises
    ------
    InputError
        If a column is missing or a cell empty.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the roster cannot be read ({error})") from None
    table = csv.DictReader(lines, skipinitialspace=True)
    columns = ("subject", *strata)
    for name in columns:
        if name not in (table.fieldnames or ()):
            have = ", ".join(table.fieldnames or ()) or "none"
            raise InputError(f"{path}: the roster has no column {name!r} (columns: {have})")
    listed = []
    for row in table:
        found = {name: (row[name] or "").strip() for name in columns}
        for name, value in found.items():
            if not value:
                raise InputError(f"{path}, line {table.line_num}: column {name!r} is empty")
        listed.append(found)
    if not listed:
        raise InputError(f"{path} lists nobody")
    return pd.DataFrame(listed)


def allocation_files(
    allocation: Allocation, key: Key, declared: Mapping[str, Any], made: datetime
) -> tuple[dict[str, bytes], str]:
    """Lay an allocation out as files.

    Parameters
    ----------
    allocation : Allocation
        Who goes where, in codes.
    key : Key
        What the codes mean; only its commitment is written.
    declared : mapping
        Endpoint, direction and the rest, as plain values.
    made : datetime
        Aware time of the draw.

    Returns
    -------
    dict of str to bytes
        Content by name.
    str
        SHA-256 to deposit beforehand.
    """
    record = {
        "format": 1,
        "declared": dict(declared),
        "allocation": allocation.table.to_dict(orient="records"),
        "key_sha256": key.commitment,
    }
    sha256 = digest(record)
    told = {
        "sha256": sha256, "record": record, "seed": allocation.seed,
        "possible_allocations": allocation.possible, "drawn_at": made.isoformat(),
    }  # fmt: skip
    text = "\n".join(f"{name:<22}{value}" for name, value in _lines(allocation, declared, sha256))
    files = {
        "allocation.csv": allocation.table.to_csv(index=False, lineterminator="\n"),
        "plan.json": json.dumps(told, indent=1, ensure_ascii=False) + "\n",
        "registration.txt": f"Deposit this text before the first measurement.\n\n{text}\n",
    }
    return {name: content.encode("utf-8") for name, content in files.items()}, sha256


def _lines(
    allocation: Allocation, declared: Mapping[str, Any], sha256: str
) -> list[tuple[str, object]]:
    return [
        ("SHA-256", sha256),
        ("Design", allocation.design),
        ("People", len(allocation.table)),
        ("Stratified by", ", ".join(allocation.strata) or "nothing"),
        ("Drawn from", f"{allocation.possible} allocations, seed {allocation.seed}"),
        *(
            (name.replace("_", " ").capitalize(), value)
            for name, value in declared.items()
            if name not in ("design", "strata") and value not in (None, [], "")
        ),
    ]
