"""The application: `create_app` puts settings, store, routes and errors together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import errors
from api.limits import BodyLimit
from api.routes import ROUTERS
from api.schemas.base import Problem
from api.service import Service
from api.settings import Settings
from api.store import Store, open_store

THREADS = 64
DESCRIPTION = """\
Does the heart recover faster from stress than before?  RR intervals and a log of what was started
when go in; one honest comparison comes out, or the reason why there is none.

* **Tables** come as JSON (columns), CSV, Arrow or Parquet, as `Accept` says.  A number that the
  data cannot support is `null`, and `reason` beside it says why.
* **Collections** come in pages: `next` and `Link: rel="next"` hold the cursor.
* **Changes** need `If-Match` with the ETag you read (428 without, 412 if it changed); reads take
  `If-None-Match` (304).
* **Creating** takes an `Idempotency-Key`: sent again, the answer is the first one.
* **Errors** are problem details (RFC 9457); `type` is stable.

Not a medical device.
"""


def create_app(settings: Settings | None = None, store: Store | None = None) -> FastAPI:
    """Make the service.

    Parameters
    ----------
    settings : Settings, optional
        Default: from the environment.
    store : Store, optional
        Default: the one the settings name, opened when the application starts.

    Returns
    -------
    FastAPI
        Its `state.service` is there while it runs.
    """
    chosen = settings or Settings.from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        service = Service(chosen, store or open_store(chosen.store))
        app.state.service = service
        service.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(service.stop)

    app = FastAPI(
        title="HRV Recovery",
        version=version("hrv-recovery"),
        description=DESCRIPTION,
        lifespan=lifespan,
        separate_input_output_schemas=False,
        docs_url=None,  # the usual page fetches its scripts from elsewhere
        redoc_url=None,
    )
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app)
    app.add_middleware(BodyLimit, settings=chosen)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Make the OpenAPI document once, with the problem's schema in it."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            separate_input_output_schemas=False,
            license_info={"name": "MIT", "identifier": "MIT"},
        )
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = schema.pop("$defs", {})
        document["components"]["schemas"] |= {"Problem": schema, **parts}
        app.openapi_schema = document
    return app.openapi_schema
