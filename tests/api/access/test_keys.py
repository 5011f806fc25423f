"""Keys: the first one, others by command, their end; and that no key is ever seen again."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta

import httpx
import pytest
from server_process import ServerProcess
from serving import serving

from api.access import Grant, Role, keys
from api.access.rates import Rate
from api.client import Client
from api.schemas.studies import StudyIn
from api.settings import Settings
from api.store import open_store
from api.store.models import AccessKey
from api.store.types import now
from hrv.errors import InputError

NONE = "01a20e05-c42b-7822-9250-5c83ec07de13"
KEY = re.compile(r"hrv_[A-Za-z0-9_-]{43}")
HRV = [sys.executable, "-W", "error", "-c", "import api.cli; api.cli.main()"]


def hrv(*arguments, **environment):
    return subprocess.run(
        [*HRV, *map(str, arguments)], env={**os.environ, **environment},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_a_key_has_256_random_bits_and_is_kept_as_a_hash_only(keyed):
    secret = keyed.key(Grant(Role.READER))
    assert KEY.fullmatch(secret)
    assert len(secret.removeprefix(keys.PREFIX)) * 6 >= 256
    with keyed.store.read() as session:
        rows = session.query(AccessKey).all()
    assert secret not in str([vars(row) for row in rows])
    assert keys.digest(secret) in [row.digest for row in rows]


def test_the_first_start_prints_one_key_and_nothing_else_opens_the_door(tmp_path):
    with ServerProcess(tmp_path, workers=0, HRV_LOCAL="no") as server:
        key = server.process.stdout.readline().strip()
        assert KEY.fullmatch(key)
        with httpx.Client(base_url=server.url) as http:
            tries = {
                "none": {}, "empty": {"Authorization": ""}, "bearer": {"Authorization": "Bearer"},
                "basic": {"Authorization": "Basic YWRtaW46YWRtaW4="},
                "short": {"Authorization": f"Bearer {key[:-1]}"},
                "cookie": {"Cookie": f"hrv_session={key}"},
                "hash": {"Authorization": f"Bearer {keys.digest(key)}"},
                "forwarded": {"X-Forwarded-For": "127.0.0.1", "X-API-Key": key},
            }  # fmt: skip
            for name, headers in tries.items():
                for path in ("/v1/studies", "/openapi.json", "/metrics", "/", "/v1/nowhere"):
                    assert http.get(path, headers=headers).status_code == 401, (name, path)
            assert http.get(f"/v1/studies?key={key}").status_code == 401
            opened = http.get("/v1/studies", headers={"Authorization": f"Bearer {key}"})
            assert opened.status_code == 200
        server.terminate()
        status, _, said = server.ended(10)
        assert status == 0
        assert server.process.stdout.read() == ""
        assert key not in said
    with ServerProcess(tmp_path, workers=0, HRV_LOCAL="no") as server:
        server.terminate()
        server.ended(10)
        assert server.process.stdout.read() == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--local", "--host", "0.0.0.0"], "--local serves this machine only"),
        (["--local", "--store", "postgresql://x@127.0.0.1:1/x"], "leave --local away"),
        (["--host", "example.org"], "is no IP address"),
    ],
)
def test_the_door_is_not_opened_by_mistake(tmp_path, hrv_command, arguments, said):
    done = hrv_command("serve", "--port", "0", "--store", tmp_path, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_it_listens_on_this_machine_unless_told():
    assert Settings.from_environment({}).host == "127.0.0.1"


@pytest.fixture
def made(tmp_path, hrv_command):
    """A store with a study, and a command to make keys in it."""
    with serving(str(tmp_path / "store")) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="x"))
        client.create_subject(study.id, "P01")

    def make(*arguments):
        return hrv_command("keys", "make", "--store", tmp_path / "store", *arguments)

    return tmp_path / "store", study, make


def test_keys_are_made_listed_and_revoked_by_command(made, hrv_command):
    store, study, make = made
    done = make("--role", "participant", "--study", study.id, "--person", "P01", "--expires", "90d",
                "--scopes", "read", "--label", "her phone")  # fmt: skip
    assert done.code == 0
    secret = done.out.strip()
    assert KEY.fullmatch(secret)
    listed = hrv_command("keys", "list", "--store", store, "--format", "json")
    assert secret not in listed.out
    (line,) = json.loads(listed.out)
    assert (line["role"], line["person"], line["scopes"], line["state"], line["label"]) == (
        "participant", "P01", "read", "valid", "her phone",
    )  # fmt: skip
    with serving(str(store), Settings(store="", workers=0)) as url:
        http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"})
        with http:
            path = f"/v1/studies/{study.id}/recordings"
            assert http.get(path).status_code == 200
            beats = http.post(f"/v1/studies/{study.id}/live", json={"subject": "P01"})
            assert (beats.status_code, "scopes are read" in beats.text) == (403, True)
            assert hrv_command("keys", "revoke", line["id"], "--store", store).code == 0
            assert http.get(path).status_code == 401
    again = hrv_command("keys", "revoke", line["id"], "--store", store)
    assert "had been revoked already" in again.err
    assert hrv_command("audit", "verify", "--store", store).out.count("the chain holds") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what the key is for with --role"),
        (["--role", "admin"], "there are owner, researcher, reader, participant"),
        (["--role", "reader", "--study", "7"], "no identity of a study"),
        (
            ["--role", "reader", "--study", "01a20e05-c42b-7822-9250-5c83ec07de13"],
            "there is no study",
        ),
        (["--role", "participant"], "one study and one person"),
        (["--role", "reader", "--scopes", "fly"], "scope 'fly' is none"),
        (["--role", "reader", "--expires", "soon"], "--expires"),
        (["--role", "reader", "--account", "u1"], "HRV_OIDC_ISSUER"),
    ],
)
def test_a_wrong_key_command_names_the_mend(made, arguments, said):
    done = made[2](*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_an_expired_key_opens_nothing(keyed):
    for hours, status in ((1, 200), (-1, 401)):
        secret = keyed.key(Grant(Role.OWNER), expires_at=now() + timedelta(hours=hours))
        with keyed.http(secret) as http:
            assert http.get("/v1/studies").status_code == status


def test_a_participants_key_needs_a_person(keyed):
    with pytest.raises(InputError, match="names one person"), keyed.store.write() as session:
        keys.make(session, [Grant(Role.PARTICIPANT)])


def test_a_key_never_appears_in_a_log_an_address_or_an_error(tmp_path):
    """Every route, with the key in every place it does not belong; then everything is searched."""
    with ServerProcess(tmp_path, workers=0, HRV_LOCAL="no", HRV_LOG_LEVEL="debug") as server:
        key = server.process.stdout.readline().strip()
        answers = []
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}) as http:
            made = http.post("/v1/studies", json={"title": "x"})
            answers += [
                http.get("/v1/studies"), made, http.get("/"), http.get("/v1/nowhere"),
                http.post("/v1/studies", content=b"{", headers={"Content-Type": "x/y"}),
                http.get(f"/v1/studies?key={key}"), http.get(f"/v1/studies/{key}"),
                http.post("/v1/studies", json={"title": key * 9, "colour": key}),
                http.post("/v1/studies", json={"title": "x"}, headers={"Idempotency-Key": key}),
                http.get("/v1/studies", headers={"Authorization": f"Bearer x{key}"}),
                http.get("/v1/studies", headers={"Authorization": f"Basic {key}"}),
                http.post("/login", data={"key": key}),
                http.post("/login", data={"key": "x" + key, "next": "/x"}),
                http.get("/login"), http.get("/metrics"),
            ]  # fmt: skip
            client = Client(server.url, key=key)
            with client, pytest.raises(Exception, match="no study") as error:
                client.study(NONE)
        server.terminate()
        _, _, log = server.ended(10)
        assert server.process.stdout.read() == ""
    seen = [str(error.value), repr(client), log]
    for answer in answers:
        seen += [answer.text, *(v for k, v in answer.headers.items() if k != "set-cookie")]
    assert made.json()["title"] == "x"
    assert not [said for said in seen if key in said]
    assert '"message": "request"' in log
    for file in tmp_path.rglob("*"):
        assert key.encode() not in file.read_bytes(), file


def test_too_many_wrong_keys_are_held_off(tmp_path):
    store = open_store(tmp_path)
    with store.write() as session:
        key = keys.make(session, [Grant(Role.OWNER)]).secret
    store.close()
    settings = Settings(store="", workers=0, refusals_per_minute=5)
    with serving(str(tmp_path), settings) as url, httpx.Client(base_url=url) as http:
        wrong = {"Authorization": "Bearer hrv_wrong"}
        statuses = [http.get("/v1/studies", headers=wrong).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        held = http.post("/login", data={"key": key})
        assert held.status_code == 429
        assert 1 <= int(held.headers["retry-after"]) <= 60


def test_too_many_requests_of_a_key_are_told_when_to_come_again(tmp_path):
    store = open_store(tmp_path)
    with store.write() as session:
        one, other = (keys.make(session, [Grant(Role.OWNER)]).secret for _ in range(2))
    store.close()
    with serving(str(tmp_path), Settings(store="", workers=0, rate_per_s=1)) as url:
        http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {one}"})
        with http:
            answers = [http.get("/v1/studies") for _ in range(6)]
            assert [a.status_code for a in answers[:2]] == [200, 200]
            assert answers[-1].status_code == 429
            assert answers[-1].headers["retry-after"] == "1"
            assert answers[-1].json()["type"].endswith(":too-many-requests")
            headers = {"Authorization": f"Bearer {other}"}
            assert http.get("/v1/studies", headers=headers).status_code == 200


def test_a_bucket_fills_at_its_rate_and_no_further():
    at = [0.0]
    rate = Rate(2.0, 3.0, lambda: at[0])
    assert [rate.take("a") for _ in range(3)] == [0, 0, 0]
    assert rate.take("a") == pytest.approx(0.5)
    assert rate.take("b") == 0
    at[0] = 0.5
    assert rate.take("a") == 0
    at[0] = 100.0
    assert [rate.take("a") > 0 for _ in range(4)] == [False, False, False, True]
    assert Rate(0.0, 1.0).take("a") == 0
