"""Read what a study registered beforehand (`plan.json`), and the key of a blinded one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hrv.errors import FormatError, StudyError
from hrv.plan.draw import Key
from hrv.plan.group import moved
from hrv.plan.registration import Look, Registration, changes, digest
from hrv.study import Study
from ingest import clock
from ingest.documents import parse_json


def with_registration(study: Study, plan: Path | None, key: Path | None) -> Study:
    """Attach the registration to a study as loaded, and take off the blinding if there is a key.

    Parameters
    ----------
    study : Study
        As its files say, in codes if it is blinded.
    plan : Path or None
        The ``plan.json`` that the study file names.
    key : Path or None
        The key that says which code is which.

    Raises
    ------
    StudyError
        If there is a key but no registration, or the key is not the registered one.
    FormatError
        If a file is damaged.
    """
    if plan is None:
        if key is not None:
            raise StudyError("there is a key but the study file names no plan that it belongs to")
        return study
    given = None if key is None else read_key(key)
    return registered(study, _json(plan), given, name=plan.name)


def registered(
    study: Study, content: Mapping[str, Any], key: Key | None, *, name: str = "plan.json"
) -> Study:
    """Attach the content of a ``plan.json``, and take off the blinding if there is a key.

    Parameters and errors as for `with_registration`; `name` stands in messages.
    """
    try:
        record = content["record"]
        zone = ZoneInfo(content["tz"])
        looks = tuple(
            Look(
                int(look["after_block"]), _moment(look["time"]).astimezone(zone),
                float(look["level"]), str(name),
            )
            for look, name in zip(record["looks"], content["look_names"], strict=True)
        )  # fmt: skip
        committed = record["key_sha256"]
        end = looks[-1].time
        changed = changes(record["declared"], study)
        if "allocation" in record:
            changed = (*changed, *moved(record["allocation"], study))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise FormatError(
            f"is no plan of this software ({error}); restore it as `hrv plan` wrote it",
            source=name,
        ) from None
    if digest(record) != content.get("sha256"):
        changed = ("plan.json no longer has the content that its hash was made of", *changed)
    drawn_at = content.get("drawn_at")
    if len(study.phases) and drawn_at and _moment(str(drawn_at)) > study.phases["start"].min():
        changed = ("the order was drawn after the first block had begun", *changed)
    begun = [s.rr.start for s in study.sessions if s.rr.start is not None]
    if "allocation" in record and begun and drawn_at and _moment(str(drawn_at)) > min(begun):
        changed = ("the allocation was drawn after the first recording had begun", *changed)
    registration = Registration(
        str(content.get("sha256")), end, looks, str(record["spending"]),
        blinded=committed is not None, unblinded=key is not None, changed=changed,
    )  # fmt: skip
    study = replace(study, registration=registration)
    if committed is None:
        if key is not None:
            raise StudyError("the study is not blinded, so there is no key to give")
        return study
    if key is None:
        # nobody knows yet which code is which, so no direction can be a benefit
        return replace(study, settings=replace(study.settings, direction="none"))
    if key.commitment != str(committed):
        raise StudyError("the key is not the one that was registered with this study")
    return _unblind(study, key)


def declared_by(plan: Path) -> Mapping[str, Any]:
    """Return what a ``plan.json`` declares; attaching it says whether it is sound."""
    record = _json(plan).get("record")
    declared = record.get("declared") if isinstance(record, dict) else None
    return declared if isinstance(declared, dict) else {}


def read_key(path: Path) -> Key:
    """Read the key of a blinded study."""
    content = _json(path)
    try:
        return Key({str(k): str(v) for k, v in content["codes"].items()}, str(content["nonce"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"is no key ({error})", source=path.name) from None


def _unblind(study: Study, key: Key) -> Study:
    """Put the conditions in the place of their codes, the reference first."""
    names = key.codes
    pair = sorted((names[code] for code in study.conditions), key=lambda name: name == "on")
    orders, phases = study.randomisation, study.phases
    if len(phases):
        phases = phases.assign(condition=phases["condition"].map(names))
    return replace(
        study,
        conditions=(pair[0], pair[1]),
        phases=phases,
        sessions=tuple(
            replace(
                s,
                arm=names.get(s.arm, s.arm),
                sequence="-".join(names.get(code, code) for code in s.sequence.split("-")),
            )
            for s in study.sessions
        ),
        randomisation=None
        if orders is None
        else tuple(tuple(names[code] for code in order) for order in orders),
    )


def _moment(text: str) -> datetime:
    moment = clock.parse_iso(text)
    if moment is None or moment.utcoffset() is None:
        raise ValueError(f"{text!r} is no time with a zone")
    return moment


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = parse_json(path.read_bytes())
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise FormatError(f"is no JSON ({error})", source=path.name) from None
    if not isinstance(content, dict):
        raise FormatError("is no JSON object", source=path.name)
    return content
