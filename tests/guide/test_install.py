"""A new user's first lines as the guide has them: a copy of the source, an empty environment.

`make test-slow` runs them, since each installs everything once; they need the package index.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import guide_blocks
import guide_rig as rig
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
    ),
]


def lines(page, *starts):
    """Lines of a page's consoles that begin with one of these words."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [
        re.sub(r"\s+#.*$", "", command)
        for block in guide_blocks.blocks(text) if block.language == "console"
        for command, _ in guide_blocks.commands(block.body)
    ]  # fmt: skip
    chosen = [line for line in found if line.startswith(starts)]
    assert chosen, starts
    return chosen


def typed(text, folder):
    """Type lines into a shell that knows nothing of this checkout."""
    base = Path(sys.base_prefix) / "bin"
    known = ("PIP_", "UV_", "SSL_", "LANG", "HOME", "TMPDIR", "http", "HTTP", "no_proxy")
    environment = {k: v for k, v in os.environ.items() if k.startswith(known)}
    environment["PATH"] = os.pathsep.join([str(base), "/usr/local/bin", "/usr/bin", "/bin"])
    done = subprocess.run(
        ["bash", "-euc", text], cwd=folder, env=environment,
        capture_output=True, text=True, timeout=1500,
    )  # fmt: skip
    if rig.no_index(done):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_readme_s_first_command_answers_in_a_fresh_copy(tmp_path):
    rig.copy_of_source(tmp_path / "hrv-recovery")
    said = typed(lines("README.md", "make demo")[0], tmp_path / "hrv-recovery")
    assert "Residual activation was" in said
    assert (tmp_path / "hrv-recovery" / "report.html").is_file()


def test_the_tutorial_installs_as_it_says(tmp_path):
    rig.copy_of_source(tmp_path / "hrv-recovery")
    installed = lines("docs/tutorial.md", "python3 -m venv", "pip install", "hrv --version")
    said = typed("\n".join(installed), tmp_path)
    assert said.rstrip().splitlines()[-1].startswith("hrv-recovery ")


def test_the_readme_installs_as_it_says(tmp_path):
    rig.copy_of_source(tmp_path / "hrv-recovery")
    typed("python3 -m venv ../env", tmp_path / "hrv-recovery")
    pip = lines("README.md", "pip install")
    said = typed(
        "source ../env/bin/activate\n" + "\n".join([*pip, "hrv --version"]),
        tmp_path / "hrv-recovery",
    )
    assert said.rstrip().splitlines()[-1].startswith("hrv-recovery ")


def test_the_ci_recipe_installs_as_it_says(tmp_path):
    rig.copy_of_source(tmp_path / "hrv-recovery")
    text = (ROOT / "docs" / "howto" / "ci.md").read_text(encoding="utf-8")
    pip = re.findall(r"- run: (pip install .*)", text)
    assert len(pip) == 1
    said = typed(
        f"python3 -m venv env\nsource env/bin/activate\n{pip[0]}\n"
        "python -c 'import pyarrow'\nhrv --version", tmp_path,
    )  # fmt: skip
    assert "hrv-recovery " in said
