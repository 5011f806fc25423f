"""The OpenAPI document: the routes' own, completed by problems and by links between operations.

``python -m api.openapi docs/openapi.json`` writes it; a test compares it with that file, so that
no change of what clients rely on goes unnoticed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.schemas.base import Problem

SOURCES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "study_id": (("/v1/studies", "201", "id"),),
    "subject_id": (("/v1/studies/{study_id}/subjects", "201", "id"),),
    "recording_id": (
        ("/v1/studies/{study_id}/recordings", "201", "id"),
        ("/v1/studies/{study_id}/live", "201", "recording_id"),
        ("/v1/live", "201", "recording_id"),
    ),
    "plan_id": (("/v1/studies/{study_id}/plans", "201", "id"),),
    "job_id": (("/v1/studies/{study_id}/comparisons", "202", "id"),),
    "comparison_id": (("/v1/jobs/{job_id}", "200", "comparison_id"),),
}
"""Where an identity in a path comes from: operation, status, and member of its answer."""
KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key (hrv_…), or a token of the identity provider where one is set up; "
    "`hrv serve --local` needs none.",
}
"""How a client says who it is."""
_METHODS = ("get", "post", "put", "delete")


def document(app: FastAPI) -> dict[str, Any]:
    """Make the document once and keep it."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            separate_input_output_schemas=False,
            license_info={"name": "MIT", "identifier": "MIT"},
        )
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = schema.pop("$defs", {})
        made["components"]["schemas"] |= {"Problem": schema, **parts}
        made["components"]["securitySchemes"] = {"key": KEY}
        made["security"] = [{"key": []}]
        _link(made["paths"])
        app.openapi_schema = made
    return app.openapi_schema


def _link(paths: dict[str, Any]) -> None:
    """Say in the answer of an operation that makes a thing what can be done with it."""
    for name, sources in SOURCES.items():
        for path, status, member in sources:
            made = paths[path]["post" if status != "200" else "get"]["responses"][status]
            for operation in _operations_with(paths, f"{{{name}}}"):
                made.setdefault("links", {})[operation] = {
                    "operationId": operation,
                    "parameters": {f"path.{name}": f"$response.body#/{member}"},
                }
    for path in [p for p in paths if p.endswith("/{entry_id}")]:
        log = path.split("/")[2]
        made = paths[f"/v1/studies/{{study_id}}/{log}"]["post"]["responses"]["201"]
        for operation in _operations_with({path: paths[path]}, "{entry_id}"):
            made.setdefault("links", {})[operation] = {
                "operationId": operation,
                "parameters": {"path.entry_id": "$response.body#/id"},
            }


def _operations_with(paths: Mapping[str, Any], part: str) -> Iterator[str]:
    for path, item in paths.items():
        if part in path:
            found = (item[m]["operationId"] for m in _METHODS if m in item)
            # a stream does not end by itself: nothing for a program that walks the links
            yield from (name for name in found if not name.startswith("follow_"))


def as_text(app: FastAPI) -> str:
    """Write the document as it is kept in docs/openapi.json."""
    return json.dumps(document(app), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from api.app import create_app
    from api.settings import Settings

    Path(sys.argv[1]).write_text(as_text(create_app(Settings(store="unused"))), encoding="utf-8")
