"""A phone's folder into a study of the store, the way of `hrv import`: each file once."""

from __future__ import annotations

import hashlib
import io
import math
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store import Store
from api.store import recordings as stored
from api.store.models import Dose, Event, Outcome, Phase, Recording, Study, Subject, Upload
from api.store.studies import logs_of
from api.store.types import new_id
from hrv.errors import InputError
from hrv.instruments import instrument
from hrv.types import RRSeries
from ingest.folder import Imported, import_folder
from ingest.formats.base import Recording as Opened
from ingest.inspect import Inspection, inspect
from ingest.logs import write_log, write_rows
from ingest.reading import read
from ingest.study_folder import INDEX, LOGS, RECORDINGS, Entry, StudyFolder

_MODELS: Mapping[str, type[Any]] = {
    "events": Event, "phases": Phase, "doses": Dose, "outcomes": Outcome,
}  # fmt: skip


@dataclass
class Taken:
    """What became of a folder.

    Parameters
    ----------
    report : Imported
        As `hrv import` tells it.
    inspections : dict of str to Inspection
        What was understood of each file that could be read, by its name below the folder.
    made : list of (Entry, UUID)
        Recordings that are in the store now.
    people : list of str
        Pseudonyms that were not on the roster before.
    """

    report: Imported
    inspections: dict[str, Inspection] = field(default_factory=dict)
    made: list[tuple[Entry, UUID]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)


def take_folder(
    store: Store,
    study_id: UUID,
    folder: Path,
    *,
    subject: str | None = None,
    subject_pattern: str | None = None,
    tz: str | None = None,
) -> Taken:
    """Bring every export below a folder into a study.

    Recordings come one a session; a file whose bytes are in the study already is left out, and
    so is a row that a log has.

    Parameters
    ----------
    store : Store
        Where the study is.
    study_id : UUID
        The study.
    folder : Path
        Files as they were sent.
    subject, subject_pattern : str, optional
        Whose they are, or a regular expression that finds it in a file's name.
    tz : str, optional
        IANA zone of clock times without one; default: the study's.

    Raises
    ------
    InputError
        If the pattern is none, or the study is not there.
    """
    with tempfile.TemporaryDirectory(prefix="hrv-folder-") as place:
        into = Path(place)
        with store.read() as session:
            study = session.get(Study, study_id)
            if study is None:
                raise InputError("the study was deleted meanwhile")
            there = _lay_out(session, study, into)
        zone = tz or study.tz
        taken = Taken(Imported())
        opened: dict[str, Opened] = {}
        taken.report = import_folder(
            folder, into, subject=subject, subject_pattern=subject_pattern, tz=zone,
            seen=lambda name, recording: opened.__setitem__(name, recording),
        )  # fmt: skip
        for name, recording in opened.items():
            taken.inspections[name] = inspect(recording, source=name)
        after = StudyFolder.open(into, tz=zone, dry_run=True)
        entries = [e for e in after.entries[there[INDEX] :] if e.recording]
        rows = {log.name: after.rows(log)[there[log.name] :] for log in LOGS}
        with store.write() as session:
            _store(session, study, taken, entries, rows, _Files(folder, into, opened))
    return taken


def _lay_out(session: Session, study: Study, into: Path) -> dict[str, int]:
    """Write what the study holds as the folder of a study; return how much that is."""
    counts: dict[str, int] = {}
    for name, table in logs_of(session, study).items():
        counts[name] = len(table)
        if len(table):
            write_log(table, into / f"{name}.csv")
    entries = []
    names = {s.id: s.name for s in session.scalars(_own(Subject, study))}
    uploads = {u.id: u.sha256 for u in session.scalars(_own(Upload, study))}
    for row in session.scalars(_own(Recording, study)):
        came = row.options.get("source_sha256") or uploads.get(row.upload_id, "")
        start, end = _span(row)
        entries.append(
            Entry(came, row.options.get("file", row.name), row.name, names[row.subject_id], start,
                  end, row.options.get("beats_hash", ""))
        )  # fmt: skip
    counts[INDEX] = len(entries)
    columns = list(Entry.__dataclass_fields__)
    write_rows([columns, *(list(vars(e).values()) for e in entries)], into / INDEX)
    return counts


