"""Flags of one episode: what a reader must know before believing its numbers."""

from __future__ import annotations

from hrv.recovery.kinetics import tau_flags
from hrv.recovery.response import Response


def flags_of(response: Response) -> tuple[str, ...]:
    """Collect the flags of an episode, its surroundings first."""
    flags = list(response.episode.flags)
    if response.phases.borrowed:
        flags.append("baseline of the session's first stressor")
    flags += _quality(response)
    flags += tau_flags(response)
    return tuple(flags)


def _quality(response: Response) -> list[str]:
    phases, track = response.phases, response.track
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
        covered = float(track.coverage(start_s, stop_s))
        if covered < response.settings.min_coverage:
            flags.append(f"coverage of the {name} {100 * covered:.0f} %")
        corrected = float(track.corrected(start_s, stop_s))
        if corrected > response.settings.flag_corrected:
            flags.append(f"{100 * corrected:.0f} % of the beats of the {name} corrected")
        suspects += track.suspects(start_s, stop_s)
    if suspects:
        flags.append(f"{suspects} interval(s) with doubtful timing")
    return flags
