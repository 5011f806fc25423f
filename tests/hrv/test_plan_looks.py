"""Alpha spending: published boundaries, and the false alarms of a study that is looked at."""

import numpy as np
import pytest
from scipy.special import ndtri
from simulate_days import Truth, allowed_orders, person, phases_of

from hrv.compare import compare
from hrv.errors import InputError
from hrv.plan import nominal_levels

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
    """Share of studies without a difference in which any of the looks finds one."""
    orders = allowed_orders()
    found = 0
    for seed in range(n):
        rng = np.random.default_rng([77, seed])
        order = orders[rng.integers(len(orders))]
        table = person(order, days, Truth(phi=phi, per_day=1), rng).drop(columns="se")
        phases = phases_of(order, days, randomised=True)
        for block, alpha in zip(blocks, levels, strict=True):
            stop = phases["stop"][block - 1]
            early = table[table["time"] < stop]
            result = compare(early, phases[:block], level=1 - alpha)
            if not result.refused and not result.low <= 0 <= result.high:
                found += 1
                break
    return found / n


@pytest.mark.slow
def test_declared_looks_keep_five_percent_where_peeking_does_not():
    """Studies of 8x7, one test a day, phi .3, seeds [77, k]: 7.8 % of 400 when peeking; 3.5 % and
    2.3 % of 600 at the levels of O'Brien–Fleming and Pocock (Monte-Carlo SE .7 points).
    """
    blocks = (4, 5, 6, 7, 8)
    peeking = alarms(blocks, [0.05] * 5, 400)
    assert peeking > 0.06
    for spending in ("obrien_fleming", "pocock"):
        levels = nominal_levels([b / 8 for b in blocks], spending)
        assert 0.01 < alarms(blocks, levels, 600) < 0.0625
