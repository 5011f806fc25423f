"""Draw the guide's pictures again: `make pictures`.

Those of `hrv.plots` are drawn as the guide's own examples draw them; the report is photographed in
Chromium.  The pictures of the web pages are `make screenshots`' work.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.image
import numpy as np

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"


def saved(figure: object, path: Path) -> None:
    """Save a figure on white, without the date and version that matplotlib would write."""
    figure.savefig(path, dpi=140, facecolor="white", metadata={"Software": None})  # type: ignore[attr-defined]


def tutorial(folder: Path) -> None:
    """Draw the tachogram and the windows of the tutorial's recording, one above the other."""
    import hrv
    import ingest
    from hrv import plots

    uri = "sim:?seed=1&stress=6min-11min&duration=22min&speed=max"
    _hrv("record", uri, "--out", str(folder / "p01.hrvj"), "--person", "P01")
    recording = ingest.open_recording(folder / "p01.hrvj")
    assert recording.rr is not None
    nn, episodes = hrv.clean(recording.rr), hrv.mark(recording.events)
    spans = plots.data.phases(nn, episodes)
    windows = hrv.windows(nn, "1min", "5s", ["mean_hr", "rmssd"])
    parts = []
    for k, figure in enumerate(
        (plots.tachogram(nn, episodes), plots.windows_plot(windows, spans=spans))
    ):
        saved(figure, folder / f"{k}.png")
        parts.append(matplotlib.image.imread(folder / f"{k}.png"))
    width = max(part.shape[1] for part in parts)
    padded = [
        np.pad(p, ((0, 0), (0, width - p.shape[1]), (0, 0)), constant_values=1.0) for p in parts
    ]
    matplotlib.image.imsave(
        PICTURES / "tutorial.png", np.vstack(padded), metadata={"Software": None}
    )


def calendar(folder: Path) -> None:
    """Draw the plan of the how-to page."""
    from hrv import plots
    from ingest.study import load_study

    _hrv(
        "plan", "magnesium glycinate", "--direction", "lower", "--start-reason", "planned",
        "--start", "2026-12-07", "--tz", "Europe/Berlin", "--seed", "1", "--simulations", "50",
        "--out", str(folder / "plan"),
    )  # fmt: skip
    study = load_study(folder / "plan" / "study.toml")
    saved(
        plots.design_calendar(
            study.phases, conditions=study.conditions, washin_days=study.settings.washin_days
        ),
        PICTURES / "calendar.png",
    )


def report(folder: Path) -> None:
    """Photograph the report of the sample study."""
    _hrv("demo", "--report", str(folder / "report.html"))
    with _browser() as browser:
        page = browser.new_page(viewport={"width": 900, "height": 1500}, device_scale_factor=1.0)
        page.goto((folder / "report.html").as_uri())
        page.screenshot(path=PICTURES / "report.png")


@contextlib.contextmanager
def _browser():  # type: ignore[no-untyped-def]
    from playwright.sync_api import sync_playwright

    where = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _hrv(*words: str) -> None:
    subprocess.run(["hrv", *words], check=True, capture_output=True)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or ["tutorial", "calendar", "report"]
    for name in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            globals()[name](Path(scratch))
        print(f"drawn: {name}")
