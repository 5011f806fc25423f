"""Where an episode's baseline, stressor and recovery lie in the recording, and what cuts them."""

from __future__ import annotations

from dataclasses import dataclass

from hrv.recovery.settings import RecoverySettings
from hrv.types import Episode, NNSeries

EDGE_S = 2.0
"""A recording that ends this little before a span's end still reaches it: one slow beat."""


@dataclass(frozen=True)
class Phases:
    """Spans of one episode, s since the series' start.

    Parameters
    ----------
    onset_s, offset_s : float
        The stressor.
    baseline_from_s, baseline_to_s : float
        The baseline; of the session's first stressor if `borrowed`.
    borrowed : bool
        True if the own baseline starts too soon after an earlier stressor.
    baseline_reason : str
        Why there is no legitimate baseline; empty if there is one.
    recovery_s : float
        Length of the recovery that can be looked at; 0 if there is none.
    recovery_cut : str
        What cuts the recovery short; empty if nothing does.
    """

    onset_s: float
    offset_s: float
    baseline_from_s: float
    baseline_to_s: float
    borrowed: bool
    baseline_reason: str
    recovery_s: float
    recovery_cut: str

    def too_short(self, needed_s: float) -> str:
        """Why the recovery does not last `needed_s`; empty if it does."""
        if self.recovery_s >= needed_s:
            return ""
        return f"needs {needed_s:g} s of recovery, but {self.recovery_cut}"


def locate(nn: NNSeries, episode: Episode, settings: RecoverySettings) -> Phases:
    """Find the spans of `episode` in the time of `nn`.

    The baseline is [-300, -60] s before onset.  If that begins less than 600 s after an
    earlier stressor ended, the baseline of the session's first stressor stands in for it.
    The recovery ends after 600 s, at the next stressor or motion, or with the recording.
    """
    shift_s = episode.seconds_after(nn.start)
    onset_s, offset_s = episode.onset_s + shift_s, episode.offset_s + shift_s
    anchor_s, borrowed, reason = onset_s, False, ""
    if episode.previous_offset_s is not None:
        quiet_s = episode.onset_s + settings.baseline_from_s - episode.previous_offset_s
        if quiet_s < settings.quiet_s:
            first_s = episode.first_onset_s
            borrowed = first_s is not None and first_s < episode.onset_s
            if borrowed and first_s is not None:
                anchor_s = first_s + shift_s
            else:
                reason = (
                    f"it begins {quiet_s:.0f} s after an earlier stressor ended "
                    f"({settings.quiet_s:g} s are needed) and the session's first is unknown"
                )
    recovery_s, cut = _recovery(nn, episode, settings)
    return Phases(
        onset_s,
        offset_s,
        anchor_s + settings.baseline_from_s,
        anchor_s + settings.baseline_to_s,
        borrowed,
        reason,
        recovery_s,
        cut,
    )


def _recovery(nn: NNSeries, episode: Episode, settings: RecoverySettings) -> tuple[float, str]:
    length_s, cut = settings.recovery_s, ""
    if episode.next_onset_s is not None:
        gap_s = max(0.0, episode.next_onset_s - episode.offset_s)
        if gap_s < length_s:
            length_s = gap_s
            cut = f"the next stressor or motion begins {gap_s:.0f} s after this one"
    offset_s = episode.offset_s + episode.seconds_after(nn.start)
    recorded_s = float(nn.rr.t_s[-1]) - offset_s
    if recorded_s + EDGE_S < length_s:
        length_s = max(0.0, recorded_s)
        cut = (
            f"the recording ends {recorded_s:.0f} s after the stressor"
            if recorded_s > 0
            else "the recording ends before the stressor does"
        )
    return length_s, cut
