"""The OpenAPI document is kept in docs/openapi.json: what clients rely on changes on purpose."""

import json
from pathlib import Path

import pytest

from api.app import create_app
from api.openapi import as_text
from api.settings import Settings

KEPT = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def document():
    return json.loads(as_text(create_app(Settings(store="unused"))))


def test_the_document_is_the_one_that_is_kept(document):
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert document == kept, "if you meant this change: make openapi, and tell it in CHANGELOG.md"


def operations(document):
    return [
        (f"{method} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_every_operation_has_a_name_of_its_own_a_summary_and_problems(document):
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for name, operation in operations(document):
        assert operation["summary"], name
        assert {"401", "403", "422", "429", "500", "503"} <= set(operation["responses"]), name
        for status, answer in operation["responses"].items():
            problem = status >= "400"
            assert problem == ("application/problem+json" in answer.get("content", {})), name


def test_every_body_may_be_one_that_cannot_be_understood(document):
    with_body = [(name, o) for name, o in operations(document) if "requestBody" in o]
    assert len(with_body) > 20
    assert [name for name, o in with_body if "400" not in o["responses"]] == []


def test_every_change_says_that_it_needs_a_version(document):
    for name, operation in operations(document):
        if name.startswith(("put ", "delete ")):
            assert {"412", "428"} <= set(operation["responses"]), name
            headers = [p["name"] for p in operation["parameters"] if p["in"] == "header"]
            assert "If-Match" in headers, name


def test_every_post_that_creates_takes_an_idempotency_key(document):
    for name, operation in operations(document):
        if name.startswith("post ") and {"201", "202"} & set(operation["responses"]):
            headers = [p["name"] for p in operation["parameters"] if p["in"] == "header"]
            assert "Idempotency-Key" in headers, name


def test_bodies_forbid_what_they_do_not_know(document):
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("In"):
            assert schema.get("additionalProperties") is False, name
