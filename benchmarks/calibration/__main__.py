"""Run the calibration and write its tables: `python -m benchmarks.calibration --help`."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

from benchmarks.calibration import run, table
from benchmarks.calibration.cells import CELLS, DEFAULT_RUNS, RUNS, SAMPLE_CELLS

ROUNDS = (0.1, 0.5, 1.0)
"""Every cell gets a tenth of its simulations first, so that a complete table exists early."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument(
        "--cells", type=Path, default=Path(".calibration"), help="where cells are kept"
    )
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="where the tables go")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="share of the full counts to run")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="stop after these; the next run goes on"
    )
    parser.add_argument("--only", default="", help="cells whose name contains this")
    parser.add_argument("--table", action="store_true", help="only write the tables again")
    parser.add_argument(
        "--sample", action="store_true", help="run the sample study's generator instead"
    )
    chosen = parser.parse_args()
    began = time.monotonic()
    cells = SAMPLE_CELLS if chosen.sample else CELLS
    rounds = [] if chosen.table else sorted({min(r, chosen.share) for r in ROUNDS})
    if rounds:
        todo = run.jobs(chosen.cells, _target(rounds[-1]), cells, chosen.only)
        seconds = run.cost(todo) / chosen.workers
        print(f"{sum(j.last - j.first for j in todo)} simulations to run, about "
              f"{seconds / 60:.1f} min on {chosen.workers} free processors")  # fmt: skip
    until = began + 60 * chosen.minutes
    for share in rounds:
        todo = run.jobs(chosen.cells, _target(share), cells, chosen.only)
        if not run.run(chosen.cells, todo, chosen.workers, until):
            print("stopped; run it again to go on")
            break
        table.write(chosen.cells, chosen.docs)
    rows = table.write(chosen.cells, chosen.docs)
    outside = [row for row in rows if row.verdict == "outside"]
    for row in outside:
        print(f"outside the band: {row.method} {row.cell}: type I {row.type_i:.1f} %")
    print(f"{len(rows)} rows written to {chosen.docs}, {(time.monotonic() - began) / 60:.1f} min")
    return 1 if outside else 0


def _target(share: float):
    return lambda method: round(share * RUNS.get(method, DEFAULT_RUNS))


if __name__ == "__main__":
    sys.exit(main())
