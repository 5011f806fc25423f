"""The one place that turns errors into exit codes and a clear line on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable

from hrv.errors import HRVError, NotComputableError

EXIT_NOT_COMPUTABLE = 1
EXIT_BAD_INPUT = 2


def run(command: Callable[[], object]) -> int:
    """Run `command`; return 0, 1 (nothing could be computed) or 2 (bad usage or input)."""
    try:
        command()
    except NotComputableError as error:
        return _say(error, EXIT_NOT_COMPUTABLE)
    except HRVError as error:
        return _say(error, EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        sys.stderr.write("hrv: interrupted\n")
        return 130
    return 0


def _say(error: Exception, code: int) -> int:
    sys.stderr.write(f"hrv: {error}\n")
    return code
