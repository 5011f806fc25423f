"""Spectra: each estimator beside scipy's, closed forms, and what breaks a timeline."""

import json
import warnings

import numpy as np
import pytest
from scipy import interpolate, signal

from hrv.clean import clean
from hrv.errors import InputError
from hrv.metrics import select
from hrv.metrics.base import MetricSettings, Reason
from hrv.metrics.settings import DetrendSettings, SpectralSettings
from hrv.metrics.spectral.autoregressive import cumulative_power, modified_covariance
from hrv.types import RRSeries
from hrv.windows import grid, spans, summary, windows

BANDS = ("vlf", "lf", "hf", "total_power")
EDGES = {"vlf": (0.0, 0.04), "lf": (0.04, 0.15), "hf": (0.15, 0.4), "total_power": (0.0, 0.4)}


def kept(rr_ms, **more):
    return clean(RRSeries.from_ms(rr_ms, **more), "none")


def breathing(seconds=900, hz=0.25, ms=40.0, slow_hz=0.1, slow_ms=30.0, seed=0):
    """Intervals about 850 ms with two oscillations and a little noise, whole ms."""
    rng, rr, t = np.random.default_rng(seed), [], 0.0
    while t < seconds:
        x = 850 + ms * np.sin(2 * np.pi * hz * t) + slow_ms * np.sin(2 * np.pi * slow_hz * t)
        rr.append(round(x + rng.normal(0, 4)))
        t += rr[-1] / 1000
    return np.array(rr, float)


def with_(**knobs):
    return MetricSettings(force=True, spectral=SpectralSettings(**knobs))


def integral(f, p, band):
    """Trapezoids with the density interpolated at the band's edges."""
    at = np.unique(np.concatenate((f[(f > band[0]) & (f < band[1])], band)))
    return np.trapezoid(np.interp(at, f, p), at)


def spline_samples(nn, lo, hi, rate_hz=4.0):
    t, y = nn.t_s[lo:hi], nn.nn_ms[lo:hi]
    first, last = np.ceil(t[0] * rate_hz - 1e-9), np.floor(t[-1] * rate_hz + 1e-9)
    return interpolate.CubicSpline(t, y, bc_type="natural")(np.arange(first, last + 1) / rate_hz)


# Welch ------------------------------------------------------------------------------------------


def samples_of(nn, lo, hi, interpolation, rate_hz=4.0):
    """Number of the first even sample of a window alone, and the samples."""
    t, y = nn.t_s[lo:hi], nn.nn_ms[lo:hi]
    slope = None
    if interpolation == "local":  # from the spline through a knot and four neighbours each side
        slope = [
            interpolate.CubicSpline(t[i - 4 : i + 5], y[i - 4 : i + 5], bc_type="natural")(t[i], 1)
            for i in range(4, t.size - 4)
        ]
        t, y = t[4:-4], y[4:-4]
    first, last = np.ceil(t[0] * rate_hz - 1e-9), np.floor(t[-1] * rate_hz + 1e-9)
    at = np.arange(first, last + 1) / rate_hz
    if interpolation == "spline":
        return int(first), interpolate.CubicSpline(t, y, bc_type="natural")(at)
    at = at[at < t[-1] - 1e-9]  # one on the last beat would lean on the next
    if interpolation == "linear":
        return int(first), np.interp(at, t, y)
    return int(first), interpolate.CubicHermiteSpline(t, y, slope)(at)


