"""Tokens of an identity provider: a real one on this machine, with RSA keys of its own."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from serving import serving

from api.access import Grant, Role, keys
from api.access.oidc import Provider
from api.settings import Settings
from api.store import open_store
from hrv.errors import InputError

jwt = pytest.importorskip("jwt", reason="the extra oidc is not installed")
rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")


class Issuer:
    """Publishes its keys over HTTP and signs tokens."""

    def __init__(self):
        issuer = self
        self.keys = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(issuer.documents()[self.path]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def documents(self):
        published = []
        for name, key in self.keys.items():
            said = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
            published.append({**said, "kid": name, "alg": "RS256", "use": "sig"})
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url, "jwks_uri": f"{self.url}/keys",
            },
            "/keys": {"keys": published},
        }  # fmt: skip

    def token(self, key="one", signed_by=None, algorithm="RS256", **claims):
        said = {
            "iss": self.url, "aud": "hrv", "sub": "user-1", "exp": time.time() + 300, **claims,
        }  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, signed_by or self.keys[key], algorithm, headers={"kid": key})

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def issuer():
    made = Issuer()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def service(issuer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("oidc")
    store = open_store(folder)
    with store.write() as session:
        keys.admit_account(session, issuer.url, "user-1", [Grant(Role.READER)])
        made = keys.make(session, [Grant(Role.OWNER)]).secret
    store.close()
    settings = Settings(store="", workers=0, oidc_issuer=issuer.url, oidc_audience="hrv")
    with serving(str(folder), settings) as url, httpx.Client(base_url=url) as http:
        yield http, made


def ask(service, token, method="GET", **more):
    headers = {"Authorization": f"Bearer {token}"}
    return service[0].request(method, "/v1/studies", headers=headers, **more)


def test_an_account_that_was_let_in_has_its_role(service, issuer):
    assert ask(service, issuer.token()).status_code == 200
    refused = ask(service, issuer.token(), "POST", json={"title": "x"})
    assert (refused.status_code, refused.json()["type"][-9:]) == (403, "forbidden")


def test_a_key_opens_beside_the_provider(service):
    assert ask(service, service[1]).status_code == 200


OTHER = {
    "another account": ({"sub": "user-2"}, "was not let in"),
    "an expired one": ({"exp": time.time() - 3600}, "has expired"),
    "for another service": ({"aud": "mail"}, "another service"),
    "of another provider": ({"iss": "https://evil.test"}, "another provider"),
    "without an end": ({"exp": None}, "does not say"),
    "without a subject": ({"sub": None}, "does not say"),
    "for later": ({"nbf": time.time() + 3600}, "not valid yet"),
}


@pytest.mark.parametrize(("claims", "why"), OTHER.values(), ids=OTHER.keys())
def test_a_token_that_proves_nothing_opens_nothing(service, issuer, claims, why):
    answer = ask(service, issuer.token(**claims))
    assert answer.status_code == 401
    assert why in answer.json()["detail"]
    assert issuer.url not in answer.text


def test_a_token_signed_by_anyone_else_opens_nothing(service, issuer):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    shared = "x" * 64
    for token in (
        issuer.token(signed_by=stranger),
        issuer.token(signed_by=shared, algorithm="HS256"),
        issuer.token()[:-4] + "AAAA",
        jwt.encode({"iss": issuer.url, "sub": "user-1"}, None, "none", headers={"kid": "one"}),
        "no.token.atall",
        "",
    ):
        headers = {"Authorization": f"Bearer {token}".strip()}
        assert service[0].get("/v1/studies", headers=headers).status_code == 401


def test_a_new_key_of_the_provider_is_fetched(issuer, monkeypatch):
    monkeypatch.setattr("api.access.oidc.COOLDOWN_S", 0.0)
    provider = Provider(issuer.url, "hrv")
    assert provider.subject_of(issuer.token()) == "user-1"
    issuer.keys["two"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert provider.subject_of(issuer.token(key="two")) == "user-1"


def test_the_digest_of_an_account_is_no_key(service, issuer):
    assert ask(service, f"{issuer.url}%00user-1").status_code == 401
    with pytest.raises(InputError, match="https://"):
        Provider("http://example.org", "hrv")
    with pytest.raises(InputError, match="HRV_OIDC_AUDIENCE"):
        Provider(issuer.url, "")


def test_a_provider_that_does_not_answer_is_asked_later(tmp_path):
    settings = Settings(store="", workers=0, oidc_issuer="http://127.0.0.1:9", oidc_audience="hrv")
    with serving(str(tmp_path), settings) as url:
        answer = httpx.get(f"{url}/v1/studies", headers={"Authorization": "Bearer a.b.c"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
