"""Values of the metrics: slow twin, Kubios, NeuroKit2, published series, extremes."""

import json
import math
import warnings

import numpy as np
import oracles
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.clean import clean
from hrv.clean.base import to_nn
from hrv.errors import InputError
from hrv.metrics import METRICS, select
from hrv.metrics.base import Block, MetricSettings, Reason, ratio
from hrv.metrics.engine import evaluate, least_pairs
from hrv.metrics.sums import EXACT, PART, lattice, moments
from hrv.types import Flag, NNSeries, RRSeries, Windows
from hrv.windows import grid, spans, summary, whole

PLAIN = MetricSettings()


def kept(rr_ms):
    return clean(RRSeries.from_ms(rr_ms), "none")


def values(nn, where, names=tuple(oracles.FORMULAS)):
    """name -> float64[k] from the families of `names`, before any rule of validity."""
    found = {}
    for family in dict.fromkeys(metric.family for metric in select(names)):
        columns = next(m.columns for m in METRICS if m.family is family)
        found |= dict(zip(columns, family(nn, where, PLAIN).values.T, strict=True))
    return found


# the slow twin ---------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(nn=strategies.nn_series(most=60), data=st.data())
def test_sums_over_windows_equal_their_slow_twins(nn, data):
    low, high = nn.rr.begin_s[0], nn.rr.t_s[-1]
    start = np.array([low + (high - low) * data.draw(st.floats(0, 1)) for _ in range(4)])
    width = data.draw(st.sampled_from((2.0, 11.0, 60.0)))
    where = spans(nn, start, start + width)
    fast = values(nn, where)
    # no metric of a varying window is near 1e-5; float series of a constant rhythm are
    for j in range(len(where)):
        inside = oracles.members(nn, where.start_s[j], where.stop_s[j])
        assert inside == list(range(where.lo[j], where.hi[j]))
        for name, column in fast.items():
            slow = oracles.metric(name, nn, inside)
            if name == "ln_rmssd" and not slow > -11:
                continue  # the logarithm of rounding
            assert column[j] == pytest.approx(slow, rel=1e-9, abs=1e-5, nan_ok=True), name


@settings(max_examples=60, deadline=None)
@given(nn=strategies.nn_series(units=("ms",), most=80), factor=st.sampled_from((2, 4)))
def test_metrics_scale_with_the_intervals(nn, factor):
    rr = RRSeries(nn.rr.rr_ms * factor, nn.rr.t_s * factor, nn.rr.flag)
    wide = NNSeries(
        nn.nn_ms * factor, nn.t_s * factor, nn.joined, nn.filled_ms, nn.filled_t_s, rr, ""
    )
    one, two = values(nn, whole(nn)), values(wide, whole(wide))
    for name in ("mean_nn", "sdnn", "rmssd", "sdsd", "sd1", "sd2"):
        assert two[name][0] == pytest.approx(factor * one[name][0], rel=1e-12, nan_ok=True)
    assert two["cvnn"][0] == pytest.approx(one["cvnn"][0], rel=1e-12, nan_ok=True)
    assert two["mean_hr"][0] == pytest.approx(one["mean_hr"][0] / factor, rel=1e-12)


# other tools and published values --------------------------------------------------------------

KUBIOS = {
    "mean_nn": "mean_nn_ms", "sdnn": "sdnn_ms", "mean_hr": "mean_hr_bpm", "rmssd": "rmssd_ms",
    "nn50": "nn50", "pnn50": "pnn50_percent",
}  # fmt: skip


@pytest.mark.parametrize("series", ["series_1", "series_3"])
def test_equals_kubios_to_every_printed_digit(shared_data, series):
    nn = kept(np.loadtxt(shared_data / "kubios" / f"{series}.txt"))
    row = summary(nn, [*KUBIOS, "sd1", "sd2"])
    printed = json.loads((shared_data / "kubios" / f"{series}.json").read_text())["values"]
    for name, theirs in KUBIOS.items():
        assert round(row[name], 4) == printed[theirs], name
    # its SD1 differs in the seventh digit, its SD2 is sqrt(2 SDNN² - SD1²)
    assert row["sd1"] == pytest.approx(printed["sd1_ms"], rel=1e-6)
    assert row["sd2"] == pytest.approx(printed["sd2_ms"], rel=1e-4)


