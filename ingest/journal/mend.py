"""Copy the whole records of a damaged journal, and write journals as lines for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO

from hrv.errors import InputError
from ingest.journal.reader import Verdict, Walk
from ingest.journal.record import JSON_KINDS, MAGIC, Record


def repair(source: str | Path, target: str | Path) -> Verdict:
    """Write every whole record of `source` to a new file; the damaged one is left as it is.

    Records keep their bytes and sequence numbers, so what was lost in the middle still shows.

    Parameters
    ----------
    source : path
        Damaged journal.
    target : path
        File to create.

    Returns
    -------
    Verdict
        What was found in `source`.

    Raises
    ------
    InputError
        If `target` exists, or `source` is no journal.
    """
    source, target = Path(source), Path(target)
    if target.exists():
        raise InputError(f"{target.name} exists already; choose another name for the repaired copy")
    walk = Walk(source.read_bytes(), source.name)
    spans = [walk.data[p.offset : p.offset + p.length] for p in walk]
    target.write_bytes(MAGIC + b"".join(spans))
    return walk.verdict()


def export(source: str | Path, out: TextIO) -> int:
    """Write one JSON object a record to `out`; bytes become hexadecimal.

    Returns
    -------
    int
        Number of records written.
    """
    source = Path(source)
    count = 0
    for placed in Walk(source.read_bytes(), source.name):
        line = {"sequence": placed.sequence, **_as_fields(placed.record)}
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        count += 1
    return count


def _as_fields(record: Record) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": record.kind.name.lower(),
        "mono_ns": record.mono_ns,
        "wall_ns": record.wall_ns,
    }
    if record.channel:
        fields["characteristic"] = f"{record.channel:04x}"
    if record.kind in JSON_KINDS:
        fields["fields"] = record.fields
    else:
        fields["bytes"] = record.payload.hex()
    return fields
