"""A study planned by `hrv plan` goes in by REST: sealed until its end, blind until its key."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from serving import serving

from api.cli import _clock
from api.client import Client, ServiceError
from api.results import as_mapping, plain
from api.schemas.results import KeyIn, PlanIn
from hrv.study import analyse
from ingest.study import load_study

BEFORE, END = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def planned(monkeypatch, tmp_path, hrv_command):
    """A planned study of a daily score, filled in to its end, and its folder."""
    monkeypatch.setattr(_clock, "now", lambda: BEFORE)

    def make(*more):
        folder = tmp_path / "study"
        done = hrv_command(
            "plan", "ashwagandha", "--direction", "higher", "--start-reason", "planned",
            "--start", "2026-12-07", "--tz", "Europe/Berlin", "--simulations", "20",
            "--endpoint", "calm", "--out", folder, "--seed", 3, *more,
        )  # fmt: skip
        assert done.code == 0, done.err
        rng, rows = np.random.default_rng(4), []
        for phase in pd.read_csv(folder / "phases.csv").itertuples():
            day = datetime.fromisoformat(phase.start)
            while day < datetime.fromisoformat(phase.stop):
                when = (day + timedelta(hours=18)).isoformat()
                rows.append((phase.subject, when, "calm", 10 + rng.normal()))
                day += timedelta(days=1)
        table = pd.DataFrame(rows, columns=["subject", "time", "name", "value"])
        table.to_csv(folder / "outcomes.csv", index=False)
        return folder

    return make


def put_in(client, folder):
    """Send the study's logs and plan; the recordings' folder is empty."""
    (folder / "recordings" / "none.txt").write_text("".join(f"{800 + i % 9}\n" for i in range(99)))
    return client.import_study(folder)


def answer(client, study, key=None):
    job = client.wait(client.start_comparison(study.id, key).id)
    return json.loads(client.table(f"/v1/comparisons/{job.comparison_id}", "application/json"))


def locally(folder, now, key=None):
    result = analyse(load_study(folder, key=key), now=now)
    return json.loads(json.dumps(plain(as_mapping(result))))


def test_the_effect_stays_sealed_until_the_planned_end(planned, tmp_path):
    folder, clock = planned(), [BEFORE]
    with serving(str(tmp_path / "store"), clock=lambda: clock[0]) as url, Client(url) as client:
        study = put_in(client, folder)
        sealed = answer(client, study)
        assert sealed == locally(folder, BEFORE)
        assert sealed["estimate"] is None
        assert "sealed until" in sealed["refusals"][0]["why"]
        clock[0] = END
        opened = answer(client, study)
    assert opened == locally(folder, END)
    assert opened["estimate"] is not None


def test_a_plan_that_is_none_is_refused_when_it_comes(client, study):
    with pytest.raises(ServiceError, match=r"is no plan of this software"):
        client.create_plan(study.id, PlanIn(title="p", content={"weeks": 8}))


def test_a_key_without_a_plan_is_refused(client, study):
    with pytest.raises(ServiceError, match="no plan that it belongs to"):
        client.wait(client.start_comparison(study.id, KeyIn(codes={"A": "on"}, nonce="x")).id)
