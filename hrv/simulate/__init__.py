"""RR intervals and whole studies with known truth, for tests, calibration and the demo."""

from hrv.simulate.artefacts import Artefacts
from hrv.simulate.free_living import DailyLife, LivedDay, free_living
from hrv.simulate.ipfm import Heart
from hrv.simulate.protocol import Effect, Person, Protocol, Spread
from hrv.simulate.recording import Simulation, Truth, simulate
from hrv.simulate.stress import Stressor
from hrv.simulate.study import SampleSession, SampleStudy, sample_study

__all__ = [
    "Artefacts",
    "DailyLife",
    "Effect",
    "Heart",
    "LivedDay",
    "Person",
    "Protocol",
    "SampleSession",
    "SampleStudy",
    "Simulation",
    "Spread",
    "Stressor",
    "Truth",
    "free_living",
    "sample_study",
    "simulate",
]
