"""Stressors nobody marked: candidate arousals in free-living recordings, and how good that is."""

from hrv.detection.baseline import Baseline, learn_baseline
from hrv.detection.detector import Candidate, candidates, detect
from hrv.detection.evaluation import Evaluation, Subject, evaluate_detector
from hrv.detection.motion import Motion
from hrv.detection.settings import DetectionSettings

__all__ = [
    "Baseline",
    "Candidate",
    "DetectionSettings",
    "Evaluation",
    "Motion",
    "Subject",
    "candidates",
    "detect",
    "evaluate_detector",
    "learn_baseline",
]
