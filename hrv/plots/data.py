"""What the pictures of a recording show, as plain tables: the pages of the service draw the same.

Nothing here needs matplotlib; each function returns DataFrames or frozen values with units in
their names, and refuses with the reason where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.metrics.base import MetricSettings, Reason
from hrv.metrics.spectral.bands import COLUMNS as BAND_METRICS
from hrv.metrics.spectral.bands import spectra
from hrv.metrics.spectral.estimators import ESTIMATORS
from hrv.recovery.phases import locate
from hrv.recovery.settings import RecoverySettings
from hrv.types import Episode, Flag, Float, NNSeries
from hrv.windows import summary, whole

__all__ = [
    "KINDS",
    "Poincare",
    "Spectrum",
    "beats",
    "calendar",
    "half_lives",
    "phases",
    "poincare",
    "spectrum",
]

KINDS = {
    Flag.ECTOPIC: "ectopic",
    Flag.MISSED: "missed beat",
    Flag.EXTRA: "extra beat",
    Flag.ARTEFACT: "artefact",
    Flag.RANGE: "out of range",
}
"""Words for the flags that remove an interval, most telling first."""


def beats(nn: NNSeries) -> pd.DataFrame:
    """Every recorded interval with what the cleaner made of it.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording; its `rr` carries the flags.

    Returns
    -------
    DataFrame
        ``t_s`` (end of the interval, s since the start), ``rr_ms``, ``kind`` (``""`` for a
        normal interval, else a word of `KINDS`) and ``gap`` (beats were lost just before).
    """
    rr = nn.rr
    kind = np.full(len(rr), "", dtype=object)
    for flag, word in reversed(KINDS.items()):
        kind[(rr.flag & flag) != 0] = word
    gap = (rr.flag & Flag.GAP) != 0
    return pd.DataFrame({"t_s": rr.t_s, "rr_ms": rr.rr_ms, "kind": kind, "gap": gap})


def phases(
    nn: NNSeries, episodes: Iterable[Episode], settings: RecoverySettings | None = None
) -> pd.DataFrame:
    """Where baseline, stressor and recovery of each episode lie in the recording.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording.
    episodes : iterable of Episode
        From `hrv.mark` or `hrv.detect`.
    settings : RecoverySettings, optional
        Lengths of baseline and recovery.

    Returns
    -------
    DataFrame
        ``label, phase`` (``"baseline"``, ``"stress"`` or ``"recovery"``), ``start_s, stop_s``
        (s since the series' start) and ``reason`` (why there is no legitimate baseline, or what
        cuts the recovery short).  Spans of no length are left out.
    """
    rows = []
    for episode in episodes:
        at = locate(nn, episode, settings or RecoverySettings())
        rows += [
            (episode.label, "baseline", at.baseline_from_s, at.baseline_to_s, at.baseline_reason),
            (episode.label, "stress", at.onset_s, at.offset_s, ""),
            (episode.label, "recovery", at.offset_s, at.offset_s + at.recovery_s, at.recovery_cut),
        ]
    table = pd.DataFrame(rows, columns=["label", "phase", "start_s", "stop_s", "reason"])
    return table[table["stop_s"] > table["start_s"]].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Poincare:
    """Points of a Poincaré plot and the ellipse whose half axes are their dispersions.

    Parameters
    ----------
    first_ms, second_ms : float64[k]
        Neighbouring intervals: abscissa and ordinate, ms.
    centre_ms : tuple of float
        Mean point, ms.
    sd1_ms, sd2_ms : float
        Dispersion across and along the line of identity, ms (the metrics ``sd1``, ``sd2``);
        NaN where the recording is too short for the metric.
    reasons : dict of str to str
        Why an axis has no number.
    """

    first_ms: Float
    second_ms: Float
    centre_ms: tuple[float, float]
    sd1_ms: float
    sd2_ms: float
    reasons: dict[str, str]

    def outline(self, points: int = 121) -> Float:
        """float64[points, 2]: the closed ellipse, ms; empty where an axis has no number."""
        if not math.isfinite(self.sd1_ms + self.sd2_ms):
            return np.empty((0, 2))
        angle = np.linspace(0.0, 2.0 * np.pi, points)
        along, across = self.sd2_ms * np.cos(angle), self.sd1_ms * np.sin(angle)
        x = self.centre_ms[0] + (along - across) / math.sqrt(2)
        y = self.centre_ms[1] + (along + across) / math.sqrt(2)
        return np.column_stack((x, y))


def poincare(nn: NNSeries) -> Poincare:
    """Pairs of joined intervals of a whole recording, and their ellipse.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording.

    Raises
    ------
    NotComputableError
        If fewer than three intervals follow one another without a break.
    """
    second = np.flatnonzero(nn.joined)
    if second.size < 2:
        raise NotComputableError("fewer than two pairs of neighbouring intervals")
    x, y = nn.nn_ms[second - 1], nn.nn_ms[second]
    row = summary(nn, ["sd1", "sd2"])
    return Poincare(
        x, y, (float(x.mean()), float(y.mean())), float(row["sd1"]), float(row["sd2"]),
        dict(row.attrs["reasons"]),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A power spectral density with its bands.

    Parameters
    ----------
    frequency_hz, density_ms2_hz : float64[b]
        The density, ms²/Hz.
    bands : DataFrame
        ``band`` (``"vlf"``, ``"lf"``, ``"hf"``), ``from_hz, to_hz, power_ms2`` (NaN where the
        recording is too short for the band) and ``reason``.
    method : str
        ``"welch"``, ``"ar"`` or ``"lomb"``.
    """

    frequency_hz: Float
    density_ms2_hz: Float
    bands: pd.DataFrame
    method: str


