"""A cohort: one function over ten thousand recordings, on one machine or a cluster."""

from ingest.cohort.find import Found, Item, Reading, find
from ingest.cohort.run import Outcome, Status, run
from ingest.cohort.settings import METRICS, TABLES, CohortSettings

__all__ = [
    "METRICS",
    "TABLES",
    "CohortSettings",
    "Found",
    "Item",
    "Outcome",
    "Reading",
    "Status",
    "find",
    "run",
]
