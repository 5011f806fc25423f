"""Codes and units of what is exported: LOINC where a code was verified, a local code elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
LOCAL = "urn:hrv-recovery:measure"


@dataclass(frozen=True)
class Code:
    """A code with its display and unit.

    Parameters
    ----------
    code, display : str
        LOINC code and its name.
    panel : str
        LOINC code of the questionnaire that a score belongs to; empty for measurements.
    """

    code: str
    display: str
    panel: str = ""


CODES = {
    "mean_hr": Code("8867-4", "Heart rate"),
    "sdnn": Code("80404-7", "R-R interval.standard deviation (Heart rate variability)"),
    "gad7": Code("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score", "69737-5"),
    "pss10": Code("106860-0", "Perceived Stress Scale 10 item total score", "106860-0"),
    "magnesium_serum": Code("19123-9", "Magnesium [Mass/volume] in Serum or Plasma"),
    "serum_magnesium": Code("19123-9", "Magnesium [Mass/volume] in Serum or Plasma"),
    "rbc_magnesium": Code("26746-8", "Magnesium [Mass/volume] in Red Blood Cells"),
    "magnesium_rbc": Code("26746-8", "Magnesium [Mass/volume] in Red Blood Cells"),
}
"""LOINC 80404-7 is SDNN and nothing else; for RMSSD there is no code, so it has a local one."""

QUESTIONNAIRES = ("gad7", "pss10", "stai", "stai_state", "stai_trait", "stai_total")
"""Outcomes that are totals of a questionnaire (of STAI, which is proprietary, the total only)."""

_UNITS = {
    "bpm": "/min", "bpm/min": "/min2", "ms": "ms", "ms²": "ms2", "s": "s", "%": "%", "Hz": "Hz",
    "min": "min", "points": "{score}", "mg/dL": "mg/dL", "mmol/L": "mmol/L", "nmol/L": "nmol/L",
    "bpm·s": "s/min", "ug/dL": "ug/dL", "h": "h", "mg": "mg", "g": "g", "ug": "ug", "mcg": "ug",
    "µg": "ug", "IU": "[iU]",
}  # fmt: skip


def quantity(value: float, unit: str) -> dict[str, Any]:
    """Return a FHIR Quantity; the UCUM code only where the unit is known to have one."""
    made: dict[str, Any] = {"value": round(float(value), 10)}
    if unit:
        made["unit"] = unit
    code = _UNITS.get(unit) if unit else "1"
    if code is not None:
        made |= {"system": UCUM, "code": code}
    return made


def concept(name: str, text: str) -> dict[str, Any]:
    """Return the CodeableConcept of a measure, outcome or metric."""
    known = CODES.get(name)
    coding = (
        {"system": LOINC, "code": known.code, "display": known.display}
        if known is not None
        else {"system": LOCAL, "code": name, "display": text}
    )
    return {"coding": [coding], "text": text}
