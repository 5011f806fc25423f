"""Hostile requests, drawn by Schemathesis from the service's own document.

The default run draws a few for every operation; `make test-hostile` draws 500.
"""

import os
from pathlib import Path
from uuid import UUID

import pytest
import schemathesis
from furnished import furnish
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from serving import serving

from api.access import Grant, Role, keys
from api.app import create_app
from api.client import Client
from api.settings import Settings
from api.store import open_store

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = int(os.environ.get("HRV_TEST_EXAMPLES", "3"))
KEYED = Settings(store="", workers=0, rate_per_s=0.0, refusals_per_minute=1e9)


@pytest.fixture(scope="module")
def identities(tmp_path_factory):
    """A service with one thing of every kind, where it is, and a key to all of it."""
    folder = tmp_path_factory.mktemp("hostile")
    store = open_store(folder)
    with store.write() as session:
        key = keys.make(session, [Grant(Role.OWNER)]).secret
    store.close()
    with serving(str(folder), KEYED) as url, Client(url, key=key) as client:
        yield url, furnish(client, folder), {"Authorization": f"Bearer {key}"}


def is_uuid(text):
    try:
        return bool(UUID(str(text)))
    except ValueError:
        return False


@pytest.fixture(scope="module")
def api_schema(identities):
    url, known, headers = identities
    config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config, headers=headers)

    @schema.hook
    def map_path_parameters(context, path_parameters):
        """Half of the time, mean the things that are there."""
        if path_parameters and hash(str(path_parameters)) % 2:
            log = context.operation.path.split("/")[2]
            for name in path_parameters:
                found = known.get(log if name == "entry_id" else name)
                kept = context.operation.method.lower() != "delete"
                if found is not None and kept and is_uuid(path_parameters[name]):
                    path_parameters[name] = str(found)
        return path_parameters

    @schema.hook
    def filter_query(context, query):
        """Leave out what no request can carry: an empty list is no parameter at all."""
        return all(value != [] for value in (query or {}).values())

    return schema


def operations():
    """Every operation but streams, which do not end."""
    paths = create_app(Settings(store="unused")).openapi()["paths"]
    return [
        (path, method)
        for path, item in paths.items()
        for method in item
        if not path.endswith("{recording_id}/events") and not path.endswith("{job_id}/events")
    ]


@pytest.mark.parametrize(("path", "method"), operations())
def test_no_request_is_answered_outside_the_document(api_schema, identities, path, method):
    operation = api_schema[path][method]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 100,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def hold(case):
        case.call_and_validate(timeout=30, headers=identities[2])

    hold()