def test_equals_the_published_values_of_910_intervals_at_rest(shared_data):
    row = summary(
        kept(np.loadtxt(shared_data / "rest" / "rest_rri.txt")), ["sdnn", "rmssd", "pnn50"]
    )
    assert row["n"] == 910
    assert round(row["sdnn"], 4) == 57.8182
    assert round(row["rmssd"], 4) == 55.1374
    assert round(row["pnn50"], 4) == 35.3135


def test_equals_neurokit2_where_the_definitions_do():
    rr = np.rint(np.random.default_rng(4).normal(850, 45, 400))
    peaks = np.concatenate(([0], np.cumsum(rr))).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        time = neurokit2.hrv_time(peaks, sampling_rate=1000).iloc[0]
        shape = neurokit2.hrv_nonlinear(peaks, sampling_rate=1000).iloc[0]
    row = summary(kept(rr), list(oracles.FORMULAS))
    for ours, theirs in (
        ("mean_nn", time["HRV_MeanNN"]), ("sdnn", time["HRV_SDNN"]), ("rmssd", time["HRV_RMSSD"]),
        ("sdsd", time["HRV_SDSD"]), ("cvnn", time["HRV_CVNN"]),
        ("pnn50", time["HRV_pNN50"] * 400 / 399), ("pnn20", time["HRV_pNN20"] * 400 / 399),
        ("sd1", shape["HRV_SD1"]), ("sd2", shape["HRV_SD2"]),
    ):  # fmt: skip
        assert row[ours] == pytest.approx(theirs, rel=1e-9), ours


def test_values_worked_by_hand():
    rr = [800, 850, 800, 901, 800, 780, 800, 800]
    found = values(kept(rr), whole(kept(rr)))
    d = [50, -50, 101, -101, -20, 20, 0]
    assert found["mean_nn"][0] == 6531 / 8
    assert found["rmssd"][0] == pytest.approx(math.sqrt(sum(x * x for x in d) / 7), rel=1e-15)
    assert found["nn50"][0] == 2  # strictly greater than 50
    assert found["pnn50"][0] == pytest.approx(200 / 7)
    assert found["pnn20"][0] == pytest.approx(400 / 7)


def test_50_ms_is_50_ms_in_every_unit():
    ticks = np.array([1000, 1051, 1000, 1052, 1000]) * 1000 / 1024  # 49.8 and 50.8 ms
    micro = np.array([800.123, 850.123, 800.123, 850.124, 800.123])
    assert values(kept(ticks), whole(kept(ticks)))["nn50"][0] == 2
    assert values(kept(micro), whole(kept(micro)))["nn50"][0] == 2


# gaps and removed beats ------------------------------------------------------------------------


def test_a_difference_never_spans_a_removed_beat_or_a_gap():
    rr = np.tile([800.0, 810.0], 30)
    rr[30:] += 300  # a difference of 290 ms that only a wrong pair would see
    for how in (Flag.ARTEFACT, Flag.GAP):
        flag = np.zeros(60, np.uint16)
        flag[30] = how
        series = RRSeries.from_ms(rr, flag=flag)
        nn = to_nn(series, series.flag, "", {})
        found = values(nn, whole(nn))
        assert found["rmssd"][0] == 10.0
        assert found["nn50"][0] == 0
        assert found["sd2"][0] > 100  # the level did change


# what sums can and cannot hold -----------------------------------------------------------------


def test_units_are_recognised():
    assert lattice(np.array([800.0, 1200.0])).per_ms == 1.0
    assert lattice(np.array([819, 1024]) * 1000 / 1024).per_ms == 1.024
    assert lattice(np.array([0.812123, 0.9]) * 1000).per_ms == 1000.0
    assert lattice(np.array([812.12345678, 900.0])).values.dtype == np.float64


