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
    neurokit2,
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

    NeuroKit2's own indices are asked for by names such as ``neurokit2:CSI``.

    Raises
    ------
    InputError
        If a name is not in the table, is given twice, or none is given.
    """
    table = {metric.name: metric for metric in METRICS}
    listed = ", ".join(table)
    wanted = tuple(table) if names is None else (names,) if isinstance(names, str) else tuple(names)
    if not wanted:
        raise InputError(f"no metric was asked for; the catalogue has {listed}")
    table |= {metric.name: metric for metric in neurokit2.NEUROKIT2}
    for name in wanted:
        if name not in table:
            more = f", and {neurokit2.PREFIX}NAME for NeuroKit2's own (hrv catalogue neurokit2)"
            raise InputError(f"no metric is called {name!r}; there are {listed}{more}")
        if wanted.count(name) > 1:
            raise InputError(f"metric {name!r} is asked for twice")
    return tuple(table[name] for name in wanted)
