"""How fast recordings open (processor time), and what memory a large Apple Health export takes.

python -m benchmarks.readers                 the sizes below
python -m benchmarks.readers --apple-mb 2048 a whole export; needs that much room in /tmp
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_READ = """
import resource, sys, time
import ingest
from ingest.reading import open_recording
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
import fitdecode  # what is imported is not what is measured
before, begun = peak(), time.process_time()  # others may use the machine
recording = open_recording(sys.argv[1])
took = time.process_time() - begun
print(len(recording.rr), took, peak() - before)
"""
_OTHER = (
    '<Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" sourceVersion="10.1" '
    'device="&lt;&lt;HKDevice: 0x283&gt;, name:Apple Watch&gt;" unit="count/min" '
    'creationDate="2024-03-01 20:15:10 +0100" startDate="2024-03-01 20:15:05 +0100" '
    'endDate="2024-03-01 20:15:05 +0100" value="61">\n'
    '  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="0"/>\n </Record>\n '
)


def _measurement(number: int) -> str:
    """One beat-to-beat measurement of a minute; six a day."""
    day, slot = divmod(number, 6)
    date = f"{2016 + day // 336}-{1 + day // 28 % 12:02}-{1 + day % 28:02}"
    beats = "".join(
        f'   <InstantaneousBeatsPerMinute bpm="75" time="{8 + slot:02}:30:{s:02}.{c:02}"/>\n'
        for s, c in (divmod(300 + 80 * i, 100) for i in range(70))
        if s < 60
    )
    return (
        '<Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" sourceName="Watch" '
        f'unit="ms" startDate="{date} {8 + slot:02}:30:02 +0100" value="42.5">\n'
        f"  <HeartRateVariabilityMetadataList>\n{beats}"
        "  </HeartRateVariabilityMetadataList>\n </Record>\n "
    )


def apple_export(path: Path, megabytes: int) -> None:
    """Write an export, sorted by kind as the phone does: a tenth of it is variability."""
    with path.open("w") as file:
        file.write('<?xml version="1.0"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData ANY>\n]>\n')
        file.write("<HealthData>\n ")
        while file.tell() < 0.9 * (megabytes << 20):
            file.write(_OTHER * 1000)
        number = 0
        while file.tell() < megabytes << 20:
            file.write(_measurement(number))
            number += 1
        file.write("</HealthData>\n")


def _row(name: str, path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _READ, str(path)], capture_output=True, text=True,
                          check=True)  # fmt: skip
    n, took, grown = (float(word) for word in done.stdout.split())
    size = path.stat().st_size / 1e6
    print(f"{name:<28}{size:>9.1f} MB {n:>9.0f} intervals {took:>8.3f} s {size / took:>8.1f} MB/s "
          f"{grown:>8.0f} MB more memory")  # fmt: skip


def main() -> None:
    """Print one row a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apple-mb", type=int, default=128)
    wanted = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from recordings import fit_walk

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "100000 beats.txt"
        text.write_text("".join(f"{700 + i * 37 % 300}\n" for i in range(100_000)))
        _row("text, 100,000 beats", text)
        fit = folder / "37000 beats.fit"
        fit.write_bytes(fit_walk([700 + i * 37 % 300 for i in range(37_000)], every=5))
        _row("FIT, 37,000 beats", fit)
        apple = folder / "export.xml"
        apple_export(apple, wanted.apple_mb)
        _row(f"Apple export, {wanted.apple_mb} MB", apple)
    print(f"(this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB)")
    print(time.strftime("%Y-%m-%d"))


if __name__ == "__main__":
    main()
