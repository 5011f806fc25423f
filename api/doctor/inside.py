"""Checks inside the store: pages, tables, beats, files, log, keys, jobs and clock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from api.access.principal import Role
from api.doctor.base import Finding, Patient
from api.jobs import ENDED, STALE
from api.store import Store, audit, migrate
from api.store.beats import DamagedError
from api.store.models import AccessGrant, AccessKey, AuditEntry, Chunk, Job, Recording, TailPart
from api.store.models import Upload as Kept
from api.store.recordings import read_upload, unpacked
from api.store.types import now

LEFT_OPEN = timedelta(days=2)
_AHEAD = timedelta(minutes=5)
_MOST_NAMED = 5
_RESTORE = "restore the last backup into a new folder: hrv restore BACKUP --store NEW"


def database(patient: Patient) -> Iterator[Finding]:
    """Find a store that does not open, damaged pages, and references to nothing."""
    if patient.why_shut:
        yield Finding(f"the store {_place(patient)} does not open: {patient.why_shut}", _RESTORE)
        return
    if patient.store is None or not patient.store.embedded:
        return
    with patient.store.engine.connect() as connection:
        try:
            said = connection.execute(text("PRAGMA integrity_check(3)")).scalars().all()
            loose = len(connection.execute(text("PRAGMA foreign_key_check")).all())
        except Exception as error:
            said, loose = [str(getattr(error, "orig", error))], 0
    if said != ["ok"]:
        yield Finding(f"pages of the store are damaged: {said[0]}", _RESTORE)
    if loose:
        yield Finding(f"{loose} rows refer to rows that are not there", _RESTORE)


def _place(patient: Patient) -> str:
    return str(patient.file) if patient.file is not None else "(PostgreSQL)"


def _open(patient: Patient) -> Store:
    assert patient.store is not None
    return patient.store


def tables(patient: Patient) -> Iterator[Finding]:
    """Find tables of another version."""
    with _open(patient).engine.connect() as connection:
        found, wanted = migrate.current(connection), migrate.head()
    if found == wanted:
        return
    if migrate.is_known(found):
        yield Finding(
            f"the tables are at {found}, this version needs {wanted}",
            "make a backup, then start the service once (hrv serve): it brings them up to date",
        )
    else:
        yield Finding(
            f"the tables are at {found}, which this version does not know: a newer one made them",
            "pip install --upgrade hrv-recovery",
        )


def beats(patient: Patient) -> Iterator[Finding]:
    """Find beats whose bytes are not those that were stored."""
    damaged: dict[str, int] = {}
    with _open(patient).read() as session:
        for table in (Chunk, TailPart):
            rows = select(table.recording_id, table.crc, table.data)
            for row in session.execute(rows.execution_options(yield_per=100)):
                try:
                    unpacked(row)
                except DamagedError:
                    name = str(row.recording_id)
                    damaged[name] = damaged.get(name, 0) + 1
    for name, count in list(damaged.items())[:_MOST_NAMED]:
        yield Finding(
            f"{count} chunks of beats of recording {name} are damaged",
            "take the recording from the last backup (hrv restore BACKUP --store NEW), or upload "
            f"its file again (GET /v1/recordings/{name}/file has it)",
        )


def files(patient: Patient) -> Iterator[Finding]:
    """Find kept files that are not what was sent."""
    damaged = []
    with _open(patient).read() as session:
        for kept in session.execute(select(Kept.id, Kept.sha256)).all():
            if _hash(session, kept.id) != kept.sha256:
                damaged.append(str(kept.id))
    if damaged:
        named = ", ".join(damaged[:_MOST_NAMED])
        yield Finding(
            f"{len(damaged)} kept files are not what was sent (uploads {named})",
            "upload them again from the originals, or " + _RESTORE,
        )


def _hash(session: Session, upload: object) -> str:
    sha = hashlib.sha256()
    try:
        for part in read_upload(session, upload):  # type: ignore[arg-type]  # an identity
            sha.update(part)
    except Exception:  # the decompressor's own error: the bytes are damaged
        return ""
    return sha.hexdigest()


def audit_log(patient: Patient) -> Iterator[Finding]:
    """Find a chain that does not hold, and a database that lost the guard over it."""
    store = _open(patient)
    with store.read() as session:
        _, broken = audit.verify(session)
        guarded = _guards(session, embedded=store.embedded)
    if broken:
        yield Finding(
            f"the audit log does not hold: entry {broken[0].number}: {broken[0].why}",
            "keep this store as evidence; compare with the last backup (hrv audit show), and find "
            "out who had write access to the database",
        )
    if not guarded:
        yield Finding(
            "the triggers that let the audit log only grow are gone",
            "find out who had write access to the database; hrv backup and hrv restore into a new "
            "store bring the triggers back",
        )


def _guards(session: Session, *, embedded: bool) -> bool:
    if embedded:
        count = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
        return session.execute(text(count)).scalar() == 2
    count = "SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_keeps' AND tgenabled = 'O'"
    return session.execute(text(count)).scalar() == 1


def owner_key(patient: Patient) -> Iterator[Finding]:
    """Find a store that nobody can manage any more."""
    if patient.settings.local:
        return
    with _open(patient).read() as session:
        made = session.scalar(select(func.count()).select_from(AccessKey)) or 0
        valid = session.scalar(
            select(func.count())
            .select_from(AccessKey)
            .join(AccessGrant, AccessGrant.key_id == AccessKey.id)
            .where(
                AccessKey.revoked_at.is_(None),
                or_(AccessKey.expires_at.is_(None), AccessKey.expires_at > now()),
                AccessGrant.role == Role.OWNER.value,
                AccessGrant.study_id.is_(None),
            )
        )
    if made and not valid:
        yield Finding(
            "every key of an owner of all studies was revoked or has expired",
            "hrv keys make --role owner",
        )


def jobs(patient: Patient) -> Iterator[Finding]:
    """Find comparisons that nobody works on."""
    with _open(patient).read() as session:
        stuck = session.scalar(
            select(func.count())
            .select_from(Job)
            .where(Job.state.not_in(ENDED), Job.seen_at < now() - STALE)
        )
    if stuck:
        yield Finding(
            f"{stuck} comparisons wait and no server works on them",
            "start the service (hrv serve): it takes them up; or cancel them, "
            "POST /v1/jobs/ID/cancel",
        )


def open_recordings(patient: Patient) -> Iterator[Finding]:
    """Find recordings that somebody forgot to end."""
    with _open(patient).read() as session:
        left = session.scalars(
            select(Recording.id).where(
                Recording.state == "open", Recording.created_at < now() - LEFT_OPEN
            )
        ).all()
    for identity in left[:_MOST_NAMED]:
        yield Finding(
            f"recording {identity} is open for more than {LEFT_OPEN.days} days",
            f"end it: POST /v1/live/{identity}/stop",
        )


def clock(patient: Patient) -> Iterator[Finding]:
    """Find a clock that went back behind what was written."""
    with _open(patient).read() as session:
        last = session.scalar(select(func.max(AuditEntry.time)))
    if last is not None and last > now() + _AHEAD:
        yield Finding(
            f"the last entry of the audit log is of {last:%Y-%m-%d %H:%M} UTC, which is to come",
            "set this machine's clock (timedatectl set-ntp true)",
        )
