"""The audit log: an entry with every read, change and export, and no way to change one unseen."""

import json
import sqlite3
import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from api.access import Grant, Role
from api.schemas.logs import EventIn
from api.schemas.studies import StudyIn
from api.store import audit, open_store
from api.store.database import FILE


def entries(keyed, study=None):
    with keyed.store.read() as session:
        return list(audit.entries(session, study))


@pytest.fixture
def study(keyed, owner):
    with keyed.client(owner) as client:
        study = client.create_study(StudyIn(title="Audited", tz="UTC"))
        client.create_subject(study.id, "Secret-Name")
    return study


def said(entry):
    return {**entry, **json.loads(entry["detail"])}


def test_a_change_is_written_down_with_what_it_changed(keyed, study):
    made, subject = (said(entry) for entry in entries(keyed, study.id))
    assert (made["action"], made["kind"]) == ("create_study", "change")
    assert made["changed"] == [["made", "study", str(study.id)]]
    assert made["who"].startswith("key:")
    assert (subject["action"], subject["study_id"]) == ("create_subject", str(study.id))
    assert subject["changed"][0][:2] == ["made", "subject"]


def test_a_read_is_written_down_before_it_is_answered(keyed, owner, study):
    with keyed.http(owner) as http:
        for path in ("", "/subjects", "/events"):
            before = len(entries(keyed, study.id))
            http.get(f"/v1/studies/{study.id}{path}")
            assert len(entries(keyed, study.id)) == before + 1
    assert [e["kind"] for e in entries(keyed, study.id)[-3:]] == ["read"] * 3


def test_an_export_is_written_down_as_one(keyed, owner, study, tmp_path):
    file = tmp_path / "rr.txt"
    file.write_text("".join(f"{800 + i % 50}\n" for i in range(300)))
    with keyed.client(owner) as client, keyed.http(owner) as http:
        recording = client.upload(study.id, file, "Secret-Name", start="2026-03-04T08:00:00Z")
        http.get(f"/v1/recordings/{recording.id}/export?to=text")
        http.get(f"/v1/recordings/{recording.id}/file")
    found = [said(e) for e in entries(keyed, study.id) if e["kind"] == "export"]
    assert [e["action"] for e in found] == ["export_recording", "get_file"]
    assert all(e["recording_id"] == str(recording.id) for e in found)


def test_a_change_that_fails_leaves_no_entry_of_a_change(keyed, owner, study):
    before = len(entries(keyed))
    with keyed.http(owner) as http:
        body = {"name": "Secret-Name"}
        assert http.post(f"/v1/studies/{study.id}/subjects", json=body).status_code == 409
    assert len(entries(keyed)) == before


def test_a_refusal_is_written_down(keyed, study):
    with keyed.http(keyed.key(Grant(Role.READER, study.id))) as http:
        assert http.post(f"/v1/studies/{study.id}/subjects", json={"name": "x"}).status_code == 403
    last = entries(keyed, study.id)[-1]
    assert (last["action"], last["kind"]) == ("create_subject", "refused")


def test_beats_are_written_down_by_sender_minute_and_end(keyed, owner, study):
    with keyed.client(owner) as client:
        live = client.start_live(study.id, "Secret-Name")
        for i in range(5):
            client.send_beats(live.recording_id, i, [800.0 + i])
        client.stop_live(live.recording_id)
    found = [said(e) for e in entries(keyed, study.id)]
    assert [e["action"] for e in found[-3:]] == ["start_live", "send_beats", "stop_live"]
    assert found[-2]["beats"] == [0, 1]
    assert found[-1]["beats"] == [0, 5]


def test_no_entry_holds_a_name_a_note_or_a_value(keyed, owner, study):
    with keyed.client(owner) as client:
        client.add(
            study.id,
            EventIn(subject="Secret-Name", phase="Secret-Phase", kind="tag", note="Secret-Note",
                    start="2026-03-04T08:00:00Z", end="2026-03-04T08:00:00Z"),
        )  # fmt: skip
    assert len(entries(keyed)) > 3
    assert "Secret" not in str(entries(keyed))


def test_the_chain_of_everything_so_far_holds(keyed, owner, study):
    with keyed.store.read() as session:
        head, broken = audit.verify(session)
    assert broken == []
    assert head.number >= 2


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'x'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_log(keyed, owner, study, change):
    with pytest.raises(DatabaseError), keyed.store.write() as session:
        session.execute(text(change))


@pytest.fixture
def log(tmp_path):
    """A store with ten entries, and its file."""
    store = open_store(tmp_path)
    for i in range(10):
        with store.write() as session:
            audit.append(session, [audit.Deed("key:1", f"did_{i}", "change", uuid.uuid4())])
    with store.read() as session:
        head, _ = audit.verify(session)
    store.close()
    return tmp_path / FILE, head


def tampered(log, *statements):
    file, _ = log
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER audit_keeps_UPDATE")
        connection.execute("DROP TRIGGER audit_keeps_DELETE")
        for statement in statements:
            connection.execute(statement)
    connection.close()


TAMPERING = {
    "an entry changed": (["UPDATE audit SET who = 'key:2' WHERE number = 4"],
                         "entry 4: it was changed"),
    "an entry taken out": (["DELETE FROM audit WHERE number = 4"], "entry 4 is missing"),
    "the first taken out": (["DELETE FROM audit WHERE number = 1"], "entry 1 is missing"),
    "two swapped": (["UPDATE audit SET number = 99 WHERE number = 4",
                     "UPDATE audit SET number = 4 WHERE number = 5",
                     "UPDATE audit SET number = 5 WHERE number = 99"], "does not follow"),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "said"), TAMPERING.values(), ids=TAMPERING.keys())
def test_verify_finds_what_was_done_to_the_log(log, hrv_command, statements, said):
    whole = hrv_command("audit", "verify", "--store", log[0].parent)
    assert (whole.code, "the chain holds" in whole.out) == (0, True)
    tampered(log, *statements)
    done = hrv_command("audit", "verify", "--store", log[0].parent)
    assert done.code == 1
    assert said in done.out


def test_a_noted_head_shows_that_the_end_was_cut_off(log, hrv_command):
    file, head = log
    noted = f"{head.number}:{head.digest}"
    assert hrv_command("audit", "verify", "--store", file.parent, "--head", noted).code == 0
    tampered(log, "DELETE FROM audit WHERE number > 7")
    assert hrv_command("audit", "verify", "--store", file.parent).code == 0
    done = hrv_command("audit", "verify", "--store", file.parent, "--head", noted)
    assert done.code == 1
    assert "cut off" in done.out
