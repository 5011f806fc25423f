"""What one recording is worth: length, coverage, gaps and artefacts, in one row."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.types import Flag, NNSeries
from hrv.windows import coverage, whole


def describe(nn: NNSeries) -> dict[str, Any]:
    """Describe a cleaned recording.

    Parameters
    ----------
    nn : NNSeries
        The recording after cleaning.

    Returns
    -------
    dict
        ``start`` (aware datetime or None), ``duration_s``, ``beats`` (intervals recorded),
        ``coverage`` (share of the time covered by NN intervals), ``corrected`` (share of the
        intervals removed by the cleaner), ``gaps``, ``longest_gap_s``, ``suspect`` (intervals
        with doubtful timing) and ``notes`` (from the reader).
    """
    rr = nn.rr
    gap = (rr.flag & Flag.GAP) != 0
    lost_s = np.zeros(len(rr))
    lost_s[1:] = rr.t_s[1:] - rr.rr_ms[1:] / 1000 - rr.t_s[:-1]
    return {
        "start": rr.start,
        "duration_s": rr.duration_s,
        "beats": len(rr),
        "coverage": float(coverage(nn, whole(nn))[0]),
        "corrected": nn.corrected_share,
        "gaps": int(gap.sum()),
        "longest_gap_s": float(lost_s[gap].max(initial=0.0)),
        "suspect": int(((rr.flag & Flag.SUSPECT) != 0).sum()),
        "notes": "; ".join(rr.provenance.notes),
    }
