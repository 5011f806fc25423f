"""One look for every picture: colours, type and a deterministic SVG that follows the page."""

from __future__ import annotations

import io
import re
import threading
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE_IN = 7.2
"""Width of a figure for a page or a desktop screen, inches."""
NARROW_IN = 3.75
"""Width of a figure for a telephone, inches; type keeps its size."""

INK = "#1d2733"
MUTED = "#5b6876"
LINE = "#d5dce3"
BAND = "#e9ecf0"
TINT = "#e3f0f5"
FIRST = "#63707d"
SECOND = "#0b6e8f"
PAPER = "#fefefe"
ALERT = "#b34700"
"""What was removed or refused; told from `SECOND` and `FIRST` by people with any colour vision."""
STRESS = "#f7e6d8"

VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    LINE: "--line",
    BAND: "--band",
    TINT: "--tint",
    FIRST: "--first",
    SECOND: "--second",
    PAPER: "--card",
    ALERT: "--alert",
    STRESS: "--stress",
}
"""Colours that an embedding page may replace (dark mode) by a CSS variable of this name."""

_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.formatter.useoffset": False,
    "axes.formatter.use_mathtext": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.size": 9,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.7,
    "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.0,
    "legend.columnspacing": 1.4,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.labelcolor": MUTED,
    "lines.solid_capstyle": "round",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "hrv-recovery",
    "text.color": INK,
    "text.parse_math": False,  # a subject called "$x" is a name, not a formula
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "xtick.labelsize": 9,
    "xtick.major.size": 3.0,
    "ytick.color": LINE,
    "ytick.labelcolor": MUTED,
    "ytick.labelsize": 9,
    "ytick.major.size": 0.0,
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOCK = threading.RLock()  # matplotlib's settings belong to the process, not to the figure


@dataclass(frozen=True)
class Look:
    """How the data of one condition are drawn; colour is never the only difference.

    Parameters
    ----------
    color, dashes, face, marker : str
        Line colour, dash pattern, fill of the marker and its shape.
    """

    color: str
    dashes: str
    face: str
    marker: str


LOOKS = (Look(FIRST, "--", PAPER, "o"), Look(SECOND, "-", SECOND, "o"))
"""Reference condition, then the condition compared with it."""


@contextmanager
def drawing() -> Iterator[None]:
    """Apply the style for as long as a figure is built or written; the user's own is restored."""
    import matplotlib.style

    with _LOCK, matplotlib.style.context(["default", _STYLE]):
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that lays itself out; call inside `drawing`."""
    from hrv.plots.picture import Picture

    figure = Picture(figsize=(width_in, height_in), layout="constrained")
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(w_pad=0.04, h_pad=0.05)  # type: ignore[call-arg]  # stubs know the base class only
    return figure


def legend_above(axes: Axes, columns: int) -> None:
    """Put the legend of `axes` on a line of its own, above and left."""
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=columns)


def rows(table: pd.DataFrame) -> Iterator[Any]:
    """Walk the rows of a table, columns as attributes."""
    return iter(table.itertuples(index=False))


def is_narrow(width_in: float) -> bool:
    """Return whether a figure this wide (inches) is meant for a telephone."""
    return width_in < 0.75 * WIDE_IN


def date_words(ordinal: int) -> str:
    """Return a proleptic Gregorian day number as ``"2 Mar"``, whatever the locale."""
    from datetime import date

    day = date.fromordinal(ordinal)
    return f"{day.day} {_MONTHS[day.month - 1]}"


def plain(text: object, limit: int = 32) -> str:
    """Return `text` fit for a label: one line, no control characters, at most `limit` long."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(text))
    words = " ".join(kept.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def axis_label(quantity: str, unit: str) -> str:
    """Return ``"quantity (unit)"``, without empty brackets."""
    return f"{quantity} ({unit})" if unit else quantity


def svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element to stand inside an HTML page.

    The same figure gives the same bytes.  Text stays text in the page's own type, colours are
    CSS variables with the printed colour as fallback, and every id begins with `name`, so that
    several figures can share a page.

    Parameters
    ----------
    figure : Figure
        Made by a function of this package.
    name : str
        Prefix of the ids, unique in the page.
    """
    buffer = io.StringIO()
    with drawing(), warnings.catch_warnings():
        # the glyph is missing from the font used to measure, not from the reader's
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(
            buffer,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    # matplotlib escapes < and > in text and attributes, so a tag is what stands between them
    used = set(re.findall(r"(?:url\(#|xlink:href=\"#)([^)\"]+)", text))
    return re.sub(r"<[^>]*>", lambda tag: _adapted(tag.group(), name, used), text).rstrip()


def _adapted(tag: str, name: str, used: set[str]) -> str:
    """Rewrite one tag: sizes to the page, own ids, type and colours from the page."""
    if tag.startswith("<svg"):
        box = re.search(r'viewBox="0 0 ([0-9.]+) [^"]*"', tag)
        assert box is not None
        return (  # a small figure must not be blown up: type stays about 13 px
            f'<svg {box.group()} style="max-width: {float(box.group(1)) * 1.5:.0f}px" '
            'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            'focusable="false" aria-hidden="true">'
        )
    tag = re.sub(r' id="([^"]*)"', lambda m: _own_id(m.group(1), name, used), tag)
    tag = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", tag)
    tag = re.sub(r"\s*font-family: [^;\"]*;?", "", tag)
    tag = re.sub(r' transform="rotate\(-0 [^"]*"', "", tag)
    return re.sub(r"#[0-9a-f]{6}\b", _variable, tag)


def _own_id(ident: str, name: str, used: set[str]) -> str:
    return f' id="{name}-{ident}"' if ident in used else ""


def _variable(color: re.Match[str]) -> str:
    name = VARIABLES.get(color.group())
    return f"var({name}, {color.group()})" if name else color.group()
