"""`hrv batch`: every recording of a cohort, on the cores of this machine or on a cluster."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import _options as opt

if TYPE_CHECKING:
    from ingest.cohort import Outcome, Status
    from ingest.cohort.engine import Running

LINE_S = 10.0
"""Time between two lines of a log."""


def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="Folder, glob, manifest CSV (column file), Parquet dataset, or a URL of these.",
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="DIR", help="Folder or URL of the results.")
    ],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine; default: its cores.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler of a cluster: tcp://HOST:8786."),
    ] = None,
    serial: Annotated[
        bool, typer.Option("--serial", help="In this process, one after the other; same files.")
    ] = False,
    metrics: opt.MetricsOption = opt.DEFAULT_METRICS,
    width: Annotated[str, typer.Option(help="Width of the windows.")] = "5min",
    step: Annotated[str, typer.Option(help="Distance of their starts.")] = "1min",
    clean: opt.CleanOption = "lipponen_tarvainen",
    preset: opt.PresetOption = "default",
    events: Annotated[
        str | None,
        typer.Option(
            metavar="CSV",
            help="Stressors: subject,phase,kind,start,end; default: each recording's own markers.",
        ),
    ] = None,
    subject_pattern: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Take the subject from each file's path."),
    ] = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    sampling_rate: opt.RateOption = None,
    channel: opt.ChannelOption = None,
    batch_mb: Annotated[
        float | None,
        typer.Option(metavar="MB", help="Recordings in a batch, MB; default 16, less if few."),
    ] = None,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Trust no file time: look at every content again.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the results of another input in DIR.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read, and write nothing.")
    ] = False,
) -> None:
    """Summary, windows and recovery of every recording of a cohort, as Parquet.

    DIR gets the tables recordings, summary, windows and recovery, failures.csv (what could
    not be read or computed, and why) and run.json (versions, settings, hashes).  Interrupted
    or extended, the same command goes on: what is finished is kept.

    \b
    hrv batch lab/ --out results --workers 2
    hrv batch "lab/**/*.txt" --out results --events events.csv --tz Europe/Berlin
    hrv batch recordings.csv --out results --metrics rmssd,sdnn,lf,hf --step 5min
    hrv batch s3://bucket/rr/ --out s3://bucket/results --scheduler tcp://head:8786
    """
    from hrv.errors import InputError, NotComputableError
    from ingest import cohort
    from ingest.clock import zone

    if tz is not None:
        zone(tz)
    if sum(map(bool, (serial, workers, scheduler))) > 1:
        raise InputError("--serial, --workers and --scheduler exclude each other; give one")
    if batch_mb is not None and not 0 < batch_mb < 1e6:
        raise InputError(f"--batch-mb {batch_mb:g} must be above zero")
    reading = cohort.Reading(input_format, unit, tz, None, sampling_rate, channel)
    settings = cohort.CohortSettings(
        clean, tuple(opt.metric_names(metrics)), width, step, preset, events or "", tz=tz
    )
    if dry_run:
        _tell(cohort.find(source, reading=reading, subject_pattern=subject_pattern, apart_from=out))
        return
    with _Progress() as progress:
        outcome = cohort.run(
            source, out, settings, workers=workers, scheduler=scheduler, serial=serial,
            reading=reading, subject_pattern=subject_pattern,
            batch_bytes=None if batch_mb is None else int(batch_mb * 2**20),
            rehash=rehash, replace_other=replace, progress=progress, started=progress.started,
        )  # fmt: skip
    _say(outcome)
    if outcome.unread == outcome.recordings:
        raise NotComputableError(
            f"none of {outcome.recordings} recordings could be read; {out}/failures.csv says why"
        )


def _tell(found: Any) -> None:
    """Say what a run would read."""
    items = found.items
    people = len({(item.study, item.subject) for item in items})
    size = sum(item.size for item in items)
    typer.echo(f"{len(items)} files of {people} subjects, {size / 2**20:.1f} MB, would be read")
    for item in items[:5]:
        typer.echo(f"  {item.name}: subject {item.subject}, session {item.session}")
    if len(items) > 5:
        typer.echo(f"  … and {len(items) - 5} more")


def _say(outcome: Outcome) -> None:
    kept = f" ({outcome.kept} of them were finished before)" if outcome.kept else ""
    rows = ", ".join(f"{count} {name}" for name, count in outcome.rows.items())
    typer.echo(f"{outcome.recordings} recordings{kept}; rows: {rows}")
    if outcome.failures:
        typer.echo(
            f"{outcome.failures} failures, {outcome.unread} of them recordings that could not be "
            f"read: {outcome.out}/failures.csv"
        )
    typer.echo(f"results in {outcome.out}")


class _Progress:
    """A bar on a terminal, a line now and then in a log."""

    def __enter__(self) -> _Progress:
        self._bar: Any = None
        self._began = self._last = time.monotonic()
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                BarColumn(), TextColumn("{task.completed}/{task.total}"),
                TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
                TextColumn("{task.description}", markup=False),
                console=Console(file=sys.stderr),
            )  # fmt: skip
            self._task = self._bar.add_task("", total=None, rate="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def started(self, running: Running) -> None:
        """Say where the work is done."""
        page = f"; its dashboard: {running.dashboard}" if running.dashboard else ""
        text = f"running {running.words}{page}"
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{text}\n")
        self._began = time.monotonic()

    def __call__(self, status: Status) -> None:
        now = time.monotonic()
        computed = status.done - status.kept
        rate = computed / max(now - self._began, 1e-9)
        failed = f"{status.failures} failures" if status.failures else ""
        if self._bar is not None:
            speed = f"{rate:.1f}/s" if computed else ""
            self._bar.update(
                self._task, completed=status.done, total=status.total, description=failed,
                rate=speed,
            )  # fmt: skip
        elif now - self._last >= LINE_S or status.done == status.total:
            self._last = now
            left = (status.total - status.done) / rate if computed else 0.0
            parts = [f"{status.done}/{status.total} recordings"]
            parts += [f"{rate:.1f}/s", f"about {left:.0f} s left"] if left else []
            sys.stderr.write(", ".join([*parts, *([failed] if failed else [])]) + "\n")
            sys.stderr.flush()
