"""Load a study: one readable `study.toml` that names recordings, logs and what was declared."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hrv.compare import washin_days
from hrv.compare.base import CompareSettings
from hrv.episodes import mark, within
from hrv.errors import FormatError, HRVError, InputError, StudyError
from hrv.study import Session, Study, usual_familiarisation
from hrv.study.types import StudyLog
from hrv.types import Refusal, RRSeries
from ingest import strap_motion
from ingest.documents import parse_json, parse_toml
from ingest.events import read_doses, read_events, read_phases
from ingest.outcomes import read_outcomes
from ingest.reading import is_file, read
from ingest.registration import with_registration
from ingest.study_log import (
    read_adverse_events,
    read_claims,
    read_regimen_log,
    regimen_of,
)

KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("title", "tz", "seed", "endpoint", "design", "clean", "data", "plan", "components"),
    "endpoint": ("primary", "direction", "secondary", "swc"),
    "design": (
        "conditions", "method", "washin", "familiarisation", "start_reason", "phases",
        "randomisation", "regimen", "covariates", "allocation",
    ),
    "clean": ("method",),
    "data": (
        "recordings", "subject", "events", "doses", "outcomes", "format", "unit",
        "sampling_rate_hz", "adverse_events", "external_claims",
    ),
    "plan": ("file",),
}  # fmt: skip
"""Every key a study file may hold; another is an error, never ignored."""

TEXTS = (("", "tz"), ("data", "subject"), ("data", "format"), ("data", "unit"))
"""Sections and keys that must hold text."""

GROUPING = ("arm", "period", "sequence")
MANIFEST = (
    "file", "subject", "condition", *GROUPING, "format", "unit", "tz", "start", "sampling_rate_hz",
)  # fmt: skip
"""Columns a manifest of recordings may have; `file` is required."""


@dataclass(frozen=True)
class StudyFile:
    """A parsed study file, with the way to the files it names."""

    path: Path
    content: Mapping[str, Any]

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a section; empty where it is not there."""
        return dict(self.content.get(name, {}))

    def resolve(self, section: str, key: str) -> Path | None:
        """Return the path of a file that a key names, or None.

        Raises
        ------
        StudyError
            If it does not exist.
        """
        name = self.section(section).get(key)
        if name is None:
            return None
        path = self.path.parent / str(name)
        if not is_file(path):
            raise StudyError(f"{self.path}: [{section}] {key} names {name}, which does not exist")
        return path


def load_study(path: str | Path, *, key: Path | None = None) -> Study:
    """Read a study and everything it names.

    A recording that cannot be read does not stop the study: it becomes one of its `problems`.

    Parameters
    ----------
    path : str or Path
        The `study.toml`, or the folder that holds it; ``"-"`` is standard input, and names
        files from the current folder.
    key : Path, optional
        Key of a blinded study: says which code is which condition.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        If the file is no TOML, has an unknown or missing key, or names a missing file.
    FormatError
        If a log it names cannot be read.
    """
    file = parse(Path(path))
    design, endpoint, data = (file.section(s) for s in ("design", "endpoint", "data"))
    tz = file.content.get("tz")
    sessions, problems = _sessions(file, tz)
    phases = file.resolve("design", "phases")
    doses = file.resolve("data", "doses")
    subject = data.get("subject")
    study = Study(
        title=str(file.content.get("title", file.path.parent.name)),
        sessions=sessions,
        phases=read_phases(phases, tz=tz, subject=subject) if phases else pd.DataFrame(),
        doses=read_doses(doses, tz=tz, subject=subject) if doses else pd.DataFrame(),
        outcomes=_with_motion(file, sessions, tz),
        conditions=conditions_of(file),
        primary=str(endpoint.get("primary", "residual_hr")),
        secondary=names_of(file, "endpoint", "secondary"),
        covariates=names_of(file, "design", "covariates"),
        method=str(design.get("method", "default")),
        cleaner=str(file.section("clean").get("method", "lipponen_tarvainen")),
        settings=settings_of(file),
        randomisation=orders_of(file),
        allocated=file.resolve("design", "allocation") is not None,
        familiarisation=familiarisation_of(file),
        seed=whole_number(file, "", "seed", 0),
        problems=problems,
        log=_log(file, tz),
    )
    return with_registration(study, file.resolve("plan", "file"), key)


def _with_motion(file: StudyFile, sessions: Sequence[Session], tz: str | None) -> pd.DataFrame:
    """Outcomes, and what the straps measured of motion and posture where that is a covariate."""
    outcomes = _outcomes(file, tz)
    if not set(names_of(file, "design", "covariates")) & set(strap_motion.NAMES):
        return outcomes
    paths = {row["name"]: row["path"] for row in listed(file, tz)}
    measured = strap_motion.motion_and_posture(
        (s.subject, pd.Timestamp(s.rr.start), paths[s.name]) for s in sessions if s.rr.start
    )
    parts = [table for table in (outcomes, measured) if len(table)]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else (parts or [outcomes])[0]


