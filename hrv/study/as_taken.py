"""As taken: the headline without the days after a missed dose, beside the headline as allocated.

Who misses doses, and when, is not drawn at random: days without a dose differ from the others
for reasons of their own.  The comparison as allocated (intention to treat) is therefore primary
and this one secondary.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hrv.compare.moments import DAY_NS, moments
from hrv.endpoints import Endpoint
from hrv.study.answers import adjusted_row
from hrv.study.types import Measured, Study
from hrv.types import Bool, Comparison

WHAT = "as taken: without the days after a missed dose (secondary)"


def as_taken(head: Comparison, study: Study, measured: Measured, found: Endpoint) -> Comparison:
    """Put the headline without the observations that a missed dose came before beside it.

    An observation is left out if, of the doses of the 24 h before it, one was missed and none
    taken.  Nothing changes where no dose was missed, or the study has no dated phases.
    """
    table = found.observations
    if head.refused or found.censored or study.phases.empty or study.doses.empty or table.empty:
        return head
    missed = after_missed(table, study.doses)
    if not missed.any():
        return head
    kept = replace(found, observations=table[~missed].reset_index(drop=True))
    row = adjusted_row(WHAT, study, measured, kept)
    rows = [*head.details.get("with_and_without", ()), row]
    return replace(head, details={**head.details, "with_and_without": rows})


def after_missed(table: pd.DataFrame, doses: pd.DataFrame) -> Bool:
    """Tell which observations a missed dose, and no taken one, came before within 24 h."""
    when = moments(table["time"], "the time of observation").utc_ns
    seen = {status: np.zeros(len(table), dtype=np.bool_) for status in ("missed", "taken")}
    for (subject, status), own in doses.groupby(["subject", "status"]):
        if status not in seen:
            continue
        stamps = np.sort(moments(own["time"], "the time of dose").utc_ns)
        rows = np.flatnonzero(table["subject"].eq(str(subject)).to_numpy())
        first = np.searchsorted(stamps, when[rows] - DAY_NS, side="right")
        last = np.searchsorted(stamps, when[rows], side="right")
        seen[status][rows] |= last > first
    return np.asarray(seen["missed"] & ~seen["taken"], dtype=np.bool_)
