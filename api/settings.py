"""How the service is set up: one table of settings, each read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from hrv import _compiled
from hrv.errors import InputError

PREFIX = "HRV_"


def _setting(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


OF_LIBRARY = {
    _compiled.SETTING: (
        _compiled.DEFAULT,
        "use of the compiled kernels (extra fast): auto, always or never",
    ),
}
"""Variables that the packages below read themselves, on the command line too: default, help."""


def default_store() -> str:
    """Return the folder of the embedded store where none is named (XDG)."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return str(Path(base) / "hrv-recovery")


@dataclass(frozen=True)
class Settings:
    """Settings of the service; each is ``HRV_`` and its name in capitals in the environment."""

    store: str = _setting("", "folder of the embedded store, or a postgresql:// URL")
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8000, "port to listen on")
    local: bool = _setting(False, "serve this machine only, without keys")  # noqa: FBT003
    session_hours: float = _setting(12.0, "how long a browser stays logged in, hours")
    oidc_issuer: str = _setting("", "identity provider whose tokens are taken, https://…")
    oidc_audience: str = _setting("", "what a token of the provider must be meant for")
    rate_per_s: float = _setting(1000.0, "requests a second of one key; 0: any number")
    refusals_per_minute: float = _setting(30.0, "wrong keys a minute from one address")
    log_level: str = _setting("", "debug, info, warning or error; info, or warning when local")
    otel_endpoint: str = _setting("", "collector of traces, OTLP over HTTP: http://…/v1/traces")
    workers: int = _setting(2, "processes that analyse; 0 analyses in the server itself")
    scheduler: str = _setting("", "Dask scheduler that measures large studies: tcp://HOST:8786")
    cluster_from: int = _setting(200, "recordings from which a study goes to the cluster")
    max_upload_mb: int = _setting(256, "largest recording that is taken, MB")
    max_body_mb: int = _setting(8, "largest other request body that is taken, MB")
    max_waiting: int = _setting(1000, "requests at a time; more are turned away (503); 0: any")
    cache_mb: int = _setting(64, "memory for tables that were computed before, MB")
    grace_s: float = _setting(10.0, "time for running requests to end at shutdown, s")
    live_folder: str = _setting(
        "", "folder of the journals of running sessions; default: live/ in the embedded store"
    )
    live_resume_s: float = _setting(
        900.0, "how long the service may be away before a session is not taken up again, s"
    )
    idempotency_days: float = _setting(7.0, "how long answers to idempotency keys are kept, days")
    keep_files_days: float = _setting(0.0, "how long files are kept beside their beats; 0: always")
    keep_withdrawn_days: float = _setting(
        0.0, "days after which the data of who withdrew is deleted; 0: only when asked to"
    )

    def live_journals(self, store_folder: Path | None) -> Path:
        """Folder of the journals of running sessions."""
        if self.live_folder:
            return Path(self.live_folder).expanduser().absolute()
        return (store_folder or Path(default_store())).absolute() / "live"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, **given: Any
    ) -> Settings:
        """Read settings; `given` ones that are not None win over the environment.

        Raises
        ------
        InputError
            If a variable does not hold what it should; it is named.
        """
        found = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for each in fields(cls):
            name = PREFIX + each.name.upper()
            if name in found:
                values[each.name] = _parsed(name, found[name], type(each.default))
        values |= {name: value for name, value in given.items() if value is not None}
        values["store"] = values.get("store") or default_store()
        return cls(**values)


def _parsed(name: str, text: str, kind: type[Any]) -> Any:
    if kind is bool:
        known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if text.lower() in known:
            return known[text.lower()]
        raise InputError(f"{name} is {text!r}; it must be true or false")
    try:
        value = kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise InputError(f"{name} is {text!r}; it must be {what}") from None
    if kind in (int, float) and not 0 <= value < 10**9:
        raise InputError(f"{name} is {text!r}; it must be zero or more")
    return value
