"""Nothing reaches out to a network unless it is asked to."""

import socket

import pytest

import api.cli
from api.cli._errors import run
from api.client import Client
from api.schemas.studies import StudyIn


class ReachedOutError(AssertionError):
    """Something looked for another machine."""


@pytest.fixture
def offline(monkeypatch):
    """Sockets may reach this machine only; every attempt elsewhere is an error."""
    tried = []
    real = socket.socket.connect

    def connect(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if host not in ("", "127.0.0.1", "::1", "localhost"):
            tried.append(address)
            raise ReachedOutError(address)
        return real(self, address)

    real_look = socket.getaddrinfo

    def look(host, *rest, **more):
        if host not in (None, "", "127.0.0.1", "::1", "localhost", b"127.0.0.1"):
            tried.append(host)
            raise ReachedOutError(host)
        return real_look(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look)
    return tried


def test_the_guard_itself_notices(offline):
    with pytest.raises(ReachedOutError):
        socket.create_connection(("192.0.2.1", 80))
    assert offline


@pytest.mark.parametrize(
    "arguments",
    [
        ["summary", "{recording}"],
        ["compare", "{study}", "--report", "{out}"],
        ["catalogue", "formats"],
        ["inspect", "{recording}"],
    ],
)
def test_commands_reach_out_to_nobody(offline, monkeypatch, sample_data, tmp_path, arguments):
    places = {
        "recording": next((sample_data / "recordings").iterdir()),
        "study": sample_data / "study.toml", "out": tmp_path / "r.html",
    }  # fmt: skip
    said = [argument.format(**places) for argument in arguments]
    monkeypatch.setattr("sys.argv", ["hrv", *said])
    assert run(api.cli.build_app()) == 0
    assert offline == []
    if "compare" in arguments:
        page = (tmp_path / "r.html").read_text()
        assert 'src="http' not in page
        assert 'href="http' not in page.replace('href="https://doi.org', "")


def test_the_service_reaches_out_to_nobody(offline, tmp_path):
    from serving import serving

    with serving(str(tmp_path / "store")) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="t"))
        client.create_subject(study.id, "P01")
        file = tmp_path / "a.txt"
        file.write_text("".join(f"{800 + i % 50}\n" for i in range(400)))
        recording = client.upload(study.id, file, "P01")
        client.summary(recording.id, ["mean_hr"])
        client._http.get("/")
    assert offline == []