@pytest.mark.parametrize("interpolation", ["spline", "local", "linear"])
@pytest.mark.parametrize("width_s", [60.0, 200.0, 300.0, 460.0, 700.0])
def test_welch_equals_scipys_window_by_window(width_s, interpolation):
    nn = kept(breathing())
    where = grid(nn, width_s, 97.0)
    table = windows(nn, width_s, 97.0, BANDS, settings=with_(interpolation=interpolation))
    for j in range(len(where)):
        first, x = samples_of(nn, where.lo[j], where.hi[j], interpolation)
        start = int(np.ceil(where.start_s[j] * 4 - 1e-9))
        whole = np.full(int(width_s * 4), np.nan)
        whole[first - start : first - start + x.size] = x
        size, powers = min(whole.size, 1200), []
        for a in range(0, whole.size - size + 1, 600):
            part = whole[a : a + size]
            part = np.nan_to_num(part - np.nanmean(part))
            f, p = signal.welch(part, 4.0, "hann", size, 0, 1200, detrend=False)
            powers.append(p)
        for name in BANDS:
            slow = integral(f, np.mean(powers, axis=0), EDGES[name])
            assert table[name][j] == pytest.approx(slow, rel=1e-11)


def test_windows_in_regular_steps_equal_each_alone():
    """They share running sums: the same powers as of transforms one by one."""
    nn = kept(breathing(1200))
    table = windows(nn, "5min", "1s", BANDS, settings=with_())
    for j in range(0, len(table), 111):
        alone = spans(nn, table["start_s"][j], table["stop_s"][j])
        values = select("hf")[0].family(nn, alone, with_()).values[0, :4]
        assert table.loc[j, [*BANDS[:3], "total_power"]].to_numpy(float) == pytest.approx(
            values, rel=1e-11
        )


def test_a_window_that_lacks_its_end_is_tapered_over_what_it_has():
    rr = breathing(330)
    series = RRSeries.from_ms(rr)
    nn = kept(rr[series.t_s < 250])
    where = spans(nn, 0.0, 300.0)
    value = select("hf")[0].family(nn, where, with_(interpolation="linear")).values[0, 2]
    x = samples_of(nn, 0, len(nn), "linear")[1]
    f, p = signal.welch(x, 4.0, "hann", x.size, 0, 1200, detrend="constant")
    assert value == pytest.approx(integral(f, p, EDGES["hf"]), rel=1e-11)


@pytest.mark.parametrize("interpolation", ["spline", "local", "linear"])
def test_segments_avoid_a_loss_of_beats(interpolation):
    rr = breathing(1500)
    t = RRSeries.from_ms(rr).t_s
    lost = kept(rr, t_s=t + 40.0 * (t > 700))
    settings = with_(interpolation=interpolation)
    with_loss = summary(lost, BANDS, settings=settings)
    parts = [(0, 300), (150, 450), (300, 600), (750, 1050), (900, 1200), (1050, 1350), (1200, 1500)]
    alone = [
        select("hf")[0].family(lost, spans(lost, float(a), float(b)), settings).values[0, 2]
        for a, b in parts
    ]
    assert with_loss["hf"] == pytest.approx(np.mean(alone), rel=5e-3)  # taper ends differ


def test_power_of_an_oscillation_is_half_its_squared_amplitude():
    row = summary(kept(breathing(1800)), BANDS, settings=with_(interpolation="spline"))
    assert row["hf"] == pytest.approx(40**2 / 2, rel=0.06)  # beats sample the fast one coarsely
    assert row["lf"] == pytest.approx(30**2 / 2, rel=0.06)
    assert row["vlf"] < 2
    assert row["total_power"] == pytest.approx(row["vlf"] + row["lf"] + row["hf"], rel=1e-12)


@pytest.mark.parametrize("method", ["welch", "ar", "lomb"])
def test_ratios_follow_from_the_bands(method):
    names = [*BANDS, "lf_nu", "hf_nu", "lf_hf"]
    row = summary(kept(breathing()), names, settings=with_(method=method))
    assert row["lf_hf"] == pytest.approx(row["lf"] / row["hf"], rel=1e-12)
    assert row["lf_nu"] + row["hf_nu"] == pytest.approx(100.0, rel=1e-12)
    assert row["lf_nu"] == pytest.approx(
        100 * row["lf"] / (row["total_power"] - row["vlf"]), rel=1e-9
    )


