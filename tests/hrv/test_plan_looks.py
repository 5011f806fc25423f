"""Alpha spending: published boundaries, and the false alarms of a study that is looked at."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri
from simulate_days import FIRST_DAY, Truth, allowed_orders, person

from hrv.compare.days import Observed, score_days
from hrv.compare.mixed_ar1 import day_model
from hrv.compare.results import t_interval
from hrv.errors import InputError
from hrv.plan import nominal_levels

MONDAY = 20458  # 2026-01-05, days since 1970-01-01
FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)


@pytest.mark.parametrize(
    ("spending", "bounds"),
    [
        # two-sided 5 %, five equal looks: Reboussin et al. 2000, doi:10.1016/S0197-2456(00)00057-X
        ("obrien_fleming", (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
        ("pocock", (2.4380, 2.4268, 2.4101, 2.3966, 2.3859)),
    ],
)
def test_boundaries_agree_with_published_ones(spending, bounds):
    found = -ndtri(nominal_levels(FIVE, spending) / 2)
    assert found == pytest.approx(bounds, abs=2e-4)


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_all_looks_together_cross_in_five_percent(spending):
    rng = np.random.default_rng(5)
    times = np.array([0.25, 0.5, 0.6, 1.0])
    bounds = -ndtri(nominal_levels(times, spending) / 2) * np.sqrt(times)
    steps = rng.standard_normal((400_000, 4)) * np.sqrt(np.diff(times, prepend=0))
    crossed = (np.abs(steps.cumsum(axis=1)) > bounds).any(axis=1)
    assert crossed.mean() == pytest.approx(0.05, abs=0.0015)


@pytest.mark.parametrize("fractions", [(), (0.5, 0.5), (0.0, 1.0), (0.5, 1.2), (0.8, 0.4)])
def test_looks_that_do_not_advance_are_refused(fractions):
    with pytest.raises(InputError, match="increasing shares"):
        nominal_levels(fractions, "pocock")


def alarms(blocks, levels, n, *, days=7, phi=0.3):
    """Share of studies without a difference in which any of the looks finds one.

    The day model itself is fitted: what `compare` tells beside it would take ten times as long.
    """
    orders = allowed_orders()
    found = 0
    for seed in range(n):
        rng = np.random.default_rng([77, seed])
        order = orders[rng.integers(len(orders))]
        table = person(order, days, Truth(phi=phi, per_day=1), rng)
        day = (table["time"].dt.normalize() - FIRST_DAY).dt.days.to_numpy()
        own = Observed(
            day=day + MONDAY, hour=np.full(len(table), 18.0), value=table["value"].to_numpy(),
            se=np.full(len(table), np.nan), second=np.repeat([c == "on" for c in order], days)[day],
            block=day // days, covariates=np.zeros((len(table), 0)),
        )  # fmt: skip
        found += any(
            finds(score_days(until(own, block)), 1 - alpha)
            for block, alpha in zip(blocks, levels, strict=True)
            if min(order[:block].count(c) for c in ("off", "on")) >= 2
        )
    return found / n


def until(own, block):
    early = own.block < block
    parts = ("day", "hour", "value", "se", "second", "block", "covariates")
    return replace(own, **{name: getattr(own, name)[early] for name in parts})


def finds(days, level):
    low, high = t_interval(day_model(days, trend=True).inference, level)
    return not low <= 0 <= high


@pytest.mark.slow
def test_declared_looks_keep_five_percent_where_peeking_does_not():
    """Studies of 8x7, one test a day, phi .3, seeds [77, k]: 7.8 % of 400 when peeking; 3.5 % and
    2.5 % of 600 at the levels of O'Brien–Fleming and Pocock (Monte-Carlo SE .7 points).
    """
    blocks = (4, 5, 6, 7, 8)
    peeking = alarms(blocks, [0.05] * 5, 400)
    assert peeking > 0.06
    for spending in ("obrien_fleming", "pocock"):
        levels = nominal_levels([b / 8 for b in blocks], spending)
        share = alarms(blocks, levels, 600)
        assert 0.01 < share < 0.0625
