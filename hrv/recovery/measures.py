"""The table of recovery measures; catalogue, documentation and columns derive from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hrv.recovery import areas, kinetics, levels, residual, returns, times
from hrv.recovery.response import Response
from hrv.types import Measure

LINDEN = (
    "Linden, Earle, Gerin, Christenfeld 1997, J Psychosom Res 42:117-135, "
    "doi:10.1016/S0022-3999(96)00240-1"
)
CHRISTENFELD = "Christenfeld, Glynn, Gerin 2000, Psychophysiology 37:543-550"
PRUESSNER = (
    "Pruessner, Kirschbaum, Meinlschmid, Hellhammer 2003, Psychoneuroendocrinology "
    "28:916-931, doi:10.1016/S0306-4530(02)00108-7"
)
COLE = "Cole et al. 1999, N Engl J Med 341:1351-1357, doi:10.1056/NEJM199910283411804"


@dataclass(frozen=True)
class RecoveryMeasure:
    """One row of `hrv.recovery.MEASURES`.

    Parameters
    ----------
    name : str
        Column name.
    label : str
        A few words for sentences and headings.
    unit : str
        ``"bpm"``, ``"%"``, ``"s"`` …; ``""`` for ln RMSSD (ln ms) and its differences.
    summary : str
        One line for help and catalogues.
    source : str
        Publication the quantity comes from.
    compute : callable
        ``(Response) -> Measure``.
    gated : bool
        True if it is refused without a response of heart rate.
    interval, censors, error : bool
        True if columns ``_low`` and ``_high``, ``_censored``, ``_se`` go with it.
    """

    name: str
    label: str
    unit: str
    summary: str
    source: str
    compute: Callable[[Response], Measure]
    gated: bool = False
    interval: bool = False
    censors: bool = False
    error: bool = False


MEASURES: tuple[RecoveryMeasure, ...] = (
    RecoveryMeasure(
        "baseline_hr",
        "baseline heart rate",
        "bpm",
        "median heart rate before stress (y_B)",
        LINDEN,
        levels.baseline_hr,
    ),
    RecoveryMeasure(
        "baseline_ln_rmssd",
        "baseline ln RMSSD",
        "",
        "median ln RMSSD before stress",
        LINDEN,
        levels.baseline_ln_rmssd,
    ),
    RecoveryMeasure(
        "reactivity_hr",
        "heart-rate reactivity",
        "bpm",
        "mean heart rate of the stressor minus baseline",
        LINDEN,
        levels.reactivity_hr,
    ),
    RecoveryMeasure(
        "reactivity_hr_percent",
        "heart-rate reactivity in percent",
        "%",
        "mean heart rate of the stressor minus baseline, in percent of baseline",
        LINDEN,
        levels.reactivity_hr_percent,
    ),
    RecoveryMeasure(
        "reactivity_ln_rmssd",
        "ln RMSSD reactivity",
        "",
        "mean ln RMSSD of the stressor minus baseline",
        LINDEN,
        levels.reactivity_ln_rmssd,
    ),
    RecoveryMeasure(
        "reactivity_ln_rmssd_percent",
        "RMSSD reactivity in percent",
        "%",
        "change of RMSSD from baseline to the stressor in percent",
        LINDEN,
        levels.reactivity_ln_rmssd_percent,
    ),
    RecoveryMeasure(
        "peak_hr",
        "peak heart rate",
        "bpm",
        "highest 10 s heart rate (extreme-value biased: secondary)",
        LINDEN,
        levels.peak_hr,
    ),
    RecoveryMeasure(
        "time_to_peak_hr_s",
        "time to peak heart rate",
        "s",
        "time of the highest 10 s heart rate since onset",
        LINDEN,
        levels.time_to_peak_hr_s,
    ),
    RecoveryMeasure(
        "min_ln_rmssd",
        "lowest ln RMSSD",
        "",
        "lowest 60 s ln RMSSD (extreme-value biased: secondary)",
        LINDEN,
        levels.min_ln_rmssd,
    ),
    RecoveryMeasure(
        "time_to_min_ln_rmssd_s",
        "time to lowest ln RMSSD",
        "s",
        "time of the lowest 60 s ln RMSSD since onset",
        LINDEN,
        levels.time_to_min_ln_rmssd_s,
    ),
    RecoveryMeasure(
        "residual_hr",
        "residual activation",
        "bpm",
        "mean heart rate 60–300 s after the stressor minus baseline",
        LINDEN,
        residual.residual_hr,
        error=True,
    ),
    RecoveryMeasure(
        "residual_ln_rmssd",
        "residual ln RMSSD",
        "",
        "mean ln RMSSD 60–300 s after the stressor minus baseline",
        LINDEN,
        levels.residual_ln_rmssd,
    ),
    RecoveryMeasure(
        "recovered_60_hr",
        "recovered after 60 s",
        "%",
        "share of the way back after 60 s; above 100 an overshoot",
        LINDEN,
        returns.recovered_60_hr,
        gated=True,
    ),
    RecoveryMeasure(
        "recovered_300_hr",
        "recovered after 300 s",
        "%",
        "share of the way back after 300 s",
        LINDEN,
        returns.recovered_300_hr,
        gated=True,
    ),
    RecoveryMeasure(
        "recovered_600_hr",
        "recovered after 600 s",
        "%",
        "share of the way back after 600 s",
        LINDEN,
        returns.recovered_600_hr,
        gated=True,
    ),
    RecoveryMeasure(
        "t50_hr_s",
        "time to half recovery",
        "s",
        "time until half the way back has lasted 30 s",
        LINDEN,
        times.t50_hr_s,
        gated=True,
        censors=True,
    ),
    RecoveryMeasure(
        "time_to_baseline_hr_s",
        "time to baseline",
        "s",
        "time until the mean of a minute is back at baseline",
        LINDEN,
        times.time_to_baseline_hr_s,
        gated=True,
        censors=True,
    ),
    RecoveryMeasure(
        "tau_hr_s",
        "recovery time constant",
        "s",
        "time constant of an exponential return",
        CHRISTENFELD,
        kinetics.tau_hr_s,
        gated=True,
        interval=True,
        censors=True,
    ),
    RecoveryMeasure(
        "auc_g_hr",
        "area under heart rate",
        "bpm min",
        "area under heart rate over 600 s of recovery",
        PRUESSNER,
        areas.auc_g_hr,
    ),
    RecoveryMeasure(
        "auc_i_hr",
        "area above baseline",
        "bpm min",
        "area above baseline over 600 s (reference y_B, not the first value)",
        PRUESSNER,
        areas.auc_i_hr,
    ),
    RecoveryMeasure(
        "hrr60",
        "heart-rate recovery at 60 s",
        "bpm",
        "fall of heart rate in 60 s (exercise cut-offs do not transfer)",
        COLE,
        returns.hrr60,
        gated=True,
    ),
    RecoveryMeasure(
        "slope_hr_bpm_min",
        "slope over the first minute",
        "bpm/min",
        "least-squares slope of the first 60 s",
        COLE,
        returns.slope_hr_bpm_min,
        gated=True,
    ),
    RecoveryMeasure(
        "vagal_rebound_ln_rmssd",
        "vagal rebound",
        "",
        "mean ln RMSSD 300–600 s after stress minus baseline",
        LINDEN,
        levels.vagal_rebound_ln_rmssd,
    ),
)
