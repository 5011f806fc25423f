"""The scripts of `examples/` do what they say, against the real command, service and libraries."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving import serving

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
)


def run(*command, code=0, folder=ROOT, **more):
    bin_first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PATH": bin_first, "PYTHONPATH": str(ROOT), **more},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_build_fails_when_numbers_move_and_names_them(tmp_path):
    study = tmp_path / "study"
    shutil.copytree(ROOT / "sample_data", study)
    kept = tmp_path / "kept.json"
    script = [sys.executable, EXAMPLES / "ci" / "check_numbers.py"]
    assert "numbers kept" in run(*script, "keep", study / "study.toml", kept)
    numbers = json.loads(kept.read_text())
    name = "residual_hr by default: estimate"
    assert numbers[name] == pytest.approx(-0.524482195930065, rel=1e-9)
    numbers[name] += 0.01  # what an earlier version of the pipeline had given
    kept.write_text(json.dumps(numbers))
    said = run(*script, "check", study / "study.toml", kept, code=1)
    assert said.splitlines()[0].startswith(f"{name} was -0.514")
    assert said.splitlines()[-1].endswith("1 moved")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serving(str(tmp_path_factory.mktemp("scripts") / "store")) as served:
        yield served


def test_the_python_client_reads_verdict_and_windows(url):
    said = run(sys.executable, EXAMPLES / "rest_client.py", "sample_data/study.toml", url)
    assert "Residual activation was 0.5 bpm lower" in said
    assert "windows, median RMSSD" in said


def test_the_r_client_uploads_and_reads_data_frames(url):
    if not (shutil.which("Rscript") and shutil.which("curl")):
        pytest.skip("R or curl is not installed")
    said = run(
        "Rscript",
        EXAMPLES / "rest_client.R",
        "sample_data/recordings",
        "sample_data/events.csv",
        url,
    )
    assert "windows, median RMSSD" in said
    assert said.count("mental arithmetic") == 3


def test_beats_go_to_lsl_at_the_time_of_the_beat():
    pylsl = pytest.importorskip(
        "pylsl", reason="the extra lsl is not installed", exc_type=(ImportError, RuntimeError)
    )
    name = f"hrv-{os.getpid()}"
    sender = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "lsl_outlet.py"),
         "sim:?seed=1&duration=2min&speed=20", "--name", name],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        found = pylsl.resolve_byprop("name", name, minimum=1, timeout=30)
        assert found
        inlet = pylsl.StreamInlet(found[0])
        samples = [inlet.pull_sample(timeout=20) for _ in range(5)]
    finally:
        said = sender.communicate(timeout=60)[0]
    assert all(400 < value[0] < 1500 for value, _ in samples)
    assert [stamp for _, stamp in samples] == sorted(stamp for _, stamp in samples)
    assert int(said.split()[0]) > 100


def test_the_live_view_of_the_notebook_runs(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(EXAMPLES / "live_view.ipynb", 4)
    nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = notebook.cells[-1]["outputs"]
    assert any("image/png" in o.get("data", {}) for o in outputs)
    assert any("8" in o.get("data", {}).get("text/plain", "") for o in outputs)
