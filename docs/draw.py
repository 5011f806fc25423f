"""Draw the guide's pictures again: `make pictures`.

Those of `hrv.plots` are drawn as the guide's own examples draw them; the report is photographed in
Chromium, and so is the terminal of `hrv record`, as a simulated session fills it.  The pictures of
the web pages are `make screenshots`' work.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures"
NOTED_S, SHOWN_S = 330.0, 432.0
"""When a note is set in a session of the terminal's pictures, and when they are taken."""


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
        page = browser.new_page(viewport={"width": 900, "height": 840}, device_scale_factor=1.0)
        page.goto((folder / "report.html").as_uri())
        page.screenshot(path=PICTURES / "report.png")


def record(folder: Path) -> None:
    """Show the terminal of one strap seven minutes into a guided session."""
    from api.cli.record import _opener
    from ingest.ble.seats import open_post

    post = open_post("sim:?seed=1&stress=5min-10min&speed=60", folder / "p01.hrvj", _opener(""))
    _terminal([post], "P01 · day 3", PICTURES / "record.png", note="cortisol sample 2")


def group(folder: Path) -> None:
    """Show the same of three straps."""
    from api.cli.record import _opener
    from ingest.ble.seats import open_roster
    from ingest.roster import load_roster

    straps = [
        f'[[strap]]\nstrap = "sim:?seed={k}&stress=5min-10min&speed=60"\nperson = "P0{k}"\n'
        for k in (1, 2, 3)
    ]
    roster = folder / "group.toml"
    roster.write_text('title = "Stress day 3"\n' + "\n".join(straps))
    posts = open_roster(load_roster(roster), folder / "day3", _opener(""))
    _terminal(posts, "Stress day 3", PICTURES / "record-group.png")


def _protocol(path: Path) -> None:
    """Write the protocol that the page on straps shows."""
    page = (HERE / "straps.md").read_text(encoding="utf-8")
    path.write_text(page.split("<!-- file: arithmetic.toml -->\n```toml\n")[1].split("```")[0])


def _terminal(posts: list[Any], title: str, path: Path, note: str = "") -> None:
    """Lead straps through the protocol and photograph the terminal after `SHOWN_S`."""
    from rich.console import Console

    from api.cli import _live_view
    from ingest.ble.markers import Marker
    from ingest.ble.station import Station
    from ingest.protocol import load_protocol

    with tempfile.TemporaryDirectory() as scratch:
        _protocol(Path(scratch) / "arithmetic.toml")
        plan = load_protocol(Path(scratch) / "arithmetic.toml")
        told: list[Any] = []
        console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)

        def heard(_: object) -> None:
            nonlocal note
            if note and station.now_s >= NOTED_S:
                station.take(Marker(note, "note", "now"), origin="marked")
                note = ""
            if station.now_s >= SHOWN_S and station.alive and not drawn:
                station.attended = True  # somebody sits there: the keys are shown
                drawn.append(_live_view.screen(station, told[-_live_view.LOG_LINES :], None, title))
                console.print(drawn[0])
                station.stop()

        drawn: list[Any] = []
        station = Station(posts, plan, None, on_news=told.append, on_packet=heard)
        asyncio.run(station.run())
        svg = Path(scratch) / "terminal.svg"
        console.save_svg(str(svg), title="hrv record")
        with _browser() as browser:
            page = browser.new_page(device_scale_factor=1.3)
            page.set_content(svg.read_text(encoding="utf-8"))
            page.locator("svg").screenshot(path=path, omit_background=True)


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
    wanted = sys.argv[1:] or ["tutorial", "calendar", "report", "record", "group"]
    for name in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            globals()[name](Path(scratch))
        print(f"drawn: {name}")
