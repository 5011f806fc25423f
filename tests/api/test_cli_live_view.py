"""The live view in a terminal of its own (a pseudo-terminal): what it shows, and its keys."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import fcntl
import struct
import termios
import threading

from command_rig import HRV, environment, until

import ingest
from ingest.journal import Kind, records, verify

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")


class Terminal:
    """`hrv` on a pseudo-terminal of 110 x 34 characters; `seen` is everything it drew."""

    def __init__(self, *args, **more):
        self.ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 34, 110, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [*HRV, *map(str, args)], stdin=theirs, stdout=theirs, stderr=theirs,
            env=environment(TERM="xterm-256color", **more), start_new_session=True,
        )  # fmt: skip
        self.theirs, self.drawn = theirs, b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.ours, 65536)
            except OSError:
                return
            if b"\0end" in data:
                return
            self.drawn += data

    @property
    def seen(self):
        return ESCAPES.sub("", self.drawn.decode(errors="ignore"))

    def shows(self, text, seconds=40):
        end = time.monotonic() + seconds
        while not re.search(text, self.seen):
            assert time.monotonic() < end, self.seen[-4000:]
            time.sleep(0.05)

    def press(self, keys):
        os.write(self.ours, keys.encode())

    def close(self):
        self.process.wait(40)
        self.after = termios.tcgetattr(self.theirs)
        os.write(self.theirs, b"\0end")
        self.reader.join(10)
        os.close(self.theirs)
        os.close(self.ours)
        return self.process.returncode


def markers(path):
    return [
        tuple(r.fields[k] for k in ("phase", "kind", "edge"))
        for r in records(path) if r.kind is Kind.MARKER
    ]  # fmt: skip


def test_keys_mark_stress_doses_and_notes_and_the_terminal_is_put_back(tmp_path):
    path = tmp_path / "a.hrvj"
    terminal = Terminal("record", "sim:?seed=1&speed=30", "--out", path, "--person", "P01")
    terminal.shows("RMSSD, last minute")
    terminal.shows(r"\d+ bpm")
    terminal.shows("contact held")
    terminal.press("s")  # the signal is watched for less than 30 s
    terminal.shows("no-go: watched for|signal: go")
    until(path, 40, terminal.process)
    terminal.press("s")
    terminal.shows("stress runs for")
    terminal.press("d")
    terminal.shows("dose taken, what and how much:")
    terminal.press("400 mgX\x7f Mä\r")
    terminal.shows("dose taken: 400 mg Mä")
    terminal.press("nforget this\x1b")
    terminal.press("n")
    terminal.press("phone rang\r")
    terminal.press("\x1b[A\x13\x1a")  # an arrow, Ctrl-S and Ctrl-Z: nothing happens
    terminal.shows("phone rang")
    terminal.press("c")
    terminal.shows("go: the signal is good")
    terminal.press("s")
    terminal.shows("stress ends")
    terminal.press("q")
    code = terminal.close()
    assert code == 0, terminal.seen[-2000:]
    assert markers(path) == [
        ("stress", "stress", "start"), ("dose taken: 400 mg Mä", "dose", "now"),
        ("phone rang", "note", "now"), ("stress", "stress", "end"),
    ]  # fmt: skip
    assert verify(path).closed
    assert terminal.after == terminal.before
    assert terminal.drawn.count(b"\x1b[?1049h") == terminal.drawn.count(b"\x1b[?1049l") == 1
    events = ingest.open_recording(path).events
    assert sorted(events["kind"]) == ["stress", "tag", "tag"]


def test_a_guided_phase_waits_for_the_space_bar(tmp_path):
    path, plan = tmp_path / "a.hrvj", tmp_path / "plan.toml"
    plan.write_text(
        'title = "Arithmetic"\n[[phase]]\nname = "baseline"\nduration = "40s"\nsay = "Sit still."\n'
        '[[phase]]\nname = "sums"\nkind = "stress"\nduration = "30s"\nsay = "Aloud."\n'
        'check = true\n[[phase]]\nname = "rest"\nduration = "10min"\n'
    )
    terminal = Terminal("record", "sim:?seed=1&speed=30", "--out", path, "--protocol", plan)
    terminal.shows("baseline: Sit still.")
    terminal.shows("press space to begin")
    terminal.press(" ")
    terminal.shows("sums: Aloud.")
    terminal.shows("phase 3 of 3")
    terminal.press("x")
    assert terminal.close() == 0
    assert [(phase, edge) for phase, _, edge in markers(path)] == [
        (p, e) for p in ("baseline", "sums", "rest") for e in ("start", "end")
    ]


def test_a_group_is_a_table_and_ctrl_c_ends_it(tmp_path):
    roster = tmp_path / "group.toml"
    roster.write_text("".join(
        f'[[strap]]\nstrap = "sim:?seed={n}&speed=30"\nperson = "P0{n}"\n' for n in (1, 2, 3)
    ))  # fmt: skip
    terminal = Terminal("record", "--roster", roster, "--out", tmp_path / "day")
    terminal.shows("person +strap +bpm +RMSSD ms")
    for person in ("P01", "P02", "P03"):
        terminal.shows(person)
    until(tmp_path / "day" / "P03.hrvj", 40, terminal.process)
    terminal.shows(" go ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 0
    assert all(verify(tmp_path / "day" / f"P0{n}.hrvj").closed for n in (1, 2, 3))


def test_a_terminal_that_stalls_halts_no_recording(tmp_path):
    path = tmp_path / "a.hrvj"
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [*HRV, "record", "sim:?seed=1&speed=50", "--out", path], stdin=theirs, stdout=theirs,
        stderr=theirs, env=environment(TERM="xterm-256color"), start_new_session=True,
    )  # fmt: skip
    until(path, 250, process)  # nobody reads: the terminal's buffer is long full
    process.send_signal(signal.SIGINT)
    end = time.monotonic() + 20
    while not verify(path).closed and time.monotonic() < end:
        time.sleep(0.1)
    assert verify(path).closed
    process.kill()
    process.wait(10)
    os.close(ours)
    os.close(theirs)
