"""What a recording came to: one row a strap, read back from the disk where there is a journal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from api.cli._output import OutputFormat, emit_table, emit_text
from hrv.errors import FormatError
from ingest.ble.post import Post
from ingest.ble.station import Station


def emit_outcome(station: Station, form: OutputFormat) -> int:
    """Print what every strap gave; return the number of beats in all."""
    import pandas as pd

    rows = [_written(p) if p.path is not None else _shown(p) for p in station.posts]
    if form is OutputFormat.TABLE:
        emit_text("\n".join(_paragraph(row) for row in rows), None)
    else:
        emit_table(pd.DataFrame(rows), form, None)
    return sum(row["beats"] for row in rows)


def _paragraph(row: Mapping[Any, Any]) -> str:
    who = ", ".join(str(row[key]) for key in ("person", "strap") if row.get(key))
    gaps = _count(row["gaps"], "gap")
    parts = [f"{row['minutes']:.1f} min", f"{row['beats']} beats", gaps]
    if "journal" not in row:
        return f"{who}: {', '.join(parts)}; {row['state']}\n"
    lines = [f"{row['journal']}  {who}"]
    if row["beats"]:
        parts.append(f"{row['artefacts_percent']:.1f} % artefacts")
        parts += [
            f"{name} {row[key]:.1f} {unit}"
            for name, key, unit in (("mean HR", "mean_hr", "bpm"), ("RMSSD", "rmssd", "ms"))
            if not math.isnan(row[key])
        ]
        parts.append(_count(row["events"], "event"))
        lines.append(f"  {', '.join(parts)}")
    return "\n".join([*lines, f"  {row['state']}"]) + "\n"


def _count(n: int, what: str) -> str:
    return f"no {what}" if not n else f"{n} {what}{'s' * (n > 1)}"


def _written(post: Post) -> dict[str, Any]:
    """From the journal itself: what is told is what can be read again."""
    from hrv.clean import clean
    from hrv.types import Flag
    from hrv.windows import summary
    from ingest.journal import verify
    from ingest.reading import open_recording

    assert post.path is not None
    verdict = verify(post.path)
    row: dict[str, Any] = {
        "journal": str(post.path), "person": post.person, "strap": _strap(post), "minutes": 0.0,
        "beats": 0, "gaps": 0, "artefacts_percent": math.nan, "mean_hr": math.nan,
        "rmssd": math.nan, "events": 0, "state": verdict.sentence,
    }  # fmt: skip
    if post.failure is not None:
        row["state"] = f"{post.failure}; {verdict.sentence}"
    try:
        recording = open_recording(post.path)
    except FormatError:
        return row  # no beats: `state` says what there is
    assert recording.rr is not None
    nn = clean(recording.rr)
    numbers = summary(nn, ["mean_hr", "rmssd"])
    return row | {
        "minutes": recording.rr.duration_s / 60,
        "beats": len(recording.rr),
        "gaps": int(((recording.rr.flag & Flag.GAP) != 0).sum()),
        "artefacts_percent": 100 * nn.corrected_share,
        "mean_hr": float(numbers["mean_hr"]),
        "rmssd": float(numbers["rmssd"]),
        "events": len(recording.events),
    }


def _shown(post: Post) -> dict[str, Any]:
    vitals = post.watch.at(post.now_ns)
    return {
        "source": post.source.label, "strap": _strap(post), "minutes": vitals.elapsed_s / 60,
        "beats": vitals.beats, "gaps": vitals.gaps,
        "state": str(post.failure) if post.failure else "played",
    }  # fmt: skip


def _strap(post: Post) -> str:
    return post.watch.at(post.now_ns).device or post.source.label
