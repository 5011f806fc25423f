"""One request: who asks for what, and the entry about it in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request

from api.access.principal import Principal
from api.store import audit
from api.store.database import changes_of

_KINDS: Mapping[str, str] = {"read": "read", "export": "export"}
_MOST_NAMED = 100


@dataclass
class Asked:
    """A request on its way; the rule fills in what it is about.

    Parameters
    ----------
    who : Principal
        Who asks.
    action, needs : str
        Operation and rule of the route; empty before the rule was met, or if nothing of a study
        is concerned.
    study : UUID or None
        Which study, as far as the rule had to find out.
    things : mapping
        Identities in the path.
    recorded : bool
        True once the audit log has an entry about it.
    """

    who: Principal
    action: str = ""
    needs: str = ""
    study: UUID | None = None
    things: dict[str, str] = field(default_factory=dict)
    recorded: bool = False

    def deed(self, **more: Any) -> audit.Deed:
        """Say what was done, without any content."""
        detail = {**self.things, **more}
        kind = detail.pop("kind", None) or _KINDS.get(self.needs, "change")
        return audit.Deed(self.who.name, self.action, kind, self.study, detail)

    def record(self, session: Session) -> None:
        """Write down the changes of a session, inside its transaction."""
        changed = changes_of(session)
        made = [identity for what, table, identity in changed if (what, table) == ("made", "study")]
        if self.study is None and len(made) == 1:
            self.study = UUID(made[0])
        said: dict[str, Any] = {"changed": changed[:_MOST_NAMED]}
        if len(changed) > _MOST_NAMED:
            said["more"] = len(changed) - _MOST_NAMED
        audit.append(session, [self.deed(**said)])
        self.recorded = True


def deed_of(request: Request) -> audit.Deed:
    """Say what a request does, for a route that hands the entry on to be written with its work."""
    asked: Asked = request.state.asked
    asked.recorded = True
    return asked.deed()
