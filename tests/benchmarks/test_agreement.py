"""Every peer that is installed gives our numbers, where the quantity is the same."""

import importlib.util
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if not (ROOT / "benchmarks" / "tasks.py").exists():
    pytest.skip("the benchmarks are not part of the distribution", allow_module_level=True)
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from benchmarks.tasks import TASKS, job, ours  # noqa: E402

MODULES = {"hrv-analysis": "hrvanalysis", "scipy loop": "scipy"}
CASES = [(task, peer) for task in TASKS for peer in task.peers if peer.agree]


@pytest.mark.parametrize(("task", "peer"), CASES, ids=lambda x: getattr(x, "key", "") or x.name)
def test_peer_gives_our_numbers(task, peer):
    module = next((m for name, m in MODULES.items() if peer.name.startswith(name)), None)
    module = module or peer.name.split(" ")[0]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{peer.name} is not installed here; make bench has it")
    asked = job(task, 5, seed=1, hours=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peer.call(asked)
    own = ours(task, asked.nn)
    for name, tolerance in peer.agree.items():
        assert np.isfinite(theirs[name]).all()
        assert own[name][asked.rows] == pytest.approx(theirs[name], rel=tolerance), name
