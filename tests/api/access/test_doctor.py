"""`hrv doctor` finds each planted fault, names its mend, and finds nothing where all is well."""

import json
import shutil
import socket
import sqlite3
from collections import namedtuple
from datetime import timedelta

import pytest
from serving import serving

from api.access import Grant, Role, keys
from api.client import Client
from api.doctor import CHECKS
from api.schemas.studies import StudyIn
from api.store import audit, open_store
from api.store.database import FILE
from api.store.models import AccessKey, Job
from api.store.types import now, to_text

taken_ports = []
PLAIN_ENVIRONMENT = {"HRV_PORT": "0"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A store with a study, a recording, an open recording, a job, keys and a log."""
    folder = tmp_path_factory.mktemp("well")
    file = folder / "rr.txt"
    file.write_text("".join(f"{800 + i % 50}\n" for i in range(900)))
    with serving(str(folder / "store")) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="x"))
        client.create_subject(study.id, "P01")
        client.upload(study.id, file, "P01", start="2026-03-04T08:00:00Z")
        client.start_live(study.id, "P01")
    store = open_store(folder / "store")
    with store.write() as session:
        keys.make(session, [Grant(Role.OWNER)])
        audit.append(session, [audit.Deed("command", "make_key", "access")])
        session.add(Job(study_id=study.id, kind="comparison", parameters={}, state="done"))
    store.close()
    return folder / "store"


@pytest.fixture
def place(whole, tmp_path, monkeypatch):
    """A copy of that store to plant a fault in."""
    shutil.copytree(whole, tmp_path / "store")
    (tmp_path / "store").chmod(0o700)
    for name, value in PLAIN_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield tmp_path / "store"
    while taken_ports:
        taken_ports.pop().close()


def sql(place, *statements):
    connection = sqlite3.connect(place / FILE)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def unknown_setting(place, monkeypatch):
    monkeypatch.setenv("HRV_WORKER", "4")
    return "settings", "HRV_WORKER is no setting", "rename it to HRV_WORKERS"


def wrong_setting(place, monkeypatch):
    monkeypatch.setenv("HRV_GRACE_S", "soon")
    return "settings", "HRV_GRACE_S is 'soon'", "correct the value"


def missing_package(place, monkeypatch):
    monkeypatch.setenv("HRV_OTEL_ENDPOINT", "http://127.0.0.1:4318/v1/traces")
    monkeypatch.setattr("api.doctor.around.find_spec", lambda name: None)
    return "packages", "opentelemetry is not installed", "pip install 'hrv-recovery[otel]'"


def other_project(place, monkeypatch):
    Other = namedtuple("Other", "version")
    monkeypatch.setattr("api.doctor.around.distribution", lambda name: Other("0.2.10"))
    return "packages", "the import name `hrv` (0.2.10)", "pip uninstall hrv"


def taken_port(place, monkeypatch):
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    taken_ports.append(taken)
    monkeypatch.setenv("HRV_PORT", str(taken.getsockname()[1]))
    return "port", "cannot be used", "choose another with HRV_PORT"


def open_door(place, monkeypatch):
    monkeypatch.setenv("HRV_LOCAL", "yes")
    monkeypatch.setenv("HRV_HOST", "0.0.0.0")
    return "exposure", "HRV_HOST is 0.0.0.0", "set HRV_LOCAL=no"


def full_disk(place, monkeypatch):
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(10**12, 10**12, 3 * 10**6))
    return "disk", "only 3 MB are free", "make room there"


def open_folder(place, monkeypatch):
    place.chmod(0o755)
    return "folder", "others on this machine may look into", "chmod 700"


def no_database(place, monkeypatch):
    (place / FILE).write_bytes(b"something else entirely" * 1000)
    return "database", "does not open: file is not a database", "hrv restore BACKUP"


def loose_rows(place, monkeypatch):
    sql(place, "PRAGMA foreign_keys = OFF", "DELETE FROM subject")
    return "database", "refer to rows that are not there", "hrv restore BACKUP"


def newer_tables(place, monkeypatch):
    sql(place, "UPDATE alembic_version SET version_num = '9999'")
    return "tables", "a newer one made them", "pip install --upgrade hrv-recovery"


def older_tables(place, monkeypatch):
    sql(place, "UPDATE alembic_version SET version_num = '0002'")
    return "tables", "the tables are at 0002", "start the service once"


def damaged_beats(place, monkeypatch):
    sql(place, "UPDATE chunk SET data = zeroblob(100)")
    return "beats", "1 chunks of beats of recording", "upload its file again"


def damaged_file(place, monkeypatch):
    sql(place, "UPDATE upload SET sha256 = 'other'")
    return "files", "1 kept files are not what was sent", "upload them again"


def changed_log(place, monkeypatch):
    sql(place, "DROP TRIGGER audit_keeps_UPDATE", "UPDATE audit SET who = 'x' WHERE number = 2",
        "CREATE TRIGGER audit_keeps_UPDATE BEFORE UPDATE ON audit BEGIN SELECT 1; END")  # fmt: skip
    return "audit", "entry 2: it was changed", "keep this store as evidence"


def unguarded_log(place, monkeypatch):
    sql(place, "DROP TRIGGER audit_keeps_DELETE")
    return "audit", "triggers that let the audit log only grow are gone", "bring the triggers back"


def no_owner(place, monkeypatch):
    store = open_store(place)
    with store.write() as session:
        for key in session.query(AccessKey):
            key.revoked_at = now()
    store.close()
    return "keys", "was revoked or has expired", "hrv keys make --role owner"


def stuck_job(place, monkeypatch):
    old = to_text(now() - timedelta(hours=1))
    sql(place, f"UPDATE job SET state = 'running', seen_at = '{old}'")
    return "jobs", "no server works on them", "hrv serve"


def forgotten_recording(place, monkeypatch):
    old = to_text(now() - timedelta(days=3))
    sql(place, f"UPDATE recording SET created_at = '{old}' WHERE state = 'open'")
    return "recordings", "is open for more than 2 days", "/stop"


def clock_went_back(place, monkeypatch):
    monkeypatch.setattr("api.store.audit.now", lambda: now() + timedelta(days=400))
    store = open_store(place)
    with store.write() as session:
        audit.append(session, [audit.Deed("command", "x", "access")])
    store.close()
    return "clock", "which is to come", "set this machine's clock"


FAULTS = (
    unknown_setting, wrong_setting, missing_package, other_project, taken_port, open_door,
    full_disk, open_folder, no_database, loose_rows, newer_tables, older_tables, damaged_beats,
    damaged_file, changed_log, unguarded_log, no_owner, stuck_job, forgotten_recording,
    clock_went_back,
)  # fmt: skip


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_each_planted_fault_is_found_and_its_mend_named(place, monkeypatch, hrv_command, plant):
    name, what, mend = plant(place, monkeypatch)
    done = hrv_command("doctor", "--store", place, "--format", "json")
    assert done.code == 1, done.err
    faults = [row for row in json.loads(done.out) if row["state"] == "fault"]
    (fault,) = [row for row in faults if row["check"] == name]
    assert what in fault["what"]
    assert mend in fault["mend"]
    assert {row["check"] for row in faults} == {name}


def test_every_check_has_a_fault_planted_for_it():
    assert {check.name for check in CHECKS} == {plant_name(plant) for plant in FAULTS}


def plant_name(plant):
    """The check a plant is for, from its own source: it is what it returns first."""
    import inspect
    import re

    return re.search(r'return "(\w+)"', inspect.getsource(plant))[1]


def test_where_all_is_well_nothing_is_found(place, hrv_command):
    before = (place / FILE).read_bytes()
    done = hrv_command("doctor", "--store", place)
    assert done.code == 0, done.out
    assert "fault" not in done.out
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        [c.name, "well"] for c in CHECKS
    ]
    assert (place / FILE).read_bytes() == before


def test_a_service_that_was_never_started_is_well(tmp_path, hrv_command, monkeypatch):
    monkeypatch.setenv("HRV_PORT", "0")
    monkeypatch.setenv("HRV_KERNELS", "auto")  # read by the library, not by the service
    done = hrv_command("doctor", "--store", tmp_path / "none")
    assert done.code == 0, done.out
    assert not (tmp_path / "none").exists()
