"""Run the service under uvicorn, and end it well: streams first, then requests, then workers."""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import IO, Any

import uvicorn
from fastapi import FastAPI

from api import memory
from api.access import keys
from api.app import create_app
from api.settings import Settings
from api.store import Store, open_store
from api.watch import LEVELS, set_up_logs
from hrv.errors import InputError

SWITCH_S = 0.0002
"""How long one thread computes while another waits, s.  By Python's own 5 ms a commit, which lets
go of the interpreter at each of its statements, would take 5 ms for each while requests come."""
GARBAGE = 5_000
"""Objects made before garbage is looked for among the youngest."""


class Server(uvicorn.Server):
    """uvicorn's server, which tells event streams to end as soon as a signal comes."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second Ctrl-C does not wait for requests."""
        app: Any = self.config.app
        service = getattr(app.state, "service", None)
        if service is not None:
            service.hub.close()
        # not uvicorn's own: it would raise the signal again and cut off the clean exit
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def run(settings: Settings) -> None:
    """Serve until a signal comes.

    Raises
    ------
    InputError
        If the address, the port or the store cannot be used.
    """
    _check(settings)
    memory.settle()
    set_up_logs(settings)
    listening = _listen(settings.host, settings.port)
    store = open_store(settings.store)
    lock = _lock(store.folder)
    try:
        app = create_app(settings, store)
        _say(settings, listening)
        if not settings.local:
            _say_first_key(store)
        _serve(app, settings, listening)
    finally:
        listening.close()
        if lock is not None:
            lock.close()


def _say_first_key(store: Store) -> None:
    """Print the one key of a store that nobody has a key to, on standard output and once."""
    with store.write() as session:
        made = keys.first_key(session)
    if made is not None:
        sys.stderr.write(
            "first start: the key below opens everything and is shown this once; keep it, make "
            "others with `hrv keys make`\n"
        )
        sys.stderr.flush()
        sys.stdout.write(f"{made.secret}\n")
        sys.stdout.flush()


def _serve(app: FastAPI, settings: Settings, listening: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.grace_s),
        timeout_keep_alive=30,
    )
    _settle()
    Server(config).run(sockets=[listening])


def _settle() -> None:
    """Keep what is loaded by now from being searched for garbage again and again.

    It stays; and to search it takes a tenth of a second, in which nobody is answered.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, *gc.get_threshold()[1:])


def _say(settings: Settings, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"serving on http://{shown}:{port} (Ctrl-C ends it)\n")
    sys.stderr.write(f"the store is {_without_password(settings.store)}\n")
    if settings.local:
        sys.stderr.write("local: whoever uses this machine may do everything, without a key\n")
    elif settings.host not in ("localhost", "::1") and not settings.host.startswith("127."):
        sys.stderr.write(
            "keys and data travel in the clear: put a proxy with TLS before it (docs/deploy.md)\n"
        )
    sys.stderr.flush()


def _without_password(store: str) -> str:
    if "://" not in store:
        return str(Path(store).expanduser().absolute())
    from sqlalchemy import make_url

    return make_url(store).render_as_string(hide_password=True)


def _check(settings: Settings) -> None:
    """Serve without keys on this machine only, and say what else cannot be."""
    if settings.log_level and settings.log_level not in LEVELS:
        said = f"HRV_LOG_LEVEL is {settings.log_level!r}; it must be one of {', '.join(LEVELS)}"
        raise InputError(said)
    if settings.local and "://" in settings.store:
        raise InputError(
            "--local keeps an embedded store for whoever sits at this machine; a database server "
            "is shared: leave --local away, and the first start prints a key"
        )
    try:
        near = settings.host == "localhost" or ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        raise InputError(f"--host {settings.host!r} is no IP address such as 127.0.0.1") from None
    if settings.local and not near:
        raise InputError(
            f"--local serves this machine only, and {settings.host} can be reached from others; "
            "leave --local away to serve them with keys"
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the protocol by name: else asyncio leaves Nagle's algorithm on, and every answer waits 40 ms
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)  # who comes before the start is complete waits, and is not refused
    except OSError as error:
        listening.close()
        why = "is in use already" if error.errno == errno.EADDRINUSE else error.strerror
        raise InputError(f"port {port} of {host} {why}; take another with --port") from None
    except OverflowError:
        listening.close()
        raise InputError(f"port {port} is none; take one from 0 to 65535") from None
    return listening


def _lock(folder: Path | None) -> IO[str] | None:
    """Hold an embedded store for this server alone."""
    if folder is None:
        return None
    file = (folder / "server.lock").open("a+")
    try:
        _hold(file)
    except OSError:
        file.close()
        raise InputError(
            f"another server uses the store {folder} already; end it, or take another --store"
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _hold(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
