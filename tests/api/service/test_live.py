"""Sessions that the service records: beats, windows, marks and connection, and what survives."""

import time
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest
from live_rig import heard, of_kind, simulated_rr_ms, study_of
from server_process import ServerProcess

import hrv
from api.client import Client, ServiceError

FAST = "sim:?seed=3&duration=4min&stress=60s-90s&speed=max"


@pytest.fixture
def study(client):
    return study_of(client, "P01", "P02")


def ended(client, live):
    """Follow a session to its end."""
    return heard(client, live.recording_id, lambda e: e.kind == "closed")


def test_a_session_stores_every_beat_of_its_source_and_keeps_the_journal(client, study):
    live = client.start_session(study.id, "P01", FAST, name="fast")
    events = ended(client, live)
    recording = client.recording(live.recording_id)
    beats = client.beats(recording.id).columns
    assert recording.state == "closed"
    assert recording.beats == len(beats["rr_ms"]) > 200
    expected = simulated_rr_ms(recording.beats, seed=3, duration="4min", stress=[(60, 90)])
    np.testing.assert_array_equal(beats["rr_ms"], expected)
    sent = [rr for batch in of_kind(events, "beats") for rr in batch["rr_ms"]]
    assert sent == beats["rr_ms"]
    assert client.file(recording.id).startswith(b"\x89HRVJ")
    assert recording.provenance.device == "simulated strap, seed 3"


def test_windows_are_those_of_the_finished_recording(client, study):
    live = client.start_session(study.id, "P01", FAST)
    rows = of_kind(ended(client, live), "window")
    table = client.windows(live.recording_id, ["rmssd", "mean_hr"], width="1min", step="5s")
    assert len(rows) == table.rows > 20
    for name in ("start_s", "rmssd", "mean_hr", "coverage"):
        mine = np.array([row[name] for row in rows], dtype=float)
        theirs = np.array(table.columns[name], dtype=float)
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, equal_nan=True)


def test_a_marked_stressor_is_an_event_and_its_recovery_is_there_at_once(client, study):
    live = client.start_session(study.id, "P01", FAST)
    marks = of_kind(ended(client, live), "mark")
    assert [(m["phase"], m["kind"], m["edge"]) for m in marks] == [
        ("stress", "stress", "start"), ("stress", "stress", "end"),
    ]  # fmt: skip
    recording = client.recording(live.recording_id)
    begun = datetime.fromisoformat(marks[0]["at"]) - recording.start
    assert abs(begun - timedelta(seconds=60)) < timedelta(seconds=1)
    assert client.recovery(recording.id).rows == 1


