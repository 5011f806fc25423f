"""The picture of a running recording: what `rich` draws, worked out of a station; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ingest.ble.measurement import Contact
from ingest.ble.news import News
from ingest.ble.post import Post
from ingest.ble.station import Station
from ingest.ble.vitals import Vitals

_LEVELS = {"info": "", "cue": "bold cyan", "warning": "bold yellow"}
_STATES = {"connected": "green", "lost": "bold red", "ended": "dim"}
_CONTACTS = {
    Contact.HELD: ("held", "green"),
    Contact.LOST: ("lost", "bold red"),
    Contact.UNSUPPORTED: ("–", "dim"),
}
LOW_BATTERY = 15
"""Percent below which the battery is shown in red."""
_BARS = "▁▂▃▄▅▆▇█"
LOG_LINES = 6


def clock(seconds: float) -> str:
    """Time as a stop watch shows it: ``12:05``, ``1:02:05``."""
    whole = max(int(seconds), 0)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes:02}:{whole % 60:02}"


def number(value: float, unit: str, digits: int = 0) -> str:
    """Value with its unit, a dash where there is none."""
    return f"– {unit}" if math.isnan(value) else f"{value:.{digits}f} {unit}"


def percent(share: float) -> str:
    """Share as a percentage."""
    return "– %" if math.isnan(share) else f"{100 * share:.1f} %"


def screen(station: Station, log: Sequence[News], entry: str | None, title: str) -> Panel:
    """The whole screen.

    Parameters
    ----------
    station : Station
        What is recorded.
    log : sequence of News
        What was told, oldest first.
    entry : str or None
        Text being typed with its question; None if none is.
    title : str
        Name of the recording.
    """
    several = len(station.posts) > 1
    parts: list[RenderableType] = [_table(station) if several else _single(station.posts[0])]
    if station.guide is not None:
        parts += ["", _protocol(station)]
    elif station.stressor:
        since = clock(station.now_s - station.stress_since_s)
        parts += ["", Text(f"{station.stressor} runs for {since}", "bold reverse")]
    parts += ["", _log(log), "", _foot(station, entry)]
    left = _left(station)
    return Panel(
        Group(*parts), title=Text(title, "bold"), title_align="left", padding=(1, 2),
        subtitle=Text(f"elapsed {clock(station.now_s)}{left}"), subtitle_align="right",
    )  # fmt: skip


def _left(station: Station) -> str:
    return f" of {clock(station.duration_s)}" if station.duration_s is not None else ""


def _single(post: Post) -> RenderableType:
    vitals = post.watch.at(post.now_ns)
    big = Table.grid(padding=(0, 6))
    big.add_row(
        _big(number(vitals.hr_bpm, "bpm"), "heart rate"),
        _big(number(vitals.rmssd_ms, "ms", 1), _rmssd_label(vitals)),
        _big(percent(vitals.artefact_share), "artefacts, last minute"),
    )
    small = Table.grid(padding=(0, 3))
    small.add_row(
        Text.assemble("strap ", (vitals.state, _STATES.get(vitals.state, "yellow"))),
        contact(vitals),
        battery(vitals),
        gaps(vitals),
        Text(f"{vitals.beats} beats"),
    )
    return Group(big, "", Text(sparkline(vitals.recent_rr_ms), "cyan"), "", small)


def _big(value: str, label: str) -> Text:
    return Text.assemble((value, "bold"), "\n", (label, "dim"))


def _rmssd_label(vitals: Vitals) -> str:
    if vitals.why_no_rmssd and math.isnan(vitals.rmssd_ms):
        return f"RMSSD, last minute: {vitals.why_no_rmssd}"
    return "RMSSD, last minute"


def _table(station: Station) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, padding=(0, 2, 0, 0))
    table.add_column("person", no_wrap=True)
    table.add_column("strap", no_wrap=True, ratio=1)
    for name in ("bpm", "RMSSD ms", "artefacts"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("contact", no_wrap=True)
    table.add_column("battery", justify="right", no_wrap=True)
    for name in ("gaps", "signal"):
        table.add_column(name, no_wrap=True)
    for post in station.posts:
        table.add_row(*_row(post))
    return table


def _row(post: Post) -> list[RenderableType]:
    vitals = post.watch.at(post.now_ns)
    battery_ = "–" if vitals.battery_percent is None else f"{vitals.battery_percent} %"
    gaps_ = f"{vitals.gaps}, {vitals.lost_s:.0f} s" if vitals.gaps else "0"
    state = "failed" if post.failure else vitals.state
    if state == "connected":
        go = post.watch.signal(post.now_ns).go
        signal = Text("go", "green") if go else Text("no-go", "yellow")
    else:
        signal = Text(state, _STATES.get(state, "yellow"))
    return [
        post.label, vitals.device or post.source.label,
        "–" if math.isnan(vitals.hr_bpm) else f"{vitals.hr_bpm:.0f}",
        "–" if math.isnan(vitals.rmssd_ms) else f"{vitals.rmssd_ms:.1f}",
        percent(vitals.artefact_share), Text(*_CONTACTS[vitals.contact]),
        Text(battery_, _battery_style(vitals)), Text(gaps_, "yellow" if vitals.gaps else ""),
        signal,
    ]  # fmt: skip


def contact(vitals: Vitals) -> Text:
    """Skin contact in two words."""
    word, style = _CONTACTS[vitals.contact]
    return Text(f"contact {word}", style)


def battery(vitals: Vitals) -> Text:
    """Battery, red where it will not last."""
    level = vitals.battery_percent
    return Text("battery –" if level is None else f"battery {level} %", _battery_style(vitals))


def _battery_style(vitals: Vitals) -> str:
    if vitals.battery_percent is None:
        return "dim"
    return "bold red" if vitals.battery_percent < LOW_BATTERY else ""


def gaps(vitals: Vitals) -> Text:
    """Gaps so far and what they cost."""
    if not vitals.gaps:
        return Text("no gap")
    return Text(f"{vitals.gaps} gap{'s' * (vitals.gaps > 1)}, {vitals.lost_s:.0f} s", "yellow")


def sparkline(rr_ms: Sequence[float]) -> str:
    """The last intervals as bars, the shortest lowest; empty without any."""
    if not rr_ms:
        return "no interval yet"
    low, high = min(rr_ms), max(rr_ms)
    span = max(high - low, 40.0)  # below 40 ms all bars would jump with noise
    bars = "".join(_BARS[min(int((value - low) / span * len(_BARS)), 7)] for value in rr_ms)
    return f"{bars}  RR {low:.0f}–{high:.0f} ms"


def _protocol(station: Station) -> RenderableType:
    guide, now_s = station.guide, station.now_s
    assert guide is not None
    phase = guide.phase
    if phase is None:
        return Text(f"{guide.protocol.title}: over", "bold")
    place = f"{guide.protocol.title}, phase {guide.index + 1} of {len(guide.protocol.phases)}"
    left_s = guide.left_s(now_s)
    doing = Text(f"{phase.name}: {phase.say}" if phase.say else phase.name, "bold reverse")
    if guide.waiting:
        wait = "begins with the first beat of every strap"
        if phase.check:
            wait = "press space to begin" if station.attended else "begins once the signal is good"
        return Group(Text(place, "dim"), Text.assemble("next ", doing), Text(wait, "bold yellow"))
    bar = ProgressBar(
        total=phase.duration_s, completed=phase.duration_s - left_s, width=40, complete_style="cyan"
    )
    line = Table.grid(padding=(0, 2))
    line.add_row(bar, f"{clock(math.ceil(left_s))} left")
    return Group(Text(place, "dim"), doing, line)


def _log(log: Sequence[News]) -> Text:
    lines = list(log)[-LOG_LINES:]
    text = Text()
    for i, news in enumerate(lines):
        who = f"{news.who}: " if news.who else ""
        text.append(f"{clock(news.at_s)}  ", "dim")
        text.append(f"{who}{news.text}", _LEVELS[news.level])
        text.append("\n" if i < len(lines) - 1 else "")
    return text


def _foot(station: Station, entry: str | None) -> Text:
    if entry is not None:
        return Text.assemble((entry, "bold"), ("▏", "blink"), ("   Enter keeps, Esc drops", "dim"))
    keys: list[tuple[str, str]] = []
    if station.guide is not None and not station.guide.done:
        keys += [("space", "begin phase")] if station.guide.waiting else [("x", "end phase")]
    else:
        keys.append(("s", "stress ends" if station.stressor else "stress starts"))
    keys += [("d", "dose taken"), ("n", "note"), ("c", "check signal"), ("q", "stop")]
    return Text("   ").join(Text.assemble((f" {key} ", "reverse"), " ", does) for key, does in keys)
