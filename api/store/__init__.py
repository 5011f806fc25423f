"""The store: everything the service keeps, on SQLite beside it or on PostgreSQL."""

from api.store import live_models  # noqa: F401 - its tables belong to the store
from api.store.database import Store, open_store

__all__ = ["Store", "open_store"]
