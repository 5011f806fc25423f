"""`hrv keys`: make, list and revoke the keys that open the service."""

from __future__ import annotations

import enum
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table
from api.cli._store import StoreOption, opened

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from api.access import Grant
    from api.access.principal import Role


class Action(enum.StrEnum):
    """What to do with keys."""

    MAKE = "make"
    LIST = "list"
    REVOKE = "revoke"


def keys(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    key_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="Of the key to revoke; see list.")
    ] = "",
    role: Annotated[
        str, typer.Option(metavar="ROLE", help="owner, researcher, reader or participant.")
    ] = "",
    study: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Of the role; may come again. Default: every study."),
    ] = None,
    person: Annotated[
        str, typer.Option(metavar="NAME", help="Whose data a participant's key opens: P01.")
    ] = "",
    scopes: Annotated[
        str, typer.Option(metavar="NAMES", help="Comma-separated, of read,write,export,…")
    ] = "",
    expires: Annotated[
        str, typer.Option(metavar="SPAN", help="After which it opens nothing: 90d.")
    ] = "",
    label: Annotated[str, typer.Option(help="What it is for: lab laptop.")] = "",
    account: Annotated[
        str,
        typer.Option(
            metavar="SUBJECT", help="Let an account of HRV_OIDC_ISSUER in, instead of a key."
        ),
    ] = "",
    store: StoreOption = None,
    form: opt.FormatOption = OutputFormat.TABLE,
) -> None:
    """Make, list or revoke keys of the service.

    A key is printed once, on standard output, and kept as a hash only.

    \b
    hrv keys make --role owner --label "the lab's laptop"
    hrv keys make --role researcher --study 01a2… --scopes read,write --expires 90d
    hrv keys make --role participant --study 01a2… --person P01
    hrv keys list
    hrv keys revoke 01a2…

    owner: everything.  researcher: all but deleting the study or a person, and the log of who
    did what.  reader: sees.  participant: sees and adds their own.
    """
    from hrv.errors import InputError

    if (action is Action.REVOKE) != bool(key_id):
        raise InputError("hrv keys revoke takes the ID of one key, and no other action does")
    if action is Action.LIST:
        _list(store, form)
    elif action is Action.REVOKE:
        _revoke(key_id, store)
    else:
        _make(role, study or [], person, scopes, expires, label, account, store)


def _list(store: str | None, form: OutputFormat) -> None:
    import pandas as pd

    from api.access.keys import listed

    with opened(store) as found, found.read() as session:
        rows = [vars(line) for line in listed(session)]
    columns = ["id", "kind", "label", "role", "study", "person", "scopes", "expires", "state"]
    emit_table(pd.DataFrame(rows, columns=columns), form, None)


def _revoke(key_id: str, store: str | None) -> None:
    from api.access import keys as access
    from api.store import audit

    identity = _identity(key_id, "key")
    with opened(store) as found, found.write() as session:
        ended = access.revoke(session, identity)
        deed = audit.Deed("command", "revoke_key", "access", None, {"key": str(identity)})
        audit.append(session, [deed])
    said = "revoked; it opens nothing from now on" if ended else "had been revoked already"
    sys.stderr.write(f"key {identity} {said}\n")


def _make(
    role: str, studies: list[str], person: str, scopes: str, expires: str, label: str,
    account: str, store: str | None,
) -> None:  # fmt: skip
    from api.access import keys as access
    from api.access.principal import SCOPES
    from api.settings import Settings
    from api.store import audit
    from hrv.errors import InputError

    kind, until = _role(role), _until(expires)
    wanted = [s.strip() for s in scopes.split(",") if s.strip()] or SCOPES
    issuer = Settings.from_environment(store=store).oidc_issuer
    if account and not issuer:
        raise InputError("--account needs HRV_OIDC_ISSUER, the provider whose account it is")
    secret = ""
    with opened(store, make=True) as found, found.write() as session:
        grants = _grants(session, kind, studies, person)
        more: dict[str, Any] = {"label": label, "scopes": wanted, "expires_at": until}
        if account:
            identity = access.admit_account(session, issuer, account, grants, **more)
        else:
            made = access.make(session, grants, **more)
            secret, identity = made.secret, made.id
        deed = audit.Deed("command", "make_key", "access", None, {"key": str(identity)})
        audit.append(session, [deed])
    if account:
        sys.stderr.write(f"the account is let in as {kind} (id {identity})\n")
        return
    sys.stderr.write(f"key {identity}, {kind}; it is shown this once:\n")
    sys.stderr.flush()
    sys.stdout.write(f"{secret}\n")


def _role(name: str) -> Role:
    from api.access import Role
    from hrv.errors import InputError

    try:
        return Role(name)
    except ValueError:
        said = f"--role {name!r} is none" if name else "say what the key is for with --role"
        raise InputError(f"{said}; there are {', '.join(Role)}") from None


def _grants(session: Session, role: Role, studies: list[str], person: str) -> list[Grant]:
    from sqlalchemy import select

    from api.access import Grant, Role
    from api.store.models import Subject
    from hrv.errors import InputError

    if (role is Role.PARTICIPANT) != bool(person) or (person and len(studies) != 1):
        raise InputError(
            "a participant's key names one study and one person of it (--study ID --person P01), "
            "and no other key names a person"
        )
    if not studies:
        return [Grant(role)]
    if not person:
        return [Grant(role, _identity(study, "study")) for study in studies]
    study = _identity(studies[0], "study")
    which = select(Subject.id).where(Subject.study_id == study, Subject.name == person)
    subject = session.scalar(which)
    if subject is None:
        raise InputError(f"study {study} has no subject {person!r}")
    return [Grant(role, study, subject)]


def _until(expires: str) -> datetime | None:
    from datetime import timedelta

    from api.store.types import now
    from hrv._units import seconds

    return now() + timedelta(seconds=seconds(expires, "--expires")) if expires else None


def _identity(text: str, what: str) -> UUID:
    from hrv.errors import InputError

    try:
        return UUID(text)
    except ValueError:
        raise InputError(f"{text!r} is no identity of a {what} (it has 36 characters)") from None
