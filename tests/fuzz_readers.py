"""Fuzz the readers with atheris: no uncaught exception, no hang, no growth of memory.

    python tests/fuzz_readers.py                          every reader, as `make fuzz` does
    python tests/fuzz_readers.py edf --binary-s 60        one reader, for a minute

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
from pathlib import Path

BINARY = frozenset(
    {"journal", "garmin_fit", "wfdb", "edf", "xdf", "bids_physio", "parquet", "apple_health"}
)
HANG_S, GROWTH_MB = 2, 500
ROOT = Path(__file__).resolve().parents[1]


def fuzz_one(name: str, seconds: int, corpus: Path) -> None:
    """Feed one reader; atheris ends the process, with an error at the first finding."""
    import atheris

    with atheris.instrument_imports(include=["ingest", "fitdecode", "edfio", "pyxdf", "wfdb"]):
        import ingest
        from hrv.errors import HRVError
        from ingest.formats.base import Source
    from recordings import samples

    own = [sample for sample in samples() if sample.format == name]
    options = {"format": name, **own[0].options}
    for i, sample in enumerate(own):
        (corpus / f"{i}").write_bytes(sample.data)
    for sample in own:  # imports and caches are no growth
        ingest.open_recording(Source(sample.name, content=sample.data, beside=sample.beside),
                              **{**options, **sample.options})  # fmt: skip
    base_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    def one(data: bytes) -> None:
        sample = own[len(data) % len(own)]
        try:
            ingest.open_recording(
                Source(sample.name, content=data, beside=sample.beside), **options
            )
        except HRVError as error:
            if "\n" in str(error):
                raise RuntimeError("a message of several lines") from error

    atheris.Setup(
        [
            sys.argv[0], str(corpus), f"-max_total_time={seconds}", f"-timeout={HANG_S}",
            f"-rss_limit_mb={base_mb + GROWTH_MB}", "-max_len=65536", "-print_final_stats=1",
            f"-artifact_prefix={ROOT}/fuzz-{name}-", "-verbosity=0",
        ],
        one,
    )  # fmt: skip
    atheris.Fuzz()


def fuzz_in_a_process(name: str, seconds: int) -> bool:
    """Fuzz one reader in a process of its own; print what came of it."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        done = subprocess.run(
            [sys.executable, __file__, name, "--one", corpus, "--binary-s", str(seconds)],
            capture_output=True, text=True, check=False, errors="replace",
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        )  # fmt: skip
    ran = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
    peak = re.search(r"peak_rss_mb: *(\d+)", done.stderr)
    print(
        f"{name:<22}{ran[1] if ran else '?':>10} inputs {time.monotonic() - begun:>6.0f} s "
        f"{peak[1] if peak else '?':>6} MB  {'ok' if done.returncode == 0 else 'FAILED'}",
        flush=True,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.startswith("INFO:")]
        print(done.stdout[-3000:], *said[-40:], sep="\n", flush=True)
    return done.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", nargs="?", help="one reader; default: all")
    parser.add_argument("--binary-s", type=int, default=600, help="seconds a binary reader")
    parser.add_argument("--text-s", type=int, default=60, help="seconds a text reader")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        fuzz_one(wanted.format, wanted.binary_s, wanted.one)
        return
    import ingest

    names = [entry.name for entry in ingest.FORMATS if wanted.format in (None, entry.name)]
    if not names:
        raise SystemExit(f"no format is called {wanted.format!r}")
    results = [
        fuzz_in_a_process(name, wanted.binary_s if name in BINARY else wanted.text_s)
        for name in names
    ]
    raise SystemExit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
