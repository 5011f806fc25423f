"""A real server for the tests: uvicorn in a thread, on a port of its own."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import uvicorn

from api.access import Grant, Role, keys
from api.app import create_app
from api.server import Server
from api.settings import Settings
from api.store import open_store
from api.store.types import now

SETTINGS = Settings(store="", local=True, workers=0)


@contextlib.contextmanager
def serving(
    where: str, settings: Settings = SETTINGS, clock: Callable[[], datetime] = now
) -> Iterator[str]:
    """Serve the store at `where`; yields the service's URL."""
    app = create_app(replace(settings, store=where), open_store(where), clock=clock)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        config = uvicorn.Config(app, ws="none", log_level="warning", timeout_graceful_shutdown=5)
        server = Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.handle_exit(15, None)
            thread.join()


@contextlib.contextmanager
def serving_behind_login(
    where: str, role: Role, clock: Callable[[], datetime] = now
) -> Iterator[tuple[str, str]]:
    """Serve the store at `where` to whoever has a key; yields the URL and a key of this role."""
    store = open_store(where)
    with store.write() as session:
        secret = keys.make(session, [Grant(role)]).secret
    store.close()
    with serving(where, replace(SETTINGS, local=False), clock) as url:
        yield url, secret
