"""Stores on both databases, and services over them; every test makes its own study."""

import httpx
import postgres
import pytest
from serving import serving

from api.client import Client
from api.schemas.studies import StudyIn
from api.store import open_store


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def place(request, tmp_path_factory):
    with postgres.place(request, tmp_path_factory) as where:
        yield where


@pytest.fixture(scope="session")
def service_url(place):
    with serving(place) as url:
        yield url


@pytest.fixture
def client(service_url):
    with Client(service_url, tries=1) as client:
        yield client


@pytest.fixture
def http(service_url):
    """The service without our client between."""
    with httpx.Client(base_url=service_url) as http:
        yield http


@pytest.fixture
def study(client):
    """An empty study with one subject, P01."""
    study = client.create_study(StudyIn(title="A study", tz="Europe/Berlin"))
    client.create_subject(study.id, "P01")
    return study


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def store(request, tmp_path_factory):
    """An open store without a service."""
    with postgres.place(request, tmp_path_factory) as where:
        store = open_store(where)
        yield store
        store.close()


@pytest.fixture
def rr_file(tmp_path):
    """A plain RR text of ten minutes."""

    def write(name="2026-03-04_080000.txt", count=700, base=800):
        path = tmp_path / name
        path.write_text("".join(f"{base + (i * 37) % 60}\n" for i in range(count)))
        return path

    return write
