"""A typed client of the service: `from api.client import Client`.

>>> from api.client import Client
>>> with Client("http://127.0.0.1:8000") as client:  # doctest: +SKIP
...     study = client.import_study("study.toml")
...     print(client.compare(study.id).sentence)
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel

from api.client.desk import Desk
from api.client.live import LiveCalls
from api.client.transport import (
    Model,
    Progress,
    ServiceError,
    Watched,
    form_of,
    query_of,
)
from api.schemas.base import Table
from api.schemas.logs import (
    AdverseEvent,
    AdverseEventIn,
    Dose,
    DoseIn,
    Event,
    EventIn,
    Imported,
    Intervention,
    InterventionIn,
    Outcome,
    OutcomeIn,
    Phase,
    PhaseIn,
)
from api.schemas.recordings import Recording
from api.schemas.results import (
    ComparisonIn,
    ComparisonOut,
    ComparisonSummary,
    Entry,
    Job,
    KeyIn,
    Plan,
    PlanIn,
)
from api.schemas.studies import Study, StudyIn, Subject, SubjectIn

LOGS: Mapping[type[BaseModel], tuple[str, type[BaseModel]]] = {
    EventIn: ("events", Event),
    PhaseIn: ("phases", Phase),
    InterventionIn: ("interventions", Intervention),
    DoseIn: ("doses", Dose),
    OutcomeIn: ("outcomes", Outcome),
    AdverseEventIn: ("adverse_events", AdverseEvent),
}


class Client(Desk, LiveCalls):
    """A connection to a service; use it in a ``with`` block.

    Parameters
    ----------
    url : str
        Where the service is.
    key : str, optional
        API key; sent as a bearer token.
    timeout_s : float
        Longest wait for one answer, s.
    tries : int
        How often a request is sent when the service is busy or the connection breaks; creating
        is safe to repeat, because every such request carries an idempotency key.
    transport : httpx.BaseTransport, optional
        For tests.
    """

    # -- studies and subjects ------------------------------------------------------------------

    def create_study(self, study: StudyIn) -> Study:
        """Make a study."""
        return self._create("/v1/studies", study, Study)

    def import_study(
        self,
        path: str | PathLike[str],
        told: Callable[[str, int, int], None] | None = None,
    ) -> Study:
        """Send a study.toml and everything it names; see `api.import_study`."""
        from api.import_study import import_study

        return import_study(self, path, told)

    def study(self, study_id: UUID) -> Study:
        """Read a study."""
        return self._get(f"/v1/studies/{study_id}", Study)

    def studies(self) -> Iterator[Study]:
        """Every study."""
        return self._pages("/v1/studies", Study)

    def replace_study(self, study: Study, by: StudyIn) -> Study:
        """Replace what is declared; refused if `study` is not the present version."""
        return self._put(f"/v1/studies/{study.id}", by, study.version, Study)

    def delete_study(self, study: Study) -> None:
        """Delete a study with everything that belongs to it."""
        self._delete(f"/v1/studies/{study.id}", study.version)

    def create_subject(self, study_id: UUID, name: str | None = None, note: str = "") -> Subject:
        """Make a subject; without a name it gets a pseudonym drawn at random."""
        body = SubjectIn(name=name, note=note)
        return self._create(f"/v1/studies/{study_id}/subjects", body, Subject)

    def subjects(self, study_id: UUID) -> Iterator[Subject]:
        """Every subject of a study."""
        return self._pages(f"/v1/studies/{study_id}/subjects", Subject)

    def delete_subject(self, subject: Subject) -> None:
        """Delete a subject with everything that belongs to it."""
        self._delete(f"/v1/subjects/{subject.id}", subject.version)

    def export_subject(self, subject_id: UUID) -> bytes:
        """Take out everything about one person, as a zip file."""
        return self._read(f"/v1/subjects/{subject_id}/export").content

    # -- recordings ----------------------------------------------------------------------------

    def upload(
        self,
        study_id: UUID,
        path: str | PathLike[str],
        subject: str,
        *,
        progress: Progress | None = None,
        **said: Any,
    ) -> Recording:
        """Upload a recording.

        Parameters
        ----------
        study_id : UUID
            Where it belongs.
        path : str or path-like
            The file.
        subject : str
            Pseudonym of whose it is.
        progress : callable, optional
            Told the bytes sent and the bytes in all.
        **said
            ``name``, ``condition``, and what helps reading it: ``format``, ``unit``, ``tz``,
            ``start``, ``sampling_rate_hz``, ``channel``.
        """
        file = Path(path)
        data = {k: form_of(v) for k, v in {"subject": subject, **said}.items() if v is not None}
        headers = {"Idempotency-Key": str(uuid.uuid4())}

        def send() -> httpx.Response:
            with file.open("rb") as content:
                watched = Watched(content, file.stat().st_size, progress)
                return self._http.post(
                    f"/v1/studies/{study_id}/recordings",
                    data=data,
                    files={"file": (file.name, watched)},  # type: ignore[dict-item]  # reads like one
                    headers=headers,
                )

        return Recording.model_validate_json(self._sent(send, repeat=True).content)

    def recording(self, recording_id: UUID) -> Recording:
        """Read what is known of a recording."""
        return self._get(f"/v1/recordings/{recording_id}", Recording)

    def recordings(self, study_id: UUID) -> Iterator[Recording]:
        """Every recording of a study."""
        return self._pages(f"/v1/studies/{study_id}/recordings", Recording)

    def delete_recording(self, recording: Recording) -> None:
        """Delete a recording, its beats and its file."""
        self._delete(f"/v1/recordings/{recording.id}", recording.version)

    def file(self, recording_id: UUID) -> bytes:
        """Return the file a recording was read from, byte for byte."""
        return self._read(f"/v1/recordings/{recording_id}/file").content

    def beats(
        self, recording_id: UUID, from_s: float | None = None, to_s: float | None = None
    ) -> Table:
        """Read beats of [from_s, to_s), s since the recording's start."""
        return self._get(f"/v1/recordings/{recording_id}/beats", Table, from_s=from_s, to_s=to_s)

    def windows(self, recording_id: UUID, metrics: Sequence[str], **said: Any) -> Table:
        """Compute metrics over sliding windows (``width``, ``step``, ``clean``, ``force``)."""
        path = f"/v1/recordings/{recording_id}/windows"
        return self._get(path, Table, metrics=",".join(metrics), **said)

    def summary(self, recording_id: UUID, metrics: Sequence[str], **said: Any) -> Table:
        """Compute metrics over the whole recording (``clean``, ``force``)."""
        path = f"/v1/recordings/{recording_id}/summary"
        return self._get(path, Table, metrics=",".join(metrics), **said)

    def recovery(self, recording_id: UUID, **said: Any) -> Table:
        """Compute how the heart came back after each stressor (``clean``)."""
        return self._get(f"/v1/recordings/{recording_id}/recovery", Table, **said)

    # -- logs ----------------------------------------------------------------------------------

    def add(
        self,
        study_id: UUID,
        entry: EventIn | PhaseIn | InterventionIn | DoseIn | OutcomeIn | AdverseEventIn,
    ) -> Any:
        """Add one event, phase, intervention, dose, outcome or adverse event; returns it."""
        name, stored = LOGS[type(entry)]
        return self._create(f"/v1/studies/{study_id}/{name}", entry, stored)

    def entries(
        self, study_id: UUID, kind: type[Model], subject: str | None = None
    ) -> Iterator[Model]:
        """Every entry of a kind (`Event`, `Phase`, `Dose` …) of a study."""
        name = next(name for name, stored in LOGS.values() if stored is kind)
        return self._pages(f"/v1/studies/{study_id}/{name}", kind, subject=subject)

    def import_table(
        self, study_id: UUID, log: str, path: str | PathLike[str], subject: str | None = None
    ) -> Imported:
        """Take a whole CSV of a log: ``"events"``, ``"phases"``, ``"doses"`` and so on."""
        file = Path(path)
        content = file.read_bytes()
        said = query_of(name=file.name, subject=subject)
        headers = {"Content-Type": "text/csv", "Idempotency-Key": str(uuid.uuid4())}
        url = f"/v1/studies/{study_id}/{log}/table"
        answer = self._sent(
            lambda: self._http.post(url, params=said, content=content, headers=headers),
            repeat=True,
        )
        return Imported.model_validate_json(answer.content)

    # -- comparisons ---------------------------------------------------------------------------

    def start_comparison(self, study_id: UUID, key: KeyIn | None = None) -> Job:
        """Ask for a comparison of the study as it stands; `key` opens a blinded one."""
        body = ComparisonIn(key=key)
        return self._create(f"/v1/studies/{study_id}/comparisons", body, Job)

    def job(self, job_id: UUID) -> Job:
        """Read how far a job is."""
        return self._get(f"/v1/jobs/{job_id}", Job)

    def cancel(self, job_id: UUID) -> Job:
        """Call a job off."""
        return self._create(f"/v1/jobs/{job_id}/cancel", None, Job)

    def wait(
        self, job_id: UUID, *, timeout_s: float = 600.0, progress: Progress | None = None
    ) -> Job:
        """Wait until a job ends.

        Raises
        ------
        TimeoutError
            If it does not end in time; it goes on.
        ServiceError
            If it failed or was called off.
        """
        until, pause_s = time.monotonic() + timeout_s, 0.05
        while True:
            job = self.job(job_id)
            if progress is not None:
                progress(job.done, job.total)
            if job.state == "done":
                return job
            if job.state in ("failed", "cancelled"):
                status = job.problem.status if job.problem is not None else 409
                raise ServiceError(status, job.problem, f"the job was {job.state}")
            if time.monotonic() > until:
                raise TimeoutError(f"job {job_id} did not end within {timeout_s:g} s")
            time.sleep(pause_s)
            pause_s = min(1.0, pause_s * 1.5)

    def compare(
        self, study_id: UUID, *, timeout_s: float = 600.0, progress: Progress | None = None
    ) -> ComparisonOut:
        """Compare before and after: ask, wait, and read the answer."""
        job = self.wait(self.start_comparison(study_id).id, timeout_s=timeout_s, progress=progress)
        assert job.comparison_id is not None
        return self.comparison(job.comparison_id)

    def comparison(self, comparison_id: UUID) -> ComparisonOut:
        """Read a finished comparison."""
        return self._get(f"/v1/comparisons/{comparison_id}", ComparisonOut)

    def comparisons(self, study_id: UUID) -> Iterator[ComparisonSummary]:
        """Every finished comparison of a study."""
        return self._pages(f"/v1/studies/{study_id}/comparisons", ComparisonSummary)

    def report(self, comparison_id: UUID) -> str:
        """Read the report of a comparison (HTML)."""
        return self._read(f"/v1/comparisons/{comparison_id}/report").text

    # -- plans and the catalogue ---------------------------------------------------------------

    def create_plan(self, study_id: UUID, plan: PlanIn) -> Plan:
        """Keep a plan."""
        return self._create(f"/v1/studies/{study_id}/plans", plan, Plan)

    def plans(self, study_id: UUID) -> Iterator[Plan]:
        """Every plan of a study."""
        return self._pages(f"/v1/studies/{study_id}/plans", Plan)

    def catalogue(self, shelf: str) -> list[Entry]:
        """List ``"formats"``, ``"cleaners"``, ``"metrics"``, ``"measures"`` or ``"methods"``."""
        return list(self._pages(f"/v1/catalogue/{shelf}", Entry))

    def table(self, path: str, media: str = "text/csv", **query: Any) -> bytes:
        """Read any table as CSV, Arrow or Parquet: the bytes as they came."""
        return self._read(path, {"Accept": media}, **query).content
