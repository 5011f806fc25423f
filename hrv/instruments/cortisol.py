"""Salivary cortisol around a stressor: samples in, areas and peak change out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.errors import NotComputableError
from hrv.instruments.base import Instrument
from hrv.types import Float

_PRUESSNER = "Pruessner et al. 2003, doi:10.1016/S0306-4530(02)00108-7"

CORTISOL = Instrument(
    "cortisol", "salivary cortisol", "nmol/L", 0, 200, "molar mass 362.46 g/mol",
    panel="54235-7", units={"ug/dL": 27.589, "ng/mL": 2.7589}, needs_unit=True, assayed=True,
    aliases=("salivary cortisol",),
)  # fmt: skip
AUCG = Instrument(
    "cortisol_aucg", "cortisol area under the curve with respect to ground", "nmol/L·min",
    0, np.inf, _PRUESSNER, derived=True,
)  # fmt: skip
AUCI = Instrument(
    "cortisol_auci", "cortisol area under the curve with respect to increase", "nmol/L·min",
    -np.inf, np.inf, _PRUESSNER, derived=True,
)  # fmt: skip
PEAK_CHANGE = Instrument(
    "cortisol_peak_change", "cortisol peak minus first sample", "nmol/L",
    -np.inf, np.inf, _PRUESSNER, derived=True,
)  # fmt: skip

BEFORE_MIN, AFTER_MIN = -15.0, 95.0
"""Samples from this long before an onset to this long after belong to it, minutes."""
MIN_SAMPLES = 3
LATEST_FIRST_MIN = 5.0
"""The first sample is the reference: it must be taken by then, before the hormone answers."""
EARLIEST_LAST_MIN = 30.0
"""The last sample must not be earlier: the peak comes 20 to 40 min after the onset."""
UNEQUAL_MIN = 5.0
"""Areas are compared only if their lengths differ by no more than this, minutes."""


@dataclass(frozen=True)
class Response:
    """The cortisol response to one stressor.

    Parameters
    ----------
    aucg, auci : float
        Areas under the curve with respect to ground and to increase, nmol/L·min.
    peak_change : float
        Highest later sample minus the first one, nmol/L.
    first_min, last_min : float
        When the first and the last sample were taken, minutes from the onset.
    """

    aucg: float
    auci: float
    peak_change: float
    first_min: float
    last_min: float


def response(minutes: Float, value: Float) -> Response:
    """Compute areas by the trapezoid rule and the peak change.

    ``AUCg = sum (m_i + m_(i+1)) (t_(i+1) - t_i) / 2`` and ``AUCi = AUCg - m_1 (t_n - t_1)``: the
    reference is the first sample, as published.

    Parameters
    ----------
    minutes : float64[n]
        From the onset, increasing.
    value : float64[n]
        nmol/L.

    Raises
    ------
    NotComputableError
        If fewer than three samples were taken, none by 5 min or none from 30 min on.

    References
    ----------
    Pruessner et al. 2003, Psychoneuroendocrinology 28:916-931,
    doi:10.1016/S0306-4530(02)00108-7.
    """
    if minutes.size < MIN_SAMPLES:
        raise NotComputableError(
            f"{minutes.size} cortisol samples around the stressor; {MIN_SAMPLES} are needed"
        )
    if minutes[0] > LATEST_FIRST_MIN:
        raise NotComputableError(
            f"the first cortisol sample is from {minutes[0]:.0f} min after the onset; a reference "
            f"by {LATEST_FIRST_MIN:.0f} min is needed"
        )
    if minutes[-1] < EARLIEST_LAST_MIN:
        raise NotComputableError(
            f"the last cortisol sample is from {minutes[-1]:.0f} min after the onset; one from "
            f"{EARLIEST_LAST_MIN:.0f} min on is needed to see the peak"
        )
    aucg = float(np.trapezoid(value, minutes))
    auci = aucg - float(value[0] * (minutes[-1] - minutes[0]))
    peak = float(value[1:].max() - value[0])
    return Response(aucg, auci, peak, float(minutes[0]), float(minutes[-1]))
