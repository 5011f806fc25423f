"""Text that a spreadsheet would take for a formula, kept from being one.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a return is a formula to a
spreadsheet, and can send data away when a file of somebody else's words is opened.  Such *text*
gets an apostrophe in front, which spreadsheets show as the text itself; numbers are written as
numbers and never changed.  `plain` undoes it exactly, and every table read here is read so.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_HARMLESS = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[-+]?(inf|nan)|-", re.I)


def safe(text: str) -> str:
    """Return text as a cell that no spreadsheet runs; a number as text stays as it is."""
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def plain(text: str) -> str:
    """Return what `safe` was given."""
    if text.startswith("'") and _FORMULA.match(text) and not _HARMLESS.fullmatch(text[1:]):
        return text[1:]
    return text
