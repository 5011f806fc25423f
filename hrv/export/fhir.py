"""A study and its comparisons as one FHIR R4 Bundle (HL7 FHIR 4.0.1, hl7.org/fhir/R4).

Inputs are exported beside the answer: recordings and episodes as Observation, doses as
MedicationStatement, questionnaire totals as QuestionnaireResponse, adverse events as
AdverseEvent.  A number that was refused keeps its place with ``dataAbsentReason``.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from hrv.clean import clean
from hrv.endpoints import title
from hrv.export.codes import CODES, LOCAL, LOINC, QUESTIONNAIRES, concept, quantity
from hrv.metrics import METRICS
from hrv.study import Session, Study, StudyResult
from hrv.types import Comparison
from hrv.windows import summary

_SPACE = uuid.UUID("6f1d1c9e-5b0e-4b0c-9a63-0c6f2b1d7a55")
_STATUS = {"taken": "completed", "missed": "not-taken", "planned": "intended"}
_SEVERITY = "http://terminology.hl7.org/CodeSystem/adverse-event-severity"
_METRICS = ("mean_hr", "sdnn", "rmssd")
Resource = dict[str, Any]


def bundle(result: StudyResult) -> Resource:
    """Return a study, its inputs and its answers as a FHIR R4 Bundle of type ``collection``.

    Parameters
    ----------
    result : StudyResult
        What `hrv.analyse` gave.

    Returns
    -------
    dict
        Plain values, ready for JSON; the same result gives the same bundle.
    """
    study = result.study
    resources = [
        *_people(study),
        *(entry for session in study.sessions for entry in _recording(session, study)),
        *_episodes(result),
        *_outcomes(study),
        *_doses(study),
        *_adverse(study, study.log.adverse_events),
        *_comparisons(result),
    ]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {
            "system": "urn:ietf:rfc:3986",
            "value": f"urn:uuid:{_uuid(study, 'bundle')}",
        },
        "entry": [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
            for resource in resources
        ],
    }


def _uuid(study: Study, *key: object) -> str:
    """Name a resource so that the same study gives the same name."""
    return str(uuid.uuid5(_SPACE, "|".join([study.title, *map(str, key)])))


def _subjects(study: Study) -> list[str]:
    names = {s.subject for s in study.sessions}
    for table in (study.phases, study.doses, study.outcomes):
        names |= set(table["subject"]) if len(table) else set()
    return sorted(names)


def _patient(study: Study, subject: str) -> Resource:
    return {"reference": f"urn:uuid:{_uuid(study, 'patient', subject)}", "display": subject}


def _people(study: Study) -> Iterator[Resource]:
    """One Patient a pseudonym, and the Group if there are several; nothing that identifies."""
    subjects = _subjects(study)
    for subject in subjects:
        yield {
            "resourceType": "Patient",
            "id": _uuid(study, "patient", subject),
            "identifier": [{"system": "urn:hrv-recovery:pseudonym", "value": subject or "unnamed"}],
        }
    if len(subjects) > 1:
        yield {
            "resourceType": "Group",
            "id": _uuid(study, "group"),
            "type": "person",
            "actual": True,
            "quantity": len(subjects),
            "member": [{"entity": _patient(study, subject)} for subject in subjects],
        }


def _recording(session: Session, study: Study) -> Iterator[Resource]:
    """Heart rate, SDNN and RMSSD of a whole recording, or why there is none."""
    row = summary(clean(session.rr, method=study.cleaner), metrics=list(_METRICS))
    why = str(row.get("reason", "") or "")
    known = {metric.name: metric for metric in METRICS}
    for name in _METRICS:
        metric = known[name]
        made = _observation(
            study, ("recording", session.subject, session.name, name), session.subject,
            concept(name, metric.summary), _moment(session.rr.start),
        )  # fmt: skip
        yield made | _value(float(row[name]), metric.unit, why or "refused")


def _episodes(result: StudyResult) -> Iterator[Resource]:
    """Export the primary endpoint of every episode, where it is measured in episodes."""
    table, name = result.recovery, result.study.primary
    if name not in table:
        return
    text, unit = title(name)
    for number, row in enumerate(table.to_dict(orient="records")):
        made = _observation(
            result.study, ("episode", number, row["session"]), str(row["subject"]),
            concept(name, text), _moment(row.get("time")),
        )  # fmt: skip
        notes = [f"recording {row['session']}", f"episode {row.get('label', number + 1)}"]
        if row.get("condition"):
            notes.append(f"condition {row['condition']}")
        if row.get("excluded"):
            notes.append(f"left out of the comparison: {row['excluded']}")
        made["note"] = [{"text": "; ".join(notes)}]
        yield made | _value(float(row[name]), unit, str(row.get("reason") or "no value"))


def _outcomes(study: Study) -> Iterator[Resource]:
    for number, row in enumerate(study.outcomes.to_dict(orient="records")):
        name, key = str(row["name"]), ("outcome", number)
        if name.lower() in QUESTIONNAIRES:
            yield _questionnaire(study, row, key)
            continue
        text, unit = title(name)
        made = _observation(
            study, key, str(row["subject"]), concept(name, text), _moment(row["time"])
        )
        yield made | _value(float(row["value"]), str(row.get("unit") or unit), "no value")


def _questionnaire(study: Study, row: Mapping[Any, Any], key: tuple[object, ...]) -> Resource:
    """Export a questionnaire's total as its one item; single answers are not kept here."""
    name = str(row["name"]).lower()
    code, text = CODES.get(name), title(name)[0]
    made: Resource = {
        "resourceType": "QuestionnaireResponse",
        "id": _uuid(study, *key),
        "status": "completed",
        "subject": _patient(study, str(row["subject"])),
        "authored": _moment(row["time"]),
        "item": [
            {
                "linkId": code.code if code else name,
                "text": code.display if code else text,
                "answer": [{"valueDecimal": round(float(row["value"]), 10)}],
            }
        ],
    }
    if code is not None and code.panel != code.code:
        made["questionnaire"] = f"{LOINC}/q/{code.panel}"
    return made


