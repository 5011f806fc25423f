"""Block means and the randomisation test against brute force."""

import numpy as np
import pytest
from simulate_days import Truth, allowed_orders, person, phases_of

from hrv.compare import compare
from hrv.compare.randomisation import invert, p_of_shift

ALL = allowed_orders(8, longest_run=8)  # 70 orders


def study(seed, order, *, missing_days=0.15, **truth):
    rng = np.random.default_rng(seed)
    made = Truth(per_day=1, missing_days=missing_days, **truth)
    table = person(order, 7, made, rng)[["time", "value"]]
    return table, phases_of(order, 7, randomised=True)


def block_table(outcomes, phases):
    """Mean value and mean day of each block, straight from the observations."""
    start = phases["start"].iloc[0]
    day = (outcomes["time"] - start).dt.total_seconds().to_numpy() // 86_400
    block = (day // 7).astype(int)
    means = [outcomes["value"].to_numpy()[block == k].mean() for k in range(8)]
    return np.array(means), np.array([day[block == k].mean() for k in range(8)])


def t_of(order, means, middle):
    x = np.column_stack((np.ones(8), [c == "on" for c in order], middle))
    beta, rest = np.linalg.lstsq(x, means, rcond=None)[:2]
    return beta[1] / np.sqrt(rest[0] / 5 * np.linalg.inv(x.T @ x)[1, 1])


def brute_force_p(order, orders, means, middle):
    seen = abs(t_of(order, means, middle))
    return np.mean([abs(t_of(o, means, middle)) >= seen * (1 - 1e-9) for o in orders])


@pytest.mark.parametrize("seed", range(4))
def test_randomisation_p_is_the_share_of_orders_with_as_large_a_t(seed):
    order = ALL[(7 * seed + 3) % 70]
    outcomes, phases = study(seed, order, missing_days=0.05, effect=0.1)
    result = compare(outcomes, phases, method="randomisation", randomisation=ALL)
    means, middle = block_table(outcomes, phases)
    assert result.p_value == pytest.approx(brute_force_p(order, ALL, means, middle))
    blocks = compare(outcomes, phases, method="block_means")
    assert result.estimate == pytest.approx(blocks.estimate, rel=1e-9)
    assert blocks.estimate / blocks.details["standard_error"] == pytest.approx(
        t_of(order, means, middle)
    )
    assert blocks.df == 5


@pytest.mark.parametrize("seed", range(3))
def test_randomisation_interval_holds_the_differences_that_are_not_rejected(seed):
    order = ALL[11]
    outcomes, phases = study(seed, order, missing_days=0.0, effect=0.2)
    result = compare(outcomes, phases, method="randomisation", randomisation=ALL)
    means, middle = block_table(outcomes, phases)
    on = np.array([c == "on" for c in order])

    def p(shift):
        return brute_force_p(order, ALL, means - shift * on, middle)

    tiny = 1e-6
    assert p(result.low + tiny) > 0.05 >= p(result.low - tiny)
    assert p(result.high - tiny) > 0.05 >= p(result.high + tiny)


@pytest.mark.parametrize("washin", [0, 2])
def test_randomisation_is_exact_whatever_the_days_do(washin):
    """Over every order that could be drawn, p <= a in at most a share a: no model needed."""
    orders = allowed_orders(8, longest_run=3)  # 62 orders
    outcomes, _ = study(5, orders[0], phi=0.7, missing_days=0.1, trend_per_day=0.02)
    shock = outcomes["time"].dt.month == 2  # something else happened half-way
    outcomes["value"] += 0.8 * shock
    p = []
    for order in orders:
        result = compare(
            outcomes, phases_of(order, 7), method="randomisation",
            randomisation=orders, washin=washin, swc=0.1,
        )  # fmt: skip
        p.append(1.0 if result.refused else result.p_value)
    for level in (0.05, 0.1, 0.2, 0.5):
        assert np.mean(np.array(p) <= level) <= level
    assert min(p) < 0.1


def test_says_when_the_orders_are_too_few_to_reach_significance():
    orders = allowed_orders()
    assert len(orders) == 34
    outcomes, phases = study(1, orders[8], effect=3.0)
    result = compare(
        outcomes, phases, method="randomisation", randomisation=orders, direction="higher"
    )
    assert result.p_value == result.details["smallest_p_value"] == pytest.approx(2 / 34)
    assert result.details["p_value_declared_direction"] == pytest.approx(1 / 34)
    assert any("cannot fall below 0.059" in flag for flag in result.flags)
    assert np.isnan(result.low)
    assert np.isnan(result.high)
    assert result.verdict == "inconclusive"
    assert [r.what for r in result.refusals] == ["interval"]


def test_ninety_percent_interval_of_a_few_orders():
    orders = allowed_orders()
    outcomes, phases = study(1, orders[8], effect=3.0)
    result = compare(outcomes, phases, method="randomisation", randomisation=orders, level=0.9)
    assert result.low < 3.0 < result.high
    assert result.verdict == "higher"


def test_inverting_is_refused_where_no_shift_can_be_rejected():
    z, unit = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])
    assert invert(z, unit, 2, 0.05) == (-np.inf, np.inf)


def test_an_order_that_cannot_be_computed_counts_as_extreme():
    z = np.array([2.0, np.nan, 0.1, 0.2])
    unit = np.array([1.0, np.nan, 0.1, 0.1])
    assert p_of_shift(z, unit, 0, np.zeros(1))[0] == 0.5
