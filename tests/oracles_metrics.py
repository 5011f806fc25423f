"""Slow, readable twins of the metrics that windows cannot share: loops over one window at a time.

They follow the definitions and share nothing with the fast code but constants of definition.
Each takes a `Part` and gives one float; ValueError or ZeroDivisionError means "no value".
"""

import math
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise
from statistics import fmean, median, stdev

import numpy as np
import oracles


@dataclass
class Part:
    """One window: its intervals, their ends, whether each follows the one before, its edges."""

    x: list
    t: list
    joined: list
    start_s: float
    stop_s: float

    @classmethod
    def of(cls, nn, lo, hi, start_s, stop_s):
        joined = [False, *nn.joined[lo + 1 : hi].tolist()][: hi - lo]
        return cls(nn.nn_ms[lo:hi].tolist(), nn.t_s[lo:hi].tolist(), joined, start_s, stop_s)

    def runs(self, length):
        """Starts of all runs of `length` intervals that follow each other."""
        last = len(self.x) - length
        return [i for i in range(last + 1) if all(self.joined[i + 1 : i + length])]

    def differences(self):
        return [b - a for a, b, ok in zip(self.x, self.x[1:], self.joined[1:], strict=False) if ok]


def needs(condition):
    if not condition:
        raise ValueError("no value")


# time domain -------------------------------------------------------------------------------------


def _rmssd(w):
    return math.sqrt(fmean([d * d for d in w.differences()]))


def _five_minutes(w):
    """Means and standard deviations of the parts of five minutes that are half covered."""
    means, spreads = [], []
    number = max(math.ceil((w.stop_s - w.start_s - 1e-6) / 300), 1)
    for k in range(number):
        low = w.start_s + 300 * k - 1e-6
        own = [x for x, t in zip(w.x, w.t, strict=True) if low <= t < low + 300]
        if sum(own) >= 150_000:
            means.append(fmean(own))
            spreads += [stdev(own)] if len(own) > 1 else []
    return means, spreads


def _capacity(w, sign):
    found = []
    for i in w.runs(4):
        a, b, c, d = w.x[i : i + 4]
        if 0 < sign * (c - b) <= 0.05 * b:
            found.append((c + d - b - a) / 4)
    return fmean(found)


# shape of the histogram --------------------------------------------------------------------------


def _histogram(w):
    width = 1000 / 128
    bins = [math.floor(x / width) for x in w.x]
    needs(len(bins) > 1)
    return [bins.count(b) for b in range(min(bins), max(bins) + 1)]


def _tinn(w):
    """Try every triangle: foot, peak, foot on bin edges, whole histogram as error."""
    counts = _histogram(w)
    needs(max(w.x) > min(w.x))
    top = counts.index(max(counts))
    best = (math.inf, 0)
    for left in range(1, top + 2):
        for right in range(1, len(counts) - top + 1):
            error = 0.0
            for b, c in enumerate(counts):
                foot = left if b < top else right
                error += (c - max(1 - abs(b - top) / foot, 0) * counts[top]) ** 2
            if error < best[0] - 1e-9:
                best = (error, left + right)
    return best[1] * 1000 / 128


def natural_spline(t, y, at):
    """Natural cubic spline by its second derivatives, one dense system."""
    n, h = len(t), np.diff(t)
    matrix, load = np.eye(n), np.zeros(n)
    for i in range(1, n - 1):
        matrix[i, i - 1 : i + 2] = h[i - 1], 2 * (h[i - 1] + h[i]), h[i]
        load[i] = 6 * ((y[i + 1] - y[i]) / h[i] - (y[i] - y[i - 1]) / h[i - 1])
    bend = np.linalg.solve(matrix, load)
    values = []
    for s in at:
        i = min(max(int(np.searchsorted(t, s, side="right")) - 1, 0), n - 2)
        a, b = t[i + 1] - s, s - t[i]
        values.append(
            (bend[i] * a**3 + bend[i + 1] * b**3) / (6 * h[i])
            + (y[i] / h[i] - bend[i] * h[i] / 6) * a
            + (y[i + 1] / h[i] - bend[i + 1] * h[i] / 6) * b
        )
    return np.array(values)


def even_moments(first_s, last_s, rate_hz=4.0):
    """Multiples of the sampling period from the first beat to the last."""
    low, high = math.ceil(first_s * rate_hz - 1e-9), math.floor(last_s * rate_hz + 1e-9)
    return np.arange(low, high + 1) / rate_hz