@settings(max_examples=25, deadline=None)
@given(rr=strategies.intervals(units=("ms", "ticks"), least=30), data=st.data())
def test_what_lies_outside_a_window_does_not_change_a_bit(rr, data):
    width = data.draw(st.integers(2, rr.size))
    lo = data.draw(st.integers(0, rr.size - width))
    other = rr.copy()
    other[:lo] = other[:lo][::-1]  # as long as before, so that the window's beats stay in place
    other[lo + width :] = 500.0
    before, after = kept(rr), kept(other)
    edges = before.rr.begin_s[lo : lo + 1], before.t_s[lo + width - 1 : lo + width]
    where = Windows(*edges, [lo], [lo + width])
    one, two = (values(nn, where, [m.name for m in METRICS]) for nn in (before, after))
    for metric in METRICS:
        a, b = one[metric.name], two[metric.name]
        if metric.rounding:
            assert a == pytest.approx(b, rel=metric.rounding, abs=1e-6, nan_ok=True), metric.name
        else:
            assert np.array_equal(a, b, equal_nan=True), metric.name


def test_thirty_days_of_microseconds_do_not_overflow():
    n = 2_000_000
    rng = np.random.default_rng(0)
    k = 1_000_000 + np.cumsum(rng.integers(-200, 201, n)).clip(-400_000, 400_000)
    lo, hi = np.array([0, 10, 1_000_000]), np.array([n, 310, 1_800_000])
    sums = moments(k, lo, hi)
    for j in range(3):
        part = k[lo[j] : hi[j]].astype(np.float64)
        assert sums.sd()[j] == pytest.approx(part.std(ddof=1), rel=1e-9)
        assert sums.mean[j] == pytest.approx(part.mean(), rel=1e-15)


def test_integers_too_wide_for_int64_fall_back_to_floats():
    k = np.array([0, 2**40, 0, 2**40, 5], dtype=np.int64)
    lo, hi = np.array([0]), np.array([5])
    assert int(k.max()) ** 2 > EXACT
    assert moments(k, lo, hi).sd()[0] == pytest.approx(k.astype(float).std(ddof=1), rel=1e-12)


def test_a_quiet_tail_keeps_its_digits_in_floats():
    """Plain running sums lose it: an SD of 0.05 ms after a day of 60 ms came out 2e-6 off."""
    rng = np.random.default_rng(1)
    x = 900 + rng.normal(0, 60, 100_000)
    x[-2000:] = 800 + rng.normal(0, 0.05, 2000)
    lo = np.arange(98_000, 99_600, 100)
    sums = moments(x, lo, lo + 400)
    slow = np.array([x[a : a + 400].std(ddof=1) for a in lo])
    assert np.abs(sums.sd() / slow - 1).max() < 1e-8


def test_float_sums_are_the_same_in_any_order_and_across_parts():
    x = 900 + np.random.default_rng(2).normal(0, 60, 3 * PART)
    lo = np.array([2 * PART + 5, 0, PART - 200, 7])
    hi = np.array([2 * PART + 300, 3 * PART, PART + 200, 7])
    sums = moments(x, lo, hi)
    slow = [x[a:b].std(ddof=1) for a, b in zip(lo[:3], hi[:3], strict=True)]
    assert sums.sd()[:3] == pytest.approx(slow, rel=1e-12)
    assert math.isnan(sums.mean[3])
    assert sums.n[3] == 0


# rules of validity -----------------------------------------------------------------------------


@pytest.mark.parametrize("rr_ms", [1500.0, 1499.0, 300.0, 857.0])
@pytest.mark.parametrize("width_s", [10.0, 11.0, 15.0, 20.0, 30.0, 45.0, 60.0, 300.0])
def test_a_clean_heart_of_40_to_200_bpm_passes_at_every_width(rr_ms, width_s):
    nn = kept(np.full(int(700_000 / rr_ms), rr_ms))
    result = evaluate(nn, grid(nn, width_s, 0.37), select("mean_hr"), MetricSettings(force=True))
    assert (result.reasons == Reason.OK).all()


def test_least_pairs_are_those_of_the_definition():
    widths = np.array([10.0, 20.0, 30.0, 60.0, 300.0])
    assert least_pairs(widths).tolist() == [4.0, 9.5, 15.0, 30.0, 150.0]


