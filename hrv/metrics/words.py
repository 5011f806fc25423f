"""Why a number was refused or must be read with care, in words a researcher understands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from hrv._units import words as duration
from hrv.metrics.base import BRIDGED_S, Metric, Reason
from hrv.metrics.engine import FLAG_CORRECTED, MAX_CORRECTED, MIN_COVERAGE, Evaluation, least_pairs
from hrv.types import Bool


def sentence(reason: Reason, metric: Metric, width_s: float, what: str = "window") -> str:
    """Say why `metric` was refused for a `what` of `width_s` seconds.

    Parameters
    ----------
    reason : Reason
        Not `Reason.OK`.
    metric : Metric
        The refused metric.
    width_s : float
        Length of the window or recording, s.
    what : str
        ``"window"`` or ``"recording"``.
    """
    kind = "pairs of neighbouring intervals" if metric.pairs else "intervals"
    needed = max(np.ceil(float(least_pairs(np.array([width_s]))[0])), 1)
    return {
        Reason.TOO_SHORT: f"{duration(width_s)} {what} is shorter than the "
        f"{duration(metric.min_s)} that {metric.name} needs (force computes it anyway)",
        Reason.COVERAGE: f"normal intervals cover less than {100 * MIN_COVERAGE:g} % of the {what}",
        Reason.CORRECTED: f"more than {100 * MAX_CORRECTED:g} % of the intervals were removed as "
        "artefacts",
        Reason.TOO_FEW_PAIRS: f"fewer than the {needed:g} pairs of neighbouring intervals that a "
        f"{duration(width_s)} {what} must hold",
        Reason.TOO_FEW_BEATS: f"fewer than the {metric.min_beats} {kind} that {metric.name} needs",
        Reason.NO_VARIATION: f"the intervals do not vary, so {metric.name} has no value",
        Reason.ARITHMETIC: "the formula gave no finite number",
        Reason.GAP: f"beats are missing for more than {BRIDGED_S:g} s, so no unbroken stretch is "
        "long enough (method lomb needs none)",
        Reason.NO_PEAK: f"the spectrum has no peak in the band of {metric.name}",
        Reason.NO_MATCHES: f"too few stretches of the {what} resemble each other for "
        f"{metric.name} to have a value",
        Reason.NO_MODEL: f"no autoregressive model fits the intervals of the {what}",
        Reason.FOREIGN: f"NeuroKit2 gave no finite number for the {what}",
        Reason.TOO_MANY_BEATS: f"{metric.name} takes at most {metric.max_beats} intervals at a "
        "time; ask for windows",
    }[reason]


def reasons(result: Evaluation) -> npt.NDArray[np.object_]:
    """object[k]: refusals of each window, ``"measure: why; measure: why"`` or ``""``.

    Metrics refused for the same cause share one clause.  All windows are of one width.
    """
    width_s = float(result.windows.width_s[0]) if len(result.windows) else 0.0

    def text(row: npt.NDArray[np.generic]) -> str:
        clauses: dict[str, list[str]] = {}
        for metric, code in zip(result.metrics, row.tolist(), strict=True):
            if code != Reason.OK:
                why = sentence(Reason(code), metric, width_s)
                clauses.setdefault(why, []).append(metric.name)
        return "; ".join(f"{', '.join(names)}: {why}" for why, names in clauses.items())

    return _by_row(result.reasons, text)


def flags(result: Evaluation) -> npt.NDArray[np.object_]:
    """object[k]: what a reader must know before believing the numbers of each window."""

    def text(row: npt.NDArray[np.generic]) -> str:
        care = ["corrected: " + care_corrected()] if row[0] else []
        care += [
            care_forced(metric)
            for metric, forced in zip(result.metrics, row[1:].tolist(), strict=True)
            if forced
        ]
        return "; ".join(care)

    return _by_row(np.column_stack((many_corrected(result), result.forced)), text)


def many_corrected(result: Evaluation) -> Bool:
    """bool[k]: windows flagged for their share of corrected intervals."""
    return np.asarray(result.support.corrected > FLAG_CORRECTED + 1e-9)


def care_corrected() -> str:
    """Words for `many_corrected`."""
    return f"more than {100 * FLAG_CORRECTED:g} % of the intervals were removed as artefacts"


def care_forced(metric: Metric) -> str:
    """Words for a metric that ``force`` let pass."""
    return f"{metric.name}: forced on less than the {duration(metric.min_s)} it needs"


def _by_row(
    codes: npt.NDArray[np.generic], text: Callable[[npt.NDArray[np.generic]], str]
) -> npt.NDArray[np.object_]:
    """Text of every row, written once for each combination of codes that occurs."""
    out = np.full(len(codes), "", dtype=object)
    busy = np.flatnonzero(codes.any(axis=1))
    if busy.size and (codes[busy] == codes[busy[0]]).all():
        out[busy] = text(codes[busy[0]])
    elif busy.size:
        rows = np.ascontiguousarray(codes[busy])
        keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        out[busy] = _texts([text(rows[i]) for i in first])[which]
    return out


def _texts(values: Sequence[str]) -> npt.NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
