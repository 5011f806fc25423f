"""The page of the service says what is: its examples run, its tables are those of the code."""

import os
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from serving import serving

from api.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.S)[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    (folder / "sample_data").symlink_to(ROOT / "sample_data")
    with serving(str(folder / "store")) as url:
        yield url, folder


@pytest.fixture(scope="module")
def curl(served):
    """What the page's curl example printed and left behind."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    url, folder = served
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block("sh")],
        env={**os.environ, "HRV": url}, cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout, folder


def test_the_curl_example_runs_from_an_empty_store_to_the_verdict(curl):
    said, folder = curl
    assert "Residual activation was" in said
    assert "primary,residual_hr,default,-0.5244" in said
    assert (folder / "report.html").read_text().lower().startswith("<!doctype html>")
    assert (folder / "windows.csv").read_text().startswith("start,start_s,stop_s,n,coverage,rmssd")
    assert '"resourceType": "Observation"' in (folder / "beats.fhir.json").read_text()


def test_the_r_example_runs(curl, served):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    done = subprocess.run(
        ["Rscript", "-e", block("r")], env={**os.environ, "HRV": served[0]},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "residual_hr" in done.stdout


def test_the_table_of_settings_is_the_codes():
    for each in fields(Settings):
        default = each.default if each.name != "store" else "~/.local/share/hrv-recovery"
        shown = "" if default == "" else f"`{default}`"
        row = f"| `{PREFIX}{each.name.upper()}` | {shown} | {each.metadata['help']} |"
        assert row in PAGE
