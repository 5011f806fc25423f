"""Times known only as "at least": likelihood against a slow twin, bias, and refusals."""

import numpy as np
import pytest
from scipy import optimize, stats
from simulate_days import Truth, person, phases_of

from hrv.compare import compare
from hrv.compare.censored import Censored, _minus_log_likelihood, block_locations
from hrv.errors import InputError, NotComputableError

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")


def drawn(seed=1, n=12, blocks=3, end=4.8):
    rng = np.random.default_rng(seed)
    block = np.repeat(np.arange(blocks), n)
    value = 4.5 + 0.2 * block + 0.4 * rng.normal(size=block.size)
    return Censored(np.minimum(value, end), value > end, block), value


def slow_twin(seen):
    """Maximise the likelihood written out, from scipy's own distributions."""

    def minus(at):
        mean, s = at[:-1], np.exp(at[-1])
        d = stats.norm(mean[seen.block], s)
        return -np.where(seen.at_least, d.logsf(seen.value), d.logpdf(seen.value)).sum()

    start = np.append([seen.value[seen.block == b].mean() for b in range(seen.block.max() + 1)], -1)
    close = {"maxiter": 4000, "xatol": 1e-7, "fatol": 1e-10}
    return optimize.minimize(minus, start, method="Nelder-Mead", options=close).x[:-1]


def test_block_means_are_those_of_a_likelihood_written_out():
    seen, _ = drawn()
    assert block_locations(seen) == pytest.approx(slow_twin(seen), abs=1e-3)


def test_the_gradient_is_that_of_the_likelihood():
    seen, _ = drawn(2)
    at = np.array([4.4, 4.7, 5.1, -0.8])
    wanted = optimize.approx_fprime(at, lambda x: _minus_log_likelihood(x, seen, 1.0)[0], 1e-7)
    assert _minus_log_likelihood(at, seen, 1.0)[1] == pytest.approx(wanted, abs=1e-4)


def test_without_censoring_the_means_are_plain_means():
    seen, value = drawn(end=99.0)
    assert block_locations(seen) == pytest.approx([value[seen.block == b].mean() for b in range(3)])


def test_dropping_or_taking_censored_times_as_they_are_would_be_biased():
    found, taken, dropped = [], [], []
    for seed in range(40):
        seen, value = drawn(seed, n=40)
        found.append(block_locations(seen)[2] - 4.9)
        taken.append(seen.value[seen.block == 2].mean() - 4.9)
        dropped.append(value[(seen.block == 2) & ~seen.at_least].mean() - 4.9)
    assert abs(np.mean(found)) < 0.03
    assert np.mean(taken) < -0.15
    assert np.mean(dropped) < -0.25


def test_a_block_of_nothing_but_at_least_is_refused():
    seen, _ = drawn()
    hidden = Censored(seen.value, seen.at_least | (seen.block == 1), seen.block)
    with pytest.raises(NotComputableError, match="every value of block 2 is known only"):
        block_locations(hidden)


def test_an_effect_on_censored_times_is_found_where_plain_means_shrink_it():
    truth = Truth(effect=-0.5, day_sd=0.1, within_sd=0.1, per_day=2, circadian=0.0)
    data = person(ORDER, 7, truth, np.random.default_rng(4))
    end = data["value"].quantile(0.6)
    late = data["value"] > end
    cut = data.assign(value=data["value"].clip(upper=end))
    result = compare(cut.assign(censored=late), phases_of(ORDER, 7), method="censored", scale="log")
    plain = compare(cut, phases_of(ORDER, 7), method="block_means", scale="log")
    assert result.low < -0.5 < result.high
    assert plain.estimate > -0.4
    assert "% lower with 'on' than with 'off'" in result.sentence


def test_the_column_must_say_true_or_false():
    data = person(ORDER, 7, Truth(per_day=1), np.random.default_rng(1))
    with pytest.raises(InputError, match="'censored' must hold true or false"):
        compare(data.assign(censored="late"), phases_of(ORDER, 7), method="censored")
