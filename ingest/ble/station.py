"""Several straps under one hand: markers to all, a guided protocol, a signal check before stress.

Knows no screen and no keyboard: whoever shows it (the terminal, the service) reads `posts` and
the news, and calls `mark`, `stress`, `go` and `stop`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hrv.errors import InputError, StorageError
from ingest.ble import news
from ingest.ble.markers import Marker
from ingest.ble.news import News
from ingest.ble.post import Post
from ingest.journal.record import Kind, Record
from ingest.protocol import Cue, Guide, Phase, Protocol
from ingest.roster import strap_mismatch

TICK_S = 0.1
_INSIST_S = 15.0
"""Within so long a second request for a stressor overrules a signal check that said no."""


@dataclass
class Station:
    """All posts of one occasion.

    Parameters
    ----------
    posts : sequence of Post
        At least one.
    protocol : Protocol or None
        Phases to lead through; the recording ends with the last one.
    duration_s : float or None
        Longest time since the first packet, s.
    attended : bool
        True if somebody can press a key: a phase with a check then waits for `go`, else it
        begins by itself once the signal is good.
    on_news : callable, optional
        Called with every `News`.
    on_packet : callable, optional
        Called with the post after each of its notifications.
    """

    posts: Sequence[Post]
    protocol: Protocol | None = None
    duration_s: float | None = None
    attended: bool = False
    on_news: Callable[[News], None] | None = None
    on_packet: Callable[[Post], None] | None = None
    guide: Guide | None = field(init=False, default=None)
    stressor: str = field(init=False, default="")
    stress_since_s: float = field(init=False, default=0.0)
    _refused_s: float | None = field(init=False, default=None)
    _trouble: dict[str, str] = field(init=False, default_factory=dict)
    _disk: set[str] = field(init=False, default_factory=set)
    _teller: Post | None = field(init=False, default=None)
    _phase: Phase | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.protocol is not None:
            self.guide = Guide(self.protocol)
        for post in self.posts:
            post.told, post.ending = self._told, self._ending

    # time ----------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Time since the first packet of the post that heard first, s."""
        return max(post.elapsed_s for post in self.posts)

    @property
    def alive(self) -> list[Post]:
        """Posts that still record."""
        return [post for post in self.posts if not post.over]

    # running -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Record until every source has ended or was stopped.

        Raises
        ------
        HRVError
            What the first post failed with, if all of them failed.
        Exception
            Anything that is no fault of a strap (a full disk), after all have ended.
        """
        ticker = asyncio.create_task(self._tick_along())
        try:
            await asyncio.gather(*(self._run(post) for post in self.posts))
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
        failures = [post.failure for post in self.posts if post.failure is not None]
        grave = [f for f in failures if isinstance(f, OSError | StorageError)]
        if grave or len(failures) == len(self.posts):
            raise (grave or failures)[0]

    def _watch_disk(self, post: Post) -> None:
        """Say that a disk takes nothing, and when it does again."""
        trouble, known = post.recorder.trouble, post.label in self._disk
        if trouble is not None and not known:
            self._disk.add(post.label)
            why = f"the disk takes nothing ({trouble.strerror}): records are kept in memory"
            self._news(f"{why}; make room, they are written then", post, level="warning")
        elif trouble is None and known:
            self._disk.discard(post.label)
            self._news("the disk takes records again: all are written", post)

    async def _run(self, post: Post) -> None:
        await post.run(self.duration_s)
        if post.failure is not None and self._trouble.get(post.label) != str(post.failure):
            self._news(str(post.failure), post, level="warning")

    def stop(self) -> None:
        """End the recording: a phase and a stressor that run end now."""
        self._end_all()
        for post in self.alive:
            post.source.stop()

    def _ending(self, post: Post) -> None:
        """Before the last journal closes, end what still runs; now is the last chance."""
        if self.alive == [post]:
            self._end_all()

    def _end_all(self) -> None:
        if not any(post.watch.heard for post in self.alive):
            return  # nothing can have been marked
        if self.guide is not None and not self.guide.done:
            self._step(self.guide.abort(self.now_s), over="the protocol ends early")
        if self.stressor:
            self._end_stress("end of the recording")

    async def _tick_along(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    def tick(self) -> None:
        """Let time pass: phases change, recordings end that are due."""
        for post in self.alive:
            self._watch_disk(post)
            if self.duration_s is not None and post.elapsed_s >= self.duration_s:
                post.source.stop()
        guide = self.guide
        if guide is None or guide.done or not self.alive:
            return
        if not guide.waiting:
            guide = self._step(guide.tick(self.now_s))
        if guide.waiting:
            self._begin_if_ready(guide)

    def _begin_if_ready(self, guide: Guide) -> None:
        assert guide.phase is not None
        if not guide.phase.check:
            if all(post.watch.heard for post in self.alive):
                self._step(guide.begin(self.now_s))
        elif not self.attended and not self.objections():
            self._step(guide.begin(self.now_s))

    # signal --------------------------------------------------------------------------------------

    def objections(self) -> list[str]:
        """Say what speaks against a stressor now, one sentence each; empty for go."""
        out = []
        for post in self.alive:
            signal = post.watch.signal(post.now_ns)
            who = f"{post.label}: " if len(self.posts) > 1 else ""
            out += [f"{who}{reason}" for reason in signal.reasons]
        return out

    def check(self) -> None:
        """Tell go or no-go as news."""
        objections = self.objections()
        for reason in objections:
            self._news(f"no-go: {reason}", level="warning")
        if not objections:
            self._news("go: the signal is good")

    def _cleared(self, again: str) -> tuple[bool, str]:
        """Whether a stressor may begin, and what its marker should note."""
        objections = self.objections()
        if not objections:
            self._refused_s = None
            return True, "signal: go"
        if self._refused_s is not None and self.now_s - self._refused_s <= _INSIST_S:
            self._refused_s = None
            return True, f"begun against the signal check: {'; '.join(objections)}"
        self._refused_s = self.now_s
        for reason in objections:
            self._news(f"no-go: {reason}", level="warning")
        self._news(f"{again} again to begin all the same", level="warning")
        return False, ""

    # marking -------------------------------------------------------------------------------------

    def mark(
        self, phase: str, *, kind: str = "tag", edge: str = "now", origin: str = "keyboard",
        note: str = "", ago_s: float = 0.0,
    ) -> None:  # fmt: skip
        """Put one marker into every journal, in line with each strap's beats.

        Raises
        ------
        InputError
            If no strap was heard yet, or the marker is none.
        """
        posts = [post for post in self.alive if post.watch.heard]
        if not posts:
            raise InputError("no beat was heard yet; a marker needs beats to stand between")
        self._teller = posts[0]  # what all are told is told once
        try:
            for post in posts:
                post.recorder.mark(
                    phase, kind=kind, edge=edge, origin=origin, note=note,
                    ago_ns=round(ago_s * 1e9),
                )  # fmt: skip
        finally:
            self._teller = None

    def take(self, marker: Marker, origin: str = "task program", ago_s: float = 0.0) -> None:
        """Broadcast a marker that a task program sent."""
        self.mark(
            marker.phase, kind=marker.kind, edge=marker.edge, origin=origin, note=marker.note,
            ago_s=ago_s,
        )  # fmt: skip

    def stress(self, name: str = "stress") -> None:
        """Begin a stressor, after the signal check, or end the one that runs."""
        if self.stressor:
            self._end_stress("keyboard")
            return
        cleared, note = self._cleared("s")
        if cleared:
            self.mark(name, kind="stress", edge="start", note=note)
            self.stressor, self.stress_since_s = name, self.now_s

    def _end_stress(self, origin: str) -> None:
        name, self.stressor = self.stressor, ""
        self.mark(name, kind="stress", edge="end", origin=origin)

    def go(self) -> None:
        """Begin the phase that waits, after its signal check."""
        guide = self.guide
        if guide is None or guide.phase is None or not guide.waiting:
            return
        cleared, note = (True, "") if not guide.phase.check else self._cleared("space")
        if cleared:
            self._step(guide.begin(self.now_s), note)

    def skip(self) -> None:
        """End the phase that runs as if its time were over."""
        if self.guide is not None and not self.guide.done:
            self._step(self.guide.skip(self.now_s))

    def _step(self, guide: Guide, note: str = "", over: str = "the protocol is over") -> Guide:
        """Go on to `guide`: mark and tell its cues at their very times."""
        self.guide = guide
        for cue in guide.cues:
            self._mark_cue(cue, note if cue.edge == "start" else "")
        if guide.cues and guide.waiting and guide.phase is not None:
            if self.attended:
                self._news(f"next: {guide.phase.name}; space begins it", level="cue")
            elif objections := self.objections():
                self._news(f"{guide.phase.name} waits: {'; '.join(objections)}", level="cue")
        if guide.done:
            self._news(over, level="cue")
            for post in self.alive:
                post.source.stop()
        return guide

    def _mark_cue(self, cue: Cue, note: str) -> None:
        phase, ago_s = cue.phase, max(self.now_s - cue.at_s, 0.0)
        self._phase = phase if cue.edge == "start" else None
        self.mark(
            phase.name, kind=phase.kind, edge=cue.edge, origin="protocol", note=note, ago_s=ago_s
        )
        self._phase = None

    # news ----------------------------------------------------------------------------------------

    def _told(self, post: Post, record: Record) -> None:
        """Turn what happens into news, and let time pass by what is played."""
        if record.kind is Kind.NOTIFICATION:
            self.tick()
            if self.on_packet is not None:
                self.on_packet(post)
        elif record.kind is Kind.DEVICE:
            self._compare_strap(post, str(record.fields.get("address", "")))
        elif record.kind is Kind.EVENT:
            text, level = news.of_event(record.fields)
            if text and self._trouble.get(post.label) != text:  # the same again: told once
                self._news(text, post, level)
            if level == "warning":
                self._trouble[post.label] = text
            elif record.fields.get("event") == "subscribed":
                self._trouble.pop(post.label, None)
        elif record.kind is Kind.MARKER and self._teller in (None, post):
            say = self._phase.say if self._phase is not None else ""
            text, level = news.of_marker(record.fields, say)
            self._news(text, post if self._teller is None else None, level)

    def _compare_strap(self, post: Post, address: str) -> None:
        name = post.path.name if post.path is not None else ""
        if mismatch := strap_mismatch(name, post.past, address):
            self._news(mismatch, post, "warning")

    def _news(self, text: str, post: Post | None = None, level: str = "info") -> None:
        if self.on_news is not None:
            who = post.label if post is not None and len(self.posts) > 1 else ""
            self.on_news(News(self.now_s, who, text, level))
