"""Put a study.toml and everything it names into a service, by REST alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from api.schemas.logs import EventIn
from api.schemas.recordings import Recording
from api.schemas.results import PlanIn
from api.schemas.studies import Clean, DesignIn, Endpoint, Study, StudyIn
from ingest import study as files
from ingest.documents import parse_json
from ingest.events import read_doses, read_events, read_phases
from ingest.outcomes import read_outcomes
from ingest.study_log import read_adverse_events

if TYPE_CHECKING:
    import pandas as pd

    from api.client import Client

Told = Callable[[str, int, int], None]
"""Called with what was sent, how many things were, and how many there are."""


def import_study(client: Client, path: str | PathLike[str], told: Told | None = None) -> Study:
    """Send a study to a service.

    Parameters
    ----------
    client : Client
        Connected to the service.
    path : str or path-like
        The study.toml, or its folder.
    told : callable, optional
        Told after each recording.

    Raises
    ------
    StudyError
        If the file or something it names is wrong; nothing was sent then.
    ServiceError
        If the service refuses a part; the study made so far stays, to be mended or deleted.
    """
    file = files.parse(Path(path))
    tz = file.content.get("tz")
    listed = files.listed(file, tz)
    study = client.create_study(declared(file))
    for name in sorted(_people(file, [row["subject"] for row in listed])):
        client.create_subject(study.id, name)
    made = []
    for number, row in enumerate(listed, start=1):
        recording = client.upload(
            study.id, row["path"], row["subject"],
            name=row["name"], condition=row["condition"], period=row["period"],
            format=row["format"], unit=row["unit"], tz=row["tz"], start=row["start"],
            sampling_rate_hz=row["sampling_rate_hz"],
        )  # fmt: skip
        made.append(recording)
        if told is not None:
            told(row["name"], number, len(listed))
    for log, table in _tables(file):
        if log == "events" and _send_seconds(client, file, table, made):
            continue
        whose = file.section("data").get("subject")
        client.import_table(study.id, log, table, subject=whose)
    plan = file.resolve("plan", "file")
    if plan is not None:
        content = parse_json(plan.read_bytes())
        client.create_plan(study.id, PlanIn(title=plan.name, content=content))
    return study


def declared(file: files.StudyFile) -> StudyIn:
    """Take what a study file declares."""
    design, endpoint = file.section("design"), file.section("endpoint")
    settings = files.settings_of(file)
    orders = files.orders_of(file)
    return StudyIn(
        title=str(file.content.get("title", file.path.parent.name)),
        tz=file.content.get("tz"),
        endpoint=Endpoint(
            primary=str(endpoint.get("primary", "residual_hr")),
            direction=settings.direction,
            secondary=list(files.names_of(file, "endpoint", "secondary")),
            swc=settings.swc,
        ),
        design=DesignIn(
            conditions=list(files.conditions_of(file)),
            method=str(design.get("method", "default")),
            washin_days=settings.washin_days,
            familiarisation=files.familiarisation_of(file),
            start_reason=settings.start_reason,
            randomisation=None if orders is None else [list(order) for order in orders],
        ),
        clean=Clean(method=str(file.section("clean").get("method", "lipponen_tarvainen"))),
        seed=files.whole_number(file, "", "seed", 0),
    )


def _tables(file: files.StudyFile) -> Iterator[tuple[str, Path]]:
    """Every log the study file names."""
    for section, log in (
        ("design", "phases"), ("data", "events"), ("data", "doses"), ("data", "outcomes"),
        ("data", "adverse_events"),
    ):  # fmt: skip
        table = file.resolve(section, log)
        if table is not None:
            yield log, table


def _send_seconds(
    client: Client, file: files.StudyFile, table: Path, recordings: Sequence[Recording]
) -> bool:
    """Send events in seconds since the start: as ever, they hold for each of a person's recordings.

    Returns False if the table has clock times instead.
    """
    whose = file.section("data").get("subject")
    events = read_events(table, tz=file.content.get("tz"), subject=whose)
    if not len(events) or events["start"].dtype.kind != "f":
        return False
    for recording in recordings:
        for row in events[events["subject"] == recording.subject].to_dict(orient="records"):
            said = {str(k): v for k, v in row.items() if k not in ("start", "end")}
            client.add(
                recording.study_id,
                EventIn(**said, recording_id=recording.id, start_s=row["start"], end_s=row["end"]),
            )
    return True


def _people(file: files.StudyFile, recorded: list[str]) -> set[str]:
    """Everyone whom the recordings and the logs name."""
    tz, whose = file.content.get("tz"), file.section("data").get("subject")
    readers: dict[str, Callable[..., pd.DataFrame]] = {
        "phases": read_phases, "events": read_events, "doses": read_doses,
        "outcomes": read_outcomes, "adverse_events": read_adverse_events,
    }  # fmt: skip
    people = set(recorded)
    for log, table in _tables(file):
        people |= set(readers[log](table, tz=tz, subject=whose)["subject"])
    return people - {""}
