"""Two journeys from an empty store: a phone's folder to a verdict; a blind plan to its end.

``HRV_SCREENSHOTS=FOLDER`` keeps a picture of every step.
"""

import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest
from browser import axe, choose, follow, picture, press, tab_to, too_wide
from serving import serving

from api.client import Client
from api.schemas.logs import Dose, Phase
from api.schemas.studies import Study

BEFORE = datetime(2026, 12, 1, 9, tzinfo=UTC)


def step(page, name):
    """A step is done: it fits, is accessible, and is pictured if somebody wants to look."""
    page.wait_for_load_state("networkidle")
    assert axe(page) == [], name
    assert too_wide(page) == [], name
    picture(page, name)


@pytest.fixture
def phone(tmp_path, sample_data):
    """The sample study as it lies on a phone: recordings, some zipped, tables, and a picture."""
    folder = tmp_path / "phone"
    (folder / "strap").mkdir(parents=True)
    recordings = sorted((sample_data / "recordings").iterdir())
    for path in recordings[:30]:
        shutil.copy(path, folder / "strap")
    with zipfile.ZipFile(folder / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in recordings[30:]:
            archive.write(path, f"sessions/{path.name}")
    for table in ("events", "phases", "doses", "outcomes"):
        shutil.copy(sample_data / f"{table}.csv", folder)
    (folder / "IMG_0001.jpeg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(300))
    return folder


def test_a_phones_folder_comes_to_a_verdict(chromium, empty_url, phone):
    with chromium.page(empty_url) as page:
        page.goto("/")
        step(page, "journey-folder-1-empty")
        page.fill("#study-title", "Magnesium glycinate and stress recovery")
        page.fill("#study-tz", "Europe/Berlin")
        press(page, "Make the study")
        page.get_by_role("heading", name="No answer yet").wait_for()
        step(page, "journey-folder-2-study")
        follow(page, "Data", exact=True)
        page.set_input_files("#folder", phone)
        page.get_by_text("44 recordings").first.wait_for(timeout=60_000)
        understood = page.locator("#understood")
        assert "P01 is new on the roster" in understood.inner_text()
        assert "IMG_0001.jpeg: no known recording" in understood.inner_text()
        page.locator("details.file summary").first.focus()
        page.keyboard.press("Enter")
        assert understood.get_by_text("HRV of five-minute windows").first.is_visible()
        step(page, "journey-folder-3-understood")
        follow(page, "To the study's overview")
        tab_to(page, "[data-compare] button")
        page.keyboard.press("Enter")
        page.locator("#verdict .estimate").wait_for(timeout=60_000)
        step(page, "journey-folder-4-verdict")
        shown = page.inner_text("#sentence")
        identity = page.url.rsplit("/", 1)[1]
    with Client(empty_url) as client:
        study = client.study(identity)
        assert study.design.familiarisation is None
        found = client.comparison(next(client.comparisons(study.id)).id)
        assert found.estimate < 0
        assert shown in found.model_dump()["words"]["sentence"]


def scores(client, study_id, folder, codes):
    """A diary of calm on every day: 3 points higher with the substance."""
    rng, rows = np.random.default_rng(7), ["subject,time,name,value"]
    for phase in client.entries(study_id, Phase):
        day = phase.start
        while day < phase.stop:
            value = 10 + 3 * (codes[phase.condition] == "on") + rng.normal()
            at = day + timedelta(hours=20)
            rows.append(f"P01,{at.isoformat()},calm,{value:.2f}")
            day += timedelta(days=1)
    path = folder / "calm.csv"
    path.write_text("\n".join(rows))
    return path


def test_a_planned_self_experiment_stays_blind_until_its_end(chromium, tmp_path):
    clock = [BEFORE]
    place = str(tmp_path / "store")
    with (
        serving(place, clock=lambda: clock[0]) as url,
        Client(url) as client,
        chromium.page(url) as page,
    ):
        study = plan_by_hand(page, client)
        blind = str(study.id)
        page.fill("#told", "a friend")
        page.fill("#why", "fills bottles A and B")
        page.get_by_role("button", name="Write down and show").click()
        page.get_by_text("It is on record that a friend was told").wait_for()
        told = client.disclose_key(study.id, "the test", "writes the diary").key.codes
        log_doses(page, client, clock, blind)
        follow(page, "Data", exact=True)
        page.set_input_files("#files", scores(client, study.id, tmp_path, told))
        page.get_by_text("outcome", exact=False).first.wait_for()
        page.get_by_text("brought in").first.wait_for()
        end = max(p.stop for p in client.entries(study.id, Phase))
        clock[0] = end - timedelta(hours=2)
        look_too_early(page, url, blind)
        clock[0] = end
        page.reload()
        page.get_by_role("button", name="Compare again").click()
        page.locator("#verdict .estimate").wait_for(timeout=60_000)
        assert "calm" in page.inner_text("#sentence").lower()
        step(page, "journey-plan-6-opened")
        follow(page, "Plan", exact=True)
        page.get_by_text("The planned end has come").wait_for()
        names = page.inner_text("#key-title ~ p")
        said = {code: name.replace("on", "ashwagandha") for code, name in told.items()}
        assert names == f"A was {said['A']}, B was {said['B']}."
        step(page, "journey-plan-7-key")
        found = client.comparison(next(iter(reversed(list(client.comparisons(study.id))))).id)
        assert found.low < 3 < found.high
        assert found.details["registration"]["as_registered"]


def plan_by_hand(page, client) -> Study:
    """From the empty list to a drawn, blind study, by keyboard alone."""
    page.goto("/")
    tab_to(page, "[href='/plan']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, "#substance")
    page.keyboard.type("ashwagandha")
    choose(page, "#comparator", "placebo")
    choose(page, "#endpoint", "")
    tab_to(page, "#own-name")
    page.keyboard.type("calm")
    choose(page, "#direction", "higher")
    choose(page, "#start_reason", "planned")
    for field, keys in {
        "#first_day": "12072026", "#plan-tz": "Europe/Berlin", "#block_days": "7",
        "#washin_days": "1", "#amount": "600", "#unit": "mg", "#blinded": " ",
    }.items():  # fmt: skip
        tab_to(page, field)
        page.keyboard.type(keys)
    tab_to(page, "[value=look]")
    page.keyboard.press("Enter")
    page.locator(".proposal .size").wait_for(timeout=60_000)
    step(page, "journey-plan-1-proposal")
    assert list(client.studies()) == []
    tab_to(page, "[value=draw]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("heading", name="Registered").wait_for()
    step(page, "journey-plan-2-registered")
    return next(client.studies())


def log_doses(page, client, clock, study):
    """On the third day of block 1 two doses were taken and one was missed."""
    first = min(p.start for p in client.entries(study, Phase))
    clock[0] = first + timedelta(days=2, hours=20)
    follow(page, "Log", exact=True)
    assert "ashwagandha" not in page.inner_text("#due ~ *, #due").lower()
    page.get_by_text("of the days before are not logged").click()
    step(page, "journey-plan-3-log")
    for value in ("taken", "missed", "taken"):
        left = page.locator("[data-dose]").count()
        summary = page.locator("details:not([open]) > summary").filter(has_text="not logged")
        if summary.count():
            summary.click()
        with page.expect_navigation():
            page.locator(f'[data-dose] button[value="{value}"]').first.click()
        assert page.locator("[data-dose]").count() < left
    done = [d.status for d in client.entries(study, Dose) if d.status != "planned"]
    assert sorted(done) == ["missed", "taken", "taken"]


def look_too_early(page, url, study):
    """Two hours before the end there is no effect to be seen, anywhere."""
    follow(page, "Overview", exact=True)
    page.get_by_role("button", name="Compare").click()
    page.locator("#verdict .word").get_by_text("Sealed until").wait_for(timeout=60_000)
    assert page.locator(".estimate").count() == 0
    step(page, "journey-plan-4-sealed")
    follow(page, "Plan", exact=True)
    assert " was " not in page.inner_text("#key-title ~ *, #key-title")
    step(page, "journey-plan-5-shut")
    assert httpx.get(f"{url}/v1/studies/{study}/key").status_code == 409
    follow(page, "Overview", exact=True)
