"""Alembic runs this: migrate over the connection that `api.store.migrate` hands in."""

from typing import Any, Literal

from alembic import context

from api.store.models import Base
from api.store.types import Moment


def _render(kind: str, value: Any, autogen: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(value, Moment):
        autogen.imports.add("from api.store.types import Moment")
        return "Moment()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
