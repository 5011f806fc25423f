"""Fail a build when a pipeline's numbers move.

    python check_numbers.py keep  study.toml kept.json     once, after a change that was meant
    python check_numbers.py check study.toml kept.json     in every build

What is kept: estimate, interval, p-value and verdict of every method and endpoint.  A number
may move by --tolerance (relative, default 1e-9: another processor
may round otherwise); a number that appears, vanishes or becomes a refusal has moved.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any


def numbers(study: str) -> dict[str, Any]:
    """Ask `hrv compare` and flatten its answer: name to number or word."""
    done = subprocess.run(
        ["hrv", "compare", study, "--format", "json"], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"hrv compare: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    found: dict[str, Any] = {}
    for result in answer["methods"] + answer["exploratory"]:
        name = f"{result.get('endpoint', answer['endpoint'])} by {result['method']}"
        for what in ("estimate", "low", "high", "p_value", "verdict"):
            found[f"{name}: {what}"] = result[what]
    return found


def moved(kept: Any, now: Any, tolerance: float) -> bool:
    """Tell whether a number is another one."""
    if isinstance(kept, float | int) and isinstance(now, float | int):
        return not math.isclose(kept, now, rel_tol=tolerance, abs_tol=1e-12)
    return bool(kept != now)


def main() -> int:
    """Keep the numbers, or compare them with what was kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("keep", "check"))
    parser.add_argument("study")
    parser.add_argument("file", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-9)
    asked = parser.parse_args()
    now = numbers(asked.study)
    if asked.what == "keep":
        asked.file.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
        print(f"{len(now)} numbers kept in {asked.file}")
        return 0
    kept = json.loads(asked.file.read_text())
    wrong = [
        name for name in sorted(kept.keys() | now.keys())
        if moved(kept.get(name), now.get(name), asked.tolerance)
    ]  # fmt: skip
    for name in wrong:
        print(f"{name} was {kept.get(name)} and is {now.get(name)}")
    print(f"{len(kept)} numbers, {len(wrong)} moved")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
