"""A figure that a notebook shows by itself, without pyplot and its global state."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

DOTS_PER_INCH = 144
"""Twice a screen's, so that it is sharp where pixels are small."""


class Picture(Figure):
    """A matplotlib `Figure`; what every function of `hrv.plots` returns."""

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        """Draw for IPython: the picture, and how wide it is meant to be shown."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white")
        width_in, height_in = self.get_size_inches()
        return buffer.getvalue(), {"width": round(96 * width_in), "height": round(96 * height_in)}
