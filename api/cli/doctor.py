"""`hrv doctor`: find what is wrong, and name the mend."""

from __future__ import annotations

import os

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table
from api.cli._store import StoreOption


def doctor(store: StoreOption = None, form: opt.FormatOption = OutputFormat.TABLE) -> None:
    """Examine the service's settings and its store, and say how to mend what is wrong.

    Nothing is changed.  The service may run meanwhile.  Exits with 1 if something was found.

    \b
    hrv doctor
    hrv doctor --store ./our-store --format json
    """
    import pandas as pd

    from api.doctor import Patient, examine
    from api.settings import Settings, default_store
    from hrv.errors import InputError

    try:
        settings = Settings.from_environment(store=store)
    except InputError:  # a finding of its own
        settings = Settings(store=store or os.environ.get("HRV_STORE") or default_store())
    patient = Patient(settings, os.environ)
    rows: list[tuple[str, str, str, str]] = []
    found = 0
    try:
        for check, findings in examine(patient):
            found += len(findings or ())
            state = "not looked into" if findings is None else "fault" if findings else "well"
            said = [(finding.what, finding.mend) for finding in findings or ()]
            rows += [(check.name, state, what, mend) for what, mend in said or [(check.asks, "")]]
    finally:
        patient.close()
    table = pd.DataFrame(rows, columns=["check", "state", "what", "mend"])
    if form is OutputFormat.TABLE:
        typer.echo(_for_people(rows))
    else:
        emit_table(table, form, None)
    raise typer.Exit(1 if found else 0)


def _for_people(rows: list[tuple[str, str, str, str]]) -> str:
    """One line a check; the mend below its fault."""
    lines = []
    for name, state, what, mend in rows:
        lines.append(f"{name:<11} {state:<16} {what}")
        lines += [f"{'':<11} {'mend:':>16} {mend}"] if mend else []
    return "\n".join(lines)
