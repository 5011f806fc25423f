"""Metrics of NN intervals: the table `METRICS`, one line a family."""

from __future__ import annotations

from collections.abc import Iterable

from hrv.errors import InputError
from hrv.metrics import (
    capacity,
    corrected,
    correlation_dimension,
    dfa,
    differences,
    entropy,
    fragmentation,
    geometric,
    long_term,
    poincare,
    recurrence,
    symbolic,
    time_domain,
)
from hrv.metrics.base import Metric
from hrv.metrics.spectral import bands, peaks

METRICS: tuple[Metric, ...] = (
    *time_domain.METRICS,
    *differences.METRICS,
    *poincare.METRICS,
    *geometric.METRICS,
    *long_term.METRICS,
    *corrected.METRICS,
    *capacity.METRICS,
    *fragmentation.METRICS,
    *bands.METRICS,
    *peaks.METRICS,
    *entropy.METRICS,
    *dfa.METRICS,
    *correlation_dimension.METRICS,
    *recurrence.METRICS,
    *symbolic.METRICS,
)


def select(names: Iterable[str] | str | None = None) -> tuple[Metric, ...]:
    """Entries of `METRICS` called `names`, in the order asked for; all of them for None.

    Raises
    ------
    InputError
        If a name is not in the table, is given twice, or none is given.
    """
    table = {metric.name: metric for metric in METRICS}
    wanted = tuple(table) if names is None else (names,) if isinstance(names, str) else tuple(names)
    if not wanted:
        raise InputError("no metric was asked for; the catalogue has " + ", ".join(table))
    for name in wanted:
        if name not in table:
            raise InputError(f"no metric is called {name!r}; there are {', '.join(table)}")
        if wanted.count(name) > 1:
            raise InputError(f"metric {name!r} is asked for twice")
    return tuple(table[name] for name in wanted)
