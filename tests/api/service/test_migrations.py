"""Migrations lead to the tables the code means, and a newer store is not touched."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, inspect, text

from api.store import migrate, models, open_store
from hrv.errors import InputError


def test_the_migrations_make_the_tables_of_the_models(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, models.Base.metadata) == []
        assert migrate.current(connection) == migrate.head()


def test_opening_a_store_again_changes_nothing(tmp_path):
    for _ in range(2):
        open_store(tmp_path).close()


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    store = open_store(tmp_path)
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(InputError, match="newer version"):
        open_store(tmp_path)


@pytest.mark.parametrize("where", ["mysql://localhost/x", "postgresql://nobody@127.0.0.1:1/x"])
def test_a_place_that_cannot_be_used_is_named(where):
    with pytest.raises(InputError):
        open_store(where)


def test_a_file_is_no_store(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(InputError, match="is a file"):
        open_store(file)


def fill(connection):
    """Put one row into every table, each referring to the ones that it can refer to."""
    tables = MetaData()
    tables.reflect(connection)
    by_type = {"VARCHAR": "x", "CHAR": "0" * 32, "TEXT": "x", "JSON": {}, "BLOB": b"x"}
    ids = {}
    for table in tables.sorted_tables:
        if table.name == "alembic_version":
            continue
        row = {c.name: by_type.get(c.type.__visit_name__.upper(), 1) for c in table.columns}
        for key in table.foreign_keys:
            row[key.parent.name] = ids[key.column.table.name]
        if "id" in row:
            ids[table.name] = row["id"] = f"{len(ids) + 1:032x}"
        connection.execute(table.insert(), row)


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_no_row_of_an_older_store_is_lost_by_an_upgrade(tmp_path, revision):
    store = open_store(tmp_path, upgrade=False)
    migrate.upgrade(store.engine, revision)
    with store.engine.connect().execution_options(hrv_writes=True) as connection:
        fill(connection)
        tables = [t for t in inspect(connection).get_table_names() if t != "alembic_version"]
        connection.commit()
    migrate.upgrade(store.engine)
    with store.engine.connect() as connection:
        counts = {t: connection.scalar(text(f"SELECT count(*) FROM {t}")) for t in tables}
        assert counts == dict.fromkeys(tables, 1)
        assert {"study", "subject", "recording", "chunk", "event", "phase"} <= set(counts)
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert migrate.current(connection) == migrate.head()
    store.close()