def test_a_listener_goes_on_behind_the_last_event_it_had(client, study):
    live = client.start_session(study.id, "P01", FAST)
    whole = ended(client, live)
    numbered = [e for e in whole if e.kind in ("beats", "mark", "state")]
    for cut in (1, len(numbered) // 2, len(numbered)):
        last = numbered[cut - 1].id
        rest = heard(client, live.recording_id, lambda e: e.kind == "closed", last)
        before = sum(len(e.data["rr_ms"]) for e in numbered[:cut] if e.kind == "beats")
        again = [rr for batch in of_kind(rest, "beats") for rr in batch["rr_ms"]]
        all_rr = [rr for batch in of_kind(whole, "beats") for rr in batch["rr_ms"]]
        assert again == all_rr[before:]
        assert of_kind(rest, "mark") == [
            m for m in of_kind(whole, "mark") if m["number"] >= int(last.partition("/")[2])
        ]


def test_marks_and_doses_are_set_while_it_runs(client, study):
    live = client.start_session(study.id, "P01", "sim:?seed=4")
    heard(client, live.recording_id, lambda e: e.kind == "vitals" and e.data["packets"] > 1)
    begun = client.mark(live.recording_id, "arithmetic", kind="stress", edge="start")
    with pytest.raises(ServiceError, match="has begun already"):
        client.mark(live.recording_id, "noise", kind="stress", edge="start")
    time.sleep(0.05)
    over = client.mark(live.recording_id, "arithmetic", kind="stress", edge="end")
    tag = client.mark(live.recording_id, "coughed", note="twice")
    dose = client.dose(live.recording_id, "magnesium", amount=300.0, unit="mg")
    with pytest.raises(ServiceError, match="has not begun"):
        client.mark(live.recording_id, "arithmetic", kind="stress", edge="end")
    ahead = datetime.now(UTC) + timedelta(minutes=5)
    with pytest.raises(ServiceError, match="ahead"):
        client.mark(live.recording_id, "tomorrow", start=ahead)
    assert (begun.event_id, begun.origin) == (None, "service")
    assert tag.number > over.number > begun.number
    assert dose.subject == "P01"
    client.stop_live(live.recording_id)
    found = {m["phase"]: m for m in of_kind(ended(client, live), "mark")}
    assert set(found) == {"arithmetic", "coughed", "dose taken"}
    assert found["arithmetic"]["event_id"] == str(over.event_id)
    assert found["dose taken"]["note"] == "magnesium 300 mg"


def test_a_mark_sent_again_with_its_key_is_set_once(client, http, study):
    live = client.start_session(study.id, "P01", "sim:?seed=4")
    heard(client, live.recording_id, lambda e: e.kind == "vitals" and e.data["packets"] > 0)
    url, headers = f"/v1/live/{live.recording_id}/marks", {"Idempotency-Key": "once"}
    first, again = (http.post(url, json={"phase": "x"}, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    client.stop_live(live.recording_id)
    assert len(of_kind(ended(client, live), "mark")) == 1


def protocol(*phases):
    return {
        "title": "Short",
        "phases": [{"name": n, "duration": d, **more} for n, d, more in phases],
    }


def test_a_guided_protocol_leads_through_its_phases_and_ends_the_session(client, study):
    steps = protocol(
        ("baseline", "40s", {}),
        ("arithmetic", "20s", {"kind": "stress", "check": True}),
        ("recovery", "30s", {}),
    )
    live = client.start_session(
        study.id, "P01", "sim:?seed=5&speed=40", protocol=steps, attended=False
    )
    events = ended(client, live)
    assert [(m["phase"], m["edge"]) for m in of_kind(events, "mark")] == [
        (name, edge) for name in ("baseline", "arithmetic", "recovery") for edge in ("start", "end")
    ]
    marks = of_kind(events, "mark")
    times = [datetime.fromisoformat(m["at"]) for m in marks]
    lengths = [(times[i + 1] - times[i]).total_seconds() for i in (0, 2, 4)]
    np.testing.assert_allclose(lengths, [40, 20, 30], atol=1e-3)
    assert events[-1].data["state"] == "ended"


def test_an_attended_phase_waits_for_go_and_can_be_skipped(client, study):
    steps = protocol(("stressor", "60s", {"kind": "stress", "check": True}))
    live = client.start_session(study.id, "P01", "sim:?seed=5", protocol=steps)
    heard(client, live.recording_id, lambda e: e.kind == "vitals" and e.data["packets"] > 0)
    told = client.act(live.recording_id, "go").session.vitals
    assert any("no-go" in news["text"] for news in told.news)  # too little was watched yet
    assert told.protocol["waiting"]
    told = client.act(live.recording_id, "go").session.vitals  # insisted
    assert not told.protocol["waiting"]
    time.sleep(0.05)
    client.act(live.recording_id, "skip")
    events = ended(client, live)
    noted = of_kind(events, "mark")[0]["note"]
    assert noted.startswith("begun against the signal check")


def test_several_sessions_run_side_by_side(client, study):
    one = client.start_session(study.id, "P01", "sim:?seed=6&duration=90s&speed=60")
    other = client.start_session(study.id, "P02", "sim:?seed=7&duration=90s&speed=60")
    counts = []
    for live in (one, other):
        ended(client, live)
        counts.append(client.recording(live.recording_id).beats)
    assert min(counts) > 60
    assert (
        client.recording(one.recording_id).beats_sha256
        != client.recording(other.recording_id).beats_sha256
    )


def test_an_uploaded_recording_is_replayed_by_its_name_only(client, study, rr_file):
    path = rr_file(count=120)
    uploaded = client.upload(study.id, path, "P01", name="morning")
    live = client.start_session(study.id, "P02", "replay:morning?speed=max")
    ended(client, live)
    played = np.array(client.beats(live.recording_id).columns["rr_ms"])
    given = np.array(client.beats(uploaded.id).columns["rr_ms"])
    np.testing.assert_allclose(played, given, atol=1000 / 1024)
    for name in (str(path), "http://127.0.0.1:1/x", "../morning", f"file://{path}"):
        with pytest.raises(ServiceError, match="has no recording"):
            client.start_session(study.id, "P01", f"replay:{name}")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("/etc/passwd", "no source is called"),
        ("sim:?seed=x", "whole number"),
        ("sim:?duration=48h", "up to 24 h"),
        ("sim:?colour=red", "has no option"),
    ],
)
def test_a_source_that_is_none_is_refused_and_leaves_nothing(client, study, source, says):
    with pytest.raises(ServiceError, match=says):
        client.start_session(study.id, "P01", source)
    assert list(client.recordings(study.id)) == []


def test_without_bluetooth_the_answer_says_what_to_do(client, study):
    with pytest.raises(ServiceError) as refused:
        client.start_session(study.id, "P01", "ble:H10")
    assert refused.value.type == "bluetooth"
    assert refused.value.status == 424
    assert list(client.recordings(study.id)) == []


def test_beats_sent_by_a_phone_carry_windows_and_marks_too(client, study):
    live = client.start_live(study.id, "P01")
    rr = hrv.simulate(seed=8, duration="3min").series.rr_ms.tolist()
    for first in range(0, len(rr), 50):
        client.send_beats(live.recording_id, first, rr[first : first + 50])
    assert client.send_beats(live.recording_id, 0, rr[:50]).duplicates == 50
    gap = client.send_beats(live.recording_id, len(rr) + 3, [800.0], begin_s=190.0)
    assert (gap.lost.first, gap.lost.last) == (len(rr), len(rr) + 2)
    client.mark(live.recording_id, "stroop", kind="stress", edge="start")
    time.sleep(0.01)
    assert client.mark(live.recording_id, "stroop", kind="stress", edge="end").event_id
    client.stop_live(live.recording_id)
    events = ended(client, live)
    assert len(of_kind(events, "window")) > 20
    assert [m["edge"] for m in of_kind(events, "mark")] == ["start", "end"]
    assert client.live(live.recording_id).session is None


def test_a_killed_server_takes_its_session_up_again_and_nothing_is_lost(tmp_path):
    with ServerProcess(tmp_path, workers=0) as server, Client(server.url) as client:
        study = study_of(client)
        live = client.start_session(study.id, "P01", "sim:?seed=9&duration=90s&speed=4")
        before = heard(client, live.recording_id, lambda e: e.kind == "beats" and e.data["first"])
        begun = client.mark(live.recording_id, "stroop", kind="stress", edge="start")
        server.process.kill()
        server.process.wait()
    with ServerProcess(tmp_path, workers=0) as server, Client(server.url) as client:
        last = [e.id for e in before if e.kind == "beats"][-1]
        rest = heard(client, live.recording_id, lambda e: e.kind == "closed", last)
        sent = [rr for e in (*before, *rest) if e.kind == "beats" for rr in e.data["rr_ms"]]
        expected = simulated_rr_ms(len(sent), seed=9, duration="90s")
        np.testing.assert_array_equal(sent, expected)
        assert sent == client.beats(live.recording_id).columns["rr_ms"]
        assert of_kind(rest, "mark")[0]["number"] == begun.number
        assert "resumed" in [state["event"] for state in of_kind(rest, "state")]
        (event,) = client._http.get(f"/v1/studies/{study.id}/events").json()["items"]
        assert (event["phase"], event["kind"]) == ("stroop", "stress")  # ended with the recording
        assert list((tmp_path / "live").iterdir()) == []


def test_a_session_left_too_long_is_marked_as_interrupted_with_all_its_beats(tmp_path):
    with ServerProcess(tmp_path, workers=0) as server, Client(server.url) as client:
        study = study_of(client)
        live = client.start_session(study.id, "P01", "sim:?seed=9&speed=8")
        heard(client, live.recording_id, lambda e: e.kind == "vitals" and e.data["beats"] > 30)
        server.process.kill()
        server.process.wait()
    time.sleep(0.2)
    with (
        ServerProcess(tmp_path, workers=0, HRV_LIVE_RESUME_S="0.1") as server,
        Client(server.url) as client,
    ):
        events = heard(client, live.recording_id, lambda e: e.kind == "closed")
        assert events[-1].data["state"] == "interrupted"
        assert "away" in events[-1].data["says"]
        recording = client.recording(live.recording_id)
        assert recording.beats > 30
        rr = client.beats(recording.id).columns["rr_ms"]
        np.testing.assert_array_equal(rr, simulated_rr_ms(len(rr), seed=9))


def test_windows_that_are_none_are_refused_before_the_stream(http, client, study):
    live = client.start_live(study.id, "P01")
    answer = http.get(f"/v1/live/{live.recording_id}/events", params={"width": "0s"})
    assert answer.status_code == 422
    assert isinstance(answer, httpx.Response)
