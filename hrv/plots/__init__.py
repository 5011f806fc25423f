"""Pictures of a study: each function returns a matplotlib `Figure` and touches no global state.

matplotlib is imported inside the functions, so that importing this package costs nothing.
"""

from hrv.plots.curves import recovery_curves
from hrv.plots.days import day_series
from hrv.plots.effect import effect_plot
from hrv.plots.forest import forest_plot
from hrv.plots.people import differences_plot, paired_plot
from hrv.plots.style import svg
from hrv.plots.timeline import timeline

__all__ = [
    "day_series",
    "differences_plot",
    "effect_plot",
    "forest_plot",
    "paired_plot",
    "recovery_curves",
    "svg",
    "timeline",
]
