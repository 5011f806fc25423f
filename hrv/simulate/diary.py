"""The sample study's papers: phases, doses, ratings and the times of every stress test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from hrv.simulate.days import TestDay, effect_share
from hrv.simulate.protocol import Effect, Person, Protocol
from hrv.simulate.streams import ar1, stream

_DOSES, _SLEEP, _GAD7 = 21, 22, 23
SUBSTANCE = "magnesium bisglycinate"
AMOUNT_MG = 300
"""Elemental magnesium a day, i.e. 300 / .141 = 2128 mg of the compound."""
DOSES = ["subject", "time", "substance", "amount", "unit", "basis", "status", "note"]


def phases(order: Sequence[str], protocol: Protocol) -> pd.DataFrame:
    """One row a block, from local midnight to local midnight."""
    days = protocol.block_days
    rows = [
        {
            "subject": protocol.subject,
            "start": protocol.moment(i * days),
            "stop": protocol.moment((i + 1) * days),
            "condition": condition,
            "block": i + 1,
            "randomised": True,
        }
        for i, condition in enumerate(order)
    ]
    return pd.DataFrame(rows)


def events(days: Sequence[TestDay], protocol: Protocol) -> pd.DataFrame:
    """Three rows a stress test: quiet baseline, stressor, recovery."""
    edges_s = (0.0, protocol.baseline_s, protocol.offset_s, protocol.duration_s)
    parts = (("baseline", "rest"), ("mental arithmetic", "stress"), ("recovery", "rest"))
    rows = [
        {
            "subject": protocol.subject,
            "phase": phase,
            "kind": kind,
            "start": after(day.start, edges_s[i]),
            "end": after(day.start, edges_s[i + 1]),
        }
        for day in days
        for i, (phase, kind) in enumerate(parts)
    ]
    return pd.DataFrame(rows)


def after(start: datetime, seconds: float) -> datetime:
    """Elapsed time after a moment; no session runs through a change of the clocks."""
    return start + timedelta(seconds=seconds)


def doses(seed: int, order: Sequence[str], protocol: Protocol) -> pd.DataFrame:
    """One dose each morning on treatment; one is missed, one of unknown basis."""
    rng = stream(seed, _DOSES)
    days = [d for d in range(protocol.n_days) if order[d // protocol.block_days] == "on"]
    hour = 8.0 + rng.uniform(-0.4, 0.4, protocol.n_days)
    missed, unknown = (int(i) for i in rng.choice(days, 2, replace=False))
    rows = []
    for day in days:
        basis, status, note = "elemental", "taken", ""
        if day == missed:
            status, note = "missed", "forgot"
        if day == unknown:
            basis, note = "unknown", "from a friend's jar; its label does not say of what"
        time = protocol.moment(day, float(hour[day]))
        rows.append((protocol.subject, time, SUBSTANCE, AMOUNT_MG, "mg", basis, status, note))
    return pd.DataFrame(rows, columns=DOSES)


def outcomes(
    seed: int, order: Sequence[str], protocol: Protocol, person: Person, effect: Effect
) -> pd.DataFrame:
    """Sleep rated 0-10 every morning, GAD-7 (0-21) on the last evening of every block."""
    n_days, block_days = protocol.n_days, protocol.block_days
    sleep = ar1(stream(seed, _SLEEP), n_days, sd=person.day_sleep.sd, phi=person.day_sleep.phi)
    gad7 = ar1(
        stream(seed, _GAD7), protocol.n_blocks, sd=person.week_gad7.sd, phi=person.week_gad7.phi
    )
    rows = []
    for day in range(n_days):
        share = effect_share(order, protocol, day + 7.5 / 24.0)
        value = person.sleep_quality + sleep[day] + share * effect.sleep_quality
        rows.append(_rating(protocol, day, 7.5, "sleep_quality", value, 10))
        if day % block_days == block_days - 1:
            share = effect_share(order, protocol, day + 21.5 / 24.0)
            value = person.gad7 + gad7[day // block_days] + share * effect.gad7
            rows.append(_rating(protocol, day, 21.5, "gad7", value, 21))
    return pd.DataFrame(rows, columns=["subject", "time", "name", "value"])


def _rating(
    protocol: Protocol, day: int, hour: float, name: str, value: float, top: int
) -> tuple[str, datetime, str, int]:
    rounded = int(np.clip(np.rint(value), 0, top))
    return protocol.subject, protocol.moment(day, hour), name, rounded
