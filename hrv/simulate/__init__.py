"""RR intervals and whole studies with known truth, for tests, calibration and the demo."""

from hrv.simulate.artefacts import Artefacts
from hrv.simulate.ipfm import Heart
from hrv.simulate.recording import Simulation, Truth, simulate
from hrv.simulate.stress import Stressor

__all__ = ["Artefacts", "Heart", "Simulation", "Stressor", "Truth", "simulate"]
