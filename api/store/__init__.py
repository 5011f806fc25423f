"""The store: everything the service keeps, on SQLite beside it or on PostgreSQL."""

from api.store.database import Store, open_store

__all__ = ["Store", "open_store"]
