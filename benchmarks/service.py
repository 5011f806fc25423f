"""What the service costs: bytes a beat, reads, live commits, windows over REST.

``python -m benchmarks.service`` prints the table that docs/service.md shows; everything is
measured in one run on an embedded store in ``--folder`` (default: a temporary one), the time of
a bare fsync of that disk beside the commits.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
from sqlalchemy import func, select

from api.client import Client
from api.schemas.studies import StudyIn
from api.store import Store, models, open_store
from api.store.live import Batch, LiveWriter
from api.store.recordings import add_beats, read_beats
from api.store.types import new_id, now
from hrv.simulate import simulate
from hrv.types import RRSeries

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

BEATS = 3_000_000
DAY_S = 86_400.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", help="measure on this disk")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as folder:
        rows = stored(Path(folder) / "month") + live(Path(folder) / "live")
        rows += windows(Path(folder) / "day")
    print("| what | measured | aim |\n|---|---|---|")
    for what, measured, aim in rows:
        print(f"| {what} | {measured} | {aim} |")


def month() -> RRSeries:
    """Three million beats of one person: thirty simulated days of different seeds, whole ms."""
    days, count, seed = [], 0, 0
    while count < BEATS:
        days.append(np.rint(simulate(seed, duration="24h").series.rr_ms))
        count, seed = count + days[-1].size, seed + 1
    return RRSeries.from_ms(np.concatenate(days)[:BEATS], start=now())


def new_recording(store: Store, state: str = "closed") -> models.Recording:
    with store.write() as session:
        study = models.Study(title="benchmark", tz=None, declared={})
        session.add(study)
        session.flush()
        subject = models.Subject(study_id=study.id, name="P01")
        session.add(subject)
        session.flush()
    return models.Recording(
        id=new_id(), study_id=study.id, subject_id=subject.id, name=f"r{new_id()}", state=state,
        start=now(), provenance={}, lost=[], options={},
    )  # fmt: skip


def stored(folder: Path) -> list[tuple[str, str, str]]:
    store, series = open_store(folder), month()
    before = size(store, folder)
    row = new_recording(store)
    begin = time.perf_counter()
    chunks = add_beats(row, series)
    packed = time.perf_counter() - begin
    with store.write() as session:
        session.add(row)
        session.flush()
        session.add_all(chunks)
    took = time.perf_counter() - begin
    on_disk = (size(store, folder) - before) / BEATS
    with store.read() as session:
        data = session.scalar(select(func.sum(func.length(models.Chunk.data)))) / BEATS
    rng = np.random.default_rng(0)

    def read(span_s: float) -> Callable[[], None]:
        def once() -> None:
            at = rng.uniform(0, max(series.t_s[-1] - span_s, 1e-9))
            with store.read() as session:
                read_beats(session, row.id, at, at + span_s)

        return once

    hour, whole = timed(read(3600.0), 300), timed(read(30 * DAY_S), 20)
    store.close()
    return [
        ("3 million beats: bytes a beat in the database file", f"{on_disk:.2f}", "≤ 1.5"),
        ("  of which the packed beats themselves", f"{data:.2f}", ""),
        ("  packing and storing them", f"{took:.2f} s (packing {packed:.2f} s)", ""),
        ("one hour read", spread(hour), "≤ 5 ms"),
        ("30 days read", spread(whole), "≤ 150 ms"),
    ]


def size(store: Store, folder: Path) -> int:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "store.sqlite3").stat().st_size


def live(folder: Path) -> list[tuple[str, str, str]]:
    from serving import serving

    store = open_store(folder)
    fsync = timed(lambda: fsync_once(folder), 500)
    writer, row = LiveWriter(store), new_recording(store, "open")
    with store.write() as session:
        session.add(row)
    number = iter(range(10**9))

    def beat() -> None:
        writer.append(Batch(row.id, next(number), np.array([800.0]))).result()

    alone = timed(beat, 3000)
    writer.stop()
    store.close()
    with serving(str(folder)) as url:
        one, many = over_rest(url, 1, 1000), over_rest(url, 50, 40)
    return [
        ("fsync of 4 KiB appended to a file on this disk", spread(fsync), ""),
        ("live: one beat committed", spread(alone), "p99 ≤ 25 ms"),
        ("live over REST, one strap", spread(one), ""),
        ("live over REST, 50 straps at once, each one beat a second", spread(many), ""),
    ]


def fsync_once(folder: Path) -> None:
    file = os.open(folder / "fsync", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, bytes(4096))
    os.fsync(file)
    os.close(file)


def over_rest(url: str, straps: int, beats: int) -> list[float]:
    """Milliseconds of each request; many straps send at their own moments of each second."""
    took: list[float] = []
    with Client(url) as client:
        study = client.create_study(StudyIn(title="straps"))
        client.create_subject(study.id, "P01")
        sessions = [client.start_live(study.id, "P01", name=f"s{i}") for i in range(straps)]

    ready = threading.Barrier(straps)

    def strap(identity: object, offset_s: float) -> None:
        with httpx.Client(base_url=url, verify=False) as http:
            http.get(f"/v1/live/{identity}")  # connected, like a strap in use
            ready.wait()
            begin = time.perf_counter() + offset_s
            for i in range(beats):
                if straps > 1:
                    time.sleep(max(0.0, begin + i - time.perf_counter()))
                at = time.perf_counter()
                answer = http.post(f"/v1/live/{identity}/beats", json={"first": i, "rr_ms": [800]})
                took.append((time.perf_counter() - at) * 1000)
                answer.raise_for_status()

    threads = [
        threading.Thread(target=strap, args=(s.recording_id, i / straps))
        for i, s in enumerate(sessions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def windows(folder: Path) -> list[tuple[str, str, str]]:
    """24 h, step 1 s, RMSSD and SDNN; nothing kept but the cleaned beats in the worker."""
    from dataclasses import replace

    from serving import SETTINGS, serving

    folder.mkdir()
    file = folder / "day.txt"
    rr = np.rint(simulate(1, duration="24h").series.rr_ms).astype(int)
    file.write_text("".join(f"{x}\n" for x in rr))
    rows = []
    with (
        serving(str(folder / "store"), replace(SETTINGS, cache_mb=0, workers=1)) as url,
        Client(url) as client,
    ):
        study = client.create_study(StudyIn(title="day"))
        client.create_subject(study.id, "P01")
        recording = client.upload(study.id, file, "P01")
        path = f"/v1/recordings/{recording.id}/windows"
        first = time.perf_counter()
        client.table(path, "application/json", step="1s", metrics="rmssd,sdnn")
        rows.append(("24 h, windows of 5 min, step 1 s, over REST: the very first request",
                     f"{(time.perf_counter() - first) * 1000:.0f} ms", ""))  # fmt: skip
        for name, media in (
            ("JSON", "application/json"), ("CSV", "text/csv"),
            ("Arrow", "application/vnd.apache.arrow.stream"),
        ):  # fmt: skip
            took = timed(
                lambda media=media: client.table(path, media, step="1s", metrics="rmssd,sdnn"), 15
            )
            aim = "≤ 300 ms" if name == "JSON" else ""
            rows.append((f"  warm, computed again each time, as {name}", spread(took), aim))
    return rows


def timed(work: Callable[[], object], times: int) -> list[float]:
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        took.append((time.perf_counter() - begin) * 1000)
    return took


def spread(ms: list[float]) -> str:
    return f"median {statistics.median(ms):.1f} ms, p99 {np.percentile(ms, 99):.1f} ms"


if __name__ == "__main__":
    main()
