"""Killed at any moment, the journal keeps every acknowledged notification and goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ingest
from ingest.journal import Kind, records, verify

TESTS = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to kill children")


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_while_recording_nothing_acknowledged_is_lost(tmp_path, rounds):
    path = tmp_path / "a.hrvj"
    home = str(Path(ingest.__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, str(TESTS / "kill_rig.py"), str(path), str(rounds), "1"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([home, str(TESTS)])},
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["killed"] == rounds
    assert len(told["acknowledged"]) > 10 * rounds
    kept = [r.payload.hex() for r in records(path) if r.kind is Kind.NOTIFICATION]
    position = 0
    for payload in told["acknowledged"]:  # each once, in order; at most one unheard at each kill
        position = kept.index(payload, position, position + 2 * rounds) + 1
    verdict = verify(path)
    assert not [d for d in verdict.damage if not d.tail]
    sessions = [r.fields for r in records(path) if r.kind is Kind.SESSION]
    assert {s["session"] for s in sessions} == {verdict.session}
    assert [s["run"] for s in sessions] == list(range(1, len(sessions) + 1))
    assert len(sessions) > 0.7 * rounds
