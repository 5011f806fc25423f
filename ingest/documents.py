"""TOML and JSON that people or strangers wrote, parsed so that every failure is a `ValueError`."""

from __future__ import annotations

import json
import tomllib
from typing import Any

_DEEP = "is nested too deeply"


def parse_toml(data: bytes) -> dict[str, Any]:
    """Parse TOML in UTF-8, with or without its mark.

    Raises
    ------
    ValueError
        In one line, also where brackets are nested so deeply, or a number is so long, that the
        parser itself gives up.
    """
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError(_DEEP) from None


def parse_json(data: str | bytes) -> Any:
    """Parse JSON in UTF-8.

    Raises
    ------
    ValueError
        As for `parse_toml`.
    """
    try:
        return json.loads(data if isinstance(data, str) else data.decode("utf-8"))
    except RecursionError:
        raise ValueError(_DEEP) from None
