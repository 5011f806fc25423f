"""The list of studies, and what every page shares: policy, addresses of files, errors, colours."""

import re

import httpx
import pytest
from browser import axe, tab_to, too_wide


def test_an_empty_store_tells_a_newcomer_what_to_do_and_a_study_can_be_made_by_keyboard(
    chromium, empty_url
):
    with chromium.page(empty_url) as page:
        page.goto("/")
        assert page.get_by_role("heading", name="There is no study here yet").is_visible()
        tab_to(page, "#study-title")
        page.keyboard.type("Magnesium & stress <recovery>")
        page.keyboard.press("Enter")
        page.wait_for_url("**/studies/*")
        assert page.get_by_role("heading", level=1).inner_text() == "Magnesium & stress <recovery>"
        page.goto("/")
        assert page.get_by_role("link", name="Magnesium & stress <recovery>").is_visible()


def test_what_the_service_refuses_is_said_in_the_form(chromium, empty_url):
    with chromium.page(empty_url, expect=["422"]) as page:
        page.goto("/")
        page.fill("#study-title", "A study")
        page.fill("#study-tz", "Middle/Earth")
        page.get_by_role("button", name="Make the study").click()
        page.get_by_role("alert").filter(has_text="Middle/Earth").wait_for()
        assert page.input_value("#study-title") == "A study"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_home_fits_and_is_accessible(chromium, empty_url, width, scheme):
    with chromium.page(empty_url, width=width, scheme=scheme) as page:
        page.goto("/")
        assert axe(page) == []
        assert too_wide(page) == []


def test_colours_follow_the_device_until_they_are_chosen_and_the_choice_lasts(chromium, empty_url):
    ink = "getComputedStyle(document.body).backgroundColor"
    with chromium.page(empty_url, scheme="dark") as page:
        page.goto("/")
        dark = page.evaluate(ink)
        tab_to(page, "#theme")
        page.keyboard.press("Enter")
        assert page.get_by_role("button", name="Colours: Light").is_visible()
        light = page.evaluate(ink)
        assert light != dark
        page.reload()
        assert page.evaluate(ink) == light


def test_the_first_tab_skips_to_the_content(chromium, empty_url):
    with chromium.page(empty_url) as page:
        page.goto("/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_pages_forbid_everything_from_elsewhere_and_inline(empty_url):
    answer = httpx.get(empty_url)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", answer.text)


def test_files_are_kept_for_good_under_an_address_of_their_content(empty_url):
    text = httpx.get(empty_url).text
    found = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text))
    assert len(found) >= 5
    for address in found:
        answer = httpx.get(empty_url + address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    style = next(a for a in found if a.endswith("app.css"))
    old = re.sub(r"/static/[0-9a-f]+/", "/static/0000000000000000/", style)
    assert httpx.get(empty_url + old).status_code == 404
    for hostile in ("../__init__.py", "..%2f__init__.py", "%2e%2e/rendering.py"):
        there = empty_url + style.removesuffix("app.css") + hostile
        assert httpx.get(there, follow_redirects=True).status_code == 404


def test_a_person_sees_errors_as_a_page_and_a_program_as_a_problem(empty_url):
    wanted = f"{empty_url}/studies/00000000-0000-0000-0000-000000000000"
    seen = httpx.get(wanted, headers={"Accept": "text/html"})
    assert (seen.status_code, seen.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "there is no study 00000000" in seen.text
    assert seen.headers["content-security-policy"]
    said = httpx.get(wanted)
    assert said.headers["content-type"] == "application/problem+json"
    with_browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    gone = httpx.get(wanted.replace("/studies", "/v1/studies"), headers=with_browser)
    assert gone.headers["content-type"] == "application/problem+json"