def _outcomes(file: StudyFile, tz: str | None) -> pd.DataFrame:
    """Outcomes from one file or several: tables kept by hand and exports of apps."""
    named, subject = file.section("data").get("outcomes"), file.section("data").get("subject")
    if named is None:
        return pd.DataFrame()
    several = named if isinstance(named, list) else [named]
    parts = []
    for name in several:
        path = StudyFile(file.path, {"data": {"outcomes": name}}).resolve("data", "outcomes")
        assert path is not None  # it was named
        parts.append(read_outcomes(path, tz=tz, subject=subject))
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _log(file: StudyFile, tz: str | None) -> StudyLog:
    """Read the regimen, the adverse events and the claims of others, as far as they are named."""
    design, subject = file.section("design"), file.section("data").get("subject")
    regimen = file.resolve("design", "regimen")
    adverse = file.resolve("data", "adverse_events")
    claims = file.resolve("data", "external_claims")
    log = read_regimen_log(regimen, tz=tz, subject=subject) if regimen else None
    return StudyLog(
        regimen_of(file.section("components"), log, design.get("washin", "0d"), path=file.path),
        read_adverse_events(adverse, tz=tz, subject=subject) if adverse else pd.DataFrame(),
        read_claims(claims) if claims else pd.DataFrame(),
    )


def parse(path: Path) -> StudyFile:
    """Read a study file, or the one of a folder, and refuse what it must not hold."""
    if path.is_dir():
        path = path / "study.toml"
    try:
        data = sys.stdin.buffer.read() if path == Path("-") else path.read_bytes()
        content = parse_toml(data)
    except FileNotFoundError:
        raise StudyError(f"{path}: no such study file") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise StudyError(f"{path}: is no text; a study file is TOML in UTF-8") from None
    except ValueError as error:
        raise StudyError(f"{path}: is not valid TOML: {error}") from None
    _check_keys(path, "", content)
    for section in (name for name in KEYS if name):
        if not isinstance(content.get(section, {}), dict):
            raise StudyError(f"{path}: [{section}] must be a table of keys")
        _check_keys(path, section, content.get(section, {}))
    for section, key in TEXTS:
        value = (content.get(section, {}) if section else content).get(key, "")
        if not isinstance(value, str):
            raise StudyError(f"{path}: {key} must be text in quotes, not {value!r}")
    return StudyFile(path, content)


def _check_keys(path: Path, section: str, content: Mapping[str, Any]) -> None:
    for key in content:
        if key not in KEYS[section]:
            place = f" in [{section}]" if section else ""
            raise StudyError(
                f"{path}: unknown key {key!r}{place}; choose from {', '.join(KEYS[section])}"
            )


def conditions_of(file: StudyFile) -> tuple[str, str]:
    """Return the two conditions, the reference first."""
    names = file.section("design").get("conditions", ["off", "on"])
    if not (isinstance(names, list) and len(names) == 2 and names[0] != names[1]):
        raise StudyError(
            f"{file.path}: [design] conditions must name two, the reference first, "
            f'such as ["off", "on"]; it is {names!r}'
        )
    return str(names[0]), str(names[1])


def settings_of(file: StudyFile) -> CompareSettings:
    """Return what the comparison is run with."""
    design, endpoint = file.section("design"), file.section("endpoint")
    swc = endpoint.get("swc")
    if swc is not None and (isinstance(swc, bool) or not isinstance(swc, int | float)):
        raise StudyError(f"{file.path}: [endpoint] swc must be a number, not {swc!r}")
    try:
        return CompareSettings(
            washin_days=washin_days(design.get("washin", "0d")),
            direction=str(endpoint.get("direction", "none")),
            swc=None if swc is None else float(swc),
            start_reason=str(design.get("start_reason", "")),
        )
    except InputError as error:
        raise StudyError(f"{file.path}: {error}") from None


def names_of(file: StudyFile, section: str, key: str) -> tuple[str, ...]:
    """Return a list of names that stands under a key."""
    value = file.section(section).get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise StudyError(
            f'{file.path}: [{section}] {key} must be a list of names such as ["gad7"], '
            f"not {value!r}"
        )
    return tuple(value)


def orders_of(file: StudyFile) -> tuple[tuple[str, ...], ...] | None:
    """Return every order that could have been drawn, or None."""
    path = file.resolve("design", "randomisation")
    if path is None:
        return None
    try:
        orders = parse_json(path.read_bytes())["set"]
        return tuple(tuple(str(c) for c in order) for order in orders)
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", source=path.name) from None
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f'must be JSON with the possible orders under "set" ({error})', source=path.name
        ) from None


def familiarisation_of(file: StudyFile) -> int:
    """Return how many first sessions are left out: as stated, else what is usual."""
    primary = str(file.section("endpoint").get("primary", "residual_hr"))
    repeated = file.section("design").get("phases") is not None
    usual = usual_familiarisation(primary, repeated=repeated)
    return whole_number(file, "design", "familiarisation", usual)


def whole_number(file: StudyFile, section: str, key: str, default: int) -> int:
    """Return a whole number from 0; `section` is "" at the top of the file."""
    value = (file.section(section) if section else file.content).get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        place = f"[{section}] {key}" if section else key
        raise StudyError(f"{file.path}: {place} must be a whole number from 0, not {value!r}")
    return value


