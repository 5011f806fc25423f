"""NeuroKit2's other indices by name, through one lazily imported adapter: ``neurokit2:CSI``.

The numbers are NeuroKit2's, with its definitions and defaults; what they rest on (coverage,
corrected beats, length) is judged by our rules.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from hrv.metrics.base import Block, Family, Metric, MetricSettings, Reason
from hrv.types import Float, NNSeries, Windows

PREFIX = "neurokit2:"
TIME = (
    "MeanNN", "SDNN", "SDANN1", "SDNNI1", "SDANN2", "SDNNI2", "SDANN5", "SDNNI5", "RMSSD", "SDSD",
    "CVNN", "CVSD", "MedianNN", "MadNN", "MCVNN", "IQRNN", "SDRMSSD", "Prc20NN", "Prc80NN",
    "pNN50", "pNN20", "MinNN", "MaxNN", "HTI", "TINN",
)  # fmt: skip
FREQUENCY = ("ULF", "VLF", "LF", "HF", "VHF", "TP", "LFHF", "LFn", "HFn", "LnHF")
_MULTIFRACTAL = ("Width", "Peak", "Mean", "Max", "Delta", "Asymmetry", "Fluctuation", "Increment")
NONLINEAR = (
    "SD1", "SD2", "SD1SD2", "S", "CSI", "CVI", "CSI_Modified", "PIP", "IALS", "PSS", "PAS", "GI",
    "SI", "AI", "PI", "C1d", "C1a", "SD1d", "SD1a", "C2d", "C2a", "SD2d", "SD2a", "Cd", "Ca",
    "SDNNd", "SDNNa", "DFA_alpha1", *(f"MFDFA_alpha1_{x}" for x in _MULTIFRACTAL), "DFA_alpha2",
    *(f"MFDFA_alpha2_{x}" for x in _MULTIFRACTAL), "ApEn", "SampEn", "ShanEn", "FuzzyEn", "MSEn",
    "CMSEn", "RCMSEn", "CD", "HFD", "KFD", "LZC",
    *(f"Symbolic_EqualProb4_{x}" for x in ("0V", "1V", "2LV", "2UV")),
)  # fmt: skip


def _compute(
    function: str, names: tuple[str, ...], nn: NNSeries, windows: Windows, settings: MetricSettings
) -> Block:
    """Call one of NeuroKit2's functions on the intervals of every window.

    Parameters
    ----------
    function : str
        ``"hrv_time"``, ``"hrv_frequency"`` or ``"hrv_nonlinear"``.
    names : tuple of str
        m of its indices, without ``HRV_``.
    nn, windows, settings
        As families take them; the settings are not used.

    Returns
    -------
    Block
        float64[k, m]; `FOREIGN` where NeuroKit2 fails or gives no finite number.
    """
    del settings
    values = np.full((len(windows), len(names)), np.nan)
    for j in np.flatnonzero(windows.n >= 2).tolist():
        part = slice(int(windows.lo[j]), int(windows.hi[j]))
        values[j] = _call(function, names, nn.nn_ms[part], nn.t_s[part])
    block = Block.of(list(values.T), Reason.FOREIGN)
    block.reasons[np.isnan(block.values)] = Reason.FOREIGN
    return block


def _call(function: str, names: tuple[str, ...], nn_ms: Float, t_s: Float) -> Float:
    import neurokit2  # lazily: two seconds

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # it warns of short recordings; our reasons say it
        try:
            row = getattr(neurokit2, function)({"RRI": nn_ms.copy(), "RRI_Time": t_s.copy()})
        except Exception:  # whatever breaks there is a number that we do not have: a refusal
            return np.full(len(names), np.nan)
    found = row.iloc[0]
    return np.array([float(found.get(f"HRV_{name}", np.nan)) for name in names])


_SOURCE = "NeuroKit2, its definition; Makowski et al. 2021, doi:10.3758/s13428-020-01516-y"


def _family(function: str, names: tuple[str, ...]) -> tuple[Metric, ...]:
    family: Family = partial(_compute, function, names)
    return tuple(
        Metric(
            name=PREFIX + name, unit="NeuroKit2's", min_s=300.0, min_beats=4, source=_SOURCE,
            summary=f"HRV_{name} as NeuroKit2's {function} gives it", family=family,
            columns=tuple(PREFIX + n for n in names), rounding=1e-9,
        )
        for name in names
    )  # fmt: skip


NEUROKIT2: tuple[Metric, ...] = (
    *_family("hrv_time", TIME),
    *_family("hrv_frequency", FREQUENCY),
    *_family("hrv_nonlinear", NONLINEAR),
)
"""Asked for by name only: ``select(None)`` leaves them out."""
