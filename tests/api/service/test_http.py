"""How the service speaks HTTP: versions, keys, pages, representations, problems; both databases."""

import io
import json
import uuid

import pandas as pd
import pytest

from api.schemas.logs import EventIn, OutcomeIn


def url(study, what):
    return f"/v1/studies/{study.id}/{what}"


def test_a_change_needs_the_version_that_was_read(http, study):
    path, body = f"/v1/studies/{study.id}", {"title": "New"}
    assert http.put(path, json=body).status_code == 428
    assert http.put(path, json=body, headers={"If-Match": '"7"'}).status_code == 412
    done = http.put(path, json=body, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["etag"]) == (200, '"2"')
    assert http.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert http.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert http.get(path).status_code == 404


@pytest.mark.parametrize("what", ["", "/subjects", "/events", "/recordings"])
def test_what_is_held_already_is_not_sent_again(http, study, what):
    path = f"/v1/studies/{study.id}{what}"
    tag = http.get(path).headers["etag"]
    again = http.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_same_request_with_the_same_key_creates_once(http, study):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = http.post(url(study, "subjects"), json={"name": "P02"}, headers=headers)
    again = http.post(url(study, "subjects"), json={"name": "P02"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = http.post(url(study, "subjects"), json={"name": "P03"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"].endswith(":idempotency-key-reused")
    assert len(http.get(url(study, "subjects")).json()["items"]) == 2


def test_pages_are_walked_by_link_and_hold_everything_once(http, client, study):
    for i in range(7):
        client.add(
            study.id,
            OutcomeIn(subject="P01", time=f"2026-03-0{i + 1}T08:00:00Z", name="calm", value=i),
        )
    values, path = [], url(study, "outcomes") + "?limit=3"
    while path:
        page = http.get(path)
        values += [item["value"] for item in page.json()["items"]]
        path = page.links.get("next", {}).get("url")
        assert "first" in page.links
    assert values == list(range(7))


@pytest.mark.parametrize(
    ("accept", "read"),
    [
        ("text/csv", pd.read_csv),
        ("application/vnd.apache.parquet", pd.read_parquet),
        ("application/json;q=0.1, text/csv", pd.read_csv),
    ],
)
def test_a_table_comes_as_the_client_accepts_it(http, client, study, rr_file, accept, read):
    recording = client.upload(study.id, rr_file(), "P01", tz="UTC")
    path = f"/v1/recordings/{recording.id}/windows?step=60s&metrics=rmssd,sdnn&clean=none"
    table = read(io.BytesIO(http.get(path, headers={"Accept": accept}).content))
    plain = http.get(path).json()
    assert table["rmssd"].tolist() == pytest.approx(plain["columns"]["rmssd"], rel=1e-15)
    assert plain["units"]["rmssd"] == "ms"


def test_arrow_carries_units_with_its_columns(http, client, study, rr_file):
    pa = pytest.importorskip("pyarrow")
    recording = client.upload(study.id, rr_file(), "P01")
    media = "application/vnd.apache.arrow.stream"
    answer = http.get(f"/v1/recordings/{recording.id}/beats", headers={"Accept": media})
    table = pa.ipc.open_stream(answer.content).read_all()
    assert json.loads(table.schema.metadata[b"units"]) == {"t_s": "s", "rr_ms": "ms"}
    assert table.num_rows == recording.beats


def test_a_refused_number_is_null_with_its_reason(client, study, rr_file):
    recording = client.upload(study.id, rr_file(count=70), "P01")
    table = client.summary(recording.id, ["sdnn"])
    at = table.columns["name"].index("sdnn")
    assert table.columns["value"][at] is None
    assert "SDNN" in table.columns["reason"][at] or "sdnn" in table.columns["reason"][at]


PROBLEMS = {
    "an unknown member": ({"title": "x", "colour": "red"}, 422, "colour"),
    "a number that is none": ('{"title": "x", "endpoint": {"swc": NaN}}', 422, "swc"),
    "an infinite number": ('{"title": "x", "endpoint": {"swc": Infinity}}', 422, "swc"),
    "text for a number": ({"title": "x", "seed": "7"}, 422, "seed"),
    "an unknown zone": ({"title": "x", "tz": "Mars/Olympus"}, 422, "Mars/Olympus"),
    "an unknown method": ({"title": "x", "design": {"method": "magic"}}, 422, "magic"),
    "no JSON": ("{", 422, "JSON"),
}


@pytest.mark.parametrize(("body", "status", "named"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_wrong_body_is_answered_with_a_problem_that_names_it(http, body, status, named):
    content = body if isinstance(body, str) else json.dumps(body)
    answer = http.post("/v1/studies", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].startswith("urn:hrv-recovery:problem:")
    assert named in json.dumps(problem)


def test_other_wrong_requests_are_problems_too(http, study):
    cases = {
        http.get("/v1/nowhere").status_code: 404,
        http.delete("/v1/studies").status_code: 405,
        http.get("/v1/studies", headers={"Accept": "image/png"}).status_code: 406,
        http.get("/v1/studies?limt=3").status_code: 422,
        http.get("/v1/studies?cursor=zz").status_code: 422,
    }
    assert all(got == wanted for got, wanted in cases.items())
    assert http.delete("/v1/studies").headers["allow"] == "GET, POST"


def test_a_body_that_is_too_large_is_refused_by_its_length(http):
    headers = {"Content-Type": "application/json"}
    answer = http.post("/v1/studies", content=b" " * 9_000_000, headers=headers)
    assert answer.status_code == 413


def test_an_unreadable_recording_is_refused_and_nothing_is_stored(http, study):
    answer = http.post(
        url(study, "recordings"),
        data={"subject": "P01"},
        files={"file": ("diary.txt", b"Dear diary,\n")},
    )
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(":unreadable-file")
    assert "diary.txt" in answer.json()["detail"]
    assert http.get(url(study, "recordings")).json()["items"] == []


def test_a_recordings_name_is_there_once(client, http, study, rr_file):
    client.upload(study.id, rr_file(), "P01")
    files = {"file": (rr_file().name, rr_file().read_bytes())}
    answer = http.post(url(study, "recordings"), data={"subject": "P01"}, files=files)
    assert answer.status_code == 409


def test_overlapping_stressors_and_phases_are_refused(http, client, study):
    def event(start, end):
        return EventIn(subject="P01", phase="maths", kind="stress", start=start, end=end)

    client.add(study.id, event("2026-03-04T08:00:00Z", "2026-03-04T08:05:00Z"))
    body = event("2026-03-04T08:04:00Z", "2026-03-04T08:09:00Z").model_dump(mode="json")
    answer = http.post(url(study, "events"), json=body)
    assert answer.status_code == 409
    assert "overlap" in answer.json()["detail"]


def test_a_table_with_one_wrong_line_is_refused_whole(http, study):
    lines = "subject,time,name,value\nP01,2026-03-02T07:30:00Z,calm,8\nP01,yesterday,calm,7\n"
    answer = http.post(
        url(study, "outcomes/table") + "?name=mood.csv",
        content=lines,
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 422
    assert "mood.csv, line 3" in answer.json()["detail"]
    assert http.get(url(study, "outcomes")).json()["items"] == []


@pytest.mark.parametrize("to", ["fhir", "open_mhealth", "kubios", "text"])
def test_a_recording_is_exported_for_other_programs(http, client, study, rr_file, to):
    import ingest

    recording = client.upload(study.id, rr_file(), "P01", start="2026-03-04T08:00:00+01:00")
    answer = http.get(f"/v1/recordings/{recording.id}/export?to={to}")
    assert answer.status_code == 200
    source = ingest.Source("export.json" if "json" in answer.headers["content-type"] else "e.txt",
                           content=answer.content)  # fmt: skip
    back = ingest.read(source)
    assert back.rr_ms.tolist() == client.beats(recording.id).columns["rr_ms"]


def test_deleting_a_subject_takes_everything_of_it_along(store, client, study, rr_file):
    recording = client.upload(study.id, rr_file(), "P01")
    subject = next(client.subjects(study.id))
    client.delete_subject(subject)
    assert list(client.recordings(study.id)) == []
    with pytest.raises(Exception, match="there is no recording"):
        client.file(recording.id)


def test_a_service_that_was_busy_is_asked_again():
    import httpx

    from api.client import Client

    answers = iter([503, 503, 200])

    def answer(request):
        status = next(answers)
        body = {"items": [], "next": None} if status == 200 else {}
        return httpx.Response(status, json=body, headers={"Retry-After": "0"})

    with Client("http://test", transport=httpx.MockTransport(answer)) as client:
        assert list(client.studies()) == []


def test_the_client_tells_how_much_of_a_file_was_sent(client, study, rr_file):
    told, file = [], rr_file(count=40_000)
    client.upload(study.id, file, "P01", progress=lambda *said: told.append(said))
    assert told[-1] == (file.stat().st_size, file.stat().st_size)
    assert len(told) > 1
