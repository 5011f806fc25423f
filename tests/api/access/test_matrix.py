"""Who may do what: every route x every role x own and other study, from the route table itself.

A route without a rule, or with a path the rules cannot place in a study, fails here and when the
service starts; what the rules allow each role is written out below, once more and by hand.
"""

import re
from collections import Counter
from dataclasses import dataclass

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from furnished import add_logs, furnish
from serving import serving

from api.access import RULES, Grant, Role, keys, needs
from api.access.rules import FREE, PLACES, check_rules, routes_of, rule_of
from api.access.view import BEHIND, tables
from api.app import create_app
from api.client import Client
from api.settings import Settings
from api.store import models, open_store

MAY = {
    "read": {"owner", "researcher", "reader", "participant"},
    "write": {"owner", "researcher", "participant"},
    "export": {"owner", "researcher", "participant"},
    "delete": {"owner", "researcher"},
    "manage": {"owner"},
    "create": set(),  # takes the role in every study
}
"""What each role may do in a study; a participant only where the route says `own`."""
ROLES = ("owner", "researcher", "reader", "participant")
FREE_VALUES = {"shelf": "metrics", "part": "methods", "digest": "0", "name": "app.css"}
APP = create_app(Settings(store="unused", local=True))


def named(route):
    return f"{'/'.join(sorted(route.methods))} {route.path}"


ROUTES = {named(route): route for route in routes_of(APP)}


@dataclass
class House:
    url: str
    keys: dict
    own: dict
    other: dict
    neighbour: dict

    def ask(self, who, route, things):
        """Ask for a route, with nothing in the body, so that nothing is changed on the way."""
        headers = {} if who is None else {"Authorization": f"Bearer {self.keys[who]}"}
        address, meant = filled(route, things)
        method = min(route.methods)
        answer = self.http.request(method, address, headers=headers)
        return answer, meant

    def __post_init__(self):
        self.http = httpx.Client(base_url=self.url, timeout=30)


def filled(route, things):
    """The path of a route with the identities of a study's things, and those identities."""
    meant = []

    def value(match):
        name = match[1].partition(":")[0]
        if name in FREE_VALUES:
            return FREE_VALUES[name]
        key = route.path.split("/")[2] if name == "entry_id" else name
        assert key in things, f"{named(route)}: put one into tests/furnished.py, as {key!r}"
        meant.append(str(things[key]))
        return meant[-1]

    return re.sub(r"{(.*?)}", value, route.path), meant


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    store = open_store(folder / "store")

    def key(*grants):
        with store.write() as session:
            return keys.make(session, grants).secret

    everything = key(Grant(Role.OWNER))
    with (
        serving(str(folder / "store"), Settings(store="", workers=0)) as url,
        Client(url, key=everything) as client,
    ):
        own, other = furnish(client, folder), furnish(client, folder, subject="Q01")
        neighbour = dict(own)
        person = client.create_subject(own["study_id"], "Neighbour").id
        again = folder / "neighbour.txt"
        again.write_text("".join(f"{900 + i % 50}\n" for i in range(900)))
        recording = client.upload(
            own["study_id"], again, "Neighbour", start="2026-03-05T08:00:00+01:00"
        ).id
        logs = add_logs(client, own["study_id"], "Neighbour")
        neighbour |= {"subject_id": person, "recording_id": recording, **logs}
        studies = [own["study_id"], own["planned_study_id"]]
        made = {role: key(*(Grant(Role(role), study) for study in studies)) for role in ROLES[:3]}
        made["participant"] = key(Grant(Role.PARTICIPANT, own["study_id"], own["subject_id"]))
        made["everything"] = everything
        house = House(url, made, own, other, neighbour)
        yield house
        house.http.close()
    store.close()


def admitted(answer, meant):
    if answer.status_code == 404 and meant:
        return not any(re.match(f"there is no [a-z ]+ {m}", answer.json()["detail"]) for m in meant)
    return answer.status_code not in (401, 403)


def expected(role, route, rule, *, own):
    """What the matrix says: admitted, 403 or 404."""
    if rule.needs in ("open", "enter"):
        return {"admitted"}
    placed = any(name in PLACES or name == "entry_id" for name in route.param_convertors)
    if placed and not own:
        return {"404"}
    if role == "participant" and not rule.own:
        return {"403", "404"}  # a thing of the study as a whole is not there for them
    return {"admitted"} if role in MAY[rule.needs] else {"403"}


def got(answer, meant):
    return "admitted" if admitted(answer, meant) else str(answer.status_code)