def _doses(study: Study) -> Iterator[Resource]:
    for number, row in enumerate(study.doses.to_dict(orient="records")):
        status = _STATUS.get(str(row["status"]), "unknown")
        words = [_text(row, "product"), _text(row, "form"), _text(row, "note")]
        made: Resource = {
            "resourceType": "MedicationStatement",
            "id": _uuid(study, "dose", number),
            "status": status,
            "medicationCodeableConcept": {"text": str(row["substance"])},
            "subject": _patient(study, str(row["subject"])),
            "effectiveDateTime": _moment(row["time"]),
        }
        amount = row.get("amount")
        if amount is not None and math.isfinite(float(amount)):
            unit, basis = _text(row, "unit"), _text(row, "basis") or "unknown"
            # what the amount weighs has no element of its own in FHIR, so it is said in words
            made["dosage"] = [
                {
                    "text": f"{float(amount):g} {unit}, basis {basis}",
                    "doseAndRate": [{"doseQuantity": quantity(float(amount), unit)}],
                }
            ]
        if any(words):
            made["note"] = [{"text": "; ".join(word for word in words if word)}]
        yield made


def _adverse(study: Study, events: pd.DataFrame) -> Iterator[Resource]:
    for number, row in enumerate(events.to_dict(orient="records")):
        made: Resource = {
            "resourceType": "AdverseEvent",
            "id": _uuid(study, "adverse", number),
            "actuality": "actual",
            "event": {"text": str(row["term"])},
            "subject": _patient(study, str(row["subject"])),
            "date": _moment(row["time"]),
        }
        severity = _text(row, "severity").lower()
        if severity in ("mild", "moderate", "severe"):
            made["severity"] = {"coding": [{"system": _SEVERITY, "code": severity}]}
        elif severity:
            made["severity"] = {"text": severity}
        yield made


def _comparisons(result: StudyResult) -> Iterator[Resource]:
    for name, comparison in result.primary.items():
        yield _comparison(result, result.study.primary, comparison, f"primary|{name}")
    for name, comparison in result.secondary.items():
        yield _comparison(result, name, comparison, f"exploratory|{name}")


def _comparison(result: StudyResult, endpoint: str, c: Comparison, key: str) -> Resource:
    """Export an answer: the difference, its interval and what was refused."""
    study, (text, unit) = result.study, title(endpoint)
    reference, other = study.conditions
    subjects = _subjects(study)
    many = len(subjects) != 1
    group = {"reference": f"urn:uuid:{_uuid(study, 'group')}"}
    made: Resource = {
        "resourceType": "Observation",
        "id": _uuid(study, "comparison", key),
        "status": "final",
        "code": {
            "coding": [{"system": LOCAL, "code": f"difference-{endpoint}"}],
            "text": f"{text}: {other} minus {reference}",
        },
        "method": {"text": c.method},
        "interpretation": [{"text": c.verdict}],
        "note": [{"text": t} for t in (key.split("|")[0], c.sentence, *c.flags) if t],
    }
    if subjects:
        made["subject"] = group if many else _patient(study, subjects[0])
    if len(study.phases):
        made["effectivePeriod"] = {
            "start": _moment(study.phases["start"].min()),
            "end": _moment(study.phases["stop"].max()),
        }
    made |= _value(c.estimate, unit, "; ".join(r.why for r in c.refusals) or c.sentence)
    parts = {
        "low": (c.low, unit), "high": (c.high, unit), "p-value": (c.p_value, ""),
        "p-value-declared-direction": (c.details.get("p_value_declared_direction", math.nan), ""),
        "degrees-of-freedom": (c.df, ""), "percent": (c.percent, "%"),
        "smallest-worthwhile-change": (c.swc, unit),
    }  # fmt: skip
    made["component"] = [
        {
            "code": {"coding": [{"system": LOCAL, "code": code}], "text": code.replace("-", " ")},
            "valueQuantity": quantity(value, of),
        }
        for code, (value, of) in parts.items()
        if math.isfinite(value)
    ]
    if not made["component"]:
        del made["component"]
    return made


def _observation(
    study: Study, key: tuple[object, ...], subject: str, code: Resource, time: str | None
) -> Resource:
    made: Resource = {
        "resourceType": "Observation",
        "id": _uuid(study, *key),
        "status": "final",
        "code": code,
        "subject": _patient(study, subject),
    }
    if time is not None:
        made["effectiveDateTime"] = time
    return made


def _value(value: float, unit: str, why: str) -> Resource:
    """Return a number with its unit, or the reason why there is none."""
    if math.isfinite(value):
        return {"valueQuantity": quantity(value, unit)}
    coding = {
        "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "error",
    }  # fmt: skip
    return {"dataAbsentReason": {"coding": [coding], "text": why}}


def _moment(time: Any) -> str | None:
    """ISO 8601 to the second, with the zone's offset; None without a clock."""
    if time is None or pd.isna(time):
        return None
    return str(pd.Timestamp(time).isoformat(timespec="seconds"))


def _text(row: Mapping[Any, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or value != value else str(value)
