"""What is done before a page's scripts stand is done once they do; no form puts data in a URL."""

import contextlib
import re
from datetime import UTC, datetime

import pytest
from serving import serving

from api.client import Client
from api.schemas.logs import Dose, DoseIn
from api.schemas.studies import StudyIn
from api.web.rendering import environment

NOW = datetime(2026, 12, 20, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A study with a person who has a dose to log."""
    where = str(tmp_path_factory.mktemp("early"))
    with serving(where, clock=lambda: NOW) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="Early", tz="UTC"))
        client.create_subject(study.id, "P01")
        dose = DoseIn(subject="P01", time=NOW, substance="magnesium", status="planned")
        client.add(study.id, dose)
        yield url, client, study.id


@contextlib.contextmanager
def without_scripts(page, address):
    """Open a page whose modules come only when the block ends; its address stays as it is."""
    held, let = [], []
    page.route("**/app.js", lambda route: route.continue_() if let else held.append(route))
    with page.expect_request("**/app.js"):
        page.goto(address, wait_until="commit")
    page.locator("footer").wait_for()
    yield
    assert held, "the script was not held back"
    assert page.url.endswith(address)
    let.append(True)
    for route in held:
        route.continue_()


def test_a_form_sent_early_is_sent_once_its_script_stands(chromium, served):
    url, *_ = served
    with chromium.page(url) as page:
        with without_scripts(page, "/"):
            page.fill("#study-title", "Sent early")
            page.get_by_role("button", name="Make the study").click()
            page.get_by_role("button", name="Make the study").click()
        page.get_by_role("heading", level=1, name="Sent early").wait_for()
    with Client(url) as client:
        assert [s.title for s in client.studies()].count("Sent early") == 1


def test_a_dose_ticked_off_early_is_logged_with_the_button_that_was_pressed(chromium, served):
    url, client, study = served
    with chromium.page(url) as page:
        with without_scripts(page, f"/studies/{study}/log"):
            page.locator('[data-dose] button[value="missed"]').click()
        page.get_by_text("No dose is planned").wait_for()
    assert [d.status for d in client.entries(study, Dose)] == ["missed"]


def test_files_chosen_early_are_sent(chromium, served):
    url, _, study = served
    file = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"800\n810\n790\n" * 90}
    with chromium.page(url) as page:
        with without_scripts(page, f"/studies/{study}/data"):
            page.set_input_files("#files", file)
        page.locator("#understood").get_by_text("1 recording brought in").wait_for()


def test_what_was_chosen_early_shapes_the_form(chromium, served):
    url, _, study = served
    with chromium.page(url) as page:
        with without_scripts(page, f"/studies/{study}/live"):
            page.get_by_label("Simulated strap").check()
            page.get_by_label("Free").check()
            page.locator("#theme").click()
        page.locator("#seed").wait_for()
        assert page.locator("#baseline").is_hidden()
        page.locator('html[data-theme="light"]').wait_for(state="attached")


def test_what_cannot_be_done_again_holds_up_nothing_behind_it(chromium, served):
    """A button that is gone by then: its form cannot be sent by it; the rest is done."""
    url, client, study = served
    dose = DoseIn(subject="P01", time=NOW, substance="zinc", status="planned")
    client.add(study, dose)
    with chromium.page(url, expect=["NotFoundError", "owned by this form"]) as page:
        with without_scripts(page, f"/studies/{study}/log"):
            pressed = page.locator("[data-dose] button").last
            pressed.click()
            pressed.evaluate("button => button.remove()")
            page.locator("#theme").click()
        page.locator('html[data-theme="light"]').wait_for(state="attached")


def test_without_scripts_nothing_entered_comes_into_an_address(chromium, served):
    url, *_ = served
    expect = ["405", "Failed to load"]
    with chromium.page(url, java_script_enabled=False, expect=expect) as page:
        page.goto("/")
        assert page.locator("noscript .notice").is_visible()
        page.fill("#study-title", "Somebody")
        with page.expect_navigation():
            page.get_by_role("button", name="Make the study").click()
        assert page.url == f"{url}/"


def test_every_form_sends_by_post_or_shows_another_page():
    loader = environment().loader
    forms = [
        (name, form)
        for name in environment().list_templates()
        for form in re.findall(r"<form[^>]*>", loader.get_source(environment(), name)[0])
    ]
    assert len(forms) > 15
    for name, form in forms:
        assert re.search(r'method="(post|dialog)"|method="get" action="/', form), (name, form)
