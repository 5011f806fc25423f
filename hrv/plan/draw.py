"""Draw the order of blocks: reproducible from its seed, in codes where the study is blinded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.errors import InputError
from hrv.plan.design import Plan, orders_of

CODES = ("A", "B")
_ORDER = 41


@dataclass(frozen=True)
class Key:
    """Which code is which condition; kept apart from the study until its end.

    Parameters
    ----------
    codes : mapping of str to str
        Condition by code.
    nonce : str
        Random text: without it the two possible keys could be tried against the commitment.
    """

    codes: Mapping[str, str]
    nonce: str

    @property
    def commitment(self) -> str:
        """SHA-256 that the registration carries, so that no other key can be brought later."""
        text = json.dumps({"codes": dict(self.codes), "nonce": self.nonce}, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, eq=False)
class Schedule:
    """What was drawn.

    Parameters
    ----------
    seed : int
        The draw can be repeated from it.
    conditions : tuple of str
        The names, or codes, that the schedule speaks of.
    orders : tuple of tuple of str
        Every order that could have been drawn.
    drawn : dict of str to tuple of str
        Order by person.
    phases : DataFrame
        ``subject, start, stop, condition, block, randomised``.
    key : Key or None
        What the codes mean, for a blinded study.
    """

    seed: int
    conditions: tuple[str, str]
    orders: tuple[tuple[str, ...], ...]
    drawn: Mapping[str, tuple[str, ...]]
    phases: pd.DataFrame
    key: Key | None = None


def draw(plan: Plan, seed: int, key: Key | None = None) -> Schedule:
    """Draw everyone's order, each of the possible ones equally likely.

    Parameters
    ----------
    plan : Plan
        What was declared.
    seed : int
        Same plan and seed, same schedule.
    key : Key, optional
        Blinds the schedule: it then speaks of codes.  The codes' meaning is drawn from the
        operating system's randomness (`new_key`), never from the seed, which is public.

    Raises
    ------
    InputError
        If a study against nothing is to be blinded.
    """
    if key is not None and plan.comparator == "off":
        raise InputError(
            "nobody is blind to taking nothing: give a placebo (--comparator placebo), or plan "
            "without blinding"
        )
    conditions = CODES if key is not None else plan.conditions
    orders = orders_of(plan, conditions)
    drawn = {
        subject: orders[int(_stream(seed, place).integers(len(orders)))]
        for place, subject in enumerate(plan.subjects)
    }
    return Schedule(seed, conditions, orders, drawn, phases_of(plan, drawn), key)


def new_key(plan: Plan) -> Key:
    """Toss the coin that says which code is which, from the operating system's randomness."""
    import secrets

    pair = list(plan.conditions)
    if secrets.randbits(1):
        pair.reverse()
    return Key(dict(zip(CODES, pair, strict=True)), secrets.token_hex(16))


def _stream(seed: int, place: int) -> np.random.Generator:
    if seed < 0:
        raise InputError(f"seed {seed} is negative; give 0 or a positive whole number")
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(_ORDER, place)))
    )


def phases_of(plan: Plan, drawn: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Lay everyone's order on the calendar, from local midnight to local midnight."""
    rows = [
        (subject, plan.midnight(k), plan.midnight(k + 1), condition, k + 1, True)
        for subject, order in drawn.items()
        for k, condition in enumerate(order)
    ]
    columns = ["subject", "start", "stop", "condition", "block", "randomised"]
    return pd.DataFrame(rows, columns=columns)
