"""STAI: the total of one scale only; its items are proprietary and never stored here."""

from hrv.instruments.base import Instrument

_SOURCE = "Spielberger et al. 1983 (proprietary: totals only)"

STAI = Instrument(
    "stai", "STAI total (one scale)", "points", 20, 80, _SOURCE, whole=True,
    units={"score": 1.0, "{score}": 1.0}, aliases=("STAI total",),
)  # fmt: skip
STATE = Instrument(
    "stai_state", "STAI state total", "points", 20, 80, _SOURCE, whole=True,
    units={"score": 1.0, "{score}": 1.0}, aliases=("STAI-S", "STAI Y-1"),
)  # fmt: skip
TRAIT = Instrument(
    "stai_trait", "STAI trait total", "points", 20, 80, _SOURCE, whole=True,
    units={"score": 1.0, "{score}": 1.0}, aliases=("STAI-T", "STAI Y-2"),
)  # fmt: skip
