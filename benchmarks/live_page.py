"""From a strap's notification to the screen: a simulated strap, the service, a real Chromium.

``make bench-live`` runs it.  The page itself notes, for every packet, the time from the moment the
notification came in (stamped in the service) to the moment behind the paint of the frame that
shows it (User Timing); both clocks are this machine's.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time

import numpy as np
from browser import chromium
from live_rig import study_of
from server_process import ServerProcess

from api.client import Client

_MEASURED = """performance.getEntriesByType("measure").map((m) => m.duration)"""


def measure(seconds: float, sessions: int) -> np.ndarray:
    """Milliseconds from notification to paint of every packet of one page."""
    with tempfile.TemporaryDirectory() as folder, ServerProcess(folder, workers=0) as server:
        with Client(server.url) as client:
            people = [f"P{i:02d}" for i in range(sessions)]
            study = study_of(client, *people)
            lives = [
                client.start_session(study.id, person, f"sim:?seed={i}&duration=120min")
                for i, person in enumerate(people)
            ]
        with chromium() as browser, browser.page(server.url) as page:
            page.goto(f"/studies/{study.id}/live/{lives[0].recording_id}")
            time.sleep(5)  # the page and its scripts are loaded
            page.evaluate("performance.clearMeasures()")
            time.sleep(seconds)
            return np.array(page.evaluate(_MEASURED))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--most-ms", type=float, default=250.0, help="largest 95th percentile")
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("notification to paint      packets   median      p95      max")
    worst = 0.0
    for sessions in (1, 10):
        found = measure(asked.seconds, sessions)
        if not found.size:
            sys.stderr.write("the page measured nothing\n")
            return 1
        median, p95 = np.percentile(found, [50, 95])
        worst = max(worst, float(p95))
        words = f"{sessions} session{'s' if sessions > 1 else ' '} running"
        print(
            f"{words:<25} {found.size:>8} {median:>5.0f} ms {p95:>5.0f} ms {found.max():>5.0f} ms"
        )
    print(f"load {os.getloadavg()[0]:.1f} afterwards")
    return 0 if worst <= asked.most_ms else 1


if __name__ == "__main__":
    sys.exit(main())
