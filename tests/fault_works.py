"""Work whose every acknowledgement must survive: what is done, and what a crash must leave of it.

Each `Work` acknowledges by `Acks` (fault_acks.py); `check` opens what a crash left and raises
`AssertionError` where an acknowledged thing is missing, changed, or the next start needs help.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import journal_rig
import numpy as np
from fault_acks import Acks, Work, rr_of

from api.client import Client
from api.schemas.studies import StudyIn
from api.store import migrate, models, open_store
from api.store.beats import Beats, unpack
from api.store.live import Batch, LiveWriter
from api.store.recordings import digest
from api.store.types import new_id, now
from ingest.folder import import_folder
from ingest.journal import JournalWriter, Kind, records, verify
from ingest.reading import read

# ---- recording: the journal ----


def run_journal(folder: Path, acks: Acks, rounds: int) -> None:
    """Notifications five a second, now and then a marker, by a clock of its own."""
    path = folder / "a.hrvj"
    taken = 0
    if path.exists() and path.stat().st_size > 8:
        taken = sum(r.kind is not Kind.SESSION for r in records(path))
    time = journal_rig.StillTime(10**9 + taken * 200_000_000)
    journal = JournalWriter(path, time=time, session={"person": "P01"})
    for number in range(taken, taken + rounds):
        time.now_ns += 200_000_000
        if number % 20 == 7:
            record = journal_rig.marker(time.now_ns, f"m{number}", "now", "tag")
        else:
            record = journal_rig.notification(time.now_ns, [800 + number % 200, 1 + number])
        journal.append(record)
        acks("marker" if record.kind is Kind.MARKER else "beat", number, record.payload.hex())
    journal.abandon()


def check_journal(folder: Path, acked: list[list[str]], whole: bool) -> None:
    path = folder / "a.hrvj"
    kept = set()
    if path.exists() and path.stat().st_size >= 8:
        kept = {r.payload.hex() for r in records(path)}
    lost = [line for line in acked if line[2] not in kept]
    assert not lost, f"{len(lost)} acknowledged records lost, the first {lost[0][:2]}"
    if whole:
        with JournalWriter(path) as journal:
            journal.append(journal_rig.notification(1, [800]))
        verdict = verify(path)
        assert verdict.closed
        assert not any(d.tail for d in verdict.damage)


def at_risk(acked: list[list[str]]) -> list[list[str]]:
    """Acknowledged records that a power cut may cost: notifications of the last second."""
    last = int(acked[-1][1]) if acked else 0
    return [line for line in acked if line[0] == "beat" and int(line[1]) > last - 6]


# ---- live beats, and their compaction ----


def _prepared(folder: Path, straps: int):
    store = open_store(folder / "store")
    with store.write() as session:
        found = session.query(models.Recording).order_by(models.Recording.id).all()
        if found:
            return store, [row.id for row in found]
        study = models.Study(title="t", tz=None, declared={})
        session.add(study)
        session.flush()
        subject = models.Subject(study_id=study.id, name="P")
        session.add(subject)
        session.flush()
        made = [
            models.Recording(
                id=new_id(), study_id=study.id, subject_id=subject.id, name=f"live {i}",
                state="open", start=now(), provenance={}, lost=[], options={},
            )
            for i in range(straps)
        ]  # fmt: skip
        session.add_all(made)
    return store, [row.id for row in made]


def _live(straps: int, sizes: tuple[int, ...]) -> Callable[[Path, Acks, int], None]:
    def run(folder: Path, acks: Acks, rounds: int) -> None:
        from api.store.tail import position

        store, recordings = _prepared(folder, straps)
        writer = LiveWriter(store)
        with store.read() as session:
            at = {r: position(session, r).next_sequence for r in recordings}
        sizes_of = itertools.cycle(sizes)
        for _ in range(rounds):
            size = next(sizes_of)
            sent = [(r, writer.append(Batch(r, at[r], rr_of(at[r], size)))) for r in recordings]
            for recording, answer in sent:
                at[recording] = answer.result(60).next_sequence
                acks("beats", recording.hex, at[recording])
        writer.stop()
        store.close()

    return run


def run_service(folder: Path, acks: Acks, rounds: int) -> None:
    """Send beats of three straps to the service over REST."""
    from serving import serving

    with serving(str(folder / "store")) as url, Client(url, tries=1) as client:
        studies = list(client.studies())
        study = studies[0] if studies else client.create_study(StudyIn(title="t"))
        if not list(client.subjects(study.id)):
            client.create_subject(study.id, "P01")
        names = [f"live {i}" for i in range(3)]
        there = {r.name: r.id for r in client.recordings(study.id)}
        for name in names:
            if name not in there:
                there[name] = client.start_live(study.id, "P01", name=name).recording_id
        at = {name: client.live(there[name]).next_sequence for name in names}
        for _, name in zip(range(rounds * 3), itertools.cycle(names), strict=False):
            size = 1 + at[name] % 5
            sent = client.send_beats(there[name], at[name], rr_of(at[name], size).tolist())
            at[name] = sent.next_sequence
            acks("beats", there[name].hex, at[name])


def check_live(folder: Path, acked: list[list[str]], whole: bool) -> None:
    promised: dict[str, int] = {}
    for _, recording, count in acked:
        promised[recording] = max(int(count), promised.get(recording, 0))
    found = _stored(folder, {UUID(r) for r in promised})
    for recording, least in promised.items():
        rr = found[UUID(recording)].rr_ms
        assert rr.size >= least, f"{least - rr.size} acknowledged beats lost"
        assert np.array_equal(rr, rr_of(0, rr.size)), "beats changed"
    if whole:
        _live(1, (3,))(folder, Acks(os.open(os.devnull, os.O_WRONLY)), 1)


def _stored(folder: Path, wanted: set[UUID]) -> dict[UUID, Beats]:
    """Read every recording without our own store code: what the bytes say."""
    place = folder / "store" / "store.sqlite3"
    if not place.exists():
        assert not wanted, "the store is gone"
        return {}
    with closing(sqlite3.connect(place)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'recording'").fetchall():
            assert not wanted, "the tables are gone"
            return {}
        found = {}
        for identity, state, sha in db.execute("SELECT id, state, beats_sha256 FROM recording"):
            rows = db.execute(
                "SELECT data, crc FROM chunk WHERE recording_id = ? ORDER BY number", (identity,)
            ).fetchall()
            rows += db.execute(
                "SELECT data, crc FROM tail_part WHERE recording_id = ? ORDER BY sequence",
                (identity,),
            ).fetchall()
            beats = Beats.joined([unpack(*row) for row in rows])
            if state == "closed":
                assert digest(beats) == sha, "a half recording"
            found[UUID(identity)] = beats
    return found


# ---- import over REST ----


def run_import(folder: Path, acks: Acks, rounds: int) -> None:
    """Upload files to the service, as `hrv` clients do."""
    from serving import serving

    with serving(str(folder / "store")) as url, Client(url, tries=1) as client:
        upload_all(client, folder, acks, rounds)


def upload_all(client: Client, folder: Path, acks: Acks, rounds: int) -> None:
    """Upload `rounds` files of their own names, going on behind those that are there."""
    studies = list(client.studies())
    study = studies[0] if studies else client.create_study(StudyIn(title="t", tz="UTC"))
    if not list(client.subjects(study.id)):
        client.create_subject(study.id, "P01")
    there = {recording.name for recording in client.recordings(study.id)}
    number = 0
    for _ in range(rounds):
        while f"r{number}.txt" in there:
            number += 1
        file = folder / f"r{number}.txt"
        there.add(file.name)
        file.write_text("".join(f"{rr:g}\n" for rr in rr_of(number, 300 + 40 * (number % 9))))
        made = client.upload(study.id, file, "P01")
        acks("upload", made.id.hex, made.beats_sha256, made.upload_sha256)


def check_import(folder: Path, acked: list[list[str]], whole: bool) -> None:
    import hashlib

    import zstandard

    found = _stored(folder, {UUID(line[1]) for line in acked})
    for _, recording, sha, _ in acked:
        assert UUID(recording) in found, "an acknowledged recording is lost"
        assert digest(found[UUID(recording)]) == sha
    if found:
        with closing(sqlite3.connect(folder / "store" / "store.sqlite3")) as db:
            for upload, size, sha in db.execute("SELECT id, size, sha256 FROM upload"):
                parts = db.execute(
                    "SELECT data FROM upload_part WHERE upload_id = ? ORDER BY number", (upload,)
                )
                unpacker = zstandard.ZstdDecompressor()
                data = b"".join(unpacker.decompress(row[0], 2**20) for row in parts)
                assert (len(data), hashlib.sha256(data).hexdigest()) == (size, sha)
    if whole:
        open_store(folder / "store").close()


# ---- migration ----

OLD = "0001"


def make_old(folder: Path, acks: Acks, people: int) -> None:
    """Make a store as the first version left it, with beats and events in it."""
    from alembic import command
    from sqlalchemy import column, inspect, table

    from api.store.recordings import chunks
    from hrv.types import RRSeries

    store = open_store(folder / "store", upgrade=False)
    with store.engine.execution_options(hrv_writes=True).begin() as connection:
        command.upgrade(migrate._config(connection), OLD)
        tables = {
            name: [each["name"] for each in inspect(connection).get_columns(name)]
            for name in inspect(connection).get_table_names()
        }

        def put(model: type, **values: object) -> None:
            row = {"version": 1, "created_at": now(), "updated_at": now(), **values}
            columns = [c for c in model.__table__.c if c.name in tables[model.__tablename__]]
            old = table(model.__tablename__, *(column(c.name, c.type) for c in columns))
            connection.execute(old.insert().values({c.name: row.get(c.name) for c in columns}))

        study, whose = new_id(), new_id()
        put(models.Study, id=study, title="old", tz=None, declared={})
        put(models.Subject, id=whose, study_id=study, name="P01", note="")
        for number in range(people):
            series = RRSeries.from_ms(rr_of(number, 200))
            beats = Beats(series.rr_ms, series.t_s, series.flag)
            identity = new_id()
            put(models.Recording, id=identity, study_id=study, subject_id=whose, name=str(number),
                condition="", state="closed", start=None, beats=200, duration_s=1.0,
                provenance={}, options={}, lost=[], beats_sha256=digest(beats))  # fmt: skip
            for chunk in chunks(identity, beats, number=0, sequence=0):
                put(models.Chunk, **{c.name: getattr(chunk, c.name) for c in chunk.__table__.c})
            put(models.Event, id=new_id(), study_id=study, subject_id=whose,
                recording_id=identity, phase="maths", kind="stress", start=None, end=None,
                start_s=1.0, end_s=2.0)  # fmt: skip
            acks("old", identity.hex, digest(beats))
    store.close()
    acks("made", "-", "-")


def run_migration(folder: Path, acks: Acks, rounds: int) -> None:
    """Make a store of the first version, then open it with this one."""
    if not (folder / "store" / "store.sqlite3").exists():
        make_old(folder, acks, rounds)
    open_store(folder / "store").close()
    acks("upgraded", "-", "-")


def check_migration(folder: Path, acked: list[list[str]], whole: bool) -> None:
    if not any(line[0] == "made" for line in acked):
        return  # the old version's own work is not looked at
    wanted = {UUID(line[1]): line[2] for line in acked if line[0] == "old"}
    found = _stored(folder, set(wanted))
    assert {r: digest(b) for r, b in found.items()} == wanted
    with closing(sqlite3.connect(folder / "store" / "store.sqlite3")) as db:
        (at,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
        assert at in (OLD, migrate.head()), "half a migration"
        assert at == migrate.head() or not any(line[0] == "upgraded" for line in acked)
        (events,) = db.execute("SELECT count(*) FROM event").fetchone()
        assert events == len(wanted)
    if whole:
        store = open_store(folder / "store")
        with store.read() as session:
            assert session.query(models.Event).count() == len(wanted)
        store.close()


# ---- hrv import: a folder of exports into a study ----


def _exports(folder: Path, rounds: int) -> Path:
    exports = folder.with_name(folder.name + "-exports")
    if not exports.exists():
        exports.mkdir()
        for number in range(rounds):
            day = f"2026-03-{1 + number % 28:02}_{number // 28:02}0000"
            lines = "".join(f"{rr:g}\n" for rr in rr_of(number, 120))
            (exports / f"{day}.txt").write_text(lines)
        (exports / "events.csv").write_text(
            "phase,kind,start,end\n"
            + "".join(
                f"maths,stress,2026-03-{d:02}T00:00:20Z,2026-03-{d:02}T00:00:40Z\n"
                for d in range(1, 15)
            )
        )
    return exports


def run_study_import(folder: Path, acks: Acks, rounds: int) -> None:
    exports = _exports(folder, rounds)
    found = import_folder(exports, folder / "study", tz="UTC")
    assert not found.unread, found.unread
    acks("imported", rounds, str(exports))


def check_study_import(folder: Path, acked: list[list[str]], whole: bool) -> None:
    """Nothing in the study is torn; asked again, the import completes what it began."""
    study = folder / "study"
    done = acked[-1] if acked else None
    if done is not None:
        assert len(list((study / "recordings").glob("*.txt"))) == int(done[1])
    for path in study.glob("recordings/*.txt") if done is not None else ():
        assert len(read(path)) in (119, 120)
    if whole:
        exports = next(p for p in folder.parent.glob("*-exports"))
        rounds = len(list(exports.glob("*.txt")))
        found = import_folder(exports, study, tz="UTC")
        assert not found.unread, found.unread
        made = sorted((study / "recordings").glob("*.txt"))
        assert len(made) == rounds, f"{rounds - len(made)} recordings lost for good"
        for path in made:
            assert len(read(path)) in (119, 120), f"{path.name} is torn"
        manifest = (study / "recordings.csv").read_text().splitlines()
        assert len(manifest) == 1 + rounds
        assert len((study / "events.csv").read_text().splitlines()) == 15
        assert (study / "study.toml").exists()


# ---- backup ----


def make_store(folder: Path, acks: Acks, rounds: int) -> None:
    """Make a store with beats in it."""
    _live(1, (300,))(folder, acks, rounds)
    acks("made", "-", "-")


def run_backup(folder: Path, acks: Acks, rounds: int) -> None:
    """Back the store up, again and again into new folders."""
    from api.store import backup

    if not (folder / "store").exists():
        make_store(folder, acks, 2)
    store = open_store(folder / "store")
    for number in range(rounds):
        place = folder / f"backup{number}"
        if not place.exists():
            backup.make(store, place)
            acks("backup", place.name, "-")
    store.close()


def check_backup(folder: Path, acked: list[list[str]], whole: bool) -> None:
    """What was acknowledged can be restored; what was cut off is not taken for a backup."""
    import shutil

    from api.store import backup

    if not any(line[0] == "made" for line in acked):
        return
    check_live(folder, [line for line in acked if line[0] == "beats"], False)
    for line in acked:
        if line[0] == "backup":
            manifest = backup.read_manifest(folder / line[1])
            assert backup._sha256(folder / line[1] / backup.FILE) == manifest.file_sha256
    for place in folder.glob("backup?"):
        backup.read_manifest(place)
        if whole:
            back = folder / "back"
            backup.restore(place, str(back))
            shutil.rmtree(back)
    if whole:
        run_backup(folder, Acks(os.open(os.devnull, os.O_WRONLY)), 2)


WORKS = (
    Work("recording", run_journal, check_journal),
    Work("live", _live(3, (1, 1, 2, 5)), check_live),
    Work("service", run_service, check_live),
    Work("compaction", _live(1, (1500, 900, 700)), check_live),
    Work("import", run_import, check_import),
    Work("migration", run_migration, check_migration, make_old),
    Work("backup", run_backup, check_backup, make_store),
    Work("study import", run_study_import, check_study_import),
)
"""Everything that acknowledges, each with what must be there afterwards."""
