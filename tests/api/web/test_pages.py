"""The pages that read: what they show, for whom, and how their parts are worked by keyboard."""

import httpx
import pages_rig
import pytest
from browser import axe, tab_to, too_wide, unreached
from serving import serving

from api.client import Client
from api.schemas.logs import Event, EventIn


@pytest.fixture(scope="module")
def told(tmp_path_factory, sample_data):
    with serving(str(tmp_path_factory.mktemp("told") / "store")) as url:
        yield pages_rig.told(url, sample_data)


@pytest.fixture(scope="module")
def sealed(told):
    return pages_rig.sealed(told.url)


def drawn(page, address):
    """Open a page and wait until its charts are there."""
    page.goto(address)
    for chart in page.query_selector_all("#rr, #variability, [data-curves]"):
        told = "drawn" if chart.get_attribute("data-curves") else "ready"
        page.wait_for_function("([e, n]) => e.dataset[n] === 'yes'", arg=[chart, told])


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_every_page_is_accessible_and_fits(chromium, told, width, scheme):
    found = {}
    with chromium.page(told.url, width=width, scheme=scheme) as page:
        for name, address in told.pages.items():
            drawn(page, address)
            found[name] = (axe(page), too_wide(page), page.locator("h1").count())
    assert found == {name: ([], [], 1) for name in told.pages}


def test_tab_reaches_everything_on_every_page_and_shows_where_it_is(chromium, told):
    with chromium.page(told.url) as page:
        for name, address in told.pages.items():
            drawn(page, address)
            assert unreached(page) == [], name


def test_the_overview_says_the_verdict_and_draws_the_effect_to_scale(chromium, told):
    with Client(told.url) as client:
        answer = client.comparison(next(iter(client.comparisons(told.study))).id)
    with chromium.page(told.url) as page:
        page.goto(told.pages["overview"])
        assert page.locator("#sentence").inner_text() == answer.words["sentence"]
        box = page.locator("svg.effect").bounding_box()
        zero, band, bar, dot = (
            page.locator(f"svg.effect {part}").first.bounding_box()
            for part in (".zero", ".band", ".head .bar", ".head .dot")
        )
        per_unit = band["width"] / (2 * answer.swc)
        middle = zero["x"] + zero["width"] / 2
        assert dot["x"] + dot["width"] / 2 == pytest.approx(
            middle + per_unit * answer.estimate, abs=1.5
        )
        assert bar["x"] == pytest.approx(middle + per_unit * answer.low, abs=4)
        assert bar["x"] + bar["width"] == pytest.approx(middle + per_unit * answer.high, abs=4)
        assert box["x"] <= bar["x"]


def test_a_sealed_study_shows_no_effect_anywhere(chromium, told, sealed):
    study, person = sealed
    with chromium.page(told.url) as page:
        page.goto(f"/studies/{study}")
        assert page.get_by_text("Sealed until").first.is_visible()
        assert page.locator("svg.effect, .estimate, .sentences").count() == 0
        page.goto(f"/studies/{study}/recovery")
        assert page.get_by_text("Sealed until").first.is_visible()
        assert page.locator("canvas").count() == 0
        page.goto(f"/studies/{study}/subjects/{person}")
        assert page.get_by_text("Sealed until").first.is_visible()
        assert page.locator(".phase").count() == 8
        assert page.locator(".calendar .score").count() == 0


def test_a_person_s_calendar_shows_scores_doses_phases_and_adverse_events(chromium, told):
    with chromium.page(told.url) as page:
        page.goto(told.pages["subject"])
        said = page.locator(".calendar title").all_text_contents()
        assert sum(t.startswith("off, ") for t in said) == 4
        assert sum(t.startswith("magnesium bisglycinate: taken") for t in said) == 27
        assert sum(t.startswith("magnesium bisglycinate: missed") for t in said) == 1
        assert "Adverse events: loose stool, mild, 18 Mar 2026, 09:00" in said
        dots = page.locator(".calendar .score").count()
        page.get_by_text("Score by day as a table").click()
        assert dots == page.locator("details tbody tr").count() > 30


def stressor(told):
    with Client(told.url) as client:
        start = client.recording(told.recording).start
        return next(
            e
            for e in client.entries(told.study, Event)
            if e.kind == "stress" and e.start.date() == start.date()
        )


def at_once(page, *keys):
    """Press keys of what has the focus without a moment between them: what rests is stored."""
    page.evaluate(
        """keys => keys.map((key) => key.split("+")).forEach((parts) =>
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
            { key: parts.at(-1), shiftKey: parts.length > 1, bubbles: true })))""",
        list(keys),
    )


