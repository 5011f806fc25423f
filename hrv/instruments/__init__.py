"""Outcomes beside heart rate variability: a literal table of instruments."""

from __future__ import annotations

import re

from hrv.instruments import apps, cortisol, gad7, magnesium, pss10, sleep, stai
from hrv.instruments.base import Instrument

__all__ = ["INSTRUMENTS", "Instrument", "instrument"]

INSTRUMENTS: tuple[Instrument, ...] = (
    gad7.GAD7,
    pss10.PSS10,
    stai.STAI,
    stai.STATE,
    stai.TRAIT,
    cortisol.CORTISOL,
    cortisol.AUCG,
    cortisol.AUCI,
    cortisol.PEAK_CHANGE,
    magnesium.SERUM,
    magnesium.RBC,
    sleep.TOTAL,
    sleep.WAKE,
    sleep.EFFICIENCY,
    sleep.LIGHT,
    sleep.DEEP,
    sleep.REM,
    sleep.NIGHT_RMSSD,
    apps.HRV4TRAINING,
    apps.HRV4TRAINING_HR,
    apps.FITBIT,
)
"""Known outcomes; any other name is a free rating, kept as it was entered."""


def _key(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).lower()


_BY_KEY = {_key(name): one for one in INSTRUMENTS for name in (one.name, *one.aliases)}


def instrument(name: str) -> Instrument | None:
    """Return the instrument that an outcome's name means, or None for a free rating."""
    return _BY_KEY.get(_key(name))
