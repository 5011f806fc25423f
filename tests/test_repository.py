"""The repository's own promises: pins without addresses, typed packages, true tables."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
)


def test_pins_carry_hashes_and_name_no_address():
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert not re.search(r"https?:|--index|--find-links|file:", text), path.name
        entries = [line for line in text.splitlines() if "==" in line]
        assert entries
        assert text.count("--hash=sha256:") >= len(entries)


def test_every_run_time_dependency_is_justified():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        named += extra
    justified = (ROOT / "docs/dependencies.md").read_text()
    for requirement in named:
        package = re.split(r"[<>=\[ ]", requirement)[0]
        assert re.search(rf"\b{re.escape(package)}\b", justified), package


def test_files_stay_readable_in_length():
    long = {
        path.relative_to(ROOT).as_posix(): count
        for package in ("hrv", "ingest", "api")
        for path in (ROOT / package).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 450
    }
    assert not long


def test_every_module_says_what_it_is_in_its_first_line():
    silent = [
        path.relative_to(ROOT).as_posix()
        for package in ("hrv", "ingest", "api", "tests")
        for path in (ROOT / package).rglob("*.py")
        if not path.read_text().startswith(('"""', 'r"""'))
    ]
    assert not silent
