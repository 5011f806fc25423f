"""Settings that give other tools' numbers: the table `PRESETS`, one line a tool."""

from __future__ import annotations

from dataclasses import dataclass

from hrv.metrics.base import MetricSettings
from hrv.metrics.settings import ScalingSettings, SpectralSettings
from hrv.tables import pick


@dataclass(frozen=True)
class Preset:
    """One row of `PRESETS`.

    Parameters
    ----------
    name, summary : str
        Name to ask for it by, and one line for help and catalogues.
    settings : MetricSettings
        What it stands for.
    source : str
        Where the tool describes its settings.
    """

    name: str
    summary: str
    settings: MetricSettings
    source: str


PRESETS: tuple[Preset, ...] = (
    Preset(
        "default",
        "Welch over 300 s at 4 Hz, bands from 0 Hz, DFA 4-16 and 16-64 with overlap",
        MetricSettings(),
        "Task Force 1996, doi:10.1161/01.CIR.93.5.1043",
    ),
    Preset(
        "kubios",
        "one cubic spline a window, slow drift counts as VLF, DFA 4-16 and 17-64 without overlap",
        MetricSettings(
            spectral=SpectralSettings(interpolation="spline", centre="window"),
            scaling=ScalingSettings(short=(4, 16), long=(17, 64), overlap=False),
        ),
        "Tarvainen et al. 2014, doi:10.1016/j.cmpb.2013.07.024",
    ),
    Preset(
        "neurokit2",
        "Welch over halves of five minutes, VLF from 0.0033 Hz, DFA 4-11 and 12-64 with overlap",
        MetricSettings(
            spectral=SpectralSettings(
                interpolation="spline", segment_s=150.0, vlf_hz=(0.0033, 0.04)
            ),
            scaling=ScalingSettings(short=(4, 11), long=(12, 64)),
        ),
        "Makowski et al. 2021, doi:10.3758/s13428-020-01516-y",
    ),
)


def preset(name: str) -> MetricSettings:
    """Return the settings of the entry of `PRESETS` called `name`.

    Raises
    ------
    InputError
        If there is none.
    """
    found: Preset = pick(name, PRESETS, "preset")
    return found.settings
