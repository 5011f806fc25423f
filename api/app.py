"""The application: `create_app` puts settings, store, routes and errors together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from api import errors, openapi
from api.access.gate import Gate
from api.access.oidc import provider_of
from api.access.rules import check_rules
from api.headers import Headers
from api.limits import BodyLimit, Shedding
from api.queries import known_only
from api.routes import ROUTERS
from api.service import Clock, Service
from api.settings import Settings
from api.store import Store, open_store
from api.store.types import now
from api.traces import traces_of
from api.watch import Metrics, Watch

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


def create_app(
    settings: Settings | None = None, store: Store | None = None, *, clock: Clock = now
) -> FastAPI:
    """Make the service.

    Parameters
    ----------
    settings : Settings, optional
        Default: from the environment.
    store : Store, optional
        Default: the one the settings name, opened when the application starts.
    clock : callable
        Gives the present moment, by which effects are sealed; default: the system's.

    Returns
    -------
    FastAPI
        Its `state.service` is there while it runs.
    """
    chosen = settings or Settings.from_environment()
    metrics, traces, provider = Metrics(), traces_of(chosen), provider_of(chosen)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        service = Service(chosen, store or open_store(chosen.store), clock)
        app.state.service, app.state.metrics = service, metrics
        service.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(service.stop)
            if traces is not None:
                await anyio.to_thread.run_sync(traces.stop)

    app = FastAPI(
        title="HRV Recovery",
        version=version("hrv-recovery"),
        description=DESCRIPTION,
        lifespan=lifespan,
        separate_input_output_schemas=False,
        generate_unique_id_function=_operation_id,
        dependencies=[Depends(known_only)],
        docs_url=None,  # the usual page fetches its scripts from elsewhere
        redoc_url=None,
    )
    for router in ROUTERS:
        app.include_router(router)
    open_routes = check_rules(app)
    errors.install(app, _allowed)
    app.add_middleware(BodyLimit, settings=chosen)
    app.add_middleware(
        Gate, settings=chosen, open_routes=open_routes, metrics=metrics, provider=provider
    )
    app.add_middleware(Shedding, settings=chosen)
    app.add_middleware(Watch, metrics=metrics, tracer=None if traces is None else traces.tracer)
    app.add_middleware(Headers)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _allowed(path: str) -> list[str]:
    """Methods that a path knows."""
    found: set[str] = set()
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.path_regex.match(path):
                found |= route.methods or set()
    return sorted(found)


def _operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named: stable, and readable in generated clients."""
    return route.name
