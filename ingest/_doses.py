"""What a line says of a dose, checked once for the dose log and the regimen's log."""

from __future__ import annotations

from ingest.columns import BASES
from ingest.tables import Row


def dose_cells(row: Row) -> dict[str, object]:
    """Amount, basis and elemental share of a line, checked; nothing is guessed."""
    amount, share = row.number("amount"), row.number("elemental_share")
    if amount < 0:
        raise row.error(f"amount {row['amount']} is negative")
    if amount == amount and not row["unit"]:
        raise row.error(f"amount {row['amount']} has no unit; write mg, g, …")
    if share == share and not 0 < share <= 1:
        raise row.error(f"elemental_share {row['elemental_share']} is no share between 0 and 1")
    if share == share and not row["elemental_source"]:
        raise row.error(
            f"elemental_share {row['elemental_share']} has no source; name the label or "
            "certificate in 'elemental_source'"
        )
    basis = row.one_of("basis", BASES) if row["basis"] else "unknown"
    return {"amount": amount, "basis": basis, "elemental_share": share}


def bioavailability(row: Row) -> float:
    """Bioavailability of a dose, entered with its source; there is no default."""
    value = row.number("bioavailability")
    if value == value and not 0 < value <= 1:
        raise row.error(f"bioavailability {row['bioavailability']} is no share between 0 and 1")
    if value == value and not row["bioavailability_source"]:
        raise row.error(
            f"bioavailability {row['bioavailability']} has no source; name it in "
            "'bioavailability_source'"
        )
    return value
