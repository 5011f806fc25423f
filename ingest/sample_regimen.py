"""Write the sample study with several things at once; same seed, same bytes.

Run as ``python -m ingest.sample_regimen sample_data/regimen``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from hrv.errors import HRVError, InputError
from hrv.simulate.regimen_study import (
    BREATHING_LN_TAU,
    HALF_LIFE_DAYS,
    RegimenStudy,
    regimen_study,
)
from ingest._sample_regimen_texts import README, STUDY_TOML
from ingest.sample_study import csv_text, recording_text


def regimen_files(study: RegimenStudy) -> dict[str, str]:
    """Lay the study out as text files: content by path relative to its folder."""
    order = ["on" if mg else "off" for mg in study.doses_mg]
    blocks, off = len(order), order.count("off")
    orders = [
        ["off" if k in places else "on" for k in range(blocks)]
        for places in itertools.combinations(range(blocks), off)
    ]
    truth = {
        "seed": study.seed,
        "doses_mg": study.doses_mg,
        "breathing": study.breathing,
        "half_life_days": HALF_LIFE_DAYS,
        "ln_tau_hr_of_300_mg": study.effect.ln_tau_hr,
        "ln_tau_hr_of_breathing": BREATHING_LN_TAU,
        "gad7_of_300_mg": study.effect.gad7,
        "shape": "linear in the elemental dose",
        "adverse_events_per_day": {"loose stools": "0.01 + 0.06 mg / 300", "headache": 0.02},
    }
    files = {
        "README.md": README.format(
            seed=study.seed,
            doses=", ".join(f"{mg}" for mg in study.doses_mg),
            breathing=", ".join("yes" if b else "no" for b in study.breathing),
            n=len(study.recordings),
        ),
        "study.toml": STUDY_TOML,
        "randomisation.json": json.dumps({"drawn": order, "set": orders}) + "\n",
        "truth.json": json.dumps(truth, indent=1) + "\n",
    }
    files |= {f"{name}.csv": csv_text(table) for name, table in study.tables.items()}
    return files | {f"recordings/{name}": recording_text(rr) for name, rr in study.recordings}


def write_regimen_study(folder: str | Path, *, seed: int = 1) -> list[Path]:
    """Draw the study and write it; returns the files.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    folder = Path(folder)
    files = regimen_files(regimen_study(seed))
    try:
        (folder / "recordings").mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror})") from None
    return [folder / name for name in files]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest.sample_regimen", description="Write the regimen study to a folder."
    )
    parser.add_argument("folder", help="where to write it")
    parser.add_argument("--seed", type=int, default=1, help="what to draw it from")
    options = parser.parse_args(arguments)
    try:
        files = write_regimen_study(options.folder, seed=options.seed)
    except HRVError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{len(files)} files in {options.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
