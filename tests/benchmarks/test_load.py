"""The load itself: it counts what was lost, and says of memory what it says by its rule."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if not (ROOT / "benchmarks" / "load.py").exists():
    pytest.skip("the benchmarks are not part of the distribution", allow_module_level=True)
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from benchmarks.load import FLAT_MB_PER_MIN, _flat, _say_memory, growth  # noqa: E402


def test_memory_is_flat_by_the_second_half_of_a_load():
    minutes = [i / 30 for i in range(300)]
    warm_up = [(60 * m, 200 + min(m, 4) * 10) for m in minutes]
    leak = [(60 * m, 200 + 2 * m) for m in minutes]
    assert growth(warm_up) == pytest.approx(0, abs=1e-6)
    assert growth(leak) == pytest.approx(2)
    assert growth(warm_up) < FLAT_MB_PER_MIN < growth(leak)
    assert [_flat(warm_up), _flat(leak)] == ["flat", "NOT flat"]


def test_a_load_too_short_to_judge_is_called_neither(capsys):
    assert _flat([(0.0, 200.0), (1.0, 210.0)]).startswith("not judged")
    _say_memory([(0.0, 200.0), (1.0, 201.0), (200.0, 205.0)])  # nothing was sampled in two minutes
    assert "at the end of each minute: 201 201 201 205" in capsys.readouterr().out


@pytest.mark.slow
def test_a_small_load_ends_with_every_acknowledged_beat_read_back():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", "--straps", "3", "--readers", "2",
         "--every", "0.5", "--minutes", "0.05"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost or changed: 0" in done.stdout
    assert "MB a minute" in done.stdout
