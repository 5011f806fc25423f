"""The code blocks of a page of README or guide: found, taken apart, looked at without running.

Marks in a page, as HTML comments in front of a block:

``<!-- file: NAME -->``       the block is a file that the reader writes
``<!-- elsewhere: WHY -->``   needs another machine; WHY stands on the page for its reader too,
                              the syntax is checked, and test_blocks.py counts these blocks
``<!-- run by: TEST -->``     that test runs the block as it stands
``<!-- before: COMMAND -->``  what the reader has done before (a recording at hand …)
``<!-- here: TEXT = COMMAND -->``  TEXT on the page stands for what COMMAND prints here (a key …)
``<!-- printed -->``          what the Python block before it printed, to the letter
"""

import json
import re
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(
    r"(?P<marks>(?:^<!--[^\n]*-->\n+)*)^(?P<fence>```+)\{?(?P<language>[\w-]*)\}?[^\n]*\n"
    r"(?P<body>.*?)^(?P=fence)\s*$",
    re.M | re.S,
)
SYSTEM = ("make", "pip", "sudo", "bluetoothctl", "podman", "kubectl")
"""Commands that change the machine: test_install.py runs them, or their block says `elsewhere`."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    body: str
    marks: dict[str, list[str]] = field(default_factory=dict)
    before: tuple[tuple[str, str], ...] = ()
    """What goes before it, in order: `before` and `here`."""


def blocks(text: str) -> list[Block]:
    """Find the blocks of a page, in order, with the marks in front of them."""
    found = []
    for match in _FENCE.finditer(text):
        marks: dict[str, list[str]] = {}
        given = re.findall(r"<!-- (run by|\w+)(?:: (.*?))? -->", match["marks"])
        for name, value in given:
            marks.setdefault(name, []).append(value)
        first = tuple((name, value) for name, value in given if name in ("before", "here"))
        found.append(Block(match["language"], match["body"], marks, first))
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


def words_of(command: str) -> list[str]:
    """Words of a command, without its comment and the variables set before it."""
    words = re.sub(r"\s+#.*$", "", command).split()
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words.pop(0)
    return words


def changes_machine(command: str) -> bool:
    """Whether a command would change the machine it runs on."""
    words = words_of(re.sub(r"^sudo -u \w+ ", "", command))
    return words[0] in SYSTEM or words[:3] == ["python3", "-m", "venv"]


def check_data(block: Block) -> None:
    """Parse a block that is data."""
    if block.language == "toml":
        tomllib.loads(block.body)
    elif block.language == "json":
        json.loads(block.body)
    elif block.language in ("yaml", "yml"):
        list(yaml.safe_load_all(block.body))


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