def _sessions(file: StudyFile, tz: str | None) -> tuple[tuple[Session, ...], tuple[Refusal, ...]]:
    events_path = file.resolve("data", "events")
    subject = file.section("data").get("subject")
    events = mark(read_events(events_path, tz=tz, subject=subject)) if events_path else []
    sessions: list[Session] = []
    problems: list[Refusal] = []
    allocation = _allocation(file)
    for row in listed(file, tz):
        try:
            row |= allocation.get(row["subject"], {})
            rr = _read(row)
            episodes = tuple(within(events, rr, subject=row["subject"]))
            labels = {name: row[name] for name in ("condition", *GROUPING)}
            sessions.append(Session(row["subject"], row["name"], rr, episodes, **labels))
        except HRVError as error:
            problems.append(Refusal(f"recording {row['name']}", str(error)))
    return _by_time(sessions), tuple(problems)


def _allocation(file: StudyFile) -> dict[str, dict[str, str]]:
    """Arm or sequence of each person, from the list that was drawn."""
    path = file.resolve("design", "allocation")
    if path is None:
        return {}
    table = _csv(path, "people and arms")
    drawn = [name for name in ("arm", "sequence") if name in table.columns]
    if "subject" not in table.columns or not drawn:
        raise FormatError("needs the columns `subject` and `arm` or `sequence`", source=path.name)
    return {row["subject"]: {n: row[n] for n in drawn} for row in table.to_dict(orient="records")}


def _by_time(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """Order by subject and time; recordings without a clock keep the order of the list."""

    def key(session: Session) -> tuple[str, float]:
        return session.subject, session.rr.start.timestamp() if session.rr.start else 0.0

    return tuple(sorted(sessions, key=key))


def _read(row: Mapping[str, Any]) -> RRSeries:
    return read(
        row["path"],
        format=row["format"],
        unit=row["unit"],
        tz=row["tz"],
        start=row["start"],
        sampling_rate_hz=row["sampling_rate_hz"],
    )


def listed(file: StudyFile, tz: str | None) -> list[dict[str, Any]]:
    """Return one row a recording, from a manifest CSV or a glob."""
    data = file.section("data")
    named = data.get("recordings")
    if not isinstance(named, str):
        raise StudyError(f"{file.path}: [data] recordings must be a glob or a manifest CSV")
    defaults = {
        "subject": data.get("subject"),
        **dict.fromkeys(("condition", *GROUPING), ""),
        "format": data.get("format"),
        "unit": data.get("unit"),
        "tz": tz,
        "start": None,
        "sampling_rate_hz": data.get("sampling_rate_hz"),
    }
    if named.endswith(".csv") and "*" not in named:
        return _manifest(file, named, defaults)
    try:
        paths = sorted(file.path.parent.glob(named))
    except (OSError, ValueError, NotImplementedError) as error:  # too long, empty, absolute
        why = error.strerror if isinstance(error, OSError) else error
        raise StudyError(f"{file.path}: [data] recordings is no pattern of files ({why})") from None
    if not paths and "plan" not in file.content:  # a planned study has none in the beginning
        raise StudyError(f"{file.path}: [data] recordings: no file matches {named!r}")
    root = file.path.parent
    return [_row(path, path.relative_to(root).as_posix(), defaults) for path in paths]


def _row(path: Path, name: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    subject = defaults["subject"] or path.parent.name
    return {**defaults, "path": path, "name": name, "subject": str(subject)}


def _manifest(file: StudyFile, named: str, defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    path = file.resolve("data", "recordings")
    assert path is not None  # `named` was given
    table = _csv(path, "recordings")
    unknown = [c for c in table.columns if c not in MANIFEST]
    if unknown or "file" not in table.columns:
        raise StudyError(
            f"{path.name}: columns must be among {', '.join(MANIFEST)}, `file` included; "
            f"found {', '.join(table.columns)}"
        )
    rows = []
    for number, given in enumerate(table.to_dict(orient="records"), start=2):
        recording = path.parent / given["file"]
        if not is_file(recording):
            raise StudyError(f"{path.name}, line {number}: {given['file']} does not exist")
        settings = {str(k): v for k, v in given.items() if k != "file" and v != ""}
        row = _row(recording, given["file"], {**defaults, **settings})
        rows.append(_typed(row, path, number))
    return rows


def _csv(path: Path, what: str) -> pd.DataFrame:
    """Read a table of texts; `what` it is of, for the message."""
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        why = (str(error).splitlines() or ["empty"])[0]
        raise FormatError(f"is no table of {what} ({why})", source=path.name) from None


def _typed(row: dict[str, Any], path: Path, line: int) -> dict[str, Any]:
    try:
        if isinstance(row["sampling_rate_hz"], str):
            row["sampling_rate_hz"] = float(row["sampling_rate_hz"])
        if isinstance(row["start"], str):
            row["start"] = pd.Timestamp(row["start"]).to_pydatetime()
    except ValueError as error:
        raise FormatError(str(error), source=path.name, line=line) from None
    return row
