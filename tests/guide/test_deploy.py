"""What the page on deploying gives to systemd and to a container engine does what it says.

Neither is needed here: the unit is read and its command run as systemd would, and the instructions
of the container are run one by one on this machine.
"""

import configparser
import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import guide_blocks
import guide_rig as rig
import httpx
import pytest

from api.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
)
START_S = 120.0


def block(language):
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    return next(b.body for b in guide_blocks.blocks(text) if b.language == language)


@pytest.fixture
def unit():
    parsed = configparser.RawConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str
    parsed.read_string(block("ini"))
    return parsed


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def served(command, environment, port):
    """Start a command of the service and wait until it answers."""
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert process.poll() is None, process.stderr.read()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"{command} did not answer in {START_S:g} s")


def ours(words):
    """The command `hrv` of this checkout in the place of an installed one."""
    name, *rest = words
    assert Path(name).name == "hrv", name
    return [sys.executable, "-c", "import api.cli; api.cli.main()", *rest]


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed")
    hrv = tmp_path / "hrv"
    hrv.write_text("#!/bin/sh\n")
    hrv.chmod(0o755)
    written = tmp_path / "hrv.service"
    text = block("ini").replace("/opt/hrv/bin/hrv", str(hrv))
    written.write_text(re.sub(r"^User=.*", f"User={os.getuid()}", text, flags=re.M))
    done = subprocess.run([verify, "verify", written], capture_output=True, text=True, timeout=60)
    if "hrv.service" not in done.stderr and done.returncode:
        pytest.skip(f"systemd-analyze does not run here: {done.stderr.strip()}")
    assert "hrv.service" not in done.stderr


def test_what_the_unit_starts_serves_and_ends(unit, tmp_path):
    service = unit["Service"]
    known = {f"{PREFIX}{each.name.upper()}" for each in fields(Settings)}
    name, _, folder = service["Environment"].partition("=")
    assert name in known
    assert folder == f"/var/lib/{service['StateDirectory']}"
    port = free_port()
    process = served(
        ours(shlex.split(service["ExecStart"])),
        {name: str(tmp_path / "store"), "HRV_PORT": str(port)}, port,
    )  # fmt: skip
    process.send_signal(getattr(signal, service["KillSignal"]))
    assert float(service["TimeoutStopSec"]) > Settings(store="").grace_s
    said = process.communicate(timeout=START_S)[1]
    assert process.returncode == 0, said


def instructions():
    text = re.sub(r"\\\n", " ", block("dockerfile"))
    return [line.split(" ", 1) for line in text.splitlines() if not line.startswith("#")]


def test_the_container_serves_and_its_health_is_asked(tmp_path):
    found = dict(instructions())
    environment = dict(word.split("=", 1) for word in found["ENV"].split())
    assert environment["HRV_STORE"] == found["VOLUME"]
    port = free_port()
    here = {"HRV_STORE": str(tmp_path / "store"), "HRV_PORT": str(port)}
    words = ours(re.findall(r'"([^"]+)"', found["CMD"]))
    process = served(words, environment | here, port)
    try:
        health = found["HEALTHCHECK"].removeprefix("CMD ").replace(":8000/", f":{port}/")
        assert found["EXPOSE"] == "8000"
        subprocess.run(shlex.split(health), check=True, timeout=START_S)
    finally:
        process.send_signal(getattr(signal, found["STOPSIGNAL"]))
        said = process.communicate(timeout=START_S)[1]
    assert process.returncode == 0, said


@pytest.mark.slow
def test_the_container_installs_what_is_pinned(tmp_path):
    """Its lines of pip, in an environment of their own."""
    runs = [text for word, text in instructions() if word == "RUN" and "pip" in text]
    assert len(runs) == 1
    copy = tmp_path / "src"
    rig.copy_of_source(copy)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    path = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PATH": path}
    lines = [line.strip() for line in runs[0].split("&&") if line.strip().startswith("pip ")]
    assert len(lines) == 2
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line.replace("/src", str(copy))], env=environment, cwd=tmp_path,
            capture_output=True, text=True, timeout=1500,
        )  # fmt: skip
        if rig.no_index(done):
            pytest.skip("the package index cannot be reached")
        assert done.returncode == 0, done.stderr
    said = subprocess.run(
        ["hrv", "--version"], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert said.stdout.startswith("hrv-recovery ")
