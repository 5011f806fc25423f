"""Take the pictures of every page that docs/web.md shows: ``make screenshots``.

The sample study is put into an empty service; each page is taken in light, in dark and at the
width of a telephone, some as paper too.  Pictures are cut below and reduced to 200 colours.
"""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pages_rig
from browser import chromium
from PIL import Image
from serving import serving

from api.client import Client
from api.schemas.studies import StudyIn

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screenshots"
TALLEST = 1500
LOOKS = {
    "light": {"width": 1280, "scheme": "light"},
    "dark": {"width": 1280, "scheme": "dark"},
    "phone": {"width": 390, "scheme": "light"},
    "print": {"width": 794, "scheme": "light"},
}


@dataclass(frozen=True)
class Shot:
    """A picture: its name, where the page is, and what is done before it is taken."""

    name: str
    address: str
    act: Callable[[Any], None] = lambda page: None
    looks: tuple[str, ...] = ("light", "dark", "phone")
    wait: Literal["load", "networkidle"] = "networkidle"


def zoom(page: Any) -> None:
    """Look at the first artefact."""
    page.click("[data-act='artefact']")


def live(client: Client) -> list[Shot]:
    """Begin a session that is under a stressor for long, and one that is over at once.

    In a study of their own: a comparison is no longer that of a study that goes on recording.
    """
    study = client.create_study(StudyIn(title="Mental arithmetic, live", tz="Europe/Berlin"))
    person = client.create_subject(study.id, "P01").name
    phases = [
        {"name": "baseline", "duration": "2min"},
        {"name": "mental arithmetic", "kind": "stress", "duration": "40min",
         "say": "Count down from 1022 in steps of 13, aloud."},
        {"name": "recovery", "duration": "20min"},
    ]  # fmt: skip
    guided = {"title": "Mental arithmetic", "phases": phases}
    source = "sim:?seed=3&duration=120min&speed=10"
    runs = client.start_session(study.id, person, source, protocol=guided)
    source = "sim:?seed=5&duration=16min&stress=5min-8min&speed=max"
    over = client.start_session(study.id, person, source)
    here = f"/studies/{study.id}/live"
    return [
        Shot("live-begin", here),
        Shot("live", f"{here}/{runs.recording_id}", stressed, wait="load"),
        Shot("live-over", f"{here}/{over.recording_id}", ended, wait="load"),
    ]


def stressed(page: Any) -> None:
    """Wait until the stressor has run for a while."""
    page.wait_for_selector("#guide[data-kind=stress]", timeout=60_000)
    page.wait_for_timeout(4000)


def ended(page: Any) -> None:
    """Wait for what came of it."""
    page.wait_for_selector("#outcome dl")


def filled(url: str) -> list[Shot]:
    """Fill a service, and list what is taken of it."""
    with Client(url, timeout_s=300) as client:
        study = client.import_study(ROOT / "sample_data")
        client.wait(client.start_comparison(study.id).id)
        person = next(iter(client.subjects(study.id)))
        recording = list(client.recordings(study.id))[1]
        sessions = live(client)
    hidden, _ = pages_rig.sealed(url)
    here, beats = f"/studies/{study.id}", f"/recordings/{recording.id}"
    return [
        Shot("home", "/"),
        Shot("overview", here, looks=tuple(LOOKS)),
        Shot("sealed", f"/studies/{hidden}", looks=("light", "phone")),
        Shot("recovery", f"{here}/recovery", looks=tuple(LOOKS)),
        Shot("recordings", f"{here}/recordings"),
        Shot("subject", f"{here}/subjects/{person.id}", looks=tuple(LOOKS)),
        Shot("recording", beats, looks=tuple(LOOKS)),
        Shot("recording-zoomed", beats, zoom),
        Shot("variability", f"{beats}/variability"),
        Shot("participants", f"{here}/participants"),
        Shot("log", f"{here}/log"),
        Shot("data", f"{here}/data"),
        Shot("plan", f"{here}/plan"),
        *sessions,
    ]


def take(browser: Any, url: str, shot: Shot) -> None:
    """Take one page in every look."""
    for look in shot.looks:
        with browser.page(url, **LOOKS[look]) as page:
            page.goto(shot.address, wait_until=shot.wait)
            shot.act(page)
            if look == "print":
                page.emulate_media(media="print")
            page.wait_for_timeout(250)
            save(page.screenshot(full_page=True), FOLDER / f"{shot.name}-{look}.png")


def save(png: bytes, path: Path) -> None:
    """Cut and reduce a picture."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
    small = picture.quantize(200, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def steps(folder: str) -> None:
    """Take the steps of the journeys and of the desk, as their tests go."""
    tests = [f"tests/api/web/test_{name}.py" for name in ("desk", "journeys", "live_page")]
    wanted = "journey or phones or planned or empty_store or enrolled or redcap or fit"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", wanted],
        env={**os.environ, "HRV_SCREENSHOTS": folder}, cwd=ROOT, check=True,
    )  # fmt: skip
    for path in sorted(Path(folder).glob("*.png")):
        save(path.read_bytes(), FOLDER / path.name)


def main() -> None:
    wanted = set(sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(f"{folder}/store") as url:
        with chromium() as browser:
            first = Shot("home-empty", "/")
            if not wanted or first.name in wanted:
                take(browser, url, first)
        found = filled(url)
        with chromium() as browser:
            for shot in found:
                if not wanted or shot.name in wanted:
                    take(browser, url, shot)
    if not wanted or "steps" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            steps(folder)


if __name__ == "__main__":
    main()
