"""When a compiled kernel is used: one rule for all of them.

Every kernel is the twin of a numpy path, and nothing is missing without the extra ``fast``
(numba).  To load one takes up to a second, so a process loads it when numpy would lose about that
long.  The environment's ``HRV_KERNELS`` overrules that: ``always`` for what runs for long (a
service, a cohort), ``never`` to do without.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

from hrv.errors import InputError, MissingExtraError

SETTING, DEFAULT = "HRV_KERNELS", "auto"
LOADING_S = 1.0
"""What loading a kernel costs, s."""
_lost: dict[str, float] = {}
"""Seconds that the process has spent more than with each kernel."""


def kernel(name: str, saves_s: float, *, same_bits: bool = True) -> Any:
    """Get the module of a kernel if it is to be used, else None.

    Parameters
    ----------
    name : str
        Full name of the module.
    saves_s : float
        About how long numpy takes more for the work at hand, s.
    same_bits : bool
        True if both ways give the same bits: a process then uses the kernel from the moment at
        which loading it has paid.  Otherwise the work at hand decides alone, so that a number
        never depends on what the process did before.

    Raises
    ------
    InputError
        If ``HRV_KERNELS`` is none of ``auto``, ``always`` and ``never``.
    MissingExtraError
        If it is ``always`` and the extra is not installed.
    """
    asked = os.environ.get(SETTING, DEFAULT)
    if asked == "auto":
        if not same_bits:
            return _load(name) if saves_s > LOADING_S else None
        if name in sys.modules:
            return sys.modules[name]
        _lost[name] = _lost.get(name, 0.0) + saves_s
        return _load(name) if _lost[name] > LOADING_S else None
    if asked == "never":
        return None
    if asked != "always":
        raise InputError(f"{SETTING} is {asked!r}; it must be auto, always or never")
    loaded = _load(name)
    if loaded is None:
        raise MissingExtraError("fast", f"use compiled kernels ({SETTING}=always)")
    return loaded


def _load(name: str) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    return importlib.import_module(name) if importlib.util.find_spec("numba") else None
