"""Daily HRV of apps that give no beats: by their own rules, so never mixed with ours."""

from hrv.instruments.base import Instrument

_OWN = "the app's own rules; not computed from beats"

HRV4TRAINING = Instrument(
    "hrv4training_rmssd", "RMSSD by HRV4Training", "ms", 1, 500, _OWN
)  # fmt: skip
HRV4TRAINING_HR = Instrument(
    "hrv4training_hr", "heart rate by HRV4Training", "bpm", 20, 250, _OWN
)  # fmt: skip
FITBIT = Instrument("fitbit_rmssd", "night RMSSD by Fitbit", "ms", 1, 500, _OWN)
