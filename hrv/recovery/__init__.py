"""How the heart comes back from stress: every measure of one episode, one row an episode."""

from hrv.recovery.measures import MEASURES, RecoveryMeasure
from hrv.recovery.settings import RecoverySettings
from hrv.recovery.table import curve, recover, recovery

__all__ = ["MEASURES", "RecoveryMeasure", "RecoverySettings", "curve", "recover", "recovery"]