@pytest.mark.parametrize("name", ROUTES)
def test_a_role_in_a_study_opens_what_it_is_for_there_and_nothing_elsewhere(house, name):
    route, rule = ROUTES[name], rule_of(ROUTES[name])
    if name == "POST /login":
        return  # answers 401 to a form without a key, whoever sends it
    for role in ROLES:
        answer, meant = house.ask(role, route, house.own)
        assert got(answer, meant) in expected(role, route, rule, own=True), (role, answer.text)
        answer, meant = house.ask(role, route, house.other)
        assert got(answer, meant) in expected(role, route, rule, own=False), (role, answer.text)
    answer, meant = house.ask("everything", route, house.other)
    assert got(answer, meant) == "admitted"


@pytest.mark.parametrize("name", ROUTES)
def test_without_a_key_only_what_is_open_is_answered(house, name):
    route, rule = ROUTES[name], rule_of(ROUTES[name])
    answer, _ = house.ask(None, route, house.own)
    assert (answer.status_code == 401) == (rule.needs != "open" or name == "POST /login")


@pytest.mark.parametrize("name", ROUTES)
def test_a_participant_sees_nobody_else(house, name):
    """Neither things of another person nor their names in what is listed."""
    route, rule = ROUTES[name], rule_of(ROUTES[name])
    answer, meant = house.ask("participant", route, house.neighbour)
    hidden = {str(v) for k, v in house.neighbour.items() if house.own[k] != v}
    if hidden & set(meant):
        assert not admitted(answer, meant)
    elif min(route.methods) == "GET" and rule.needs not in ("open", "enter"):
        assert not [h for h in [*hidden, "Neighbour"] if h in answer.text]


def test_a_thing_of_another_study_is_not_reached_through_ones_own(house):
    """An owner here and reader there does there what a reader may, however the path is made."""
    for route in ROUTES.values():
        names = [n for n in route.param_convertors if n in PLACES or n == "entry_id"]
        if "study_id" in names and len(names) > 1:
            mixed = {**house.other, "study_id": house.own["study_id"]}
            answer, meant = house.ask("everything", route, mixed)
            assert not admitted(answer, meant), named(route)


def test_a_participant_adds_nothing_for_another(house):
    study, headers = house.own["study_id"], {"Authorization": f"Bearer {house.keys['participant']}"}
    body = {"time": "2026-03-07T09:00:00Z", "name": "calm", "value": 3.0}

    def add(subject):
        said = {**body, "subject": subject}
        return house.http.post(f"/v1/studies/{study}/outcomes", json=said, headers=headers)

    assert add("Neighbour").status_code == 404
    assert add("P01").status_code == 201
    event = {
        "subject": "P01", "phase": "maths", "kind": "stress", "start_s": 1.0, "end_s": 2.0,
        "recording_id": str(house.neighbour["recording_id"]),
    }  # fmt: skip
    answer = house.http.post(f"/v1/studies/{study}/events", json=event, headers=headers)
    assert answer.status_code == 404


def test_only_the_role_in_every_study_makes_one(house):
    for role in ROLES:
        headers = {"Authorization": f"Bearer {house.keys[role]}"}
        assert (
            house.http.post("/v1/studies", json={"title": "x"}, headers=headers).status_code == 403
        )


def test_every_rule_is_used_and_every_role_is_refused_something(house):
    used = Counter(rule_of(route).needs for route in ROUTES.values())
    assert set(used) == set(RULES)
    assert len(ROUTES) > 60


def test_every_table_is_narrowed_or_says_why_not():
    known = {t.__tablename__ for t in tables()} | set(BEHIND) | {"study"}
    mapped = {m.class_.__tablename__ for m in models.Base.registry.mappers}
    assert mapped <= known, "say in BEHIND (api/access/view.py) who may see rows of these"


def app_with(path, **more):
    app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()
    router.get(path, **more)(lambda: None)
    app.include_router(router)
    return app


def test_a_new_route_without_a_rule_fails_with_the_mend():
    with pytest.raises(TypeError, match=r"GET /v1/new has 0 access rules.*dependencies=needs"):
        check_rules(app_with("/v1/new"))


def test_a_new_route_that_leads_to_no_study_fails_with_the_mend():
    with pytest.raises(TypeError, match=r"add 'thing_id' to PLACES"):
        check_rules(app_with("/v1/things/{thing_id}", dependencies=needs("read")))


def test_no_parameter_is_free_and_placed():
    assert not FREE & set(PLACES)
