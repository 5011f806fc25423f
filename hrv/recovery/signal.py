"""Heart rate and ln RMSSD in sliding windows: the curves y(t) that every measure looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hrv.recovery.settings import RecoverySettings
from hrv.types import CORRECTED, Flag, Float, Int, NNSeries


@dataclass(frozen=True, eq=False)
class Curve:
    """Values in the windows of one grid, NaN where the beats do not support one.

    Parameters
    ----------
    start_s, stop_s : float64[k]
        Edges of the windows, s since the series' start.
    first_s, last_s : float64[k]
        First and last beat in each window: the time its value really stands for.
    value : float64[k]
        Heart rate (bpm) or ln RMSSD (ln ms).
    """

    start_s: Float
    stop_s: Float
    first_s: Float
    last_s: Float
    value: Float

    @property
    def centre_s(self) -> Float:
        """float64[k]: middle of each window."""
        return (self.start_s + self.stop_s) / 2

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """bool[k]: True where there is a value."""
        return np.isfinite(self.value)


@dataclass(frozen=True, eq=False)
class Track:
    """One recording with running sums, so that any span costs two look-ups."""

    begin_s: Float
    end_s: Float
    nn_sum_ms: Float
    square_sum_ms2: Float
    pair_sum: Int
    covered_sum_s: Float
    rr_end_s: Float
    corrected_sum: Int
    suspect_sum: Int

    @classmethod
    def of(cls, nn: NNSeries) -> Track:
        """Sum `nn` up once."""
        begin_s = nn.begin_s
        square = np.diff(nn.nn_ms, prepend=nn.nn_ms[:1]) ** 2 * nn.joined
        return cls(
            begin_s=begin_s,
            end_s=nn.t_s,
            nn_sum_ms=_running(nn.nn_ms),
            square_sum_ms2=_running(square),
            pair_sum=np.concatenate(([0], np.cumsum(nn.joined, dtype=np.int64))),
            covered_sum_s=_running(nn.t_s - begin_s),
            rr_end_s=nn.rr.t_s,
            corrected_sum=_count(nn, CORRECTED),
            suspect_sum=_count(nn, Flag.SUSPECT),
        )

    def coverage(self, start_s: npt.ArrayLike, stop_s: npt.ArrayLike) -> Float:
        """Share of each span that beats cover, intervals clipped at its edges."""
        start, stop = np.asarray(start_s, np.float64), np.asarray(stop_s, np.float64)
        covered = self._covered_until(stop) - self._covered_until(start)
        return np.asarray(covered / (stop - start), np.float64)

    def corrected(self, start_s: npt.ArrayLike, stop_s: npt.ArrayLike) -> Float:
        """Share of the recorded beats of each span that the cleaner removed; 0 without beats."""
        lo, hi = np.searchsorted(self.rr_end_s, start_s), np.searchsorted(self.rr_end_s, stop_s)
        removed = self.corrected_sum[hi] - self.corrected_sum[lo]
        return np.asarray(removed / np.maximum(hi - lo, 1), np.float64)

    def suspects(self, start_s: float, stop_s: float) -> int:
        """Count the intervals of a span whose timing hints at a lost packet."""
        lo, hi = np.searchsorted(self.rr_end_s, (start_s, stop_s))
        return int(self.suspect_sum[hi] - self.suspect_sum[lo])

    def mean_hr(self, start_s: npt.ArrayLike, stop_s: npt.ArrayLike) -> Float:
        """Heart rate of each span: 60000 / mean NN of the intervals with both beats in it.

        This is the time-weighted mean of the instantaneous rate 60000/NN.  NaN without one
        interval.
        """
        lo, hi = self._inside(start_s, stop_s)
        total = self.nn_sum_ms[hi] - self.nn_sum_ms[lo]
        return np.where(hi > lo, 60_000.0 * (hi - lo) / np.where(hi > lo, total, 1.0), np.nan)

    def hr_curve(self, start_s: float, stop_s: float, settings: RecoverySettings) -> Curve:
        """Heart rate in the windows of ``settings.hr_*`` that fit into a span, anchored at it."""
        start = _grid(start_s, stop_s, settings.hr_width_s, settings.hr_step_s)
        stop = start + settings.hr_width_s
        value = np.where(self._usable(start, stop, settings), self.mean_hr(start, stop), np.nan)
        return self._curve(start, stop, value)

    def ln_rmssd_curve(self, start_s: float, stop_s: float, settings: RecoverySettings) -> Curve:
        """Natural log of RMSSD (ms) in the windows of ``settings.rmssd_*``, as `hr_curve`."""
        start = _grid(start_s, stop_s, settings.rmssd_width_s, settings.rmssd_step_s)
        stop = start + settings.rmssd_width_s
        lo, hi = self._inside(start, stop)
        inner = np.minimum(lo + 1, hi)  # the first interval's partner lies outside
        pairs = self.pair_sum[hi] - self.pair_sum[inner]
        square = self.square_sum_ms2[hi] - self.square_sum_ms2[inner]
        usable = self._usable(start, stop, settings) & (pairs >= settings.rmssd_min_pairs)
        usable &= square > 1e-9 * np.maximum(pairs, 1)  # beats all alike have no logarithm
        mean_square = np.where(usable, square, 1.0) / np.maximum(pairs, 1)
        return self._curve(start, stop, np.where(usable, 0.5 * np.log(mean_square), np.nan))

    def _curve(self, start: Float, stop: Float, value: Float) -> Curve:
        lo, hi = self._inside(start, stop)
        some = hi > lo
        if self.begin_s.size == 0:
            return Curve(start, stop, start, stop, value)
        first = np.where(some, self.begin_s[np.minimum(lo, self.begin_s.size - 1)], start)
        last = np.where(some, self.end_s[hi - 1], stop)
        return Curve(start, stop, first, last, value)

    def _inside(self, start_s: npt.ArrayLike, stop_s: npt.ArrayLike) -> tuple[Int, Int]:
        lo = np.searchsorted(self.begin_s, start_s, side="left")
        hi = np.searchsorted(self.end_s, stop_s, side="left")
        return lo, np.maximum(lo, hi)

    def _usable(
        self, start: Float, stop: Float, settings: RecoverySettings
    ) -> npt.NDArray[np.bool_]:
        covered = self.coverage(start, stop) >= settings.min_coverage
        return covered & (self.corrected(start, stop) <= settings.max_corrected)

    def _covered_until(self, t_s: Float) -> Float:
        done = np.searchsorted(self.end_s, t_s, side="right")
        begun = np.append(self.begin_s, np.inf)[done]
        return np.asarray(self.covered_sum_s[done] + np.maximum(t_s - begun, 0.0), np.float64)


def _running(values: Float) -> Float:
    return np.concatenate(([0.0], np.cumsum(values)))


def _count(nn: NNSeries, flags: Flag) -> Int:
    return np.concatenate(([0], np.cumsum((nn.rr.flag & flags) != 0, dtype=np.int64)))


def _grid(start_s: float, stop_s: float, width_s: float, step_s: float) -> Float:
    # a hair of slack keeps the last window of a span whose length is a sum of rounded steps
    count = int(np.floor((stop_s - start_s - width_s) / step_s + 1e-6)) + 1
    return start_s + step_s * np.arange(max(count, 0), dtype=np.float64)
