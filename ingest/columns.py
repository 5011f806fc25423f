"""Columns of the tables that recordings and logs become: a leaf that every reader may import."""

from __future__ import annotations

EVENT_COLUMNS = ("subject", "phase", "kind", "start", "end")
DOSE_COLUMNS = (
    "subject", "time", "substance", "form", "product", "lot", "amount", "unit", "basis",
    "elemental_share", "elemental_source", "bioavailability", "bioavailability_source", "route",
    "status", "note",
)  # fmt: skip
OUTCOME_COLUMNS = ("subject", "time", "name", "value", "unit", "assay")
PHASE_COLUMNS = ("subject", "start", "stop", "condition", "block", "randomised")
ADVERSE_COLUMNS = ("subject", "time", "end", "term", "severity", "component")
CLAIM_COLUMNS = ("claim", "population", "comparator", "measure", "source", "verified")
BASES = ("elemental", "compound", "unknown")
"""What an amount weighs; it is never guessed."""
TAG = "tag"
"""Kind of an event that is an instant; its start and end are one."""