def without_trend(w, smoothness=500.0):
    """Intervals less their slow trend, which a dense system finds on even samples."""
    t, y = np.array(w.t), np.array(w.x)
    at = even_moments(t[0], t[-1])
    if len(t) < 3 or at.size < 3:
        return w.x
    even = natural_spline(t, y, np.clip(at, t[0], t[-1]))
    second = np.diff(np.eye(at.size), 2, axis=0)
    trend = np.linalg.solve(np.eye(at.size) + smoothness**2 * second.T @ second, even)
    return (y - np.interp(t, at, trend) + y.mean()).tolist()


def _stress_index(w):
    needs(len(w.x) >= 3 and max(w.x) > min(w.x))
    x = without_trend(w)
    spread = max(x) - min(x)
    needs(spread > 1e-6)
    middle = fmean(x)
    bins = [math.floor((v - middle) / 50) for v in x]
    fullest = max(bins.count(b) for b in bins)
    return math.sqrt(100 * fullest / len(x) / (2 * median(x) / 1000 * spread / 1000))


# fragmentation and symbols -----------------------------------------------------------------------


def _sign(v):
    return (v > 0) - (v < 0)


def _signs(w):
    """Sign of each difference; None where it spans a loss."""
    needs(len(w.x) >= 4)
    pairs = zip(w.x, w.x[1:], w.joined[1:], strict=False)
    return [_sign(b - a) if ok else None for a, b, ok in pairs]


def _beats(signs):
    return sum(s is not None for s in signs) + 1


def _pip(w):
    signs = _signs(w)
    turns = [None not in (a, b) and a != b for a, b in pairwise(signs)]
    return 100 * sum(turns) / _beats(signs)


def _monotone(signs):
    lengths = [len(list(run)) for s, run in groupby(signs) if s in (1, -1)]
    needs(lengths)
    return lengths


def _pss(w):
    signs = _signs(w)
    return 100 * sum(n for n in _monotone(signs) if n < 3) / _beats(signs)


def _pas(w):
    signs = _signs(w)
    _monotone(signs)
    flips = [None not in (a, b) and a * b == -1 for a, b in pairwise(signs)]
    runs = [len(list(run)) + 1 for flip, run in groupby(flips) if flip]
    return 100 * sum(n for n in runs if n >= 4) / _beats(signs)


def _symbolic(w, family):
    low, high = min(w.x), max(w.x)
    needs(len(w.x) >= 3 and high > low)
    symbols = [min(math.floor((v - low) * 6 / (high - low)), 5) for v in w.x]
    found = []
    for i in w.runs(3):
        a, b, c = symbols[i : i + 3]
        moves = [_sign(b - a), _sign(c - b)]
        same = moves[0] == moves[1]
        found.append("0v" if moves == [0, 0] else "1v" if 0 in moves else "2lv" if same else "2uv")
    return 100 * found.count(family) / len(found)


# scaling and entropy -----------------------------------------------------------------------------


