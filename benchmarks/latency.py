"""Small requests while straps stream in: wrk at 16 clients, 50 simulated straps, one beat a second.

``python -m benchmarks.latency`` starts `hrv serve` with keys in a process of its own, streams the
straps from another, and lets wrk read one study as fast as it can.  The machine's load stands
beside the figures: wall times of a busy machine are upper ends.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
STRAPS, CLIENTS = 50, 16
HEAD = (
    f"| while {STRAPS} straps stream in, {CLIENTS} clients "
    "| median | p99 | a second | processor time each |\n|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    seconds = parser.parse_args().seconds
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, served(folder) as (process, url, key):
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers) as http:
            study = http.post("/v1/studies", json={"title": "Latency"}).json()["id"]
            http.post(f"/v1/studies/{study}/subjects", json={"name": "P01"})
        straps = multiprocessing.get_context("spawn").Process(
            target=stream, args=(url, key, study, seconds + 8)
        )
        straps.start()
        wait_for_straps(url, headers, study)
        print(HEAD)
        for path in (f"/v1/studies/{study}", "/healthz"):
            report(process, url, path, key, seconds if "studies" in path else 5)
        straps.join()
        entries = http_metric(url, headers)
    print(
        f"{entries} audit entries in all; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )


@contextlib.contextmanager
def served(folder):
    """`hrv serve` with keys; its log goes into a file, as a service manager takes it."""
    from server_process import HRV

    settings = {
        "HRV_STORE": f"{folder}/store", "HRV_WORKERS": "0", "HRV_PORT": "0", "HRV_LOCAL": "no",
        "HRV_RATE_PER_S": "0",
    }  # fmt: skip
    with Path(folder, "log").open("w+") as log:
        process = subprocess.Popen(
            [*HRV, "serve"], env={**os.environ, **settings},
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            key = process.stdout.readline().strip()
            url = re.search(r"http://\S+", Path(folder, "log").read_text())[0]
            yield process, url, key
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


def stream(url, key, study, seconds):
    """Send one beat a second from each strap, each at its own moment."""
    asyncio.run(_stream(url, key, study, seconds))


async def _stream(url, key, study, seconds):
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=STRAPS, max_keepalive_connections=STRAPS)
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=30) as http:

        async def strap(i):
            body = {"subject": "P01", "name": f"strap {i}"}
            live = (await http.post(f"/v1/studies/{study}/live", json=body)).json()
            await asyncio.sleep(i / STRAPS)
            for beat in range(seconds):
                body = {"first": beat, "rr_ms": [800.0 + beat % 7]}
                answer = await http.post(f"/v1/live/{live['recording_id']}/beats", json=body)
                answer.raise_for_status()
                await asyncio.sleep(1.0)

        await asyncio.gather(*(strap(i) for i in range(STRAPS)))


def wait_for_straps(url, headers, study):
    with httpx.Client(base_url=url, headers=headers, timeout=30) as http:
        while True:
            listed = http.get(f"/v1/studies/{study}/live?limit=1000").json()["items"]
            if len(listed) == STRAPS and all(live["next_sequence"] for live in listed):
                return


def report(process, url, path, key, seconds):
    server = psutil.Process(process.pid)
    before = server.cpu_times()
    said = subprocess.run(
        ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--latency",
         "-H", f"Authorization: Bearer {key}", url + path],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    after = server.cpu_times()
    count = int(re.search(r"(\d+) requests in", said)[1])
    spent = (after.user + after.system) - (before.user + before.system)
    shown = {m[1]: m[2] for m in re.finditer(r"(50|99)%\s+(\S+)", said)}
    wrong = re.search(r"Non-2xx.*", said)
    name = (
        "`GET /v1/studies/{id}`, with key and audit entry" if "studies" in path else f"`GET {path}`"
    )
    print(
        f"| {name} | {shown['50']} | {shown['99']} | {count / seconds:.0f} "
        f"| {spent / count * 1000:.2f} ms | {wrong[0] if wrong else ''}".rstrip(" |")
        + " |"
    )


def http_metric(url, headers):
    text = httpx.get(f"{url}/metrics", headers=headers).text
    return int(float(re.search(r"^hrv_audit_entries (\S+)", text, re.M)[1]))


if __name__ == "__main__":
    main()
