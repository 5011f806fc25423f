"""What was understood of a recording, in words: `hrv inspect` and the service say alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.inspect import Inspection


def lines_of(
    each: Inspection, *, say: Callable[[str], str] = str, moment: Callable[[datetime], str] = str
) -> list[tuple[str, str]]:
    """Describe one file to people.

    Parameters
    ----------
    each : Inspection
        What there is to say.
    say : callable
        Last touch to sentences of the readers, such as the names of options.
    moment : callable
        How the start is written.

    Returns
    -------
    list of (str, str)
        What, and what was understood; a "use" or a "note" may come several times.
    """
    lines: list[tuple[str, str]] = [("format", each.format or "–")]
    if each.intervals:
        lines += [
            ("device", each.device or "–"),
            ("unit", each.unit),
            ("clock", say(each.clock)),
            ("start", "–" if each.start is None else moment(each.start)),
            ("duration", f"{_clock(each.duration_s)} from the first beat to the last"),
            ("sum of RR", f"{_clock(each.beats_s)}, {_check(each)}"),
            ("beats", f"{each.intervals} intervals, mean {each.mean_hr_bpm:.1f} bpm"),
            ("gaps", f"{each.gaps}, the longest {each.longest_gap_s:.1f} s"),
            ("artefacts", f"{_percent(each.artefacts)} of the intervals"),
            ("duplicates", f"{_percent(each.duplicates)} of the intervals"),
            ("tachogram", each.tachogram),
        ]
    if each.events or each.outcomes:
        lines.append(("besides", f"{each.events} events, {each.outcomes} outcomes"))
    lines += [("use", use) for use in each.uses]
    return lines + [("note", say(note)) for note in each.notes]


def _check(each: Inspection) -> str:
    """Say how the sum of intervals stands to the time that passed."""
    if each.wall_s != each.wall_s:
        return "and no clock beside the intervals to check it against"
    return f"{100 * each.beats_s / each.wall_s:.1f} % of the {each.wall_s:.1f} s by the clock"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share == share else "too few"


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
