"""`hrv serve`: the service, on this machine or for others."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    local: Annotated[
        bool, typer.Option("--local", help="For this machine only, without keys.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 8000.")] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; default this machine only.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="PATH-or-URL", help="Folder of the store, or postgresql://…"),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that analyse; default 2.")] = None,
) -> None:
    """Serve studies, recordings and comparisons: the web page, and REST for programs.

    With --local, whoever sits at this machine needs no key.  Without it everybody needs one: the
    first start prints the first, hrv keys makes others.  Everything can be set by the environment
    as well (HRV_STORE, HRV_PORT …), see docs/service.md and docs/deploy.md.  Ctrl-C or SIGTERM
    ends it; what was acknowledged is kept.

    \b
    hrv serve --local
    hrv serve --local --port 8000 --store ./my-store
    hrv serve --host 0.0.0.0                          with keys; TLS is a proxy's work
    HRV_STORE=postgresql://hrv@db/hrv hrv serve
    """
    from api.server import run
    from api.settings import Settings

    run(
        Settings.from_environment(
            local=local or None, port=port, host=host, store=store, workers=workers
        )
    )
