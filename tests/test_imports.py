"""What importing the packages costs and pulls in."""

import subprocess
import sys

import pytest

HEAVY = {
    "neurokit2", "matplotlib", "sklearn", "numba", "bleak", "fastapi", "scipy.signal",
    "scipy.stats", "scipy.optimize", "scipy.special", "scipy.linalg", "jinja2", "fitdecode",
}  # fmt: skip


def modules_after(code: str) -> set[str]:
    probe = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["hrv", "ingest", "api", "api.cli"])
def test_importing_a_package_pulls_in_nothing_heavy(package):
    assert not modules_after(f"import {package}") & HEAVY


def test_help_of_the_command_needs_no_numbers():
    loaded = modules_after("import api.cli; api.cli.build_app()")
    assert not loaded & {"numpy", "pandas", "scipy"}


def test_the_core_imports_nothing_from_the_layers_above():
    assert not {m for m in modules_after("import hrv") if m.split(".")[0] in {"ingest", "api"}}
