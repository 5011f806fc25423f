"""Plan a study: a design that can answer, what it can detect, a drawn schedule and its hash."""

from hrv.plan.design import Plan
from hrv.plan.detect import Layout, Power, simulate
from hrv.plan.draw import Key, Schedule, draw, new_key
from hrv.plan.looks import SPENDING, nominal_levels
from hrv.plan.registration import Look, Registration
from hrv.plan.variation import Variation, assumed, learn

__all__ = [
    "SPENDING",
    "Key",
    "Layout",
    "Look",
    "Plan",
    "Power",
    "Registration",
    "Schedule",
    "Variation",
    "assumed",
    "draw",
    "learn",
    "new_key",
    "nominal_levels",
    "simulate",
]
