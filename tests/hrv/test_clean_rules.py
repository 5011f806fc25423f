"""The percentage rules against word-for-word twins, worked examples and simulated truth."""

import math
from statistics import fmean, median

import numpy as np
import pytest
import strategies
from hypothesis import given, settings

from hrv.clean import clean
from hrv.clean.base import stretches
from hrv.types import CORRECTED, Flag, RRSeries


def removed(rr_ms, method):
    flag = clean(RRSeries.from_ms(rr_ms), method).rr.flag
    return np.flatnonzero(flag & CORRECTED).tolist()


# the slow twins: (intervals of one unbroken part) -> indices removed ----------------------------


def malik(x):
    return [i for i in range(1, len(x)) if abs(x[i] - x[i - 1]) > 0.2 * x[i - 1]]


def kamath(x):
    return [
        i
        for i in range(1, len(x))
        if x[i] - x[i - 1] > 0.325 * x[i - 1] or x[i - 1] - x[i] > 0.245 * x[i - 1]
    ]


def karlsson(x):
    means = {i: (x[i - 1] + x[i + 1]) / 2 for i in range(1, len(x) - 1)}
    return [i for i, mean in means.items() if abs(x[i] - mean) >= 0.2 * mean]


def acar(x):
    kept, out, unseen = [], [], 9
    for i, value in enumerate(x):
        last = [v for v in kept[-9:] if not math.isnan(v)]
        if not last and unseen == 0:
            unseen = 9
        good = unseen > 0 or abs(value - fmean(last)) < 0.2 * fmean(last)
        unseen = max(unseen - 1, 0)
        kept.append(value if good else math.nan)
        if not good:
            out.append(i)
    return out


def moving_median(x):
    middle = [median(x[max(i - 5, 0) : i + 6]) for i in range(len(x))]
    return [i for i, m in enumerate(middle) if abs(x[i] - m) > 0.25 * m]


TWINS = (malik, kamath, karlsson, acar, moving_median)
BY_RULE = pytest.mark.parametrize("rule", TWINS, ids=lambda f: f.__name__)


@BY_RULE
@settings(max_examples=150, deadline=None)
@given(series=strategies.rr_series(most=150))
def test_removes_what_the_rule_says_word_for_word(rule, series):
    spoiled = series.rr_ms.copy()
    spoiled[5::17] *= 0.5
    spoiled[11::23] *= 1.5
    lost_s = series.t_s - RRSeries.from_ms(series.rr_ms).t_s
    series = RRSeries.from_ms(spoiled, t_s=RRSeries.from_ms(spoiled).t_s + lost_s)
    if rule is moving_median:
        edges = [part.start for part in stretches(series)]
    else:
        edges = [0, *np.flatnonzero((series.flag[1:] & Flag.GAP) != 0) + 1]
    expected = []
    for a, b in zip(edges, [*edges[1:], len(series)], strict=True):
        expected += [a + i for i in rule(series.rr_ms[a:b].tolist())]
    flag = clean(series, rule.__name__).rr.flag
    assert np.flatnonzero(flag & CORRECTED).tolist() == expected


def test_the_limits_themselves_are_kept_or_not_as_published():
    assert removed([1000, 800, 960], "malik") == []  # a change of 20 % is not over 20 %
    assert removed([1000, 799, 800], "malik") == [1]
    assert removed([1000, 1325, 1001], "kamath") == []
    assert removed([1000, 1326, 1002], "kamath") == [1]
    assert removed([1000, 755, 760], "kamath") == []
    assert removed([1000, 754, 760], "kamath") == [1]
    assert removed([1000, 1200, 1000], "karlsson") == [1]  # 20 % or more
    assert removed([1000, 1199, 1000], "karlsson") == []
    assert removed([1000] * 9 + [1200, 1000], "acar") == [9]
    assert removed([1000] * 9 + [1199, 1000], "acar") == []
    assert removed([1000] * 5 + [1250] + [1000] * 5, "moving_median") == []
    assert removed([1000] * 5 + [1251] + [1000] * 5, "moving_median") == [5]


def test_the_interval_after_an_artefact_goes_with_it_by_the_rule_of_the_one_before():
    beats = [800, 800, 1600, 800, 800]
    assert removed(beats, "malik") == removed(beats, "kamath") == [2, 3]
    assert removed(beats, "karlsson") == [1, 2, 3]
    assert removed(beats, "moving_median") == [2]


def test_acar_starts_afresh_when_nothing_of_the_last_nine_was_kept():
    jump = [1000] * 20 + [600] * 30
    assert removed(jump, "acar") == list(range(20, 29))


@BY_RULE
def test_nothing_is_compared_across_lost_beats(rule):
    rr = np.array([1000.0] * 12 + [600.0] * 12)
    flag = np.zeros(24, np.uint16)
    flag[12] = Flag.GAP
    lost_s = np.where(np.arange(24) >= 12, 100.0, 0.0)
    series = RRSeries.from_ms(rr, t_s=np.cumsum(rr) / 1000 + lost_s, flag=flag)
    assert len(clean(series, rule.__name__)) == 24
