"""Clocks that jump, hours that come twice or never, and leap days change no number and no order."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import journal_rig as rig
import numpy as np
import pytest
from serving import serving

import ingest
from api.client import Client
from api.schemas.logs import EventIn
from api.schemas.results import PlanIn
from api.schemas.studies import StudyIn
from api.store import types
from api.store.types import from_text, new_id, to_text
from ingest.journal import JournalWriter

HOUR_NS = 3_600_000_000_000


@pytest.mark.parametrize("jump_ns", [-2 * HOUR_NS, -1_000_000, 5_000_000, 26 * HOUR_NS])
def test_a_wall_clock_that_jumps_during_a_recording_moves_no_beat(tmp_path, jump_ns):
    """Intervals come from the strap and the monotonic clock; the wall clock dates the start."""
    series = []
    for name, jump in (("still", 0), ("jumps", jump_ns)):
        with JournalWriter(tmp_path / f"{name}.hrvj", time=rig.StillTime()) as journal:
            for number, record in enumerate(rig.recording(60)):
                moved = record.wall_ns + (jump if number > 20 else 0)
                journal.append(type(record)(record.kind, record.mono_ns, moved, record.payload,
                                            record.channel))  # fmt: skip
        series.append(ingest.read(tmp_path / f"{name}.hrvj"))
    still, jumps = series
    assert np.array_equal(still.rr_ms, jumps.rr_ms)
    assert np.array_equal(still.t_s, jumps.t_s)
    assert np.array_equal(still.flag, jumps.flag)
    assert still.start == jumps.start


def test_a_clock_set_back_does_not_make_an_older_plan_the_latest(tmp_path, monkeypatch):
    look = {"after_block": 8, "time": "2027-02-05T00:00:00+01:00", "level": 0.95}
    record = {"looks": [look], "spending": "none", "key_sha256": None, "declared": {}}
    plan = {"sha256": "0", "tz": "UTC", "look_names": ["planned end"], "record": record}
    with serving(str(tmp_path)) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="t"))
        client.create_plan(study.id, PlanIn(title="first", content=plan))
    real = types.time.time_ns
    monkeypatch.setattr(types.time, "time_ns", lambda: real() - 400 * 24 * HOUR_NS)
    monkeypatch.setattr(types, "_last", 0)  # another process
    with serving(str(tmp_path)) as url, Client(url) as client:
        client.create_plan(study.id, PlanIn(title="second", content=plan))
        assert [p.title for p in client.plans(study.id)] == ["first", "second"]


def test_identities_keep_their_order_while_the_clock_goes_back_and_forth(monkeypatch):
    at = [2 * 10**18]
    monkeypatch.setattr(types.time, "time_ns", lambda: at[0])
    made = []
    for step_ns in (0, -HOUR_NS, 5, 40 * HOUR_NS, -80 * HOUR_NS, 0):
        at[0] += step_ns
        made += [new_id() for _ in range(50)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


MOMENTS = {
    "the hour that comes twice": datetime(2026, 10, 25, 0, 0, tzinfo=UTC),
    "the hour that never comes": datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 28, 23, 0, tzinfo=UTC),
    "the day after in a year without": datetime(2100, 2, 28, 23, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("begin", MOMENTS.values(), ids=MOMENTS.keys())
def test_every_minute_around_is_kept_with_its_zone_and_in_order(begin):
    zone = ZoneInfo("Europe/Berlin")
    moments = [(begin + timedelta(minutes=m)).astimezone(zone) for m in range(0, 240, 7)]
    texts = [to_text(m) for m in moments]
    assert texts == sorted(texts)
    back = [from_text(t) for t in texts]
    assert [b.astimezone(UTC) for b in back] == [m.astimezone(UTC) for m in moments]
    assert [b.isoformat() for b in back] == [m.isoformat() for m in moments]


def test_an_event_that_spans_the_end_of_summer_time_lasts_as_long_as_it_did(tmp_path):
    with serving(str(tmp_path)) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="t", tz="Europe/Berlin"))
        client.create_subject(study.id, "P01")
        night = {"start": "2026-10-25T02:30:00+02:00", "end": "2026-10-25T02:30:00+01:00"}
        kept = client.add(study.id, EventIn(subject="P01", phase="night", kind="stress", **night))
        assert kept.end - kept.start == timedelta(hours=1)
        table = b"subject,phase,kind,start,end\nP01,leap,stress,2028-02-29T08:00,2028-02-29T09:00\n"
        path = tmp_path / "events.csv"
        path.write_bytes(table)
        client.import_table(study.id, "events", path)
        path.write_bytes(table.replace(b"2028", b"2027"))
        with pytest.raises(Exception, match="2027-02-29"):
            client.import_table(study.id, "events", path)
