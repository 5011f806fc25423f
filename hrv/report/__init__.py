"""The report of a study: one self-contained HTML page, the same bytes for the same result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hrv.study import StudyResult

if TYPE_CHECKING:
    import pandas as pd

    from hrv.compare.responders import Responders
    from hrv.report.view import Report

__all__ = ["render", "render_cohort"]


def render(result: StudyResult) -> str:
    """Return the report of a study as one HTML page that needs no network and no script.

    Parameters
    ----------
    result : StudyResult
        What `hrv.study.analyse` gave.

    Returns
    -------
    str
        A complete HTML document.  It holds no date of its making: the same result and software
        give the same bytes.
    """
    from hrv.report.view import build

    return _page(build(result))


def render_cohort(
    result: StudyResult,
    people: pd.DataFrame,
    found: Responders | None,
    why_not: str,
    quality: Mapping[str, pd.DataFrame],
) -> str:
    """Return the report of a cohort as one HTML page; see `hrv.report.cohort.build`."""
    from hrv.report.cohort import build

    return _page(build(result, people, found, why_not, quality))


def _page(report: Report) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.j2")
    # the SVG is our own: text in it was escaped when it was drawn
    return template.render(report=report, drawn=Markup) + "\n"
