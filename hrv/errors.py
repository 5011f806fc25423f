"""Every error the project raises on purpose.

    HRVError
    ├── InputError           a value, argument or file is wrong; the message names it and the mend
    │   ├── FormatError      a recording or table cannot be read (carries the source and the line)
    │   ├── StudyError       a study file or its parts contradict each other
    │   └── StorageError     a file cannot be written: the disk is full, a permission missing
    ├── NotComputableError   the input is well formed, but the data cannot support the number
    └── MissingExtraError    an optional dependency is needed (carries the extra's name)

The command line maps the tree to exit codes in one place (`api/cli/_errors.py`), the
service to HTTP in one place (`api/errors.py`); nothing else inspects it.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def on_one_line(text: str) -> str:
    """Write control characters as what they are: somebody's file name cannot begin a new line.

    Otherwise a name could forge a line of a log, or steer the terminal that shows it.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class HRVError(Exception):
    """Root of the project's errors; its text is one sentence made for the user."""

    def __init__(self, *said: object) -> None:
        super().__init__(*(on_one_line(s) if isinstance(s, str) else s for s in said))


class InputError(HRVError, ValueError):
    """A value, argument or file is wrong; the message says which and how to mend it."""


class FormatError(InputError):
    """A recording or table cannot be read.

    Parameters
    ----------
    message : str
        What is wrong and how to mend it, without the place.
    source : str, optional
        File or stream name, put in front of the message.
    line : int, optional
        One-based line (text) or byte offset named by the message (binary).
    """

    def __init__(self, message: str, *, source: str = "", line: int | None = None) -> None:
        place = source if line is None else f"{source}, line {line}" if source else f"line {line}"
        super().__init__(f"{place}: {message}" if place else message)
        self.source = source
        self.line = line


class StudyError(InputError):
    """A study file or its parts contradict each other."""


class StorageError(InputError):
    """A file cannot be written: the disk is full or read-only, or a permission is missing."""


class NotComputableError(HRVError):
    """The input is well formed, but the data cannot support the number asked for."""


class MissingExtraError(HRVError):
    """An optional dependency is needed.

    Parameters
    ----------
    extra : str
        Name of the extra of the distribution, such as ``"parquet"``.
    purpose : str
        What it was needed for, such as ``"write Parquet"``.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"to {purpose}, install the extra: pip install 'hrv-recovery[{extra}]'")
        self.extra = extra
