"""Fuzz with atheris what strangers' bytes reach: no uncaught exception, no hang, no growth.

    python tests/fuzz_run.py                              everything, as `make fuzz` does
    python tests/fuzz_run.py edf --binary-s 60            one reader, for a minute
    python tests/fuzz_run.py requests --other-s 60        whatever has a name like this

Runs in its own environment (`make fuzz`), because atheris must instrument what it imports.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz_targets import OTHERS, target_of

BINARY = frozenset(
    {"journal", "garmin_fit", "wfdb", "edf", "xdf", "bids_physio", "parquet", "apple_health"}
)
INSTRUMENTED = ["ingest", "fitdecode", "edfio", "pyxdf", "wfdb", "api.schemas", "api.paging",
                "api.conditions", "hrv._units", "tomllib"]  # fmt: skip
HANG_S, GROWTH_MB = 10, 500
ROOT = Path(__file__).resolve().parents[1]
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def fuzz_one(name: str, seconds: int, corpus: Path) -> None:
    """Feed one target; atheris ends the process, with an error at the first finding."""
    import atheris

    with tempfile.TemporaryDirectory(prefix="hrv-fuzz-", dir=MEMORY) as folder:
        with atheris.instrument_imports(include=INSTRUMENTED):
            import ingest  # noqa: F401

            target = target_of(name, Path(folder))
            for i, seed in enumerate(target.seeds + target.rough):
                (corpus / f"{i}").write_bytes(seed)
                target.try_one(seed)  # imports and caches are no growth
        base_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        atheris.Setup(
            [
                sys.argv[0], str(corpus), f"-max_total_time={seconds}", f"-timeout={HANG_S}",
                f"-rss_limit_mb={base_mb + GROWTH_MB}", "-max_len=65536", "-print_final_stats=1",
                f"-artifact_prefix={ROOT}/fuzz-{name.replace(' ', '-')}-", "-verbosity=0",
            ],
            target.try_one,
        )  # fmt: skip
        atheris.Fuzz()


def fuzz_in_a_process(name: str, seconds: int) -> tuple[bool, int]:
    """Fuzz one target in a process of its own; print what came of it; inputs tried."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        done = subprocess.run(
            [sys.executable, __file__, name, "--one", corpus, "--seconds", str(seconds)],
            capture_output=True, text=True, check=False, errors="replace",
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        )  # fmt: skip
    ran = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
    peak = re.search(r"peak_rss_mb: *(\d+)", done.stderr)
    good = done.returncode == 0 and ran is not None and int(ran[1]) > 0  # or nothing was fuzzed
    print(
        f"{name:<28}{ran[1] if ran else '?':>10} inputs {time.monotonic() - begun:>6.0f} s "
        f"{peak[1] if peak else '?':>6} MB  {'ok' if good else 'FAILED'}",
        flush=True,
    )
    if not good:
        said = [line for line in done.stderr.splitlines() if not line.startswith("INFO:")]
        print(done.stdout[-3000:], *said[-40:], sep="\n", flush=True)
    return good, int(ran[1]) if ran else 0


def targets(like: str) -> list[str]:
    """Names of everything that is fuzzed, or of what is called like this."""
    import ingest

    names = [f"format {entry.name}" for entry in ingest.FORMATS] + list(OTHERS)
    exact = [name for name in names if like and name in (like, f"format {like}")]
    return exact or [name for name in names if like in name]


def seconds_of(asked: argparse.Namespace) -> Callable[[str], int]:
    """How long each target is fuzzed."""

    def seconds(name: str) -> int:
        if name in OTHERS:
            return int(asked.other_s)
        binary = name.removeprefix("format ") in BINARY
        return int(asked.binary_s if binary else asked.text_s)

    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("like", nargs="?", default="", help="part of a name; default: everything")
    parser.add_argument("--binary-s", type=int, default=600, help="seconds a binary reader")
    parser.add_argument("--text-s", type=int, default=60, help="seconds a text reader")
    parser.add_argument("--other-s", type=int, default=60, help="seconds everything else")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        fuzz_one(asked.like, asked.seconds, asked.one)
        return
    names, seconds = targets(asked.like), seconds_of(asked)
    if not names:
        raise SystemExit(f"nothing is called like {asked.like!r}")
    with ThreadPoolExecutor(asked.jobs) as pool:
        results = list(pool.map(lambda name: fuzz_in_a_process(name, seconds(name)), names))
    findings = sum(not good for good, _ in results)
    print(f"{sum(tried for _, tried in results)} inputs to {len(names)} parsers, "
          f"{findings} with a finding")  # fmt: skip
    raise SystemExit(1 if findings else 0)


if __name__ == "__main__":
    main()
