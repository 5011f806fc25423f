"""Roster with withdrawal, allocation, adverse events, kept keys, files of plans."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from api.store.types import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; the way back is a backup."""
    with op.batch_alter_table("subject", schema=None) as batch_op:
        batch_op.add_column(sa.Column("enrolled_at", Moment(), nullable=True))
        batch_op.add_column(sa.Column("strata", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("withdrawn_at", Moment(), nullable=True))
        batch_op.add_column(
            sa.Column("withdrawal_reason", sa.Text(), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("data_deleted", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.add_column(sa.Column("period", sa.Text(), nullable=False, server_default=""))
    _adverse_events()
    _allocation()
    _keys_and_files()


def _resource() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
    ]


def _key(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )


def _adverse_events() -> None:
    op.create_table(
        "adverse_event",
        *_resource(),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("time", Moment(), nullable=False),
        sa.Column("end", Moment(), nullable=True),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        _key("adverse_event", "study_id", "study", "CASCADE"),
        _key("adverse_event", "subject_id", "subject", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adverse_event")),
    )
    for column in ("study_id", "subject_id"):
        op.create_index(op.f(f"ix_adverse_event_{column}"), "adverse_event", [column])


def _allocation() -> None:
    op.create_table(
        "allocation",
        *_resource(),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("design", sa.String(length=12), nullable=False),
        sa.Column("strata", sa.JSON(), nullable=False),
        sa.Column("blinded", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("registration", sa.Text(), nullable=False),
        _key("allocation", "study_id", "study", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint("study_id", name=op.f("uq_allocation_study_id")),
    )
    op.create_table(
        "place",
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("code", sa.String(length=210), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", Moment(), nullable=True),
        _key("place", "allocation_id", "allocation", "CASCADE"),
        _key("place", "subject_id", "subject", "SET NULL"),
        sa.PrimaryKeyConstraint("allocation_id", "number", name=op.f("pk_place")),
        sa.UniqueConstraint("subject_id", name=op.f("uq_place_subject_id")),
    )


def _keys_and_files() -> None:
    op.create_table(
        "held_key",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("opens_at", Moment(), nullable=True),
        _key("held_key", "study_id", "study", "CASCADE"),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_held_key")),
    )
    op.create_table(
        "disclosure",
        *_resource(),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _key("disclosure", "study_id", "study", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
    )
    op.create_index(op.f("ix_disclosure_study_id"), "disclosure", ["study_id"])
    op.create_table(
        "plan_file",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _key("plan_file", "plan_id", "plan", "CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "name", name=op.f("pk_plan_file")),
    )
