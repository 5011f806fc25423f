"""A participant with a key: led to their own log, which shows and takes what is theirs."""

from datetime import date

import pytest
from browser import axe, follow, press, too_wide
from serving import serving

from api.access import Grant, Role, keys
from api.client import Client
from api.schemas.logs import Outcome
from api.schemas.plans import PlannedIn
from api.schemas.studies import StudyIn
from api.settings import Settings
from api.store import open_store


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Two studies; somebody takes part in the first, beside a neighbour, and in both."""
    place = str(tmp_path_factory.mktemp("house"))
    store = open_store(place)

    def key(*grants):
        with store.write() as session:
            return keys.make(session, grants).secret

    everything = key(Grant(Role.OWNER))
    keyed = Settings(store="", local=False, workers=0)
    with serving(place, keyed) as url, Client(url, key=everything) as client:
        planned = PlannedIn(
            substance="magnesium", direction="higher", start_reason="planned",
            first_day=date(2026, 3, 2), tz="UTC", endpoint="calm",
        )  # fmt: skip
        first = client.draw_plan(planned).study_id
        own = next(iter(client.subjects(first))).id
        client.create_subject(first, "Neighbour")
        second = client.create_study(StudyIn(title="Breathing")).id
        again = client.create_subject(second, "P01").id
        part = Grant(Role.PARTICIPANT, first, own)
        one = key(part)
        both = key(part, Grant(Role.PARTICIPANT, second, again))
        yield url, client, first, second, one, both
    store.close()


def log_in(page, secret):
    page.goto("/")
    page.fill('input[type="password"]', secret)
    press(page, "Log in")


def test_a_participant_is_led_to_their_own_log_and_adds_to_it(chromium, house):
    url, client, study, _, secret, _ = house
    with chromium.page(url, width=390) as page:
        log_in(page, secret)
        assert page.url.endswith(f"/studies/{study}/log")
        assert page.get_by_role("heading", level=1).inner_text() == "Your log"
        assert page.locator("nav").count() == 0  # the study's pages are not theirs
        assert "Neighbour" not in page.inner_text("main")
        page.fill("#score-name", "calm")
        page.fill("#score-value", "7")
        press(page, "Log the score")
        page.get_by_role("row").filter(has_text="calm").get_by_text("score").wait_for()
    (stored,) = client.entries(study, Outcome)
    assert (stored.name, stored.value, stored.subject) == ("calm", 7.0, "P01")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_their_pages_fit_and_are_accessible(chromium, house, width, scheme):
    url, _, study, _, secret, both = house
    with chromium.page(url, width=width, scheme=scheme, expect=["403"]) as page:
        log_in(page, secret)
        assert axe(page) == []
        assert too_wide(page) == []
        page.goto(f"/studies/{study}")
        assert "only what is their own" in page.inner_text("main")
        follow(page, "To your log")
        assert page.url.endswith(f"/studies/{study}/log")
        press(page, "Log out")
        log_in(page, both)
        assert axe(page) == []
        assert too_wide(page) == []


def test_who_takes_part_in_two_studies_chooses_and_makes_none(chromium, house):
    url, _, study, second, _, both = house
    with chromium.page(url) as page:
        log_in(page, both)
        links = page.locator("h2 a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
        assert links == [f"/studies/{second}/log", f"/studies/{study}/log"]
        assert "New study" not in page.inner_text("main")
        follow(page, "Breathing")
        assert page.get_by_role("heading", level=1).inner_text() == "Your log"
