"""A REDCap export into outcomes and doses: what was understood first, then the rows."""

from ingest.redcap.mapping import DoseFrom, Mapping, OutcomeFrom
from ingest.redcap.table import Table, read_table
from ingest.redcap.take import Refused, Rows, take
from ingest.redcap.understand import Column, Understood, understand

__all__ = [
    "Column", "DoseFrom", "Mapping", "OutcomeFrom", "Refused", "Rows", "Table", "Understood",
    "read_table", "take", "understand",
]  # fmt: skip