@pytest.mark.parametrize(
    ("removed", "reason"), [(0, Reason.OK), (58, Reason.OK), (80, Reason.CORRECTED)]
)
def test_too_many_removed_beats_refuse_the_window(removed, reason):
    rr = np.full(360, 1000.0)
    bad = np.zeros(360, bool)
    bad[np.arange(removed) * 4] = True
    rr[bad] = 250.0  # short, so that coverage stays
    nn = clean(RRSeries.from_ms(rr), "range")
    result = evaluate(nn, spans(nn, 0.0, nn.rr.t_s[-1]), select("mean_hr"), PLAIN)
    assert result.reasons[0, 0] == reason
    assert result.support.corrected[0] == pytest.approx(removed / 359, abs=2e-3)


def test_little_coverage_refuses_the_window():
    rr = np.full(300, 1000.0)
    for lost_s, reason in ((70.0, Reason.OK), (80.0, Reason.COVERAGE)):
        t = np.cumsum(rr) / 1000 + lost_s * (np.arange(300) >= 150)
        nn = clean(RRSeries.from_ms(rr, t_s=t), "none")
        result = evaluate(nn, whole(nn), select("mean_hr"), PLAIN)
        assert result.support.coverage[0] == pytest.approx(300 / (300 + lost_s))
        assert result.reasons[0, 0] == reason


def test_every_second_beat_removed_leaves_no_pair_and_no_number():
    rr = np.where(np.arange(300) % 4 == 3, 250.0, 1000.0)
    nn = clean(RRSeries.from_ms(rr), "range")
    where = whole(nn)
    assert evaluate(nn, where, select("rmssd"), PLAIN).reasons[0, 0] == Reason.CORRECTED


def test_an_empty_series_gives_reasons_and_no_warning():
    nn = clean(RRSeries.from_ms(np.full(800, 2500.0)), "range")
    assert len(nn) == 0
    row = summary(nn)
    assert row[[m.name for m in METRICS]].isna().all()
    assert row["n"] == 0
    assert row["corrected"] == 1.0
    assert all("cover less than 80 %" in text for text in row.attrs["reasons"].values())


def test_a_constant_rhythm_has_no_logarithm_of_rmssd():
    row = summary(kept(np.full(400, 800.0)))
    assert row["rmssd"] == row["sdnn"] == row["sd1"] == row["sd2"] == 0.0
    assert math.isnan(row["ln_rmssd"])
    assert "do not vary" in row.attrs["reasons"]["ln_rmssd"]


@pytest.mark.parametrize("rr", [[800.0], [800.0, 810.0], [812.0, 790.0, 805.0]])
def test_a_few_beats_give_reasons_not_warnings(rr):
    row = summary(kept(rr), force=True)
    assert row["n"] == len(rr)
    for metric in METRICS:
        assert math.isnan(row[metric.name]) == (metric.name in row.attrs["reasons"])


def test_an_infinite_value_becomes_a_refusal():
    block = Block.of([np.array([1.0, np.inf, np.nan])])
    assert block.reasons[:, 0].tolist() == [Reason.OK, Reason.ARITHMETIC, Reason.TOO_FEW_BEATS]
    assert np.isnan(block.values[1:, 0]).all()


def test_ratio_has_no_value_where_the_denominator_is_not_positive():
    assert ratio([1, 2, 3], [2, 0, -1]).tolist()[0] == 0.5
    assert np.isnan(ratio([1, 2, 3], [2, 0, -1])[1:]).all()


# the table -------------------------------------------------------------------------------------


def test_metrics_are_chosen_by_name_in_the_order_asked_for():
    assert [m.name for m in select(["rmssd", "sdnn"])] == ["rmssd", "sdnn"]
    assert [m.name for m in select("sdnn")] == ["sdnn"]
    assert select(None) == METRICS


@pytest.mark.parametrize(
    ("names", "says"), [(["hf2"], "'hf2'.*rmssd"), ([], "no metric"), (["sdnn", "sdnn"], "twice")]
)
def test_wrong_names_are_refused(names, says):
    with pytest.raises(InputError, match=says):
        select(names)