# autoregressive ---------------------------------------------------------------------------------


def test_the_model_is_the_least_squares_one():
    x = np.random.default_rng(1).normal(0, 1, 400).cumsum()
    x -= x.mean()
    a, variance = modified_covariance(x, 6)
    rows = np.lib.stride_tricks.sliding_window_view(x, 7)
    forward, backward = rows[:, ::-1], rows
    both = np.vstack((forward, backward))
    best = np.linalg.lstsq(both[:, 1:], -both[:, 0], rcond=None)[0]
    assert a[1:] == pytest.approx(best, rel=1e-8)
    assert variance == pytest.approx(np.mean((both @ a) ** 2), rel=1e-10)


def test_power_of_the_model_equals_its_density_summed_up():
    a, variance = np.array([1.0, -1.2, 0.9]), 3.0
    f = np.linspace(0, 2, 400_001)
    density = 2 * variance / 4.0 / np.abs(np.polyval(a[::-1], np.exp(-2j * np.pi * f / 4.0))) ** 2
    at = np.array([0.1, 0.5, 2.0])
    slow = [np.trapezoid(density[f <= b + 1e-9], f[f <= b + 1e-9]) for b in at]
    assert cumulative_power(a, variance, 4.0, at) == pytest.approx(slow, rel=1e-6)


def test_bands_of_the_model_follow_from_its_closed_form():
    nn = kept(breathing())
    row = summary(nn, BANDS, settings=with_(method="ar", interpolation="spline"))
    x = spline_samples(nn, 0, len(nn))
    model = modified_covariance(x - x.mean(), 16)
    for name, band in EDGES.items():
        low, high = cumulative_power(*model, 4.0, np.array(band))
        assert row[name] == pytest.approx(high - low, rel=2e-2)


# Lomb–Scargle -----------------------------------------------------------------------------------


def test_lomb_equals_scipys_window_by_window():
    nn = kept(breathing())
    where = grid(nn, 250.0, 41.0)
    table = windows(nn, 250.0, 41.0, BANDS, settings=with_(method="lomb"))
    f = np.arange(1, 122) / 300
    for j in range(len(where)):
        part = slice(int(where.lo[j]), int(where.hi[j]))
        t, x = nn.t_s[part], nn.nn_ms[part]
        span = (t[-1] - t[0]) * t.size / (t.size - 1)
        p = signal.lombscargle(t, x - x.mean(), 2 * np.pi * f) * 2 * span / t.size
        f0, p0 = np.concatenate(([0.0], f)), np.concatenate(([0.0], p))
        for name in BANDS:
            assert table[name][j] == pytest.approx(integral(f0, p0, EDGES[name]), rel=1e-8)


def test_lomb_needs_no_unbroken_timeline():
    rr = breathing()
    t = RRSeries.from_ms(rr).t_s + 10.0 * (np.arange(rr.size) >= 150)
    nn = kept(rr, t_s=t)
    where = spans(nn, 0.0, 300.0)
    for method, reason in (("lomb", Reason.OK), ("welch", Reason.GAP), ("ar", Reason.GAP)):
        metric = select("hf")[0]
        assert metric.family(nn, where, with_(method=method)).reasons[0, 2] == reason


# peaks and breathing ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["welch", "ar", "lomb"])
@pytest.mark.parametrize("hz", [0.2, 0.25, 0.33])
def test_breathing_is_found_at_its_rate(method, hz):
    names = ["peak_lf", "peak_hf", "respiration_rate", "respiration_quality"]
    row = summary(kept(breathing(hz=hz)), names, settings=with_(method=method))
    assert row["peak_hf"] == pytest.approx(hz, abs=0.006)
    assert row["peak_lf"] == pytest.approx(0.1, abs=0.006)
    assert row["respiration_rate"] == pytest.approx(60 * row["peak_hf"], rel=1e-12)
    assert row["respiration_quality"] > 30


