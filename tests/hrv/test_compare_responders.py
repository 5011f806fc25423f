"""The responder table: coverage by simulation, shrinkage, and against a published analysis."""

import numpy as np
import pandas as pd
import pytest

from hrv.compare.responders import responders
from hrv.errors import NotComputableError


def frame(y, se):
    return pd.DataFrame(
        {"subject": [f"P{i}" for i in range(len(y))], "estimate": y, "standard_error": se}
    )


def test_two_hundred_people_give_back_mean_spread_and_each_effect_with_nominal_coverage():
    """400 studies of 200 people (seed 11): mean 2, SD between people 1.5, errors 0.5 to 3."""
    rng = np.random.default_rng(11)
    hits = {"mean": 0, "tau": 0, "person": 0.0, "next": 0}
    means, taus = [], []
    for _ in range(400):
        se = rng.uniform(0.5, 3.0, 200)
        true = rng.normal(2.0, 1.5, 200)
        found = responders(frame(rng.normal(true, se), se))
        hits["mean"] += found.low <= 2.0 <= found.high
        hits["tau"] += found.tau_low <= 1.5 <= found.tau_high
        inside = (found.people["low"] <= true) & (true <= found.people["high"])
        hits["person"] += inside.mean()
        hits["next"] += found.next_low <= rng.normal(2.0, 1.5) <= found.next_high
        means.append(found.mean)
        taus.append(found.tau)
    covered = {name: count / 400 for name, count in hits.items()}
    # 400 draws at 0.95: three standard errors are 0.033; persons are 80,000 draws
    for name in ("mean", "tau", "next"):
        assert abs(covered[name] - 0.95) < 0.033, covered
    assert abs(covered["person"] - 0.95) < 0.01, covered
    assert abs(np.mean(means) - 2.0) < 0.03
    assert abs(np.mean(taus) - 1.5) < 0.03


def test_the_mean_keeps_its_level_where_nobody_differs():
    """1,000 studies of 12 people without any spread (seed 12): type I error at most 5 % + 3 SE."""
    rng = np.random.default_rng(12)
    wrong = 0
    for _ in range(1000):
        se = rng.uniform(0.5, 3.0, 12)
        found = responders(frame(rng.normal(0.0, se), se))
        wrong += not found.low <= 0.0 <= found.high
    assert wrong / 1000 < 0.05 + 3 * 0.0069


def test_bcg_trials_give_the_published_numbers():
    """Log relative risks of 13 trials: metafor's rma(yi, vi, test="knha") says these numbers."""
    y = [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694,
         -1.3713, -0.3394, 0.4459, -0.0173]  # fmt: skip
    v = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124,
         0.5325, 0.0714]  # fmt: skip
    found = responders(frame(y, np.sqrt(v)))
    assert found.tau**2 == pytest.approx(0.3132, abs=2e-4)
    assert found.mean == pytest.approx(-0.7145, abs=2e-4)
    assert found.i_squared == pytest.approx(0.9222, abs=2e-4)
    assert (found.tau_low**2, found.tau_high**2) == pytest.approx((0.1197, 1.1115), abs=2e-3)


def test_the_noisier_an_estimate_the_nearer_it_comes_to_the_mean():
    rng = np.random.default_rng(3)
    y = rng.normal(0, 2, 30)
    found = responders(frame(y, np.linspace(0.1, 5, 30))).people
    moved = (found["shrunken"] - found["estimate"]).abs() / (found["estimate"]).abs()
    assert moved.iloc[-5:].mean() > 5 * moved.iloc[:5].mean()
    widths = (found["high"] - found["low"]).to_numpy()
    assert widths[0] < widths[-1]


def test_four_people_are_too_few():
    with pytest.raises(NotComputableError, match=r"4 people .* at least 5"):
        responders(frame([1.0, 2.0, 3.0, 4.0], [1.0] * 4))


@pytest.mark.parametrize(("shift", "scale"), [(5.0, 1.0), (0.0, -3.0), (-2.0, 0.1)])
def test_units_and_origin_do_not_matter(shift, scale):
    rng = np.random.default_rng(4)
    y, se = rng.normal(1, 2, 20), rng.uniform(0.5, 2, 20)
    one, other = responders(frame(y, se)), responders(frame(shift + scale * y, abs(scale) * se))
    assert other.mean == pytest.approx(shift + scale * one.mean)
    assert other.tau == pytest.approx(abs(scale) * one.tau)
    np.testing.assert_allclose(
        other.people["shrunken"], shift + scale * one.people["shrunken"], rtol=1e-7, atol=1e-9
    )
