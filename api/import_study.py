"""Put a study.toml and everything it names into a service, by REST alone."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from api.schemas.studies import Clean, DesignIn, Endpoint, Study, StudyIn
from ingest import study as files

if TYPE_CHECKING:
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
    file = files._parse(Path(path))
    tz = file.content.get("tz")
    listed = files._listed(file, tz)
    study = client.create_study(declared(file))
    for name in sorted(_people(file, [row["subject"] for row in listed])):
        client.create_subject(study.id, name)
    for number, row in enumerate(listed, start=1):
        client.upload(
            study.id, row["path"], row["subject"],
            name=row["name"], condition=row["condition"], format=row["format"], unit=row["unit"],
            tz=row["tz"], start=row["start"], sampling_rate_hz=row["sampling_rate_hz"],
        )  # fmt: skip
        if told is not None:
            told(row["name"], number, len(listed))
    whose = file.section("data").get("subject")
    for section, log in (
        ("design", "phases"), ("data", "events"), ("data", "doses"), ("data", "outcomes"),
    ):  # fmt: skip
        table = file.resolve(section, log)
        if table is not None:
            client.import_table(study.id, log, table, subject=whose)
    return study


def declared(file: files._File) -> StudyIn:
    """Take what a study file declares."""
    design, endpoint = file.section("design"), file.section("endpoint")
    settings = files._settings(file)
    orders = files._randomisation(file)
    return StudyIn(
        title=str(file.content.get("title", file.path.parent.name)),
        tz=file.content.get("tz"),
        endpoint=Endpoint(
            primary=str(endpoint.get("primary", "residual_hr")),
            direction=settings.direction,
            secondary=list(files._names(file, "endpoint", "secondary")),
            swc=settings.swc,
        ),
        design=DesignIn(
            conditions=list(files._conditions(file)),
            method=str(design.get("method", "default")),
            washin_days=settings.washin_days,
            familiarisation=files._whole_number(file, "design", "familiarisation", 0),
            start_reason=settings.start_reason,
            randomisation=None if orders is None else [list(order) for order in orders],
        ),
        clean=Clean(method=str(file.section("clean").get("method", "lipponen_tarvainen"))),
        seed=files._whole_number(file, "", "seed", 0),
    )


def _people(file: files._File, recorded: list[str]) -> set[str]:
    """Everyone whom the recordings and the logs name."""
    from ingest.events import read_doses, read_events, read_phases
    from ingest.outcomes import read_outcomes

    tz, whose = file.content.get("tz"), file.section("data").get("subject")
    people = set(recorded)
    for section, log, read in (
        ("design", "phases", read_phases), ("data", "events", read_events),
        ("data", "doses", read_doses), ("data", "outcomes", read_outcomes),
    ):  # fmt: skip
        table = file.resolve(section, log)
        if table is not None:
            people |= set(read(table, tz=tz, subject=whose)["subject"])
    return people - {""}
