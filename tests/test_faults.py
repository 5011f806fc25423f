"""Crashes, power cuts and failing disks lose nothing acknowledged; the next start needs no help.

`make crash` does the same at the counts that docs/reliability.md tells.
"""

import os
import random
from pathlib import Path

import fault_disk
import fault_run
import pytest

SHIM = pytest.mark.skipif(
    fault_disk.library() is None, reason="needs Linux and gcc, to preload a failing disk"
)
FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to kill children")

POWER = {
    "recording": (40, 1, 20), "live": (3, 8, 12), "compaction": (4, 8, 12), "import": (1, 10, 12),
    "migration": (2, 12, 10), "study import": (2, 2, 10), "backup": (1, 15, 8),
}  # fmt: skip
FAULT = {"recording": (12, 2), "live": (2, 60), "migration": (1, 60), "study import": (1, 4)}
KILL = {name: (3, 3) for name in fault_run.KILL if name != "recording"}  # test_journal_kills.py


@SHIM
def test_what_was_acknowledged_survives_a_power_cut_at_any_write():
    for found in fault_run.rig("power", POWER):
        assert found["problems"] == [], found
        assert found["points"] >= 15, found
        assert found["restarts"] >= 3, found


@SHIM
def test_a_call_that_fails_once_is_told_and_loses_nothing_acknowledged():
    for found in fault_run.rig("fault", FAULT):
        assert found["problems"] == [], found
        assert found["faults"] >= 8, found


@FORK
def test_killed_at_any_moment_nothing_acknowledged_is_lost():
    for found in fault_run.rig("kill", KILL):
        assert found["problems"] == [], found
        assert found["killed"] >= 1, found


@SHIM
def test_a_full_disk_is_told_and_taken_up_again_when_space_returns():
    for found in fault_run.rig("full", {"2": ()}):
        assert found["problems"] == [], found
        assert found["refused"] >= 6, found


def log_of(path: Path, *lines: tuple) -> Path:
    """Write a log as the shim does."""
    made = b""
    for kind, file, offset, data, name, other in lines:
        head = (int(kind), len(name), len(other), file, offset, len(data))
        made += fault_disk._HEAD.pack(*head) + name.encode() + other.encode() + data
    path.write_bytes(made)
    return path


def test_the_replay_drops_what_was_not_synced_names_included(tmp_path):
    kind = fault_disk.Kind
    log = log_of(
        tmp_path / "log",
        (kind.CREATE, 1, 0, b"", "a", ""),
        (kind.WRITE, 1, 0, b"one", "a", ""),
        (kind.SYNC, 1, 0, b"", "a", ""),
        (kind.SYNC_FOLDER, 9, 0, b"", "", ""),
        (kind.WRITE, 1, 3, b"two", "a", ""),
        (kind.RENAME, 0, 0, b"", "a", "b"),
        (kind.SYNC_FOLDER, 9, 0, b"", "", ""),
    )
    found = list(fault_disk.states(log, random.Random(1)))
    synced = [content for _, how, content, _ in found if how == "synced"]
    assert synced == [{}, {}, {}, {"a": b"one"}, {"a": b"one"}, {"a": b"one"}, {"b": b"one"}]
    everything = [content for _, how, content, _ in found if how == "everything"]
    assert everything[-1] == {"b": b"onetwo"}


def test_a_rig_that_loses_something_says_so(tmp_path):
    """The check itself can fail: a promise that the disk did not keep is found."""
    from fault_works import check_journal

    with pytest.raises(AssertionError, match="1 acknowledged records lost"):
        check_journal(tmp_path, [["beat", "0", "00"]], False)
