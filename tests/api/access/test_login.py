"""A browser logs in with its key: a cookie out of reach, a new one each time, no forged change."""

import pytest

from api.access import Grant, Role
from api.schemas.studies import StudyIn


@pytest.fixture
def browser(keyed):
    with keyed.http(headers={"Accept": "text/html"}) as http:
        yield http


def log_in(browser, key, **more):
    return browser.post("/login", data={"key": key, **more})


def token(browser):
    page = browser.get("/").text
    return page.partition('<meta name="csrf" content="')[2].partition('"')[0]


def test_a_page_without_a_session_leads_to_the_login_and_back(browser, owner):
    turned = browser.get("/studies/0?x=1")
    assert (turned.status_code, turned.headers["location"]) == (
        303,
        "/login?next=/studies/0%3Fx%3D1",
    )
    shown = browser.get(turned.headers["location"])
    assert shown.status_code == 200
    assert 'value="/studies/0?x=1"' in shown.text
    done = log_in(browser, owner, next="/studies/0?x=1")
    assert (done.status_code, done.headers["location"]) == (303, "/studies/0?x=1")
    assert browser.get("/").status_code == 200


def test_a_program_without_a_key_is_told_so(keyed):
    with keyed.http() as http:
        answer = http.get("/v1/studies")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:hrv-recovery:problem:unauthenticated"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser, owner):
    said = log_in(browser, owner).headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert owner not in said


def test_behind_tls_the_cookie_never_travels_in_the_clear(browser, owner):
    done = browser.post("/login", data={"key": owner}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in done.headers["set-cookie"]


def test_every_login_begins_a_new_session_and_ends_the_old_one(browser, owner, keyed):
    log_in(browser, owner)
    first = browser.cookies["hrv_session"]
    log_in(browser, owner)
    second = browser.cookies["hrv_session"]
    assert first != second
    with keyed.http(cookies={"hrv_session": first}) as old:
        assert old.get("/v1/studies").status_code == 401


def test_a_cookie_that_was_planted_before_the_login_is_not_taken_over(browser, owner):
    browser.cookies["hrv_session"] = "planted"
    said = log_in(browser, owner).headers["set-cookie"]
    assert "planted" not in said


@pytest.mark.parametrize("key", ["", "hrv_nonsense", "x" * 300])
def test_a_wrong_key_opens_nothing(browser, key):
    done = log_in(browser, key)
    assert done.status_code == 401
    assert "set-cookie" not in done.headers
    assert not key or key not in done.text


@pytest.mark.parametrize("address", ["https://evil.test/", "//evil.test", "/\\evil.test", "x\n"])
def test_the_login_leads_nowhere_outside(browser, owner, address):
    assert log_in(browser, owner, next=address).headers["location"] == "/"


def test_a_change_from_a_session_needs_its_token(browser, owner):
    log_in(browser, owner)
    body = {"title": "Forged"}
    assert browser.post("/v1/studies", json=body).status_code == 403
    wrong = browser.post("/v1/studies", json=body, headers={"X-CSRF-Token": "0" * 64})
    assert wrong.status_code == 403
    right = browser.post("/v1/studies", json=body, headers={"X-CSRF-Token": token(browser)})
    assert right.status_code == 201


def test_a_form_carries_the_token_as_a_field(browser, owner):
    log_in(browser, owner)
    said = token(browser)
    assert browser.post("/logout").status_code == 403
    done = browser.post("/logout", data={"csrf_token": said})
    assert (done.status_code, done.headers["location"]) == (303, "/login")
    assert browser.get("/v1/studies").status_code in (303, 401)


def test_the_login_form_of_another_site_is_refused(browser, owner):
    headers = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}
    done = browser.post("/login", data={"key": owner}, headers=headers)
    assert done.status_code == 403
    assert "set-cookie" not in done.headers


def test_an_ended_session_opens_nothing(browser, owner, keyed):
    log_in(browser, owner)
    cookie = browser.cookies["hrv_session"]
    browser.post("/logout", data={"csrf_token": token(browser)})
    with keyed.http(cookies={"hrv_session": cookie}) as old:
        assert old.get("/v1/studies").status_code == 401


def test_a_session_sees_what_its_key_may(browser, keyed, owner):
    with keyed.client(owner) as client:
        mine = client.create_study(StudyIn(title="Mine"))
        other = client.create_study(StudyIn(title="Another's"))
    log_in(browser, keyed.key(Grant(Role.READER, mine.id)))
    page = browser.get("/").text
    assert "Mine" in page
    assert "Another" not in page
    assert browser.get(f"/studies/{other.id}").status_code == 404
    refused = browser.put(
        f"/v1/studies/{mine.id}", json={"title": "x"}, headers={"X-CSRF-Token": token(browser)}
    )
    assert refused.status_code == 403


@pytest.mark.parametrize("headers", [{"Host": "evil.test"}, {"Host": "evil.test:8000"}])
def test_a_local_service_answers_to_its_own_name_only(headers, tmp_path):
    from starlette.testclient import TestClient

    from api.app import create_app
    from api.settings import Settings

    with TestClient(create_app(Settings(store=str(tmp_path), local=True, workers=0))) as client:
        assert client.get("/v1/studies").status_code == 200
        assert client.get("/v1/studies", headers=headers).status_code == 403
        cross = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}
        assert client.post("/v1/studies", json={"title": "x"}, headers=cross).status_code == 403
        assert client.get("/login", follow_redirects=False).headers["location"] == "/"
