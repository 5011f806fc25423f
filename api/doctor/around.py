"""Checks around the store: settings, packages, port, disk and folder."""

from __future__ import annotations

import difflib
import ipaddress
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from api.doctor.base import Finding, Patient
from api.settings import OF_LIBRARY, PREFIX, Settings
from api.watch import LEVELS
from hrv.errors import InputError

LEAST_FREE_BYTES = 10**9
_EXTRAS: tuple[tuple[str, str, Callable[[Settings], bool], str], ...] = (
    ("psycopg", "postgres", lambda s: "://" in s.store, "HRV_STORE names a PostgreSQL"),
    ("jwt", "oidc", lambda s: bool(s.oidc_issuer), "HRV_OIDC_ISSUER is set"),
    ("opentelemetry.sdk", "otel", lambda s: bool(s.otel_endpoint), "HRV_OTEL_ENDPOINT is set"),
)


def settings(patient: Patient) -> Iterator[Finding]:
    """Find variables that nobody reads, and values that cannot be."""
    known = {PREFIX + each.name.upper() for each in fields(Settings)} | OF_LIBRARY.keys()
    for name in sorted(patient.environment):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            mend = f"rename it to {near[0]}" if near else "take it away; docs/service.md has all"
            yield Finding(f"{name} is no setting, so it does nothing", mend)
    try:
        Settings.from_environment(patient.environment)
    except InputError as error:
        yield Finding(str(error), "correct the value, or take the variable away")
    level = patient.settings.log_level
    if level and level not in LEVELS:
        yield Finding(f"HRV_LOG_LEVEL is {level!r}", f"set it to one of {', '.join(LEVELS)}")
    if patient.settings.oidc_issuer and not patient.settings.oidc_audience:
        yield Finding(
            "HRV_OIDC_ISSUER is set without HRV_OIDC_AUDIENCE, so the service does not start",
            "set HRV_OIDC_AUDIENCE to what the provider's tokens are meant for",
        )


def packages(patient: Patient) -> Iterator[Finding]:
    """Find extras that are missing, and the other project of the same import name."""
    for module, extra, wanted, why in _EXTRAS:
        if wanted(patient.settings) and not _importable(module):
            yield Finding(
                f"{why}, and {module.partition('.')[0]} is not installed",
                f"pip install 'hrv-recovery[{extra}]'",
            )
    try:
        other = distribution("hrv")
    except PackageNotFoundError:
        return
    yield Finding(
        f"another project with the import name `hrv` ({other.version}) is installed beside this",
        "pip uninstall hrv, then pip install --force-reinstall hrv-recovery",
    )


def _importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False


def port(patient: Patient) -> Iterator[Finding]:
    """Find another program on the port."""
    host, number = patient.settings.host, patient.settings.port
    if number == 0 or _is_running(patient):
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, number))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            yield Finding(
                f"port {number} of {host} cannot be used: {why}",
                "end the program that has it, or choose another with HRV_PORT",
            )


def _is_running(patient: Patient) -> bool:
    """Say whether a server of ours holds the store."""
    if patient.folder is None or sys.platform == "win32":
        return False
    import fcntl

    try:
        with (patient.folder / "server.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def exposure(patient: Patient) -> Iterator[Finding]:
    """Find a service without keys that others would reach."""
    said = patient.settings
    if not said.local:
        return
    try:
        near = said.host == "localhost" or ipaddress.ip_address(said.host).is_loopback
    except ValueError:
        near = False
    if not near:
        yield Finding(
            f"HRV_LOCAL is on (no keys), and HRV_HOST is {said.host}: the service does not start",
            "set HRV_LOCAL=no to serve others with keys, or HRV_HOST=127.0.0.1",
        )
    if "://" in said.store:
        yield Finding(
            "HRV_LOCAL is on (no keys) with a database that is shared: it does not start",
            "set HRV_LOCAL=no, or keep the store in a folder",
        )


def disk(patient: Patient) -> Iterator[Finding]:
    """Find a disk that is nearly full."""
    if patient.folder is None:
        return
    place = patient.folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    size = patient.file.stat().st_size if patient.file and patient.file.exists() else 0
    if free < max(LEAST_FREE_BYTES, size // 10):
        yield Finding(
            f"only {free / 1e6:,.0f} MB are free where the store lies ({patient.folder})",
            "make room there, or move the store (hrv backup, hrv restore) to a larger disk",
        )


def folder(patient: Patient) -> Iterator[Finding]:
    """Find a store that others may read, or that cannot be written."""
    where = patient.folder
    if where is None or not where.exists():
        return
    if not where.is_dir():
        yield Finding(f"{where} is a file", "name a folder with HRV_STORE or --store")
        return
    if os.name == "posix":
        files = [p for p in (patient.file,) if p is not None and p.exists()]
        if where.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(
                f"others on this machine may look into {where}", f"chmod 700 {_quoted(where)}"
            )
        for path in (where, *files):
            if not os.access(path, os.W_OK):
                yield Finding(
                    f"{path} cannot be written by this user",
                    f"chown it to who runs the service: chown -R USER {_quoted(where)}",
                )


def _quoted(path: Path) -> str:
    text = str(path)
    return f"'{text}'" if " " in text else text