def _own(model: type[Any], study: Study) -> Any:
    return select(model).where(model.study_id == study.id).order_by(model.id)


def _span(row: Recording) -> tuple[str, str]:
    if row.start is None:
        return "", ""
    end = row.start.timestamp() + row.duration_s
    return row.start.isoformat(), datetime.fromtimestamp(end, UTC).isoformat()


@dataclass(frozen=True)
class _Files:
    """Where things lie meanwhile: as they were sent, and as they were written."""

    sent: Path
    written: Path
    opened: Mapping[str, Opened]

    def kept(self, entry: Entry, *, alone: bool) -> tuple[str, bytes]:
        """Name and bytes to keep: the very file, or the lossless text of one session of it."""
        file = self.sent / entry.file
        if alone and file.is_file():
            return file.name, file.read_bytes()
        return entry.recording, (self.written / RECORDINGS / entry.recording).read_bytes()

    def series(self, entry: Entry) -> RRSeries:
        """Beats of a recording, with the origin of the file they were in."""
        rr = read(self.written / RECORDINGS / entry.recording, format="text")
        was = self.opened[entry.file].rr
        origin = rr.provenance if was is None else was.provenance
        return RRSeries(rr.rr_ms, rr.t_s, rr.flag, rr.start, replace(origin, source=entry.file))


def _store(
    session: Session,
    study: Study,
    taken: Taken,
    entries: list[Entry],
    rows: Mapping[str, pd.DataFrame],
    files: _Files,
) -> None:
    who = {s.name: s.id for s in session.scalars(_own(Subject, study))}
    named = [e.subject for e in entries]
    for table in rows.values():
        named += [] if table.empty else list(table["subject"])
    for name in dict.fromkeys(named):
        if name not in who:
            person = Subject(study_id=study.id, name=name, strata={})
            session.add(person)
            session.flush()
            who[name] = person.id
            taken.people.append(name)
    for entry in entries:
        alone = sum(e.file == entry.file for e in entries) == 1
        made = _add_recording(session, study, entry, who[entry.subject], files, alone=alone)
        taken.made.append((entry, made))
    for name, table in rows.items():
        for row in table.to_dict(orient="records"):
            values = {str(k): _plain(v) for k, v in row.items() if k != "subject"}
            subject_id = who[str(row["subject"])]
            session.add(_row(name, study.id, subject_id, values))
    session.flush()


def _add_recording(
    session: Session, study: Study, entry: Entry, subject_id: UUID, files: _Files, *, alone: bool
) -> UUID:
    name, data = files.kept(entry, alone=alone)
    upload = Upload(
        id=new_id(), study_id=study.id, name=name, size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
    recording = Recording(
        id=new_id(), study_id=study.id, subject_id=subject_id, name=entry.recording, lost=[],
        options={
            "file": entry.file, "source_sha256": entry.sha256, "beats_hash": entry.beats,
        },
    )  # fmt: skip
    chunks = stored.add_beats(recording, files.series(entry))
    stored.add_upload(session, upload, io.BytesIO(data))
    recording.upload_id = upload.id
    session.add(recording)
    session.flush()
    session.add_all(chunks)
    session.flush()
    return recording.id


def _row(log: str, study_id: UUID, subject_id: UUID, values: dict[str, Any]) -> Any:
    if log == "outcomes":
        known = instrument(values["name"])
        if known is not None:
            values |= {"name": known.name, "unit": known.unit}
        values["utc"] = values["time"].astimezone(UTC).isoformat()
    return _MODELS[log](study_id=study_id, subject_id=subject_id, **values)


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def described(report: Imported) -> dict[str, Any]:
    """Everything about an import but its recordings, as plain values."""
    return {
        "rows": {name: count for name, count in report.rows.items() if count},
        "known": report.known,
        "beside": report.beside,
        "unread": [{"file": name, "why": why} for name, why in report.unread],
        "clockless": report.clockless,
        "doubled": [list(names) for names in report.doubled],
        "overlapping": [
            {**asdict(each), "same": None if math.isnan(each.same) else each.same}
            for each in report.overlapping
        ],
    }
