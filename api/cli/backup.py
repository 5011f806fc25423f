"""`hrv backup` and `hrv restore`: a checked copy of the store, made while the service runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli._store import StoreOption, opened, place_of


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="New folder for the backup.")],
    store: StoreOption = None,
) -> None:
    """Copy the whole store as it is at one moment; the service goes on meanwhile.

    Every row of the copy is compared with the store before the backup counts as made.  It holds
    what the store holds, the log of who did what and the hashes of the keys included: keep it as
    safe.

    \b
    hrv backup /backups/2026-11-24
    hrv backup /backups/2026-11-24 --store ./our-store
    HRV_STORE=postgresql://hrv@db/hrv hrv backup /backups/2026-11-24
    """
    from api.store import backup as copies

    with opened(store) as found:
        made = copies.make(found, folder)
    sys.stdout.write(
        f"{folder}: {made.rows:,} rows of {len(made.tables)} tables, each compared; "
        f"audit head {made.audit_head}\n"
    )


def restore(
    folder: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of the backup.")],
    store: StoreOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the backup holds.")
    ] = False,
) -> None:
    """Put a backup into a new store: a folder, or an empty database.

    A store that is there already is never written over.  A backup of SQLite can go into
    PostgreSQL, and the other way round.

    \b
    hrv restore /backups/2026-11-24 --store ./restored
    hrv restore /backups/2026-11-24 --store postgresql://hrv@db/new
    hrv restore /backups/2026-11-24 --dry-run
    """
    from api.store import backup as copies

    if dry_run:
        found = copies.read_manifest(folder)
        sys.stdout.write(f"{folder}, made {found.made_at} by version {found.software}\n")
        for name, (rows, _) in sorted(found.tables.items()):
            sys.stdout.write(f"  {name:<18} {rows:>9,} rows\n")
        return
    place = place_of(store)
    done = copies.restore(folder, place)
    shown = place if "://" not in place else "the database"
    sys.stdout.write(f"{shown}: {done.rows:,} rows of {len(done.tables)} tables, each compared\n")
