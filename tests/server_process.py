"""`hrv serve` as its user runs it: a process of its own, ended by a signal."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HRV = (sys.executable, "-W", "error", "-c", "import api.cli; api.cli.main()")
"""The command `hrv` as it is installed, from this checkout, warnings being errors."""


class ServerProcess:
    """A running `hrv serve --local` over a store; use it in a ``with`` block.

    Its environment may say otherwise: ``HRV_LOCAL="no"`` asks for keys.
    """

    def __init__(self, store: str | Path, *, workers: int = 1, grace_s: float = 4.0, **env: str):
        settings = {
            "HRV_STORE": str(store), "HRV_WORKERS": str(workers), "HRV_GRACE_S": str(grace_s),
            "HRV_LOCAL": "yes", "HRV_PORT": "0", **env,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [*HRV, "serve"],
            env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        found = re.search(r"http://\S+", said)
        assert found, f"no address in {said + self.process.communicate()[1]!r}"
        self.url = found[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.process.stdout.close()

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def ended(self, within_s: float) -> tuple[int, float, str]:
        """Exit status, seconds it took, and what it wrote since its address."""
        begin = time.monotonic()
        status = self.process.wait(within_s)
        return status, time.monotonic() - begin, self.process.stderr.read()
