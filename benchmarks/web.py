"""How fast the web page draws: 100,000 beats in Chromium, first and when zoomed.

``python -m benchmarks.web`` prints the table that docs/web.md shows.  Drawing counts from the
beats in the page's memory to the frame on the screen, as the page itself measures it; loading is
the request for them, cleaning included where it says so.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from api.client import Client
from api.schemas.studies import StudyIn
from hrv.simulate import simulate

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

BEATS = 100_000
RUNS = 7
_ZOOM = """(by) => new Promise((done) => {
  const from = performance.now();
  const button = document.querySelector("[data-act='in']");
  while (by-- > 0) button.click();
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - from);
    channel.port2.postMessage(null);
  });
})"""


def beats() -> np.ndarray:
    """A simulated day and what is missing to 100,000 beats, one in 200 of them an artefact."""
    days = [simulate(seed, duration="24h").series.rr_ms for seed in (1, 2)]
    rr_ms = np.rint(np.concatenate(days)[:BEATS])
    rng = np.random.default_rng(3)
    wrong = rng.choice(BEATS, BEATS // 200, replace=False)
    rr_ms[wrong] *= rng.choice([0.5, 1.9], wrong.size)
    return np.rint(rr_ms)


def main() -> None:
    from browser import chromium
    from serving import serving

    with tempfile.TemporaryDirectory() as folder, serving(f"{folder}/store") as url:
        file = Path(folder) / "2026-03-04_080000.txt"
        file.write_text("\n".join(f"{rr:.0f}" for rr in beats()) + "\n")
        with Client(url) as client:
            study = client.create_study(StudyIn(title="A long recording", tz="Europe/Berlin"))
            client.create_subject(study.id, "P01")
            recording = client.upload(study.id, file, "P01")
        assert recording.beats == BEATS
        with chromium() as browser:
            rows = measured(browser, url, f"/recordings/{recording.id}")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| what | median (ms) | slowest (ms) | aim (ms) |\n|---|---|---|---|")
    for what, times, aim in rows:
        print(f"| {what} | {statistics.median(times):.0f} | {max(times):.0f} | {aim} |")


def measured(browser, url: str, address: str) -> list[tuple[str, list[float], str]]:
    """Open the page again and again; the first time the beats are cleaned, then they are kept."""
    draws, loads, zooms = [], [], []
    for run in range(RUNS + 1):
        with browser.page(url) as page:
            page.goto(address)
            page.wait_for_selector("#rr[data-ready='yes']")
            place = page.locator("#rr")
            if run:  # the first has warmed up what a server and a browser keep
                draws.append(float(place.get_attribute("data-draw-ms")))
                loads.append(float(place.get_attribute("data-load-ms")))
                zooms += [page.evaluate(_ZOOM, 4) for _ in range(3)]
            else:
                first = float(place.get_attribute("data-load-ms"))
    return [
        (f"{BEATS:,} beats from memory to the screen", draws, "300"),
        ("zoom in, 16 times as close", zooms, "300"),
        ("load the beats, cleaned before", loads, ""),
        ("load the beats, cleaned now", [first], ""),
    ]


if __name__ == "__main__":
    main()
