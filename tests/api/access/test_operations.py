"""What an operator sees: health, metrics, logs without persons, and traces."""

import contextlib
import json
import logging
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from server_process import ServerProcess
from serving import serving

from api.access import Grant, Role
from api.client import Client
from api.schemas.logs import EventIn
from api.schemas.studies import StudyIn
from api.settings import Settings
from api.watch import JsonLines


def test_health_is_open_and_says_nothing_else(keyed):
    with keyed.http() as http:
        assert http.get("/healthz").json() == {"status": "ok"}
        assert http.get("/readyz").json() == {"status": "ready"}


def test_a_store_that_cannot_be_reached_is_not_ready(tmp_path):
    with serving(str(tmp_path)) as url:
        assert httpx.get(f"{url}/readyz").status_code == 200
        with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite3")) as other:
            other.execute("PRAGMA writable_schema = ON")
            other.execute("UPDATE sqlite_schema SET sql = 'torn' WHERE name = 'alembic_version'")
            other.execute("PRAGMA schema_version = 4711")
            other.commit()
        answer = httpx.get(f"{url}/readyz")
    assert (answer.status_code, answer.json()["why"]) == (503, "the store cannot be reached")


def test_metrics_count_operations_not_addresses(keyed, owner):
    with keyed.client(owner) as client, keyed.http(owner) as http:
        study = client.create_study(StudyIn(title="Metered"))
        client.create_subject(study.id, "P01")
        live = client.start_live(study.id, "P01")
        client.send_beats(live.recording_id, 0, [800.0, 810.0])
        http.get("/v1/nowhere/at/all")
        http.get("/v1/studies", headers={"Authorization": "Bearer hrv_wrong"})
        text = http.get("/metrics").text
    assert 'hrv_requests_total{operation="create_study",status="201"}' in text
    assert 'hrv_request_seconds_bucket{le="0.025",operation="send_beats"}' in text
    assert "hrv_open_recordings" in text
    assert "process_resident_memory_bytes" in text
    assert 'hrv_turned_away_total{why="unauthenticated"}' in text
    assert "hrv_live_beats_total" in text
    assert str(study.id) not in text
    assert "nowhere" not in text


def test_the_log_is_json_lines_without_persons(tmp_path):
    names = ("Anna-Schmidt", "palpitations", "very-private")
    with ServerProcess(tmp_path, workers=0, HRV_LOG_LEVEL="debug") as server:
        with Client(server.url) as client, httpx.Client(base_url=server.url) as http:
            study = client.create_study(StudyIn(title=names[2], tz="UTC"))
            client.create_subject(study.id, names[0], note=names[1])
            client.add(
                study.id,
                EventIn(subject=names[0], phase=names[1], kind="tag", note=names[2],
                        start="2026-03-04T08:00:00Z", end="2026-03-04T08:00:00Z"),
            )  # fmt: skip
            path = f"/v1/studies/{study.id}"
            http.post(f"{path}/subjects", json={"name": names[0]})
            http.get(f"{path}/events?subject={names[0]}")
            http.get(f"/{names[0]}")
            http.post(f"{path}/recordings", data={"subject": names[0]}, files={
                "file": (f"{names[0]}.txt", names[1].encode())})  # fmt: skip
        server.terminate()
        _, _, said = server.ended(10)
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["message"] == "request"]
    assert {"create_study", "create_subject", "create_event"} <= {r["operation"] for r in requests}
    assert {"time", "level", "method", "operation", "status", "ms", "who"} <= set(requests[0])
    assert not [name for name in names if name in said]


def test_an_exception_is_logged_by_where_it_came_from_not_by_what_it_quotes():
    try:
        raise ValueError("could not convert 'Anna Schmidt'")
    except ValueError:
        record = logging.LogRecord("api", 40, "x", 1, "failed", None, sys.exc_info())
    said = json.loads(JsonLines().format(record))
    assert said["error"] == "ValueError"
    assert "test_operations.py" in said["at"][0]
    assert "Anna" not in str(said)


class Collector:
    """Takes traces as an OpenTelemetry collector does."""

    def __init__(self):
        got = self.got = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_traces_reach_the_collector_that_is_named(tmp_path):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    with Collector() as collector:
        endpoint = f"http://127.0.0.1:{collector.server.server_port}/v1/traces"
        settings = Settings(store="", local=True, workers=0, otel_endpoint=endpoint)
        with serving(str(tmp_path), settings) as url:
            httpx.post(f"{url}/v1/studies", json={"title": "Secret title"}).raise_for_status()
    assert collector.got, "nothing was sent"
    (path, body) = collector.got[0]
    import gzip

    body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    sent = ExportTraceServiceRequest.FromString(body)
    spans = [s for r in sent.resource_spans for scope in r.scope_spans for s in scope.spans]
    assert path == "/v1/traces"
    assert "POST create_study" in [span.name for span in spans]
    assert b"Secret" not in body


def test_a_readers_key_does_not_show_in_metrics_whose_it_is(keyed, owner):
    with keyed.http(keyed.key(Grant(Role.READER))) as http:
        text = http.get("/metrics").text
    assert "key:" not in text
