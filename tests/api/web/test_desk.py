"""The desk's pages: roster, log, data, plan; by keyboard, small, dark, and nothing told early."""

from datetime import UTC, date, datetime

import pytest
from browser import axe, choose, follow, picture, press, tab_to, too_wide, unreached
from serving import serving, serving_behind_login

from api.access import Role
from api.client import Client
from api.schemas.logs import Dose, Outcome
from api.schemas.plans import PlannedIn
from api.schemas.roster import AllocationIn
from api.schemas.studies import DesignIn, StudyIn

NOW = datetime(2026, 12, 20, 18, tzinfo=UTC)
REDCAP = """\
record_id,visit_date,gad7_total,pain,visit_complete,dose_date,dose_mg,dosing_complete
P01,2026-12-02,9,3,2,2026-12-02,300,2
P02,2026-12-02,50,4,2,,,
P03,2026-12-03,4,-99,2,,,
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A trial of two arms with somebody in it, and a planned study of one person."""
    store = str(tmp_path_factory.mktemp("desk"))
    with serving(store, clock=lambda: NOW) as url, Client(url) as client:
        design = DesignIn(conditions=["placebo", "drug"])
        trial = client.create_study(StudyIn(title="A trial", tz="Europe/Berlin", design=design))
        client.draw_allocation(trial.id, AllocationIn(strata={"sex": ["f", "m"]}, places=6))
        first = client.create_subject(trial.id, "P01")
        client.allocate(first.id, {"sex": "f"})
        client.create_subject(trial.id, "P02")
        planned = client.draw_plan(
            PlannedIn(
                substance="magnesium glycinate", direction="lower", start_reason="planned",
                first_day=date(2026, 12, 7), tz="Europe/Berlin", comparator="placebo",
                blinded=True, amount=300.0, unit="mg", basis="elemental",
            )
        )  # fmt: skip
        yield url, client, trial.id, planned.study_id


