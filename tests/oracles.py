"""Slow, readable twins of the numeric core: plain loops over plain lists.

They follow the definitions word for word and share nothing with the fast code but its constants
of definition.  Tests compare the two.
"""

import math
from itertools import pairwise
from statistics import fmean, stdev, variance

TOUCH_S = 1e-6  # beats this close to an edge lie on it


def beats(nn):
    """(begin, end, interval) of every NN interval, s, s, ms."""
    rows = []
    for i, (end, ms) in enumerate(zip(nn.t_s.tolist(), nn.nn_ms.tolist(), strict=True)):
        rows.append((rows[-1][1] if nn.joined[i] else end - ms / 1000, end, ms))
    return rows


def members(nn, start_s, stop_s):
    """Indices of the intervals whose both beats lie in [start, stop)."""
    return [
        i
        for i, (begin, end, _) in enumerate(beats(nn))
        if begin >= start_s - TOUCH_S and end < stop_s - TOUCH_S
    ]


def coverage(nn, start_s, stop_s):
    """Share of [start, stop) that NN intervals cover."""
    inside = [
        max(0.0, min(end, stop_s) - max(end - ms / 1000, start_s)) for _, end, ms in beats(nn)
    ]
    return min(math.fsum(inside) / (stop_s - start_s), 1.0)


def pairs(nn, inside):
    """Neighbouring intervals (earlier, later), both in the window, nothing lost between."""
    return [
        (float(nn.nn_ms[i - 1]), float(nn.nn_ms[i]))
        for i in inside
        if nn.joined[i] and i - 1 in set(inside)
    ]


def _rms(values):
    return math.sqrt(fmean([v * v for v in values]))


def _share(differences, limit):
    return 100 * sum(abs(d) > limit for d in differences) / len(differences)


# name -> formula of (intervals, [(earlier, later)]); raises where it has no value
FORMULAS = {
    "mean_nn": lambda x, p: fmean(x),
    "sdnn": lambda x, p: stdev(x),
    "cvnn": lambda x, p: stdev(x) / fmean(x),
    "mean_hr": lambda x, p: 60000 / fmean(x),
    "rmssd": lambda x, p: _rms([b - a for a, b in p]),
    "ln_rmssd": lambda x, p: math.log(_rms([b - a for a, b in p])),
    "sdsd": lambda x, p: stdev([b - a for a, b in p]),
    "nn50": lambda x, p: sum(abs(b - a) > 50 for a, b in p) if p else math.nan,
    "pnn50": lambda x, p: _share([b - a for a, b in p], 50),
    "pnn20": lambda x, p: _share([b - a for a, b in p], 20),
    "sd1": lambda x, p: math.sqrt(variance([(b - a) for a, b in p]) / 2),
    "sd2": lambda x, p: math.sqrt(variance([(b + a) for a, b in p]) / 2),
    "sd1_sd2": lambda x, p: math.sqrt(
        variance([(b - a) for a, b in p]) / variance([(b + a) for a, b in p])
    ),
    "ellipse_area": lambda x, p: (
        math.pi
        * math.sqrt(variance([(b - a) for a, b in p]) * variance([(b + a) for a, b in p]))
        / 2
    ),
}


def metric(name, nn, inside):
    """One metric over the intervals `inside`; NaN where the formula has no value."""
    try:
        return float(FORMULAS[name]([float(nn.nn_ms[i]) for i in inside], pairs(nn, inside)))
    except (ValueError, ZeroDivisionError):  # statistics.StatisticsError is a ValueError
        return math.nan


def quantile(values, share):
    """Quantile with linear interpolation between order statistics."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def rolling_quantile(values, width, share):
    """Quantile of the up to `width` values centred on each."""
    half = width // 2
    return [quantile(values[max(0, i - half) : i + half + 1], share) for i in range(len(values))]


def artefact_classes(rr_ms):
    """Figure 1 of Lipponen & Tarvainen 2019, beat by beat, for one unbroken stretch.

    Returns a dictionary index -> class, an index being the interval's.
    """
    x = [fmean(rr_ms[:45]), *rr_ms]  # the mean of the first 45 stands before the first
    d = [0.0] + [b - a for a, b in pairwise(x)]
    d[0] = fmean(d[1:46])
    middle = rolling_quantile(x, 11, 0.5)
    size = [abs(v) for v in d]
    low, high = rolling_quantile(size, 91, 0.25), rolling_quantile(size, 91, 0.75)
    th1 = [
        min(max(5.2 * (b - a) / 2, 5.2), max(13.5 * a, 0.2 * m))
        for a, b, m in zip(low, high, middle, strict=True)
    ]
    m = [v - mid if v >= mid else 2 * (v - mid) for v, mid in zip(x, middle, strict=True)]
    size = [abs(v) for v in m]
    low, high = rolling_quantile(size, 91, 0.25), rolling_quantile(size, 91, 0.75)
    th2 = [max(5.2 * (b - a) / 2, 5.2) for a, b in zip(low, high, strict=True)]
    d = [a / b for a, b in zip(d, th1, strict=True)]
    m = [a / b for a, b in zip(m, th2, strict=True)]
    back = (middle[-1] - x[-1]) / th1[-1]  # after the end the rhythm returns to its median
    ahead = [*d, back, 0.0]
    found, last, i = {}, len(x) - 1, 1
    while i <= last:
        if abs(d[i]) <= 1:
            i += 1
            continue
        beside = (d[i - 1], ahead[i + 1])
        if (d[i] > 1 and max(beside) < -0.13 * d[i] - 0.17) or (
            d[i] < -1 and min(beside) > -0.13 * d[i] + 0.17
        ):
            found[i - 1] = "ectopic"
            i += 1
            continue
        both = i + 2 <= last and abs(d[i + 1]) < abs(d[i + 2])
        for j in (i, i + 1) if both else (i,):
            kind = _long_short(j, x, ahead, m, middle, th2)
            if kind:
                found[j - 1] = kind
        i += 2 if both else 1
    return found


def _long_short(j, x, d, m, middle, th2):
    following = d[j + 1], d[j + 2]
    long = d[j] > 1 and min(following) < -1
    short = d[j] < -1 and max(following) > 1
    if not (long or short or abs(m[j]) > 3):
        return ""
    if short and j + 1 < len(x) and abs(x[j] + x[j + 1] - middle[j]) < th2[j]:
        return "extra"
    if long and abs(x[j] / 2 - middle[j]) < th2[j]:
        return "missed"
    return "displaced"
