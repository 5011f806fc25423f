"""`hrv import`: a folder of exports into a study."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli._errors import as_options

if TYPE_CHECKING:
    from ingest.folder import Imported

MOST_SHOWN = 20


def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of exports, or one file (a zip).")
    ],
    into: Annotated[Path, typer.Option("--into", metavar="STUDY", help="Folder of the study.")],
    subject: Annotated[
        str | None,
        typer.Option(help="Whose recordings they are; default: the study's subject, else P01."),
    ] = None,
    subject_pattern: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Take the subject from each file's path instead."),
    ] = None,
    tz: Annotated[
        str | None, typer.Option(metavar="ZONE", help="IANA zone of clock times without one.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")
    ] = False,
) -> None:
    """Read every export below a folder into a study, each file once.

    Understood are the zip of Apple Health, the account exports of Polar and Garmin (zip or
    unpacked), a folder of Elite HRV, and any other recording, events or outcomes beside them.
    Run it again after the next export: what is there already is skipped.

    \b
    hrv import ~/Downloads/export.zip --into my_study --subject P01 --tz Europe/Berlin
    hrv import lab/ --into my_study --subject-pattern "P[0-9]+" --dry-run
    """
    from hrv.errors import NotComputableError
    from ingest.clock import zone
    from ingest.folder import import_folder

    if tz is not None:
        zone(tz)
    with _Bar() as bar:
        found = import_folder(
            folder, into, subject=subject, subject_pattern=subject_pattern, tz=tz,
            dry_run=dry_run, progress=bar,
        )  # fmt: skip
    _say(found, into, dry_run=dry_run)
    if not (found.recordings or any(found.rows.values()) or found.known):
        raise NotComputableError(f"{folder}: nothing in it could be read")


def _say(found: Imported, into: Path, *, dry_run: bool) -> None:
    would = "would be brought" if dry_run else "brought"
    rows = "".join(f", {count} {name}" for name, count in found.rows.items() if count)
    typer.echo(f"{len(found.recordings)} recordings{rows} {would} into {into}")
    if found.known:
        typer.echo(f"{len(found.known)} files are there already")
    if found.beside:
        typer.echo(f"{len(found.beside)} files belong to another one and were read with it")
    if found.clockless:
        typer.echo(
            f"{len(found.clockless)} recordings have no clock (or no zone: --tz gives it) and "
            f"match no phase or event: {_some(found.clockless)}"
        )
    for names in found.doubled[:MOST_SHOWN]:
        typer.echo(f"the same beats: {_some(list(names))}")
    for each in found.overlapping[:MOST_SHOWN]:
        same = (
            "" if each.same != each.same else f"; {100 * each.same:.0f} % of the beats are the same"
        )
        typer.echo(f"{each.first} and {each.second} overlap by {each.seconds:.0f} s{same}")
    for more in (found.doubled[MOST_SHOWN:], found.overlapping[MOST_SHOWN:]):
        if more:
            typer.echo(f"… and {len(more)} more")
    for what in found.todo:
        typer.echo(f"to do: {what}")
    for name, why in found.unread:
        typer.echo(f"not read: {name}: {as_options(why)}", err=True)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f", … ({len(names)})" if len(names) > 3 else "")


class _Bar:
    """A progress bar on standard error, if a person looks at it."""

    def __enter__(self) -> _Bar:
        self._progress = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn(),
                TextColumn("{task.description}", markup=False),
                console=Console(file=sys.stderr), transient=True,
            )  # fmt: skip
            self._task = self._progress.add_task("", total=None)
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, done: int, total: int, name: str) -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=done, total=total, description=name[-60:])