def spectrum(nn: NNSeries, settings: MetricSettings | None = None) -> Spectrum:
    """Power spectral density of a whole recording by the estimator of the settings.

    Its integral over a band is the band's metric; a band that the recording is too short for
    has its refusal instead of a power.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording.
    settings : MetricSettings, optional
        Which estimator and bands.

    Raises
    ------
    NotComputableError
        If the recording has no spectrum: too short, or no stretch without lost beats.
    """
    chosen = settings or MetricSettings()
    knobs = chosen.spectral
    frequency_hz = ESTIMATORS[knobs.method].frequencies(knobs)
    density, codes = spectra(nn, whole(nn), chosen, np.eye(frequency_hz.size))
    row = summary(nn, list(BAND_METRICS), settings=chosen)
    reasons = row.attrs["reasons"]
    if codes[0] != Reason.OK:
        raise NotComputableError(f"no spectrum: {reasons.get('hf', 'the recording is too short')}")
    edges = {"vlf": knobs.vlf_hz, "lf": knobs.lf_hz, "hf": knobs.hf_hz}
    bands = pd.DataFrame(
        [(name, *edge, row[name], reasons.get(name, "")) for name, edge in edges.items()],
        columns=["band", "from_hz", "to_hz", "power_ms2", "reason"],
    )
    return Spectrum(frequency_hz, density[0], bands, knobs.method)


def half_lives(
    recovery: pd.DataFrame, conditions: tuple[str, str] = ("off", "on"), level: float = 0.95
) -> pd.DataFrame:
    """Median time to half recovery in each condition, censored times kept as "at least".

    The interval is that of order statistics (distribution-free), so that censored episodes
    widen it instead of being dropped; episodes count as independent.

    Parameters
    ----------
    recovery : DataFrame
        Recovery table with ``condition, t50_hr_s, t50_hr_s_censored``.
    conditions : tuple of str
        Reference first.
    level : float
        Level of the interval.

    Returns
    -------
    DataFrame
        ``condition, median_s, low_s, high_s, n, censored``; an end that the data leave open is
        infinite or NaN, and so is a median of mostly censored times.

    Notes
    -----
    Conover 1999, Practical Nonparametric Statistics, 3rd ed., section 3.2.
    """
    from scipy.stats import binom  # lazily: costs start-up

    rows = []
    for name in conditions:
        own = recovery[(recovery["condition"] == name) & recovery["t50_hr_s"].notna()]
        if "excluded" in own:
            own = own[own["excluded"] == ""]
        censored = own["t50_hr_s_censored"].to_numpy(dtype=bool)
        times = np.sort(np.where(censored, np.inf, own["t50_hr_s"].to_numpy(dtype=np.float64)))
        n = times.size
        if n == 0:
            rows.append((name, math.nan, math.nan, math.nan, 0, 0))
            continue
        middle = float(times[n // 2]) if n % 2 else float(times[n // 2 - 1] + times[n // 2]) / 2
        rank = int(binom.ppf((1 - level) / 2, n, 0.5))
        known = rank >= 1 and 2 * binom.cdf(rank - 1, n, 0.5) <= 1 - level
        low, high = (times[rank - 1], times[n - rank]) if known else (math.nan, math.nan)
        rows.append((name, middle, float(low), float(high), n, int(censored.sum())))
    return pd.DataFrame(rows, columns=["condition", "median_s", "low_s", "high_s", "n", "censored"])


def calendar(table: pd.DataFrame, washin_days: float = 0.0) -> pd.DataFrame:
    """Lay the phases of a design out day by day.

    Parameters
    ----------
    table : DataFrame
        ``start, stop`` (aware), ``condition``; optional ``subject``.
    washin_days : float
        Days after each change of condition that the comparison leaves out.

    Returns
    -------
    DataFrame
        ``subject, day`` (local date; a day belongs to the phase that holds its noon),
        ``condition, block`` (from 1) and ``washin`` (the day begins within the wash-in).
    """
    rows = []
    subjects = table["subject"] if "subject" in table else pd.Series("", index=table.index)
    for subject in dict.fromkeys(subjects):
        own = table[subjects == subject].sort_values("start", kind="stable")
        previous = None
        spans = zip(own["start"], own["stop"], own["condition"], strict=True)
        for block, (start, stop, condition) in enumerate(spans, start=1):
            changed = previous is not None and condition != previous
            previous = condition
            first, last = (pd.Timestamp(t).tz_localize(None) for t in (start, stop))
            noon = pd.Timedelta(hours=12)  # a day belongs to the phase that holds its noon
            days = [
                day
                for day in pd.date_range(first.normalize(), last.normalize(), freq="D")
                if first <= day + noon < last
            ]
            rows += [
                (
                    subject, day.date(), str(condition), block,
                    changed and (day - first) / pd.Timedelta(days=1) < washin_days,
                )
                for day in days
            ]  # fmt: skip
    return pd.DataFrame(rows, columns=["subject", "day", "condition", "block", "washin"])
