"""Fits of small matrices keep linear algebra to one thread, and give back what was there."""

import os
from importlib import import_module

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  # its library is limited as well
from simulate_days import Truth, person, phases_of
from threadpoolctl import ThreadpoolController, threadpool_info

from hrv._threads import one_thread
from hrv.compare import compare
from hrv.plan import detect
from hrv.plan.variation import Variation

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")


def threads():
    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]


@pytest.fixture
def two_threads():
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        if os.cpu_count() == 1 and threads() and min(threads()) < 2:
            pytest.skip("linear algebra has one thread on one processor: nothing to limit")
        assert set(threads()) == {2}  # with one thread, whoever forgot to limit would pass
        yield threads()


def compared():
    rng = np.random.default_rng(1)
    compare(person(ORDER, 7, Truth(), rng), phases_of(ORDER, 7))


def planned():
    layout = detect.Layout("8x7", (tuple(c == "on" for c in ORDER),), 7, 0.0, drawn=True)
    detect.simulate(layout, Variation(), n=1)


@pytest.mark.parametrize(
    ("work", "module", "name"),
    [(compared, "hrv.compare.mixed_ar1", "day_model"), (planned, "hrv.plan.detect", "day_model")],
)
def test_a_fit_keeps_linear_algebra_to_one_thread(two_threads, monkeypatch, work, module, name):
    place = import_module(module)
    seen, fit = [], getattr(place, name)

    def watched(*args, **kwargs):
        seen.append(threads())
        return fit(*args, **kwargs)

    monkeypatch.setattr(place, name, watched)
    work()
    assert seen
    assert {n for one in seen for n in one} == {1}
    assert threads() == two_threads


def test_the_limit_stands_until_the_last_of_several_fits_has_ended(two_threads):
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # as a thread does that began first and ends first
    assert set(threads()) == {1}
    second.__exit__(None, None, None)
    assert threads() == two_threads
