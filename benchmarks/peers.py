"""Each peer's call, in its own words: ``Job -> {metric: values}``; imports happen on first use."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmarks.tasks import Job

HZ = 1000


def load(name: str) -> Any:
    """Import a peer, quietly; names that numpy 2 dropped and old peers use are put back."""
    if name.startswith("systole") and not hasattr(np, "bool8"):
        np.bool8 = np.bool_  # type: ignore[attr-defined]
    if name == "hrvanalysis" and not hasattr(np, "trapz"):
        np.trapz = np.trapezoid  # type: ignore[attr-defined]  # noqa: NPY201
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def peaks(rr: np.ndarray) -> np.ndarray:
    """Beat positions in samples of 1 ms, as peers want them."""
    return np.concatenate(([0], np.cumsum(rr))).astype(int)


def each(job: Job, call: Callable[[np.ndarray], tuple[float, ...]], *names: str) -> dict:
    rows = np.array([call(rr) for rr in job.rr], dtype=float)
    return dict(zip(names, rows.T, strict=True))


# A: time domain ----------------------------------------------------------------------------------


def neurokit2_time(job: Job) -> dict:
    nk = load("neurokit2")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        row = nk.hrv_time(peaks(rr), sampling_rate=HZ).iloc[0]
        return row["HRV_RMSSD"], row["HRV_SDNN"]

    return each(job, one, "rmssd", "sdnn")


def pyhrv_time(job: Job) -> dict:
    td = load("pyhrv.time_domain")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        td.hr_parameters(rr)
        td.nn50(rr)
        return td.rmssd(rr)["rmssd"], td.sdnn(rr)["sdnn"]

    return each(job, one, "rmssd", "sdnn")


def flirt_time(job: Job) -> dict:
    """One window a call: its own sliding keeps its own grid of windows."""
    flirt, pd = load("flirt"), load("pandas")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        index = pd.to_datetime(np.cumsum(rr), unit="ms")
        row = flirt.get_hrv_features(
            pd.Series(rr, index=index), window_length=299, window_step_size=299,
            domains=["td"], clean_data=False, num_cores=1,
        ).iloc[0]  # fmt: skip
        return (float(row["hrv_rmssd"]),)

    return each(job, one, "rmssd")


def systole_time(job: Job) -> dict:
    hrv = load("systole.hrv")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        row = hrv.time_domain(rr).set_index("Metric")["Values"]
        return float(row["RMSSD"]), float(row["SDNN"])

    return each(job, one, "rmssd", "sdnn")


def hrvanalysis_time(job: Job) -> dict:
    ha = load("hrvanalysis")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        row = ha.get_time_domain_features(rr)
        return row["rmssd"], row["sdnn"], row["pnni_50"]

    return each(job, one, "rmssd", "sdnn", "pnn50")


def _sleepecg(job: Job, call: Callable[..., np.ndarray]) -> np.ndarray:
    rows = []
    for rr in job.rr:
        at = np.cumsum(rr) / 1000
        rows.append(call(rr / 1000, at, np.array([at[-1]]))[0])
    return np.array(rows)


def sleepecg_time(job: Job) -> dict:
    fe = load("sleepecg.feature_extraction")
    rows = _sleepecg(job, lambda rri, at, stage: fe._hrv_timedomain_features(
        rri, at, stage, lookback=301, lookforward=1))  # fmt: skip
    names = list(fe._FEATURE_GROUPS["hrv-time"])
    return {
        "rmssd": 1000 * rows[:, names.index("RMSSD")],
        "sdnn": 1000 * rows[:, names.index("SDNN")],
    }


def numpy_time(job: Job) -> dict:
    def one(rr: np.ndarray) -> tuple[float, ...]:
        d = np.diff(rr)
        return (
            np.sqrt(np.mean(d * d)), np.std(rr, ddof=1), 60_000 / np.mean(rr),
            100 * np.mean(np.abs(d) > 50),
        )  # fmt: skip

    return each(job, one, "rmssd", "sdnn", "mean_hr", "pnn50")


def pandas_time(job: Job) -> dict:
    """The whole recording at once; its windows end at beats and are taken every second."""
    pd = load("pandas")
    s = pd.Series(job.nn.nn_ms, index=pd.to_datetime(1000 * job.nn.t_s, unit="ms"))
    d = s.diff()
    parts = pd.DataFrame({"rr": s, "d2": d * d, "over": (d.abs() > 50).astype(float)})
    mean, sd = parts.rolling("300s").mean(), s.rolling("300s").std()
    frame = pd.DataFrame(
        {
            "rmssd": np.sqrt(mean.d2),
            "sdnn": sd,
            "mean_hr": 60_000 / mean.rr,
            "pnn50": 100 * mean.over,
        }
    )
    return dict(frame.resample("1s").last().ffill())


# B: Welch ----------------------------------------------------------------------------------------


def neurokit2_welch(job: Job) -> dict:
    nk = load("neurokit2")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        row = nk.hrv_frequency(peaks(rr), sampling_rate=HZ, normalize=False).iloc[0]
        return row["HRV_LF"], row["HRV_HF"]

    return each(job, one, "lf", "hf")


def systole_welch(job: Job) -> dict:
    hrv = load("systole.hrv")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        row = hrv.frequency_domain(rr).set_index("Metric")["Values"]
        return float(row["LF_Power"]), float(row["HF_Power"])

    return each(job, one, "lf", "hf")


def hrvanalysis_welch(job: Job) -> dict:
    ha = load("hrvanalysis")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        row = ha.get_frequency_domain_features(rr)
        return row["lf"], row["hf"]

    return each(job, one, "lf", "hf")


def scipy_welch(job: Job) -> dict:
    """The definition of ours by scipy's own parts, window by window: spline, Welch, trapezoids."""
    interpolate, signal = load("scipy.interpolate"), load("scipy.signal")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        at = np.cumsum(rr) / 1000
        x = interpolate.CubicSpline(at, rr, bc_type="natural")(np.arange(at[0], at[-1], 0.25))
        f, p = signal.welch(x, 4.0, nperseg=min(1200, x.size), detrend="constant")
        return tuple(
            float(np.trapezoid(p[(f >= a) & (f <= b)], f[(f >= a) & (f <= b)]))
            for a, b in ((0.04, 0.15), (0.15, 0.4))
        )

    return each(job, one, "lf", "hf")