def test_phases_are_moved_by_keyboard_and_can_be_put_back(chromium, told):
    before = stressor(told)
    with chromium.page(told.url) as page:
        drawn(page, told.pages["recording"])
        tab_to(page, "[aria-label='End of mental arithmetic']")
        at_once(page, "ArrowLeft", "PageDown", "Escape")
        assert "nothing was changed" in page.locator("#edited").inner_text()
        at_once(page, "ArrowLeft", "Shift+ArrowLeft")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Undo").wait_for()
        moved = stressor(told)
        assert (moved.version, moved.start) == (before.version + 1, before.start)
        assert (before.end - moved.end).total_seconds() == 11
        assert moved.end.utcoffset() == before.end.utcoffset()
        page.get_by_role("button", name="Undo").click()
        page.locator("#events").get_by_text("5:00").wait_for()
        page.get_by_text("now runs from 6:00 to 11:00").wait_for()
        assert stressor(told).end == before.end


def test_phases_are_dragged_and_a_change_of_someone_else_is_not_overwritten(chromium, told):
    with chromium.page(told.url, expect=["412"]) as page:
        drawn(page, told.pages["recording"])
        handle = page.locator("[aria-label='Start of mental arithmetic']")

        def drag():
            box = handle.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 60
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 30, y, steps=4)
            page.mouse.up()

        before = stressor(told)
        drag()
        page.get_by_role("button", name="Undo").wait_for()
        moved = stressor(told)
        assert 20 < (moved.start - before.start).total_seconds() < 80
        row = moved.model_dump(mode="json")
        body = {name: row[name] for name in EventIn.model_fields}
        body["start"] = before.model_dump(mode="json")["start"]
        headers = {"If-Match": f'"{moved.version}"'}
        answer = httpx.put(f"{told.url}/v1/events/{moved.id}", json=body, headers=headers)
        assert answer.status_code == 200
        drag()
        page.get_by_text("Someone else changed mental arithmetic meanwhile").wait_for()
        assert stressor(told).start == before.start
        assert handle.get_attribute("aria-valuetext") == "6:00 after the start"


def test_the_tachogram_zooms_to_a_beat_by_keyboard(chromium, told):
    with chromium.page(told.url) as page:
        drawn(page, told.pages["recording"])
        tab_to(page, "[data-act='artefact']")
        page.keyboard.press("Enter")
        assert "left out" in page.locator("#readout").inner_text()
        tab_to(page, "#rr")
        page.keyboard.press("Home")
        page.keyboard.press("]")
        first = page.locator("#readout").inner_text()
        page.keyboard.press("]")
        second = page.locator("#readout").inner_text()
        number = [int(text.split()[1]) for text in (first, second)]
        assert number[1] == number[0] + 1
        assert " ms, " in second


def test_a_recording_without_clock_or_stressor_is_drawn_and_says_what_it_lacks(
    chromium, told, tmp_path
):
    file = tmp_path / "plain.txt"
    file.write_text("".join(f"{800 + (i * 37) % 60}\n" for i in range(400)))
    with Client(told.url) as client:
        recording = client.upload(told.study, file, "P01", name="plain")
        address = f"/recordings/{recording.id}"
        with chromium.page(told.url) as page:
            drawn(page, address)
            assert page.get_by_role("heading", level=1).inner_text() == "plain"
            assert page.get_by_text("No stressor falls into this recording").is_visible()
            assert page.locator("#rr canvas").is_visible()
        client.delete_recording(recording)


def test_curves_poincare_and_spectrum_are_drawn(chromium, told):
    ink = """(e) => { const c = e.getContext("2d");
      const d = c.getImageData(0, 0, e.width, e.height).data; let n = 0;
      for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"""
    with chromium.page(told.url) as page:
        drawn(page, told.pages["recovery"])
        assert page.locator(".plot canvas").evaluate(ink) > 5000
        drawn(page, told.pages["variability"])
        assert page.locator("#poincare").evaluate(ink) > 2000
        assert page.locator("#spectrum canvas").evaluate(ink) > 2000
        assert page.locator("#ellipse").inner_text().startswith("SD1 ")
        page.select_option("#method", "lomb")
        page.locator("#bands tbody tr").nth(2).wait_for()


def test_paper_is_light_and_has_no_controls(chromium, told):
    with chromium.page(told.url, scheme="dark") as page:
        drawn(page, told.pages["recording"])
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        assert not page.locator(".toolbar").is_visible()
        assert not page.locator("nav").first.is_visible()
        assert page.locator("#rr canvas").is_visible()
