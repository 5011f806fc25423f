"""A service that asks for keys, over a store with two studies, on both databases."""

from dataclasses import dataclass, field

import httpx
import postgres
import pytest
from serving import serving

from api.access import Grant, Role, keys
from api.client import Client
from api.settings import Settings
from api.store import open_store

KEYED = Settings(store="", local=False, workers=0)


@dataclass
class Keyed:
    """A service that asks for keys."""

    url: str
    store: object
    made: dict = field(default_factory=dict)

    def key(self, *grants, **more):
        """Make a key."""
        with self.store.write() as session:
            made = keys.make(session, grants, **more)
        self.made[made.id] = made.secret
        return made.secret

    def http(self, key=None, headers=(), **more):
        """A connection with that key."""
        said = dict(headers) | ({} if key is None else {"Authorization": f"Bearer {key}"})
        return httpx.Client(base_url=self.url, headers=said, **more)

    def client(self, key):
        return Client(self.url, key=key, tries=1)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def place(request, tmp_path_factory):
    with postgres.place(request, tmp_path_factory) as where:
        yield where


@pytest.fixture(scope="session")
def keyed(place):
    with serving(place, KEYED) as url:
        store = open_store(place, upgrade=False)
        yield Keyed(url, store)
        store.close()


@pytest.fixture(scope="session")
def owner(keyed):
    """Key of an owner of every study."""
    return keyed.key(Grant(Role.OWNER), label="everything")