def scipy_welch_same(job: Job) -> dict:
    """Our even samples, made once; then `scipy.signal.welch` and trapezoids window by window."""
    signal = load("scipy.signal")
    if "samples" not in job.memory:
        job.memory["samples"] = _samples(job)
    rows = []
    for x in job.memory["samples"]:
        f, p = signal.welch(x, 4.0, "hann", 1200, 0, detrend=False)
        rows.append([
            float(np.trapezoid(p[(f >= a - 1e-9) & (f <= b + 1e-9)], dx=f[1]))
            for a, b in ((0.04, 0.15), (0.15, 0.4))
        ])  # fmt: skip
    return dict(zip(("lf", "hf"), np.array(rows).T, strict=True))


def _samples(job: Job) -> list[np.ndarray]:
    """Centred samples of each window of five minutes; zero where it has no beats."""
    from hrv.metrics.settings import SpectralSettings
    from hrv.metrics.spectral.sampling import shared, usable
    from hrv.metrics.spectral.timeline import timeline

    knobs, line = SpectralSettings(), timeline(job.nn)
    where = job.where.take(job.rows)
    grid = shared(line, knobs, 0, int(4 * job.nn.t_s[-1]) + 1)
    out = []
    for start_s, a, b in zip(where.start_s, *usable(line, *line.knots(where), knobs), strict=True):
        first = int(np.ceil(start_s * 4 - 1e-9))
        x, stop = np.zeros(1200), min(b, first + 1200)
        x[a - first : stop - first] = grid.value_ms[a:stop] - grid.value_ms[a:stop].mean()
        out.append(x)
    return out


# C: DFA, D: SampEn -------------------------------------------------------------------------------


def neurokit2_dfa(job: Job) -> dict:
    nk, scale = load("neurokit2"), np.arange(4, 17)
    return each(job, lambda rr: (nk.fractal_dfa(rr, scale=scale)[0],), "dfa_alpha1")


def antropy_dfa(job: Job) -> dict:
    antropy = load("antropy")
    return each(job, lambda rr: (antropy.detrended_fluctuation(rr),), "alpha")


def neurokit2_sampen(job: Job) -> dict:
    nk = load("neurokit2")

    def one(rr: np.ndarray) -> tuple[float, ...]:
        return (nk.entropy_sample(rr, dimension=2, tolerance=0.2 * np.std(rr, ddof=1))[0],)

    return each(job, one, "sampen")


def antropy_sampen(job: Job) -> dict:
    antropy = load("antropy")
    return each(
        job, lambda rr: (antropy.sample_entropy(rr, 2, 0.2 * np.std(rr, ddof=1)),), "sampen"
    )


def hrvanalysis_sampen(job: Job) -> dict:
    ha = load("hrvanalysis")
    return each(job, lambda rr: (ha.get_sampen(rr)["sampen"],), "sampen")


# E: cleaning -------------------------------------------------------------------------------------


def neurokit2_clean(job: Job) -> dict:
    _, beats = load("neurokit2").signal_fixpeaks(
        peaks(job.nn.rr.rr_ms), sampling_rate=HZ, method="Kubios", iterative=True
    )
    return {"beats": np.asarray(beats)}


def systole_clean(job: Job) -> dict:
    found = load("systole.correction").correct_rr(job.nn.rr.rr_ms.astype(int), verbose=False)
    return {"rr": np.asarray(found["clean_rr"])}
