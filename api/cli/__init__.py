"""The command `hrv`: one file a subcommand, one line each in COMMANDS."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any

import typer

from api.cli import (
    audit,
    backup,
    batch,
    catalogue,
    compare,
    convert,
    demo,
    doctor,
    evaluate_detector,
    import_,
    inspect,
    journal,
    keys,
    plan,
    record,
    recovery,
    replay,
    scan,
    serve,
    simulate,
    summary,
    windows,
)
from api.cli._errors import run


@dataclass(frozen=True)
class Command:
    """One row of COMMANDS; its help is the docstring of `function`."""

    name: str
    function: Callable[..., Any]


COMMANDS: tuple[Command, ...] = (
    Command("demo", demo.demo),
    Command("scan", scan.scan),
    Command("record", record.record),
    Command("replay", replay.replay),
    Command("journal", journal.journal),
    Command("inspect", inspect.inspect),
    Command("convert", convert.convert),
    Command("import", import_.import_),
    Command("summary", summary.summary),
    Command("windows", windows.windows),
    Command("recovery", recovery.recovery),
    Command("batch", batch.batch),
    Command("plan", plan.plan),
    Command("compare", compare.compare),
    Command("evaluate-detector", evaluate_detector.evaluate_detector),
    Command("simulate", simulate.simulate),
    Command("serve", serve.serve),
    Command("keys", keys.keys),
    Command("audit", audit.audit),
    Command("backup", backup.backup),
    Command("restore", backup.restore),
    Command("doctor", doctor.doctor),
    Command("catalogue", catalogue.catalogue),
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"hrv-recovery {version('hrv-recovery')}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Does the heart recover faster from stress than before?

    \b
    hrv demo                                  the sample study, end to end
    hrv record ble:H10 --out session.hrvj     a chest strap, live
    hrv inspect session.txt                   what is in here
    hrv summary session.txt                   HRV of one recording
    hrv windows session.txt --width 5min --step 1s --format csv
    hrv recovery session.txt --events events.csv
    hrv batch lab/ --out results --workers 2  every recording of a cohort
    hrv plan magnesium --direction lower ...  a design, a schedule, a hash, a calendar
    hrv compare study.toml --report out.html  before against after

    Every command takes a file or - (standard input), prints a table for people and
    --format csv|json|parquet for programs.  Exit status: 0 done, 1 nothing could be
    computed, 2 bad usage or input.  Not a medical device.
    """


STARTING = 200_000
"""Objects that a command may make before garbage is looked for."""


def build_app() -> typer.Typer:
    """Assemble the application from COMMANDS."""
    app = typer.Typer(
        name="hrv",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for command in COMMANDS:
        app.command(command.name)(command.function)
    return app


def main() -> None:
    """Entry point of the console script."""
    # threads of their own cost linear algebra on small matrices many times what they give (where
    # most of it is done, `hrv._threads` limits them as well); numpy looks when it is imported,
    # which no command does before this line
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # a command makes a hundred thousand objects that stay, its modules: no search for garbage
    # among them while it starts (the service and its workers set what suits them)
    gc.set_threshold(STARTING, *gc.get_threshold()[1:])
    sys.exit(run(build_app()))