def _dfa(w, low, high):
    needs(len(w.x) > high)
    profile = np.cumsum(np.array(w.x) - fmean(w.x))
    log_n, log_f = [], []
    for size in range(low, high + 1):
        rests = []
        for a in range(0, len(w.x) - size, size // 2):
            if all(w.joined[a + 1 : a + size]):
                box, at = profile[a : a + size], np.arange(size)
                rest = box - np.polyval(np.polyfit(at, box, 1), at)
                rests.append(fmean(rest**2))
        needs(rests and fmean(rests) > 1e-12)
        log_n.append(math.log(size))
        log_f.append(0.5 * math.log(fmean(rests)))
    return float(np.polyfit(log_n, log_f, 1)[0])


def _agree(x, i, j, length, limit):
    return all(abs(x[i + k] - x[j + k]) <= limit for k in range(length))


def _limit(x):
    needs(len(x) > 1 and max(x) > min(x))
    return 0.2 * stdev(x)


def _sample_entropy(w, scale=1):
    limit = _limit(w.x)
    n = len(w.x) // scale
    x = [fmean(w.x[i * scale : (i + 1) * scale]) for i in range(n)]
    whole = set(w.runs(3 * scale))
    starts = [i for i in range(n - 2) if i * scale in whole]
    short = long = 0
    for i, j in combinations(starts, 2):
        # sums of whole numbers: a mean may miss the limit by rounding
        if _agree(x, i, j, 2, limit + 1e-9):
            short += 1
            long += _agree(x, i, j, 3, limit + 1e-9)
    needs(long)
    return -math.log(long / short)


def _approximate_entropy(w):
    limit, phi = _limit(w.x), []
    for length in (2, 3):
        starts = w.runs(length)
        needs(starts)
        shares = [
            sum(_agree(w.x, i, j, length, limit + 1e-9) for j in starts) / len(starts)
            for i in starts
        ]
        phi.append(fmean([math.log(s) for s in shares]))
    return phi[0] - phi[1]


def _multiscale(w):
    return fmean([_sample_entropy(w, scale) for scale in range(1, 6)])


# attractor and recurrence ------------------------------------------------------------------------


def _distance(w, i, j):
    return math.sqrt(sum((w.x[i + k] - w.x[j + k]) ** 2 for k in range(10)))


def _correlation_dimension(w):
    starts = w.runs(10)
    needs(len(w.x) >= 18 and len(starts) >= 8)
    apart = [_distance(w, i, j) for i, j in combinations(starts, 2)]
    radii = np.quantile(apart, np.geomspace(0.05, 0.5, 16))
    needs(radii[0] > 1e-9 and radii[0] < radii[-1])
    share = [fmean([d <= r for d in apart]) for r in radii]
    return float(np.polyfit(np.log(radii), np.log(share), 1)[0])


def _recurrence(w, what):
    starts = w.runs(10)
    needs(len(w.x) >= 18 and len(starts) >= 8 and max(w.x) > min(w.x))
    radius = math.sqrt(10) * stdev(w.x)
    own, last, lengths = set(starts), len(w.x) - 9, []
    for lag in range(1, last):
        near = [
            i in own and i + lag in own and _distance(w, i, i + lag) <= radius
            for i in range(last - lag)
        ]
        lengths += [len(list(run)) for hit, run in groupby(near) if hit]
    points, lines = sum(lengths), [n for n in lengths if n >= 2]
    if what == "rec":
        return 100 * points / math.comb(len(starts), 2)
    if what == "det":
        return 100 * sum(lines) / points
    needs(lines)
    if what == "entropy":
        shares = [lines.count(n) / len(lines) for n in set(lines)]
        return -sum(s * math.log(s) for s in shares)
    return fmean(lines) if what == "lmean" else float(max(lines))


# the table ---------------------------------------------------------------------------------------

FORMULAS = {
    "triangular_index": lambda w: len(w.x) / max(_histogram(w)),
    "tinn": _tinn,
    "stress_index": _stress_index,
    "sdann": lambda w: stdev(_five_minutes(w)[0]),
    "sdnn_index": lambda w: fmean(_five_minutes(w)[1]),
    "cvrmssd": lambda w: 100 * _rmssd(w) / fmean(w.x),
    "rmssd_corrected": lambda w: 1000 * _rmssd(w) / fmean(w.x),
    "deceleration_capacity": lambda w: _capacity(w, 1),
    "acceleration_capacity": lambda w: _capacity(w, -1),
    "pip": _pip,
    "ials": lambda w: 1 / fmean(_monotone(_signs(w))),
    "pss": _pss,
    "pas": _pas,
    "sampen": _sample_entropy,
    "apen": _approximate_entropy,
    "multiscale_entropy": _multiscale,
    "dfa_alpha1": lambda w: _dfa(w, 4, 16),
    "dfa_alpha2": lambda w: _dfa(w, 16, 64),
    "correlation_dimension": _correlation_dimension,
    "rqa_rec": lambda w: _recurrence(w, "rec"),
    "rqa_det": lambda w: _recurrence(w, "det"),
    "rqa_lmean": lambda w: _recurrence(w, "lmean"),
    "rqa_lmax": lambda w: _recurrence(w, "lmax"),
    "rqa_entropy": lambda w: _recurrence(w, "entropy"),
    "symbolic_0v": lambda w: _symbolic(w, "0v"),
    "symbolic_1v": lambda w: _symbolic(w, "1v"),
    "symbolic_2lv": lambda w: _symbolic(w, "2lv"),
    "symbolic_2uv": lambda w: _symbolic(w, "2uv"),
}


def metric(name, nn, lo, hi, start_s, stop_s):
    """One metric over the intervals ``[lo, hi)``; NaN where the formula has no value."""
    if name in oracles.FORMULAS:
        return oracles.metric(name, nn, list(range(lo, hi)))
    try:
        return float(FORMULAS[name](Part.of(nn, lo, hi, start_s, stop_s)))
    except (ValueError, ZeroDivisionError):
        return math.nan
