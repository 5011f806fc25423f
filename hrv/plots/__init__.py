"""Pictures: each function returns a matplotlib `Figure` and touches no global state.

matplotlib is imported inside the functions, so that importing this package costs nothing.
`hrv.plots.data` has what they show as plain tables, for other ways to draw it.
"""

from hrv.plots import data
from hrv.plots.curves import recovery_curves
from hrv.plots.days import day_series
from hrv.plots.design import design_calendar
from hrv.plots.effect import effect_plot
from hrv.plots.forest import forest_plot
from hrv.plots.people import differences_plot, paired_plot
from hrv.plots.recording import poincare_plot, spectrum_plot, tachogram, windows_plot
from hrv.plots.style import svg
from hrv.plots.timeline import timeline

__all__ = [
    "data",
    "day_series",
    "design_calendar",
    "differences_plot",
    "effect_plot",
    "forest_plot",
    "paired_plot",
    "poincare_plot",
    "recovery_curves",
    "spectrum_plot",
    "svg",
    "tachogram",
    "timeline",
    "windows_plot",
]