def test_noise_has_a_respiratory_peak_of_little_quality():
    rr = 850 + np.random.default_rng(3).normal(0, 30, 1000)
    assert summary(kept(np.rint(rr)), "respiration_quality")["respiration_quality"] < 30


def test_a_band_that_only_falls_has_no_peak():
    rr = 850 + 200 * np.sin(2 * np.pi * 0.01 * np.arange(900))
    row = summary(kept(np.rint(rr)), ["peak_lf"], settings=with_(method="ar", order=2))
    assert np.isnan(row["peak_lf"])
    assert "no peak" in row.attrs["reasons"]["peak_lf"]


# what the estimators agree on, and what they refuse ----------------------------------------------


def test_estimators_agree_on_a_clear_oscillation():
    nn = kept(breathing(1800))
    rows = [summary(nn, "lf", settings=with_(method=m))["lf"] for m in ("welch", "ar", "lomb")]
    assert max(rows) / min(rows) < 1.15


@pytest.mark.parametrize("method", ["welch", "ar", "lomb"])
def test_a_constant_rhythm_has_no_power_and_no_ratio(method):
    row = summary(kept(np.full(900, 800.0)), ["lf", "hf", "lf_hf"], settings=with_(method=method))
    assert row["lf"] == row["hf"] == 0.0
    assert "do not vary" in row.attrs["reasons"]["lf_hf"]


def test_detrending_takes_slow_power_and_leaves_the_rest():
    rr = breathing(1200)
    rr += 60 * np.sin(2 * np.pi * 0.004 * np.arange(rr.size))
    settings = MetricSettings(force=True, detrend=DetrendSettings(apply="spectral"))
    raw, flat = summary(kept(rr), BANDS, force=True), summary(kept(rr), BANDS, settings=settings)
    assert flat["vlf"] < 0.05 * raw["vlf"]
    assert flat["hf"] == pytest.approx(raw["hf"], rel=0.01)


@pytest.mark.parametrize(
    "knobs",
    [{"method": "fft"}, {"rate_hz": 0.5}, {"hf_hz": (0.15, 2.5)}, {"order": 0}, {"segment_s": 1},
     {"overlap": 1.0}, {"lf_hz": (0.15, 0.04)}],
)  # fmt: skip
def test_settings_out_of_range_are_refused(knobs):
    with pytest.raises(InputError):
        SpectralSettings(**knobs)


def test_settings_travel_with_the_result():
    row = summary(kept(breathing()), "hf", settings=with_(method="ar", order=12))
    assert row.attrs["settings"]["spectral"]["method"] == "ar"
    assert row.attrs["settings"]["spectral"]["order"] == 12


# Kubios -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("series", ["series_1", "series_3"])
def test_powers_are_those_of_kubios(shared_data, series):
    nn = kept(np.loadtxt(shared_data / "kubios" / f"{series}.txt"))
    printed = json.loads((shared_data / "kubios" / f"{series}.json").read_text())["values"]
    welch = summary(nn, BANDS)
    assert welch["hf"] == pytest.approx(printed["hf_ms2"], rel=0.005)
    assert welch["lf"] == pytest.approx(printed["lf_ms2"], rel=0.03)
    model = summary(nn, BANDS, settings=with_(method="ar", interpolation="spline"))
    for name in BANDS:
        key = f"{name}_ms2_ar" if name != "total_power" else "total_power_ms2_ar"
        assert model[name] == pytest.approx(printed[key], rel=0.05), name


def test_hf_is_near_neurokit2s():
    rr = breathing(300)
    peaks = np.concatenate(([0], np.cumsum(rr))).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        theirs = neurokit2.hrv_frequency(peaks, sampling_rate=1000, normalize=False).iloc[0]
    row = summary(kept(rr), ["lf", "hf"])
    ratio = theirs["HRV_LFHF"]
    assert row["lf"] / row["hf"] == pytest.approx(ratio, rel=0.15)  # another window and edges
