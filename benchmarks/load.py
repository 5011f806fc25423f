"""Load on one service: straps that stream, readers that read, and a count of what was lost.

    python -m benchmarks.load                              500 straps, 16 readers, 10 minutes
    python -m benchmarks.load --minutes 60                 the soak
    python -m benchmarks.load --overload                   more than it can take: what is shed

Each simulated strap beats in real time and sends what it has every `--every` seconds, as a phone
does, over a connection of its own; each reader asks for windows, beats or the state of a session
without pause.  Afterwards every recording is read back and compared beat by beat.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil

from api.client import Client
from api.schemas.studies import StudyIn
from tests.server_process import ServerProcess

FLAT_MB_PER_MIN = 1.0
"""Memory that grows by less in the second half of a load counts as flat."""


@dataclass
class Told:
    """What came back."""

    latency_s: dict[str, list[float]] = field(default_factory=dict)
    status: dict[int, int] = field(default_factory=dict)
    without_retry_after: int = 0
    broken: int = 0


class Connection:
    """A kept-alive HTTP/1.1 connection, as little work for the client as can be."""

    def __init__(self, url: str, told: Told) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._told = parts.hostname, parts.port, told
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, what: str, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request; 0 if the connection broke."""
        begin = time.perf_counter()
        try:
            status, headers, content = await self._exchange(method, path, body)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            self._told.broken += 1
            self.close()
            return 0, b""
        self._told.status[status] = self._told.status.get(status, 0) + 1
        if status in (429, 503):
            self._told.without_retry_after += b"retry-after" not in headers
        else:
            self._told.latency_s.setdefault(what, []).append(time.perf_counter() - begin)
        return status, content

    async def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, bytes, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(answer[9:12]), answer, await reader.readexactly(length)

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Strap:
    """One strap: what it sent, and what was acknowledged."""

    recording: str
    rng: np.random.Generator
    sent: list[int] = field(default_factory=list)
    acknowledged: int = 0

    async def run(self, connection: Connection, every_s: float, until: float) -> None:
        """Beat in real time, send every so often, again if it was turned away."""
        await asyncio.sleep(float(self.rng.uniform(0, every_s)))
        began = heard = time.monotonic()
        while time.monotonic() < until:
            while heard < time.monotonic():
                self.sent.append(int(self.rng.integers(700, 1000)))
                heard += self.sent[-1] / 1000
            await self._send(connection)
            step = every_s - (time.monotonic() - began) % every_s
            await asyncio.sleep(step)
        while self.acknowledged < len(self.sent):  # nothing stays unsent
            await self._send(connection)
        connection.close()

    async def _send(self, connection: Connection) -> None:
        fresh = self.sent[self.acknowledged :][:4000]
        if not fresh:
            return
        body = json.dumps({"first": self.acknowledged, "rr_ms": fresh}).encode()
        path = f"/v1/live/{self.recording}/beats"
        status, content = await connection.ask("send beats", "POST", path, body)
        if status == 200:
            self.acknowledged = json.loads(content)["next_sequence"]
        elif status in (0, 429, 503):
            await asyncio.sleep(1.0)
        else:
            raise SystemExit(f"answered {status}: {content[:300]!r}")


async def _read(
    connection: Connection, straps: list[Strap], done: str, until: float, seed: int
) -> None:
    rng = random.Random(seed)
    asks = {
        "read windows": f"/v1/recordings/{done}/windows?width=1min&step=10s&metrics=rmssd,sdnn",
        "read beats": "/v1/recordings/{}/beats",
        "read session": "/v1/live/{}",
    }
    while time.monotonic() < until:
        what = rng.choice(list(asks))
        path = asks[what].format(rng.choice(straps).recording)
        status, _ = await connection.ask(what, "GET", path)
        if status in (0, 429, 503):
            await asyncio.sleep(1.0)
        await asyncio.sleep(0.05)
    connection.close()


async def _watch(pid: int, until: float, rss: list[tuple[float, float]]) -> None:
    begin = time.monotonic()
    while time.monotonic() < until:
        size = psutil.Process(pid).memory_info().rss / 2**20
        rss.append((time.monotonic() - begin, size))
        await asyncio.sleep(1.0)


async def _drive(
    url: str, pid: int, straps: list[Strap], done: str, options: argparse.Namespace, told: Told
) -> list[tuple[float, float]]:
    until = time.monotonic() + 60 * options.minutes
    rss: list[tuple[float, float]] = []
    work = [s.run(Connection(url, told), options.every, until) for s in straps]
    work += [_read(Connection(url, told), straps, done, until, i) for i in range(options.readers)]
    await asyncio.gather(*work, _watch(pid, until, rss))
    return rss


def _lost(url: str, straps: list[Strap]) -> tuple[int, int]:
    """Read everything back: beats acknowledged, and how many of them are not there as sent."""
    lost = 0
    with Client(url) as client:
        for strap in straps:
            kept = client.beats(strap.recording).columns["rr_ms"]
            same = sum(a == b for a, b in zip(strap.sent, kept, strict=False))
            lost += strap.acknowledged - min(same, strap.acknowledged)
    return sum(s.acknowledged for s in straps), lost


