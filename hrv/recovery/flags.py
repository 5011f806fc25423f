"""Flags of one episode: what a reader must know before believing its numbers."""

from __future__ import annotations

import numpy as np

from hrv.recovery.kinetics import tau_flags
from hrv.recovery.response import Response
from hrv.types import Flag, RRSeries


def flags_of(response: Response) -> tuple[str, ...]:
    """Collect the flags of an episode, its surroundings first."""
    flags = list(response.episode.flags)
    if response.phases.borrowed:
        flags.append("baseline of the session's first stressor")
    flags += _quality(response)
    flags += tau_flags(response)
    return tuple(flags)


def _quality(response: Response) -> list[str]:
    phases = response.phases
    spans = (
        ("baseline", phases.baseline_from_s, phases.baseline_to_s),
        ("stressor", phases.onset_s, phases.offset_s),
        ("recovery", phases.offset_s, response.recovery_end_s),
    )
    flags = []
    suspects = 0
    for name, start_s, stop_s in spans:
        if stop_s <= start_s:
            continue
        base = response.quality(start_s, stop_s)
        if not base.covered:
            flags.append(f"coverage of the {name} {100 * base.coverage:.0f} %")
        if base.flagged:
            flags.append(f"{100 * base.corrected:.0f} % of the beats of the {name} corrected")
        suspects += _suspects(response.nn.rr, start_s, stop_s)
    if suspects:
        flags.append(f"{suspects} interval(s) with doubtful timing")
    return flags


def _suspects(rr: RRSeries, start_s: float, stop_s: float) -> int:
    lo, hi = np.searchsorted(rr.t_s, (start_s, stop_s))
    return int(((rr.flag[lo:hi] & Flag.SUSPECT) != 0).sum())
