"""`hrv doctor`: what is wrong with the service and its store, and the mend of each fault.

One literal table of checks; a check looks, changes nothing, and yields its findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from api.doctor import around, inside
from api.doctor.base import Finding, Patient

__all__ = ["CHECKS", "Check", "Finding", "Patient", "examine"]


@dataclass(frozen=True)
class Check:
    """One row of CHECKS.

    Parameters
    ----------
    name, asks : str
        Short name, and what it makes sure of.
    look : callable
        ``(Patient) -> findings``.
    """

    name: str
    asks: str
    look: Callable[[Patient], Iterator[Finding]]


AROUND: tuple[Check, ...] = (
    Check("settings", "every HRV_ variable is known and well formed", around.settings),
    Check("packages", "what the settings need is installed", around.packages),
    Check("port", "the port is free, or this service's own", around.port),
    Check("exposure", "what others can reach asks for keys", around.exposure),
    Check("disk", "there is room for what comes", around.disk),
    Check("folder", "the store is its owner's alone, and can be written", around.folder),
    Check("database", "the store opens, its pages and references hold", inside.database),
)
"""Checks that need no open store."""
INSIDE: tuple[Check, ...] = (
    Check("tables", "the tables are of this version", inside.tables),
    Check("beats", "every chunk of beats is what was stored", inside.beats),
    Check("files", "every kept file is what was sent", inside.files),
    Check("audit", "the log of who did what holds and can only grow", inside.audit_log),
    Check("keys", "somebody holds an owner's key", inside.owner_key),
    Check("jobs", "no comparison is stuck", inside.jobs),
    Check("recordings", "no recording was left open", inside.open_recordings),
    Check("clock", "the clock did not go back", inside.clock),
)
"""Checks of a store that opened."""
CHECKS = AROUND + INSIDE
"""Every check, in the order in which they are made."""


def examine(patient: Patient) -> Iterator[tuple[Check, list[Finding] | None]]:
    """Make every check; None stands for one that could not be made without an open store."""
    for check in CHECKS:
        if check in INSIDE and patient.store is None:
            yield check, None
        else:
            yield check, list(check.look(patient))
