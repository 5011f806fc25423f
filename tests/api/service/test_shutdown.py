"""SIGTERM: a clean exit inside the grace period, and nothing that was acknowledged is lost."""

import http.client
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from live_rig import simulated_rr_ms
from server_process import ServerProcess
from serving import serving

from api.client import Client
from api.schemas.studies import StudyIn

GRACE_S = 4.0
SLACK_S = 4.0
"""For ending workers and closing the store behind the grace period."""


def study_in(client):
    study = client.create_study(StudyIn(title="Ends"))
    client.create_subject(study.id, "P01")
    return study


def slow_upload(url, study_id):
    """Open an upload and send half of it; returns the connection and the missing half."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="subject"\r\n\r\nP01\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        + b"".join(b"%d\n" % (800 + i % 50) for i in range(2000))
        + b"\r\n--x--\r\n"
    )
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.putrequest("POST", f"/v1/studies/{study_id}/recordings")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:4000])
    time.sleep(0.3)
    return connection, body[4000:]


def test_an_upload_under_way_is_finished_and_kept(tmp_path):
    with ServerProcess(tmp_path, workers=0, grace_s=GRACE_S) as server:
        with Client(server.url) as client:
            study = study_in(client)
        connection, rest = slow_upload(server.url, study.id)
        server.terminate()
        time.sleep(0.3)
        connection.send(rest)
        assert connection.getresponse().status == 201
        connection.close()
        status, took, said = server.ended(GRACE_S + SLACK_S)
    assert (status, took < GRACE_S) == (0, True)
    assert "Traceback" not in said
    with ServerProcess(tmp_path, workers=0) as server, Client(server.url) as client:
        (recording,) = client.recordings(study.id)
        assert recording.beats == 2000


def test_an_upload_that_stands_still_does_not_hold_the_server(tmp_path):
    with ServerProcess(tmp_path, workers=0, grace_s=1.0) as server:
        with Client(server.url) as client:
            study = study_in(client)
        connection, _ = slow_upload(server.url, study.id)
        server.terminate()
        status, took, _ = server.ended(1.0 + SLACK_S)
        connection.close()
    assert status == 0
    assert took < 1.0 + SLACK_S
    with ServerProcess(tmp_path, workers=0) as server, Client(server.url) as client:
        assert list(client.recordings(study.id)) == []


def test_an_open_event_stream_ends_at_once_and_acknowledged_beats_stay(tmp_path):
    seen = []
    with (
        ServerProcess(tmp_path, workers=0, grace_s=GRACE_S) as server,
        Client(server.url) as client,
    ):
        study = study_in(client)
        live = client.start_live(study.id, "P01")

        def listen():
            path = f"{server.url}/v1/live/{live.recording_id}/events"
            with httpx.stream("GET", path, timeout=30) as stream:
                for line in stream.iter_lines():
                    seen.append(line)

        listener = threading.Thread(target=listen)
        listener.start()
        for i in range(20):
            taken = client.send_beats(live.recording_id, i, [800.0 + i])
        until = time.monotonic() + 20
        while "event: beats" not in seen and time.monotonic() < until:
            time.sleep(0.02)
        server.terminate()
        status, took, said = server.ended(GRACE_S + SLACK_S)
        listener.join(5)
    assert not listener.is_alive()
    assert (status, took < GRACE_S) == (0, True)
    assert "Traceback" not in said
    assert "event: beats" in seen
    with ServerProcess(tmp_path, workers=0) as server, Client(server.url) as client:
        assert client.live(live.recording_id).next_sequence == taken.next_sequence == 20
        more = client.send_beats(live.recording_id, 20, [900.0])
        assert more.next_sequence == 21
        assert client.stop_live(live.recording_id).beats == 21


def test_a_running_session_is_put_aside_and_taken_up_by_the_next_run(tmp_path):
    seen = []
    with (
        ServerProcess(tmp_path, workers=0, grace_s=GRACE_S) as server,
        Client(server.url) as client,
    ):
        study = study_in(client)
        live = client.start_session(study.id, "P01", "sim:?seed=2&duration=40s&speed=4")
        heard = threading.Event()

        def listen():
            for event in client.follow(live.recording_id):
                seen.append(event)
                if event.kind == "vitals" and event.data["beats"] > 5:
                    heard.set()

        listener = threading.Thread(target=listen)
        listener.start()
        assert heard.wait(20)
        server.terminate()
        status, took, said = server.ended(GRACE_S + SLACK_S)
        listener.join(5)
    assert not listener.is_alive()
    assert (status, took < GRACE_S) == (0, True)
    assert "Traceback" not in said
    with ServerProcess(tmp_path, workers=0) as server, Client(server.url) as client:
        (*_, closed) = client.follow(live.recording_id)
        assert closed.data["state"] == "ended"
        rr = client.beats(live.recording_id).columns["rr_ms"]
        assert rr == list(simulated_rr_ms(len(rr), seed=2, duration="40s"))
        assert len(rr) > 40


@pytest.fixture
def sample_in(tmp_path, sample_data):
    """A store with the sample study in it."""
    with serving(str(tmp_path)) as url, Client(url) as client:
        return client.import_study(sample_data)


def test_a_running_job_is_put_back_and_done_by_the_next_run(tmp_path, sample_in):
    with ServerProcess(tmp_path, grace_s=GRACE_S) as server, Client(server.url) as client:
        job = client.start_comparison(sample_in.id)
        while client.job(job.id).done < 3:
            time.sleep(0.02)
        server.terminate()
        status, took, said = server.ended(GRACE_S + SLACK_S)
    assert (status, took < GRACE_S) == (0, True)
    assert "Traceback" not in said
    with ServerProcess(tmp_path) as server, Client(server.url) as client:
        done = client.wait(job.id, timeout_s=120)
        assert done.comparison_id is not None


def test_a_second_server_is_refused_the_store(tmp_path):
    with (
        ServerProcess(tmp_path, workers=0),
        pytest.raises(AssertionError, match="another server uses"),
    ):
        ServerProcess(tmp_path, workers=0)
