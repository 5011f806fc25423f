"""The one place that turns errors into exit codes and a clear line on stderr."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import typer

EXIT_NOT_COMPUTABLE = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

_SPELLINGS = (
    (r"\bunit='(\S+?)'", r"--unit \1"),
    (r"\bformat='(\S+?)'", r"--input-format \1"),
    (r"\bformat=", "--input-format"),
    (r"\bsampling_rate_hz=", "--sampling-rate"),
    (r"\b(unit|tz|start|channel)=(?=\W|$)", r"--\1"),
)
"""Messages name Python's arguments; a reader of the command line knows them as options."""


def run(command: Callable[..., object]) -> int:
    """Run `command`; return 0, 1 (nothing could be computed) or 2 (bad usage or input)."""
    try:
        code = command(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", EXIT_INTERRUPTED)
    except Exception as error:
        if hasattr(error, "format_message"):
            return _usage(error)
        # imported here: help and usage errors must not wait for the numeric packages
        from hrv.errors import HRVError, NotComputableError

        if isinstance(error, OSError):  # a disk that is full, a folder that is not there
            place = f"{error.filename}: " if error.filename else ""
            return _say(f"{place}{error.strerror or error}", EXIT_BAD_INPUT)
        if not isinstance(error, HRVError):
            raise
        nothing = isinstance(error, NotComputableError)
        return _say(as_options(str(error)), EXIT_NOT_COMPUTABLE if nothing else EXIT_BAD_INPUT)
    if code == EXIT_INTERRUPTED:  # typer has taken the interruption for itself
        return _say("interrupted", EXIT_INTERRUPTED)
    return code if isinstance(code, int) else 0


def _usage(error: Any) -> int:
    """Say what is wrong with the command line itself, and where its help is."""
    message = " ".join(error.format_message().replace("Value error, ", "").split())
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return EXIT_BAD_INPUT
    path = context.command_path if context is not None else "hrv"
    return _say(f"{message.rstrip('.')}; {path} -h shows the usage", EXIT_BAD_INPUT)


def as_options(message: str) -> str:
    """Spell Python's arguments in a message as the options of the command line."""
    for pattern, spelling in _SPELLINGS:
        message = re.sub(pattern, spelling, message)
    return message


def _say(message: str, code: int) -> int:
    from hrv.errors import on_one_line

    sys.stderr.write(f"hrv: {on_one_line(message)}\n")
    return code