def _say(told: Told, rss: list[tuple[float, float]], beats: int, lost: int) -> None:
    for what, found in sorted(told.latency_s.items()):
        found.sort()
        p99 = found[min(len(found) - 1, int(0.99 * len(found)))]
        print(
            f"{what:<14}{len(found):>9} answers   median {1000 * statistics.median(found):7.1f} ms"
            f"   p99 {1000 * p99:7.1f} ms   worst {1000 * found[-1]:7.1f} ms"
        )
    shed = sum(told.status.get(s, 0) for s in (429, 503))
    print(f"turned away (429, 503): {shed}, without Retry-After: {told.without_retry_after}")
    print(f"other statuses: { {s: n for s, n in told.status.items() if s not in (200, 429, 503)} }")
    print(f"connections that broke: {told.broken}")
    print(f"beats acknowledged: {beats}, lost or changed: {lost}")
    _say_memory(rss)


def growth(rss: list[tuple[float, float]]) -> float:
    """Slope of a line through memory over time, MB per minute, of the second half of a load.

    The first half is warm-up: threads, connections and their caches come with the first requests.
    """
    at_s, size_mb = np.array(rss).T
    late = at_s >= at_s[-1] / 2
    if np.count_nonzero(late) < 3:
        return float("nan")  # too short to tell
    return float(np.polyfit(at_s[late] / 60, size_mb[late], 1)[0])


def _flat(rss: list[tuple[float, float]]) -> str:
    slope = growth(rss)
    if math.isnan(slope):
        return "not judged: the load was too short"
    return "flat" if slope < FLAT_MB_PER_MIN else "NOT flat"


def _row(
    options: argparse.Namespace, told: Told, rss: list[tuple[float, float]], beats: int, lost: int
) -> str:
    """The row of the table in docs/reliability.md."""
    sends = sorted(told.latency_s["send beats"])
    cells = (
        f"{options.straps} straps and {options.readers} readers on one process for "
        f"{options.minutes:g} minutes lose nothing; memory is {_flat(rss)}",
        f"`make load`: a batch of beats took {1000 * statistics.median(sends):.0f} ms (median; p99 "
        f"{1000 * sends[int(0.99 * (len(sends) - 1))]:.0f} ms); memory {rss[0][1]:.0f} to "
        f"{rss[-1][1]:.0f} MB, {growth(rss):+.2f} MB a minute over the second half",
        f"{beats:,} beats acknowledged, {sum(told.status.values()):,} requests",
        f"{lost} beats, {told.broken} broken connections",
        "once",
    )
    return f"| {' | '.join(cells)} |"


def _say_memory(rss: list[tuple[float, float]]) -> None:
    """Memory at the end of every minute, and whether it is flat."""
    minutes = int(rss[-1][0] // 60) + 1
    by_minute = [[mb for at_s, mb in rss if at_s < 60 * (m + 1)][-1] for m in range(minutes)]
    line = " ".join(f"{mb:.0f}" for mb in by_minute)
    print(f"memory of the server: {rss[0][1]:.0f} MB at first; at the end of each minute: {line}")
    print(
        f"second half: {growth(rss):+.2f} MB a minute, {_flat(rss)} "
        f"(flat: below {FLAT_MB_PER_MIN:g} MB a minute)"
    )


def main() -> None:
    """Run one load and tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--straps", type=int, default=500)
    parser.add_argument("--readers", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--every", type=float, default=2.0, help="pause between batches, s")
    parser.add_argument("--overload", action="store_true", help="a few requests at a time only")
    options = parser.parse_args()
    env = {"HRV_MAX_WAITING": "8"} if options.overload else {}
    told = Told()
    print(
        f"{options.straps} straps, a batch every {options.every:g} s each, {options.readers} "
        f"readers, {options.minutes:g} min; load of the machine {os.getloadavg()[0]:.1f}"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder) / "store", workers=0, **env) as server,
    ):
        with Client(server.url) as client:
            study = client.create_study(StudyIn(title="Load"))
            client.create_subject(study.id, "P01")
            file = Path(folder) / "done.txt"
            file.write_text("".join(f"{750 + i % 97}\n" for i in range(9000)))
            done = str(client.upload(study.id, file, "P01").id)
            straps: list[Strap] = [
                Strap(
                    str(client.start_live(study.id, "P01", name=f"s{i}").recording_id),
                    np.random.default_rng(i),
                )
                for i in range(options.straps)
            ]
        rss = asyncio.run(_drive(server.url, server.process.pid, straps, done, options, told))
        used: Any = psutil.Process(server.process.pid).cpu_times()
        beats, lost = _lost(server.url, straps)
    print(f"load of the machine at the end {os.getloadavg()[0]:.1f}; processor time of the server "
          f"{used.user + used.system:.0f} s")  # fmt: skip
    _say(told, rss, beats, lost)
    print("\nfor docs/reliability.md:\n" + _row(options, told, rss, beats, lost))
    raise SystemExit(1 if lost or told.without_retry_after else 0)


if __name__ == "__main__":
    main()
