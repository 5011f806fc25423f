"""What the written pages share: tables, links and the parts of a numpydoc docstring."""

from __future__ import annotations

import inspect
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NOTE = "<!-- written by docs/pages.py from the code: change it there -->\n\n"


def beside() -> dict[str, Any]:
    """Formulas and limits that stand beside the tables."""
    return tomllib.loads((HERE / "science" / "formulas.toml").read_text(encoding="utf-8"))


def cell(text: object) -> str:
    """Text fit for a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)]) + "\n"


def linked(source: str) -> str:
    """Turn each DOI of a source into a link."""
    return re.sub(r"doi:(10\.[^\s,;]+[^\s,;.)])", r"[doi:\1](https://doi.org/\1)", source)


def notes_of(function: Any) -> str:
    """Return what a numpydoc docstring has under ``Notes``, as Markdown."""
    text = inspect.getdoc(function) or ""
    found = re.search(r"Notes\n-+\n(.*?)(?=\n\n[A-Z]\w+\n-+\n|\Z)", text, re.S)
    return linked(found[1].strip()) if found else ""


def body_of(text: str) -> str:
    """Return a docstring without its parameters, as Markdown."""
    return linked(re.split(r"\n(?:Parameters|Returns|Raises|Notes)\n-+\n", text)[0].strip())


def said(docstring: str, name: str) -> str:
    """Return what a numpydoc docstring says of a parameter; empty if nothing."""
    found = re.search(
        rf"^ *(?:[\w*]+, )*\*{{0,2}}{re.escape(name)}(?:, [\w*]+)*(?: :[^\n]*)?\n"
        r"((?: {4,}[^\n]*\n?)+)",
        docstring + "\n", re.M,
    )  # fmt: skip
    return textwrap.dedent(found[1]).strip() if found else ""
