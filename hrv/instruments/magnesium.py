"""Magnesium in serum or plasma and in red blood cells, in the mass unit of their codes."""

from hrv.instruments.base import Instrument

_MOLAR = {"mmol/L": 2.4305, "mEq/L": 1.21525}
"""24.305 g/mol and a charge of two: to mg/dL."""

SERUM = Instrument(
    "serum_magnesium", "serum magnesium", "mg/dL", 0.3, 12, "LOINC: mass per volume",
    loinc="19123-9", units=_MOLAR, needs_unit=True, assayed=True,
    aliases=("serum Mg", "plasma magnesium", "magnesium serum", "serum_mg", "mg_serum"),
)  # fmt: skip
RBC = Instrument(
    "rbc_magnesium", "red blood cell magnesium", "mg/dL", 0.5, 20, "LOINC: mass per volume",
    loinc="26746-8", units=_MOLAR, needs_unit=True, assayed=True,
    aliases=("RBC Mg", "erythrocyte magnesium", "magnesium rbc", "rbc_mg", "mg_rbc"),
)  # fmt: skip
