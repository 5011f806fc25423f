"""bleak is imported in one file, and never by importing the package."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_bleak_is_imported_in_one_file_only():
    users = {
        path.relative_to(ROOT).as_posix()
        for package in ("hrv", "ingest", "api")
        for path in (ROOT / package).rglob("*.py")
        if any(name.split(".")[0] == "bleak" for name in imported(path))
    }
    assert users <= {"ingest/ble/strap.py"}


def test_importing_ingest_loads_no_bluetooth():
    code = "import sys, ingest; sys.exit(any(m.split('.')[0] == 'bleak' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
