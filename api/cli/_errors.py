"""The one place that turns errors into exit codes and a clear line on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable

EXIT_NOT_COMPUTABLE = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def run(command: Callable[[], object]) -> int:
    """Run `command`; return 0, 1 (nothing could be computed) or 2 (bad usage or input)."""
    try:
        command()
    except KeyboardInterrupt:
        return _say("interrupted", EXIT_INTERRUPTED)
    except Exception as error:
        # imported here: help and usage errors must not wait for the numeric packages
        from hrv.errors import HRVError, NotComputableError

        if not isinstance(error, HRVError):
            raise
        nothing = isinstance(error, NotComputableError)
        return _say(str(error), EXIT_NOT_COMPUTABLE if nothing else EXIT_BAD_INPUT)
    return 0


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"hrv: {message}\n")
    return code
