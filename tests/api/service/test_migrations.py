"""Migrations lead to the tables the code means, and a newer store is not touched."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

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
