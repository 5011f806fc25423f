"""The values that walk the road; all frozen, with units in their names.

file or strap -> RRSeries -> NNSeries -> Windows -> Episode -> Recovery -> Comparison
"""

from hrv.types.results import Comparison, Episode, Measure, Recovery, Refusal
from hrv.types.series import (
    CONTIGUITY_S,
    CORRECTED,
    RR_MAX_MS,
    RR_MIN_MS,
    Bool,
    Flag,
    FlagArray,
    Float,
    Int,
    NNSeries,
    Provenance,
    RRSeries,
    Windows,
    cumulative_s,
)

__all__ = [
    "CONTIGUITY_S",
    "CORRECTED",
    "RR_MAX_MS",
    "RR_MIN_MS",
    "Bool",
    "Comparison",
    "Episode",
    "Flag",
    "FlagArray",
    "Float",
    "Int",
    "Measure",
    "NNSeries",
    "Provenance",
    "RRSeries",
    "Recovery",
    "Refusal",
    "Windows",
    "cumulative_s",
]
