"""What was taken or done, when and how much: components, elemental doses, adverse events."""

from hrv.regimen.adverse import exact_rate, tally_adverse_events
from hrv.regimen.doses import BISGLYCINATE_SHARE, UPPER_LEVELS, elemental_mg, upper_level_flags
from hrv.regimen.log import KINDS, ROLES, Component, Regimen, default_washin_days, exposure

__all__ = [
    "BISGLYCINATE_SHARE",
    "KINDS",
    "ROLES",
    "UPPER_LEVELS",
    "Component",
    "Regimen",
    "default_washin_days",
    "elemental_mg",
    "exact_rate",
    "exposure",
    "tally_adverse_events",
    "upper_level_flags",
]
