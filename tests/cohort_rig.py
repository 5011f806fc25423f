"""A laboratory's folder of recordings, made once; and ways to look at the results."""

import datetime as dt
from pathlib import Path

import pandas as pd

import hrv
from ingest import write_text
from ingest.writers import parquet

PEOPLE, DAYS = 12, 2
BAD = {
    "P00/bad.txt": b"hello\nworld\n",
    "P00/empty.txt": b"",
    "P03/cut.parquet": b"PAR1\x15\x04",
}
"""Files that cannot be read."""


def make_lab(folder: Path, *, bad: bool = True) -> pd.DataFrame:
    """24 recordings of 12 people with one stressor each, broken files among them."""
    events = []
    for person in range(PEOPLE):
        for day in range(1, 1 + DAYS):
            start = dt.datetime(2026, 3, day, 9, tzinfo=dt.UTC)
            name = f"P{person:02d}"
            sim = hrv.simulate(
                seed=10 * person + day, duration="20min", stress=[(400, 640)], start=start,
                subject=name,
            )  # fmt: skip
            (folder / name).mkdir(parents=True, exist_ok=True)
            write_text(sim.series, folder / name / f"day{day}.txt")
            events.append(sim.events)
    for name, content in BAD.items() if bad else ():
        (folder / name).write_bytes(content)
    return pd.concat(events, ignore_index=True)


def make_dataset(folder: Path) -> None:
    """Write a Parquet dataset in folders study=/subject=/session=; one session is in two parts."""
    for i, (study, subject, session) in enumerate(
        [("a", "S1", "1"), ("a", "S2", "1"), ("b", "S1", "eve%20ning")]
    ):
        series = hrv.simulate(seed=i, duration="15min").series
        leaf = folder / f"study={study}" / f"subject={subject}" / f"session={session}"
        leaf.mkdir(parents=True)
        parts = [series]
        if study == "b":
            parts = [hrv.RRSeries.from_ms(series.rr_ms[:400], t_s=series.t_s[:400]),
                     hrv.RRSeries.from_ms(series.rr_ms[400:], t_s=series.t_s[400:])]  # fmt: skip
        for number, part in enumerate(parts):
            (leaf / f"part-{number}.parquet").write_bytes(parquet.write(part).files[".parquet"])


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the results but the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def table(folder: Path, name: str) -> pd.DataFrame:
    """Return a table of the results, in order of file."""
    whole = pd.read_parquet(Path(folder) / name)
    return whole.sort_values(["file"], kind="stable").reset_index(drop=True)
