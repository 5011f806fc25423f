"""The guide's examples as a reader runs them: every block of a page, in a folder of its own.

Marks in a page, as HTML comments in front of a block:

``<!-- file: NAME -->``       the block is a file that the reader writes
``<!-- elsewhere: WHY -->``   cannot run on this machine; its syntax is checked
``<!-- before: COMMAND -->``  what the reader has done before (a recording at hand …)
``<!-- printed -->``          what the Python block before it printed, to the letter
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ingest.journal import verify
from ingest.journal.record import MAGIC

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(
    r"(?P<marks>(?:^<!--[^\n]*-->\n+)*)^(?P<fence>```+)\{?(?P<language>[\w-]*)\}?[^\n]*\n"
    r"(?P<body>.*?)^(?P=fence)\s*$",
    re.M | re.S,
)
SYSTEM = (
    "make",
    "pip",
    "pipx",
    "uv",
    "sudo",
    "bluetoothctl",
    "systemctl",
    "docker",
    "git",
    "source",
)
"""Commands that change the machine: looked at, not run."""
SERVED_S = 120.0


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    body: str
    marks: dict[str, list[str]] = field(default_factory=dict)


def blocks(text: str) -> list[Block]:
    """Find the blocks of a page, in order, with the marks in front of them."""
    found = []
    for match in _FENCE.finditer(text):
        marks: dict[str, list[str]] = {}
        for name, value in re.findall(r"<!-- (\w+)(?:: (.*?))? -->", match["marks"]):
            marks.setdefault(name, []).append(value)
        found.append(Block(match["language"], match["body"], marks))
    return found


def commands(body: str) -> list[tuple[str, list[str]]]:
    """Split a console block into commands and the lines each of them is shown to print."""
    found: list[tuple[str, list[str]]] = []
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = f"{command[:-1].rstrip()} {next(lines).removeprefix('> ').strip()}"
            found.append((command, []))
        elif line.strip() and found:
            found[-1][1].append(line)
    return found


class Page:
    """Runs the blocks of one page."""

    def __init__(self, folder: Path, environment: dict[str, str], *, straps: bool = True) -> None:
        self.folder, self.straps = folder, straps
        self.environment = environment | {"HOME": str(folder)}
        self.python: list[str] = []
        self.printed = ""
        self.servers: list[subprocess.Popen] = []
        self.port = _free_port()
        for name in ("sample_data", "examples", "tests"):
            (folder / name).symlink_to(ROOT / name)

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the service that runs."""
        while self.servers:
            server = self.servers.pop()
            server.terminate()
            server.communicate(timeout=30)

    def run(self, block: Block) -> None:
        """Run one block by its language."""
        if "elsewhere" in block.marks:
            check_syntax(block)
            return
        for command in block.marks.get("before", []):
            self.command(command, [])
        if "file" in block.marks:
            target = self.folder / block.marks["file"][0]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.local(block.body), encoding="utf-8")
            check_data(block)
        elif "printed" in block.marks:
            assert block.body == self.printed, f"{block.body}\nbut printed\n{self.printed}"
        elif block.language == "console":
            for command, shown in commands(block.body):
                self.command(command, shown)
        elif block.language in ("sh", "bash"):
            self.shell(block.body)
        elif block.language == "python":
            self.script(block.body)
        elif block.language == "r":
            if shutil.which("Rscript"):
                self.call(["Rscript", "-e", self.local(block.body)])
        else:
            check_data(block)

    def local(self, text: str) -> str:
        """Speak of the port that this page's service has."""
        return text.replace(":8000", f":{self.port}").replace("--port 8000", f"--port {self.port}")

    def command(self, command: str, shown: list[str]) -> None:
        """Run one line of a console, and look for what it is shown to print."""
        words = re.sub(r"\s+#.*$", "", command).split()
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words.pop(0)
        if words[0] in SYSTEM or words[:3] == ["python3", "-m", "venv"]:
            check_system(words)
            return
        text = self.local(command)
        if words[0] == "Rscript" and not shutil.which("Rscript"):
            return
        if not self.straps and ("ble:" in command or words[:2] == ["hrv", "scan"]):
            return  # no D-Bus on this machine to put a strap on
        if words[:2] == ["hrv", "serve"]:
            self.stop()
            self.serve(text)
            return
        if words[:2] == ["hrv", "record"] and not _ends(command):
            self.record(text, words[words.index("--out") + 1])
            return
        if words[:2] == ["hrv", "replay"] and not _ends(command):
            text = re.sub(r"\bhrv replay", "timeout -s INT 3 hrv replay", text, count=1)
        if words[:2] == ["hrv", "plan"] and "--simulations" not in words:
            text = re.sub(r"\bhrv plan", "hrv plan --simulations 20", text, count=1)
        out = self.shell(text, codes=(0, 124, 1) if "|| true" in text else (0, 124))
        for line in shown:
            if line.strip() != "..." and _words(line) not in _words(out):
                raise AssertionError(f"$ {command}\nis shown to print\n{line}\nbut printed\n{out}")

    def record(self, text: str, out: str) -> None:
        """Record some beats of the strap, end it with Ctrl-C, and put a whole session there.

        Nobody presses keys here: a simulated session of the same name, with its stressor, stands
        in for the twenty minutes that the reader sits through.
        """
        recorder = subprocess.Popen(
            ["bash", "-c", "exec " + re.sub(r"\s+#.*$", "", text)], cwd=self.folder,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        target, until = self.folder / out, time.monotonic() + SERVED_S
        while time.monotonic() < until and not _notifications(target) > 20:
            assert recorder.poll() is None, recorder.communicate()
            time.sleep(0.05)
        recorder.send_signal(signal.SIGINT)
        said = recorder.communicate(timeout=60)
        assert recorder.returncode == 0, said
        assert _notifications(target) > 20, said
        if target.is_file():
            target.unlink()
            uri = "sim:?seed=1&stress=6min-11min&duration=22min&speed=max"
            self.shell(f'hrv record "{uri}" --out {out} --person P01')

    def serve(self, text: str) -> None:
        """Start the service, on a port of this test's own, and wait until it answers."""
        text = re.sub(r"\s+#.*$", "", text)
        if "--port" not in text:
            text += f" --port {self.port}"
        if "--store" not in text and "HRV_STORE" not in text:
            text += " --store ./own-store"
        server = subprocess.Popen(
            ["bash", "-c", "exec env " + text], cwd=self.folder, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.servers.append(server)
        until = time.monotonic() + SERVED_S
        while time.monotonic() < until:
            assert server.poll() is None, server.communicate()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{text} did not answer in {SERVED_S:g} s")

    def shell(self, text: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run text by bash; return what it wrote."""
        return self.call(["bash", "-euo", "pipefail", "-c", self.local(text)], codes)

    def script(self, body: str) -> None:
        """Run a block of Python after those before it on the page."""
        mark = "=== this block ==="
        before = "\n".join([*self.python, f"print({mark!r})"])
        said = self.call([sys.executable, "-c", f"{before}\n{self.local(body)}"])
        self.printed = said.split(f"{mark}\n", 1)[1]
        self.python.append(self.local(body))

    def call(self, command: list[str], codes: tuple[int, ...] = (0,)) -> str:
        """Run a program in the page's folder."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        if done.returncode not in codes:
            raise AssertionError(
                f"{command[-1]}\nexit status {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done.stdout + done.stderr


def _words(text: str) -> str:
    """Text without the spaces that lay a table out."""
    return " ".join(text.split())


def _ends(command: str) -> bool:
    return any(word in command for word in ("--duration", "speed=max", "--speed max"))


def _notifications(path: Path) -> int:
    """Notifications in a journal, or in the journals of a folder."""
    files = sorted(path.glob("*.hrvj")) if path.is_dir() else [path]
    whole = [f for f in files if f.exists() and f.read_bytes()[:8] == MAGIC]
    return sum(verify(f).notifications for f in whole)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_data(block: Block) -> None:
    """Parse a block that is data."""
    if block.language == "toml":
        tomllib.loads(block.body)
    elif block.language == "json":
        json.loads(block.body)
    elif block.language in ("yaml", "yml"):
        yaml.safe_load(block.body)


def check_syntax(block: Block) -> None:
    """Look at a block that can run elsewhere only."""
    if block.language == "python":
        compile(block.body, "block", "exec")
    elif block.language in ("console", "sh"):
        text = re.sub(r"^[$>] ", "", block.body, flags=re.M)
        if block.language == "console" and "> " not in block.body:
            text = "\n".join(command for command, _ in commands(block.body))
        subprocess.run(["bash", "-n", "-c", text], check=True)
    else:
        check_data(block)


def check_system(words: list[str]) -> None:
    """Look at a command that would change the machine: our own targets and names must exist."""
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
        for word in words[1:]:
            assert "=" in word or word in targets, f"there is no target {word}"
    if "pip" in words and "install" in words:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        for name, chosen in re.findall(r"(hrv[\w-]*)(?:\[([\w,]+)\])?", " ".join(words)):
            assert name == extras["name"], name
            for extra in filter(None, (chosen or "").split(",")):
                assert extra in extras["optional-dependencies"], extra


def environment(socket_path: str, shims: Path) -> dict[str, str]:
    """Environment in which `hrv` is the zygote's and the packages are this checkout's."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {
        **os.environ, "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths,
        "HRV_ZYGOTE": socket_path, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
