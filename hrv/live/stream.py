"""Beats in, windows out: the cleaner and the metrics of batch on the last beats of a stream."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np

from hrv._spans import EDGE_S, locate
from hrv._units import Duration, seconds
from hrv.clean import CLEANERS
from hrv.clean.base import NEIGHBOURS, Cleaner, CleanSettings, to_nn
from hrv.errors import InputError
from hrv.live.buffer import Buffer
from hrv.live.waiting import Refused, WaitingRoom
from hrv.metrics import select
from hrv.metrics.base import MetricSettings
from hrv.metrics.engine import Evaluation, evaluate
from hrv.metrics.words import flags, reasons
from hrv.types import NNSeries, Windows
from hrv.windows import DEFAULT

Row = dict[str, float | int | str]
"""One window: the columns of `hrv.windows`."""

LOOK = 512
"""Most intervals over which the kept neighbours of a run of removed ones are waited for, or looked
back for.  A longer run has stand-ins of its own: spectra beside it may differ from batch."""
BATCH = 1024
"""Windows computed at a time (after a gap many end at once)."""


class Stream:
    """Windows of a stream of beats, the same rows as ``hrv.windows(hrv.clean(series), ...)``.

    Bit for bit where the intervals are whole numbers of ms or of 1/1024 s, to rounding
    otherwise.  A row appears as soon as nothing to come can change it: `latency_beats` beats
    after the window's end at the latest where the recording has no gaps.  The work a beat and
    the memory do not grow with the length of the stream.

    Parameters
    ----------
    width, step : str or float
        Width of the windows and distance of their starts.
    metrics : iterable of str
        Names in `hrv.METRICS`.
    clean : str
        Name in `hrv.CLEANERS` of one whose verdict rests on a bounded stretch (not ``"acar"``).
    clean_settings, settings, force
        As in `hrv.clean` and `hrv.windows`.
    start : datetime, optional
        Aware moment that ``t_s = 0`` means.
    horizon : str or float
        How long a beat may be late, or corrected by another with the same end, s.  A beat is
        used once the newest is this much later; one that comes later still is refused.
    every : int
        Beats between two rounds of work: fewer show a row sooner, more cost less a beat.

    Raises
    ------
    InputError
        If a setting is wrong or the cleaner cannot work on a stream.
    """

    def __init__(
        self,
        width: Duration = "60s",
        step: Duration = "5s",
        metrics: Iterable[str] | str | None = DEFAULT,
        *,
        clean: str = "lipponen_tarvainen",
        clean_settings: CleanSettings | None = None,
        settings: MetricSettings | None = None,
        force: bool = False,
        start: datetime | None = None,
        horizon: Duration = 0.0,
        every: int = 16,
    ) -> None:
        self.width_s, self.step_s = seconds(width, "width"), seconds(step, "step")
        if not (self.width_s > 0 and self.step_s > 0):
            raise InputError(f"width {width!r} and step {step!r} must be times above zero")
        if every < 1:
            raise InputError(f"every is {every}; work must be done every beat or more rarely")
        self._metrics = select(metrics)
        settings = settings or MetricSettings()
        self._settings = replace(settings, force=force or settings.force)
        self._cleaner, self._reach = _bounded(clean)
        self._clean_settings = clean_settings or CleanSettings()
        self._every, self._since = every, 0
        self._waiting = WaitingRoom(seconds(horizon, "horizon"))
        self._buffer = Buffer(start)
        self._first_s: float | None = None
        self._next = 0  # number of the next window
        self._finished = False
        self._made_with: dict[str, object] = {}

    @property
    def latency_beats(self) -> int:
        """Beats after a window's end until its row appears, if nothing is removed or lost."""
        return self._reach + self._every

    @property
    def refused(self) -> tuple[Refused, ...]:
        """The last beats that were not taken, each with the reason."""
        return tuple(self._waiting.refused)

    @property
    def n_refused(self) -> int:
        """How many beats were not taken."""
        return self._waiting.n_refused

    def add(self, rr_ms: float, t_s: float | None = None, flag: int = 0) -> list[Row]:
        """Take a beat and return the windows that are now certain.

        Parameters
        ----------
        rr_ms : float
            Interval, ms (ticks of 1/1024 s: ``1000 * ticks / 1024``).
        t_s : float, optional
            Time of the beat that ends it, s since `start`; default: it follows the newest.  The
            same time as that of a beat still within the horizon replaces that beat.
        flag : int
            `hrv.Flag` value of the reader.

        Returns
        -------
        list of Row
            Mostly empty; columns as in `hrv.windows`.

        Raises
        ------
        InputError
            If it is no interval, comes over a day after the last, or the stream was finished.
        """
        if self._finished:
            raise InputError("the stream was finished; begin another for more beats")
        self._waiting.put(rr_ms, t_s, flag)
        return self._take(final=False)

    def finish(self) -> list[Row]:
        """Return the windows that the last beats still allow; no beat may follow."""
        self._finished = True
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[Row]:
        for beat in self._waiting.out(final=final):
            if self._first_s is None:
                self._first_s = beat[0] - beat[1] / 1000
            self._buffer.append(beat)
            self._since += 1
        if self._first_s is None or not (final or self._since >= self._every):
            return []
        self._since = 0
        if not self._clean(final=final) and not final:
            return []  # windows rest on what is settled
        rows: list[Row] = []
        while ready := self._ready(final=final):
            rows += self._rows(ready)
        self._forget()
        return rows

    # cleaning ------------------------------------------------------------------------------------

    def _clean(self, *, final: bool) -> bool:
        """Settle the flags of all beats further from the newest than the reach; False if none."""
        buffer = self._buffer
        known = buffer.n if final else self._certain()
        if known <= buffer.decided or not (final or self._matters(known)):
            return False
        a = self._context()
        nn = self._cleaner.apply(buffer.series(a, buffer.n), self._clean_settings)
        self._made_with = dict(nn.settings)
        buffer.decide(nn.rr.flag[buffer.decided - a : known - a])
        return True

    def _matters(self, known: int) -> bool:
        """Tell whether settling beats up to `known` can complete a window, or is overdue."""
        buffer = self._buffer
        if known - buffer.decided > LOOK:
            return True
        return float(buffer.t_s[known - 1]) >= self._edges(self._next)[1] - EDGE_S

    def _certain(self) -> int:
        buffer = self._buffer
        if self._reach == 0:
            return buffer.n
        after = buffer.joined[buffer.decided :]
        short = buffer.n - int(np.searchsorted(np.cumsum(after[::-1]), self._reach) + 1)
        far = np.flatnonzero(buffer.far[buffer.decided + 1 :])
        bound = buffer.decided + 1 + int(far[-1]) if far.size else 0
        return max(short, bound)

    def _context(self) -> int:
        """First beat that the verdict on the next one to settle may depend on."""
        buffer = self._buffer
        if self._reach == 0:
            return buffer.decided
        before = buffer.joined[: buffer.decided][::-1]
        # once for the reach, once for what the cut itself disturbs, once for runs of artefacts
        back = int(np.searchsorted(np.cumsum(before), 3 * self._reach + 1) + 1)
        return max(buffer.decided - back, 0)

    # windows -------------------------------------------------------------------------------------

    def _edges(self, number: int) -> tuple[float, float]:
        assert self._first_s is not None
        start = self._first_s + number * self.step_s  # the arithmetic of hrv.windows.grid
        return start, start + self.width_s

    def _ready(self, *, final: bool) -> list[int]:
        """Numbers of the next windows that nothing to come can change, at most `BATCH`."""
        if final:
            assert self._first_s is not None
            room = float(self._buffer.t_s[-1]) - self._first_s - self.width_s + EDGE_S
            last = -1 if room < 0 else int(room // self.step_s)
            return list(range(self._next, min(last + 1, self._next + BATCH)))
        begun_s, kept_s, settled_s = self._horizons()
        out = []
        for number in range(self._next, self._next + BATCH):
            stop = self._edges(number)[1]
            if stop > settled_s or not (stop <= begun_s or kept_s >= stop - EDGE_S):
                break
            out.append(number)
        return out

    def _horizons(self) -> tuple[float, float, float]:
        """Begin of the last settled interval, end of the last kept one, and where runs end.

        The stand-ins of a run of removed intervals are known once `NEIGHBOURS` kept ones
        follow it, or its stretch has ended.
        """
        buffer = self._buffer
        if not buffer.decided:
            return -math.inf, -math.inf, -math.inf
        kept = buffer.kept
        begun = buffer.begin_s(buffer.decided - 1)
        if kept[-NEIGHBOURS:].all() and kept.size >= NEIGHBOURS:
            return begun, float(buffer.t_s[buffer.decided - 1]), math.inf
        at = np.flatnonzero(kept)
        last = float(buffer.t_s[at[-1]]) if at.size else -math.inf
        # within the last stretch, from the fifth kept interval before its end
        far = np.flatnonzero(buffer.far[: buffer.n])
        begins = int(far[-1]) if far.size else 0
        if begins >= buffer.decided:
            return begun, last, math.inf
        tail = at[at >= begins]
        since = int(tail[-NEIGHBOURS]) if tail.size >= NEIGHBOURS else begins
        since = max(since, buffer.decided - LOOK)
        open_runs = since + np.flatnonzero(~kept[since:])
        settled = buffer.begin_s(int(open_runs[0])) if open_runs.size else math.inf
        return begun, last, settled

    def _rows(self, ready: list[int]) -> list[Row]:
        edges = np.array([self._edges(number) for number in ready])
        nn = self._nn(float(edges[0, 0]))
        spans = locate(nn.begin_s, nn.t_s, edges[:, 0], edges[:, 1])
        where = Windows(edges[:, 0], edges[:, 1], *spans)
        self._next = ready[-1] + 1
        return _table(evaluate(nn, where, self._metrics, self._settings))

    def _nn(self, start_s: float) -> NNSeries:
        """Settled intervals from before `start_s`, with what stands for the removed ones."""
        buffer = self._buffer
        a = self._oldest(start_s)
        series = buffer.series(a, buffer.decided)
        if self._reach == 0:
            return self._cleaner.apply(series, self._clean_settings)
        return to_nn(series, buffer.clean[a:], self._cleaner.name, self._made_with)

    def _oldest(self, start_s: float) -> int:
        """First beat that a window from `start_s` may depend on."""
        buffer = self._buffer
        a = int(np.searchsorted(buffer.t_s[: buffer.decided], start_s - EDGE_S))
        low = max(a - LOOK, 0)
        before = np.flatnonzero(buffer.kept[low:a])
        return low + int(before[-NEIGHBOURS - 1]) if before.size > NEIGHBOURS else low

    def _forget(self) -> None:
        self._buffer.drop(min(self._context(), self._oldest(self._edges(self._next)[0])))


def _bounded(name: str) -> tuple[Cleaner, int]:
    usable = [c for c in CLEANERS if c.reach is not None]
    for cleaner in usable:
        if cleaner.name == name and cleaner.reach is not None:
            return cleaner, cleaner.reach
    known = ", ".join(c.name for c in usable)
    raise InputError(f"no cleaning method for streams is called {name!r}; there are {known}")


def _table(result: Evaluation) -> list[Row]:
    base, where = result.support, result.windows
    columns: dict[str, list[float] | list[int] | list[str]] = {
        "start_s": where.start_s.tolist(),
        "stop_s": where.stop_s.tolist(),
        "n": base.n.tolist(),
        "coverage": base.coverage.tolist(),
    }
    columns |= {metric.name: result.column(metric.name).tolist() for metric in result.metrics}
    columns |= {
        "corrected": base.corrected.tolist(),
        "flag": flags(result).tolist(),
        "reason": reasons(result).tolist(),
    }
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