PAGES = {
    "participants": "/studies/{trial}/participants",
    "log": "/studies/{planned}/log",
    "data": "/studies/{planned}/data",
    "plan": "/plan",
    "planned": "/studies/{planned}/plan",
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_pages_fit_and_are_accessible(chromium, served, name, width, scheme):
    url, _, trial, planned = served
    with chromium.page(url, width=width, scheme=scheme) as page:
        page.goto(PAGES[name].format(trial=trial, planned=planned))
        if (name, width) == ("log", 390):
            picture(page, "desk-log-phone")
        assert axe(page) == []
        assert too_wide(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_everything_and_shows_where_it_is(chromium, served, name):
    url, _, trial, planned = served
    with chromium.page(url) as page:
        page.goto(PAGES[name].format(trial=trial, planned=planned))
        assert unreached(page) == []


def test_the_present_tab_is_in_sight_on_a_telephone(chromium, served):
    url, _, _, planned = served
    with chromium.page(url, width=390) as page:
        page.goto(f"/studies/{planned}/plan")
        box = page.locator(".tabs [aria-current]").bounding_box()
        assert 0 <= box["x"] < 391 - box["width"]


def test_files_and_folders_are_dropped_and_told_apart_by_whether_they_could_be_read(
    chromium, served
):
    url, client, trial, _ = served
    beats = "".join(f"{800 + (i * 37) % 61}\n" for i in range(400))
    with chromium.page(url, width=390) as page:
        page.goto(f"/studies/{trial}/data")
        page.fill("#whose", "P02")
        page.evaluate(
            """beats => {
              const data = new DataTransfer();
              data.items.add(new File([beats], "2026-12-03 08-00-00.txt"));
              data.items.add(new File(["holiday"], "notes.doc"));
              document.querySelector(".drop").dispatchEvent(
                new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
            }""",
            beats,
        )
        understood = page.locator("#understood")
        understood.get_by_text("1 recording brought in").wait_for()
        assert "notes.doc: no known recording" in understood.inner_text()
        assert "2026-12-03 08-00-00.txt" in understood.inner_text()
        assert axe(page) == []
        assert too_wide(page) == []
    assert [r.subject for r in client.recordings(trial)] == ["P02"]


def test_who_sends_much_sees_how_far_it_is(chromium, served):
    url, _, trial, _ = served
    beats = "".join(f"{800 + (i * 37) % 61}\n" for i in range(100_000)).encode()
    with chromium.page(url) as page:
        page.goto(f"/studies/{trial}/data")
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1}
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": 400_000})
        page.evaluate(
            """() => {
              window.told = [];
              const [bar, words] = [".sending progress", ".sending .words"].map((s) =>
                document.querySelector(s));
              new MutationObserver(() => told.push([bar.value / bar.max, words.textContent]))
                .observe(words, { childList: true, characterData: true });
            }"""
        )
        page.fill("#whose", "P02")
        file = {"name": "long.txt", "mimeType": "text/plain", "buffer": beats}
        page.set_input_files("#files", file)
        page.locator("#understood").get_by_text("1 recording brought in").wait_for()
        told = page.evaluate("told")
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert any(0 < share < 1 and words.endswith("kB sent") for share, words in told)
    assert told[-1] == [1, "reading 1 file …"]


def test_somebody_is_enrolled_and_allocated_by_keyboard_and_told_only_then(chromium, served):
    url, client, trial, _ = served
    with chromium.page(url) as page:
        page.goto(f"/studies/{trial}/participants")
        tab_to(page, "#enrol-name")
        assert page.input_value("#enrol-name") == "P03"
        tab_to(page, "#level-1")
        page.keyboard.press("ArrowDown")
        tab_to(page, "[data-enrol] button")
        page.keyboard.press("Enter")
        page.wait_for_selector("#placed[open]")
        code = page.inner_text("#placed .code")
        assert page.inner_text("#placed .who") == "P03"
        page.keyboard.press("Enter")  # Noted
        page.get_by_role("link", name="P03").wait_for()
        picture(page, "desk-roster")
        assert next(s for s in client.subjects(trial) if s.name == "P03").place == code


def test_a_withdrawal_says_what_happens_with_the_data_by_keyboard_alone(chromium, served):
    url, client, trial, _ = served
    client.create_subject(trial, "P77")
    with chromium.page(url) as page:
        page.goto(f"/studies/{trial}/participants")
        tab_to(page, "[data-withdraw][data-name=P77]")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        assert page.locator("#withdrawal").is_hidden()
        assert page.evaluate("document.activeElement.dataset.name") == "P77"
        page.keyboard.press("Enter")
        tab_to(page, "#leave-reason")
        page.keyboard.type("moved away")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.get_by_text("moved away; data kept").wait_for()
        tab_to(page, "[data-withdraw][data-name=P77]")
        page.keyboard.press("Enter")
        assert page.locator("#data-deleted").is_checked()
        assert axe(page) == []
        tab_to(page, "[data-leave] button[type=submit]")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.get_by_text("moved away; data deleted").wait_for()


def test_doses_are_ticked_off_and_what_happened_is_logged(chromium, served):
    url, client, _, planned = served
    with chromium.page(url, expect=["422"]) as page:
        page.goto(f"/studies/{planned}/log")
        before = page.locator("[data-dose]").count()
        with page.expect_navigation():
            page.locator('[data-dose] button[value="taken"]').first.click()
        assert page.locator("[data-dose]").count() == before - 1
        page.fill("#score-name", "gad7")
        page.fill("#score-value", "40")
        page.get_by_role("button", name="Log the score").click()
        page.get_by_role("alert").filter(has_text="outside 0 to 21").wait_for()
        page.fill("#score-value", "6")
        press(page, "Log the score")
        page.get_by_text("6 points").wait_for()
        page.fill("#adverse-term", "headache")
        page.select_option("#adverse-severity", "mild")
        page.get_by_role("button", name="Log the adverse event").click()
        page.get_by_role("row", name="headache").wait_for()
    taken = [d for d in client.entries(planned, Dose) if d.status == "taken"]
    assert len(taken) == 1
    (score,) = client.entries(planned, Outcome)
    assert score.time == NOW.replace(second=0)


def test_a_redcap_project_is_shown_before_it_is_taken_by_keyboard_alone(chromium, served):
    url, client, trial, _ = served
    with chromium.page(url) as page:
        page.goto(f"/studies/{trial}/data")
        project = {"name": "project.csv", "mimeType": "text/csv", "buffer": REDCAP.encode()}
        tab_to(page, "#redcap-file")  # what opens there is the browser's own
        page.set_input_files("#redcap-file", project)
        seen = page.locator("#redcap")
        seen.get_by_text("Would be taken: 2 gad7").wait_for()
        assert list(client.entries(trial, Outcome)) == []
        assert axe(page) == []
        tab_to(page, "[data-column=pain] input")
        page.keyboard.type("pain")
        choose(page, "[data-column=pain] select", "visit_date")
        tab_to(page, "#substance-dose_date")
        page.keyboard.type("magnesium")
        tab_to(page, "#missing-codes")
        page.keyboard.type("-99")
        tab_to(page, "#redcap button:not(.primary)")
        page.keyboard.press("Enter")
        seen.get_by_text("2 gad7, 2 pain, 1 dose.").wait_for()
        assert seen.get_by_text("outside 0 to 21").is_visible()
        picture(page, "desk-redcap")
        tab_to(page, "#redcap button.primary")
        page.keyboard.press("Enter")
        seen.get_by_text("4 scores and 1 dose taken").wait_for()
    assert len(list(client.entries(trial, Outcome))) == 4


def test_what_a_and_b_are_is_told_on_the_record_only(chromium, served):
    url, _, _, planned = served
    with chromium.page(url) as page:
        page.goto(f"/studies/{planned}/plan")
        assert "placebo" not in page.inner_text("#blocks-title ~ ol")
        page.fill("#told", "pharmacy")
        page.fill("#why", "fills the bottles")
        page.get_by_role("button", name="Write down and show").click()
        page.get_by_text("It is on record that pharmacy was told").wait_for()
        page.reload()
        assert "pharmacy: fills the bottles" in page.inner_text("main")
        assert "A is" not in page.inner_text("main")
        with page.expect_download() as got:
            page.get_by_role("link", name="Download calendar.ics").click()
        assert got.value.path().read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_behind_a_login_a_researcher_works_at_the_desk_and_opens_no_key(chromium, tmp_path):
    place = str(tmp_path / "store")
    with serving_behind_login(place, Role.RESEARCHER, clock=lambda: NOW) as (url, secret):
        with Client(url, key=secret) as client:
            made = client.draw_plan(
                PlannedIn(
                    substance="magnesium", direction="lower", start_reason="planned",
                    first_day=date(2026, 12, 7), comparator="placebo", blinded=True,
                )
            )  # fmt: skip
        with chromium.page(url, expect=["403"]) as page:
            page.goto(f"/studies/{made.study_id}/data")
            assert (axe(page), too_wide(page), unreached(page)) == ([], [], [])
            page.fill('input[type="password"]', secret)
            # the address stays the same: only the navigation tells that the page's script stands
            with page.expect_navigation():
                page.keyboard.press("Enter")
            file = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"800\n810\n790\n" * 90}
            page.set_input_files("#files", file)
            page.locator("#understood").get_by_text("1 recording brought in").wait_for()
            follow(page, "Plan", exact=True)
            page.fill("#told", "me")
            page.fill("#why", "curious")
            page.get_by_role("button", name="Write down and show").click()
            page.get_by_role("alert").filter(has_text="may not manage here").wait_for()
            assert page.inner_text(".key-shown") == ""
