"""Sleep of one night: total, wake after onset, efficiency, and stages as a device reports them."""

from hrv.instruments.base import Instrument

_SOURCE = "AASM Scoring Manual terms"
_DEVICE = "stage as the device reports it, not scored from EEG"
_HOURS = {"h": 60.0, "hours": 60.0}

TOTAL = Instrument(
    "total_sleep_time", "total sleep time", "min", 0, 1440, _SOURCE, units=_HOURS,
    needs_unit=True, aliases=("TST", "sleep duration"),
)  # fmt: skip
WAKE = Instrument(
    "wake_after_sleep_onset", "wake after sleep onset", "min", 0, 1440, _SOURCE, units=_HOURS,
    needs_unit=True, aliases=("WASO",),
)  # fmt: skip
EFFICIENCY = Instrument("sleep_efficiency", "sleep efficiency", "%", 0, 100, _SOURCE)
LIGHT = Instrument(
    "light_sleep", "light sleep (device)", "min", 0, 1440, _DEVICE, units=_HOURS, needs_unit=True
)
DEEP = Instrument(
    "deep_sleep", "deep sleep (device)", "min", 0, 1440, _DEVICE, units=_HOURS, needs_unit=True
)
REM = Instrument(
    "rem_sleep", "REM sleep (device)", "min", 0, 1440, _DEVICE, units=_HOURS, needs_unit=True
)
NIGHT_RMSSD = Instrument(
    "night_rmssd", "RMSSD of the night", "ms", 1, 500, "as the device reports it",
    aliases=("sleep_rmssd",),
)  # fmt: skip
