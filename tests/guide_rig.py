"""The guide's examples as a reader runs them: every block of a page, in a folder of its own."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import guide_machines
import postgres
import yaml
from guide_blocks import (
    ROOT,
    Block,
    changes_machine,
    check_data,
    check_syntax,
    check_system,
    commands,
    words_of,
)

from ingest.journal import verify
from ingest.journal.record import MAGIC

FOLDERS = ("/var/lib/hrv", "/backups", "/shared", "/opt/hrv")
"""Folders of a server that stand for folders of the page's own."""
SOURCES = ("sample_data", "examples")
"""Folders of the checkout that a reader has at hand."""
SERVED_S = 120.0


class Page:
    """Runs the blocks of one page."""

    def __init__(self, folder: Path, environment: dict[str, str], *, straps: bool = True) -> None:
        self.folder, self.straps = folder, straps
        self.environment = environment | {"HOME": str(folder)}
        self.python: list[str] = []
        self.printed = ""
        self.servers: list[subprocess.Popen] = []
        self.background: list[subprocess.Popen] = []
        self.port, self.scheduler = _free_port(), _free_port()
        self.here: dict[str, str] = {}
        self.databases = contextlib.ExitStack()
        self.said = folder / "served.txt"
        for name in SOURCES:  # copies: through a link a block would write into the checkout
            shutil.copytree(ROOT / name, folder / name)
        (folder / "hrv-recovery").symlink_to(folder)
        for name in FOLDERS:
            (folder / name[1:]).parent.mkdir(parents=True, exist_ok=True)
        guide_machines.put(folder / "machines")
        self.environment["PATH"] = f"{folder / 'machines'}{os.pathsep}{self.environment['PATH']}"

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.databases.close()
        for process in self.background:
            with contextlib.suppress(ProcessLookupError):  # gone: what failed is told, not this
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=SERVED_S)

    def stop(self) -> None:
        """End the service that runs."""
        while self.servers:
            server = self.servers.pop()
            server.terminate()
            server.communicate(timeout=SERVED_S)

    def run(self, block: Block) -> None:
        """Run one block by its language."""
        if "run by" in block.marks:
            return
        if "elsewhere" in block.marks:
            check_syntax(block)
            return
        for mark, text in block.before:
            shown, _, command = text.partition(" = ") if mark == "here" else ("", "", text)
            if mark == "here":
                self.here[shown] = self.shell(command).strip()
                assert self.here[shown], command
            else:
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
            if block.language == "yaml" and "jobs:" in block.body:
                self.workflow(block.body)

    def workflow(self, body: str) -> None:
        """Run what a workflow runs; the machine it asks for is this one."""
        for job in yaml.safe_load(body)["jobs"].values():
            for step in job["steps"]:
                if "run" in step:
                    self.command(step["run"], [])

    def local(self, text: str) -> str:
        """Speak of the ports, folders and keys that this page has here."""
        for shown, value in self.here.items():
            text = text.replace(shown, value)
        return self.placed(text)

    def placed(self, text: str) -> str:
        """Speak of the ports and folders that this page has here."""
        for port, own in (("8000", self.port), ("8786", self.scheduler)):
            text = text.replace(f":{port}", f":{own}").replace(f"--port {port}", f"--port {own}")
        text = text.replace("//head:", "//127.0.0.1:")
        for name in FOLDERS:
            text = re.sub(rf"(?<![\w.\-]){name}(?![\w])", f"{self.folder}{name}", text)
        return text

    def command(self, command: str, shown: list[str]) -> None:
        """Run one line of a console, and look for what it is shown to print."""
        command = re.sub(r"^sudo -u \w+ ", "", command)  # here the tests' own user is the service's
        words = words_of(command)
        if changes_machine(command):
            check_system(words)
            return
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment[name] = self.local(value)
            return
        text = self.local(command)
        if "postgresql://" in text:
            if postgres.binaries() is None:
                return
            text = self.database(text)
        if re.search(r"&\s*(#.*)?($|\n)", command):
            self.start(text)
            return
        if words[0] == "Rscript" and not shutil.which("Rscript"):
            return
        if not self.straps and ("ble:" in command or words[:2] == ["hrv", "scan"]):
            return  # no D-Bus on this machine to put a strap on
        if words[:2] == ["hrv", "serve"]:
            self.stop()
            self.serve(text, shown)
            return
        if words[:2] == ["hrv", "record"] and not _ends(command):
            self.record(text, words[words.index("--out") + 1])
            return
        if words[:2] == ["hrv", "replay"] and not _ends(command):
            text = re.sub(r"\bhrv replay", "timeout -s INT 3 hrv replay", text, count=1)
        if words[:2] == ["hrv", "plan"] and "--simulations" not in words:
            text = re.sub(r"\bhrv plan", "hrv plan --simulations 20", text, count=1)
        out = self.shell(text, codes=(0, 124, 1) if "|| true" in text else (0, 124))
        self.compare(command, shown, out)

    def database(self, text: str) -> str:
        """Put databases of a PostgreSQL of the page's own in the place of those in a command."""
        url = self.databases.enter_context(postgres.cluster())
        return re.sub(
            r"postgresql://hrv@db/(\w+)", lambda found: postgres.new_database(url, found[1]), text
        )

    def compare(self, command: str, shown: list[str], out: str) -> None:
        """Look for each line that a command is shown to print."""
        for line in self.lacking(shown, out):
            raise AssertionError(f"$ {command}\nis shown to print\n{line}\nbut printed\n{out}")

    def lacking(self, shown: list[str], out: str) -> list[str]:
        """Lines that were shown and not printed; `…` stands for any end of a word."""
        printed = _words(out)

        def found(line: str) -> bool:
            wanted = re.escape(_words(line)).replace("…", r"\S*")
            return line.strip() == "..." or re.search(wanted, printed) is not None

        return [x for x in shown if not found(self.placed(x)) and not found(self.local(x))]

    def start(self, text: str) -> None:
        """Start what a reader leaves running, until the page is done."""
        self.background.append(
            subprocess.Popen(
                ["bash", "-euc", f"{text}\nwait"], cwd=self.folder, env=self.environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )
        )  # fmt: skip
        if "--port" in text:
            self.answers(self.scheduler, self.background[-1])

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
        said = recorder.communicate(timeout=SERVED_S)
        assert recorder.returncode == 0, said
        assert _notifications(target) > 20, said
        if target.is_file():
            target.unlink()
            uri = "sim:?seed=1&stress=6min-11min&duration=22min&speed=max"
            self.shell(f'hrv record "{uri}" --out {out} --person P01')

    def serve(self, text: str, shown: list[str]) -> None:
        """Start the service, on a port of this test's own, and wait until it answers."""
        text = re.sub(r"\s+#.*$", "", text)
        if "--port" not in text:
            text += f" --port {self.port}"
        if "--store" not in text and "HRV_STORE" not in text + " ".join(self.environment):
            text += " --store ./own-store"
        with self.said.open("w") as said:
            server = subprocess.Popen(
                ["bash", "-c", "exec env " + text], cwd=self.folder, env=self.environment,
                stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.servers.append(server)
        self.answers(self.port, server)
        until = time.monotonic() + SERVED_S
        while self.lacking(shown, self.said.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        self.compare(text, shown, self.said.read_text())

    def answers(self, port: int, process: subprocess.Popen) -> None:
        """Wait until a port answers."""
        until = time.monotonic() + SERVED_S
        while time.monotonic() < until:
            assert process.poll() is None, self.said.read_text() if self.said.exists() else ""
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"nothing answered on port {port} in {SERVED_S:g} s")

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
            capture_output=True, text=True, timeout=600,
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


def checkout() -> dict[Path, int]:
    """When each file was changed that a page has a copy of."""
    return {
        path: path.stat().st_mtime_ns
        for name in SOURCES for path in (ROOT / name).rglob("*") if path.is_file()
    }  # fmt: skip


def copy_of_source(folder: Path) -> None:
    """Put a copy of the source there, as a clone has it."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def no_index(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether an installation failed for want of an index: a wrong name or pin is no such want."""
    absent = "onnection" in done.stderr or "PIP_NO_INDEX" in os.environ
    return done.returncode != 0 and absent


def environment(socket_path: str, shims: Path) -> dict[str, str]:
    """Environment in which `hrv` is the zygote's and the packages are this checkout's."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {
        **os.environ, "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths,
        "GUIDE_ZYGOTE": socket_path, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
