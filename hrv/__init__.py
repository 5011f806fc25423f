"""The numeric core: RR intervals in, HRV and stress-recovery numbers out; no I/O.

>>> import hrv
>>> series = hrv.RRSeries.from_ms([812, 790, 805, 798])
>>> nn = hrv.clean(series, method="none")
>>> round(float(hrv.summary(nn, metrics=["mean_nn"], force=True)["mean_nn"]), 2)
801.25
"""

from hrv.clean import CLEANERS, clean
from hrv.compare import METHODS, compare
from hrv.detection import detect
from hrv.episodes import mark
from hrv.errors import (
    FormatError,
    HRVError,
    InputError,
    MissingExtraError,
    NotComputableError,
    StudyError,
)
from hrv.metrics import METRICS
from hrv.recovery import MEASURES, recovery
from hrv.simulate import simulate
from hrv.study import analyse
from hrv.types import (
    Comparison,
    Episode,
    Flag,
    NNSeries,
    Provenance,
    Recovery,
    Refusal,
    RRSeries,
    Windows,
)
from hrv.windows import summary, windows

__all__ = [
    "CLEANERS",
    "MEASURES",
    "METHODS",
    "METRICS",
    "Comparison",
    "Episode",
    "Flag",
    "FormatError",
    "HRVError",
    "InputError",
    "MissingExtraError",
    "NNSeries",
    "NotComputableError",
    "Provenance",
    "RRSeries",
    "Recovery",
    "Refusal",
    "StudyError",
    "Windows",
    "analyse",
    "clean",
    "compare",
    "detect",
    "mark",
    "recovery",
    "simulate",
    "summary",
    "windows",
]
