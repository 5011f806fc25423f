"""Workers and clients that are killed, disks that fill, files that are broken: nothing is lost."""

import contextlib
import os
import random
import shutil
import subprocess

import pandas as pd
import psutil
import pytest
from cohort_rig import contents, make_lab, table, until
from command_rig import HRV, environment

from ingest import cohort

SMALL = 8192
"""Bytes of a batch: a recording or two."""
SETTINGS = cohort.CohortSettings(metrics=("rmssd", "sdnn"))
OPTIONS = ("--metrics", "rmssd,sdnn", "--batch-mb", str(SMALL / 2**20))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults") / "lab"
    make_lab(folder)
    return folder


@pytest.fixture(scope="module")
def expected(lab):
    out = lab.parent / "serial"
    cohort.run(str(lab), str(out), SETTINGS, serial=True, batch_bytes=SMALL)
    return contents(out)


def test_two_processes_over_tcp_write_the_same_bytes(lab, expected, tcp_cluster, tmp_path):
    done = subprocess.run(
        [*HRV, "batch", str(lab), "--out", str(tmp_path / "out"), "--scheduler", tcp_cluster,
         *OPTIONS], env=environment(), capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert f"running on the cluster at {tcp_cluster}" in done.stderr
    assert contents(tmp_path / "out") == expected


def test_a_recording_that_kills_its_workers_is_listed_and_the_others_are_done(
    lab, tcp_cluster, tmp_path
):
    copy = shutil.copytree(lab / "P04", tmp_path / "lab" / "P04").parent
    shutil.copy(copy / "P04/day1.txt", copy / "P04/deadly.txt")
    outcome = cohort.run(str(copy), str(tmp_path / "out"), SETTINGS, scheduler=tcp_cluster)
    assert (outcome.recordings, outcome.unread) == (3, 1)
    failure = pd.read_csv(tmp_path / "out/failures.csv").iloc[0]
    assert failure["file"] == "P04/deadly.txt"
    assert "every worker that read it died" in failure["reason"]
    assert list(table(tmp_path / "out", "summary")["file"]) == ["P04/day1.txt", "P04/day2.txt"]


def test_a_local_cluster_writes_the_same_bytes_and_a_killed_worker_costs_nothing(
    lab, expected, tmp_path
):
    killed, started = [], []
    others = {p.pid for p in psutil.Process().children(recursive=True)}

    def progress(_status):
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                ours = process.pid not in others and "spawn_main" in str(process.cmdline())
                if ours and not killed:
                    killed.append(process.pid)
                    process.kill()

    cohort.run(
        str(lab), str(tmp_path), SETTINGS, workers=2, batch_bytes=SMALL, progress=progress,
        started=started.append,
    )  # fmt: skip
    assert killed
    assert started[0].dashboard.startswith("http://127.0.0.1:")
    assert contents(tmp_path) == expected


def test_a_worker_killed_in_the_midst_of_a_write_leaves_nothing_behind(lab, expected, tmp_path):
    def progress(_status):
        (tmp_path / "recovery" / ".part-0123456789abcdef.parquet.half_1.tmp").write_bytes(b"PAR1")

    cohort.run(str(lab), str(tmp_path), SETTINGS, serial=True, batch_bytes=SMALL, progress=progress)
    assert contents(tmp_path) == expected


def test_a_killed_client_takes_its_workers_along_and_the_next_run_goes_on(lab, expected, tmp_path):
    out = tmp_path / "out"
    command = [*HRV, "batch", str(lab), "--out", str(out), "--workers", "2", *OPTIONS]
    client = subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)
    until(lambda: len(list(out.glob("batches/*.json"))) >= 2)
    workers = psutil.Process(client.pid).children(recursive=True)
    client.kill()
    client.wait()
    psutil.wait_procs(workers, timeout=30)
    assert not any(worker.is_running() for worker in workers)
    done = len(list(out.glob("batches/*.json")))
    outcome = cohort.run(str(lab), str(out), SETTINGS, serial=True, batch_bytes=SMALL)
    assert outcome.kept >= done
    assert contents(out) == expected


def test_a_full_disk_stops_the_run_in_one_sentence_and_keeps_what_is_finished(
    lab, expected, tmp_path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount the small disk that this test fills")
    try:
        command = [*HRV, "batch", str(lab), "--out", str(disk / "out"), "--serial", *OPTIONS]
        full = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=False, timeout=120
        )
        assert full.returncode == 2
        assert full.stderr.splitlines()[-1].endswith("No space left on device")
        assert 1 < len(list(disk.glob("out/batches/*.json"))) < len(expected) // 5
        subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
        cohort.run(str(lab), str(disk / "out"), SETTINGS, serial=True, batch_bytes=SMALL)
        assert contents(disk / "out") == expected
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_five_percent_of_broken_files_are_each_in_one_place(tmp_path):
    draw = random.Random(5)
    lab = tmp_path / "lab"
    lab.mkdir()
    names = [f"r{i:03d}.txt" for i in range(60)]
    for name in names:
        text = "".join(f"{draw.randint(700, 900)}\n" for _ in range(200)).encode()
        (lab / name).write_bytes(text)
    for name in draw.sample(names, 3):
        content = bytearray((lab / name).read_bytes())
        for _ in range(20):
            content[draw.randrange(len(content))] = draw.randrange(256)
        (lab / name).write_bytes(content)
    outcome = cohort.run(str(lab), str(tmp_path / "out"), SETTINGS, serial=True)
    read = list(table(tmp_path / "out", "recordings")["file"])
    failures = pd.read_csv(tmp_path / "out/failures.csv")
    unread = list(failures[failures["table"] == "recordings"]["file"])
    assert sorted(read + unread) == names
    assert 1 <= len(unread) == outcome.unread <= 3
