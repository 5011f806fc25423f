"""Write the sample study to a folder; the same seed gives the same files, byte for byte.

Run as ``python -m ingest.sample_study sample_data``.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from hrv.errors import HRVError, InputError
from hrv.simulate import SampleStudy, sample_study
from hrv.simulate.study import FIRST_SEED, truth_record
from hrv.types import RRSeries
from ingest._sample_texts import README, STUDY_TOML
from ingest.formats._write_text import write_text

RECORDINGS = "recordings"


def sample_files(study: SampleStudy) -> dict[str, str]:
    """Lay a sample study out as text files.

    Parameters
    ----------
    study : SampleStudy
        From `hrv.simulate.sample_study`.

    Returns
    -------
    dict of str to str
        Content by path relative to the study's folder, with ``/`` and line feeds on every system.
    """
    drawn = {"seed": study.seed, "drawn": list(study.order), "set": [list(o) for o in study.orders]}
    files = {
        "README.md": _readme(study),
        "study.toml": STUDY_TOML,
        "phases.csv": csv_text(study.phases),
        "events.csv": csv_text(study.events),
        "doses.csv": csv_text(study.doses),
        "outcomes.csv": csv_text(study.outcomes),
        "randomisation.json": _json(drawn),
        "truth.json": _json(truth_record(study)),
    }
    return files | {f"{RECORDINGS}/{s.name}": recording_text(s.rr) for s in study.sessions}


def write_sample_study(folder: str | Path, *, seed: int = FIRST_SEED) -> list[Path]:
    """Draw the sample study and write it.

    Parameters
    ----------
    folder : str or Path
        Where to; made if needed, files of the same names are replaced.
    seed : int
        What to draw it from.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        If the folder holds recordings of another study, which would be read as part of this
        one, or cannot be written.
    """
    folder = Path(folder)
    files = sample_files(sample_study(seed))
    strangers = [
        path.name
        for path in sorted((folder / RECORDINGS).glob("*"))
        if f"{RECORDINGS}/{path.name}" not in files
    ]
    if strangers:
        raise InputError(
            f"{folder / RECORDINGS} holds {strangers[0]}, which is not part of this study; "
            "move it away or choose another folder"
        )
    try:
        (folder / RECORDINGS).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror})") from None
    return [folder / name for name in files]


def recording_text(rr: RRSeries) -> str:
    """Lay a recording out as plain text."""
    out = io.StringIO()
    write_text(rr, out)
    return out.getvalue()


def csv_text(frame: pd.DataFrame) -> str:
    """Lay a table out as CSV with line feeds; times ISO 8601."""
    text = frame.map(_cell)
    return str(text.to_csv(index=False, lineterminator="\n"))


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _readme(study: SampleStudy) -> str:
    mishaps = [session.test.mishap for session in study.sessions]
    flags = [record["intervals_by_flag"] for record in truth_record(study)["sessions"]]
    return README.format(
        seed=study.seed,
        chosen=", the first one, not a chosen one" if study.seed == FIRST_SEED else "",
        n_on=study.order.count("on"),
        n_blocks=len(study.order),
        n_orders=len(study.orders),
        order=", ".join(study.order),
        n_sessions=len(study.sessions),
        n_gaps=sum(counts["gap"] for counts in flags),
        n_noisy=sum(mishap.startswith("restless") for mishap in mishaps),
        n_drops=sum(mishap.startswith("strap") for mishap in mishaps),
        tau=math.exp(study.effect.ln_tau_hr),
        gain=math.exp(study.effect.ln_gain),
        residual=study.effects["residual_hr"],
        washin=study.protocol.washin_days,
        sleep=study.effect.sleep_quality,
        gad7=study.effect.gad7,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest.sample_study", description="Write the sample study to a folder."
    )
    parser.add_argument("folder", help="where to write it")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="what to draw it from")
    options = parser.parse_args(arguments)
    try:
        files = write_sample_study(options.folder, seed=options.seed)
    except HRVError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{len(files)} files in {options.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
