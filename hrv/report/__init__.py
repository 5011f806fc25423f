"""The report of a study: one self-contained HTML page, the same bytes for the same result."""

from __future__ import annotations

from pathlib import Path

from hrv.study import StudyResult

__all__ = ["render"]


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
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from hrv.report.view import build

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.j2")
    # the SVG is our own: text in it was escaped when it was drawn
    return template.render(report=build(result), drawn=Markup) + "\n"
