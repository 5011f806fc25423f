"""`hrv plan`: a design that can answer, drawn and registered before anything is started."""

from __future__ import annotations

import re
import sys
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from api.cli import _clock
from api.cli import _options as opt
from api.cli._allocate import allocate
from api.cli._output import OutputFormat, emit_json, emit_text
from api.cli._plan import for_people
from api.plan_words import as_mapping

if TYPE_CHECKING:
    from hrv.plan.design import Plan
    from hrv.plan.detect import Power
    from hrv.plan.draw import Key
    from hrv.plan.group import GroupPlan
    from hrv.plan.proposal import Proposal
    from hrv.plan.variation import Variation
    from ingest.plan_calendar import Practical


def plan(
    substance: Annotated[
        str, typer.Argument(metavar="WHAT", help="What is started, e.g. 'magnesium glycinate'.")
    ],
    direction: Annotated[
        str,
        typer.Option(
            metavar="higher|lower|none", help="Which way the endpoint must go to be a benefit."
        ),
    ],
    start_reason: Annotated[
        str,
        typer.Option(metavar="planned|symptom_peak|other", help="Why it is started now."),
    ],
    start: Annotated[
        str, typer.Option(metavar="DATE", help="Day of the first practice test, 2026-12-01.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the study is written.")
    ] = Path("study"),
    endpoint: Annotated[
        str, typer.Option(metavar="NAME", help="Primary endpoint; see hrv catalogue measures.")
    ] = "residual_hr",
    secondary: Annotated[
        str, typer.Option(metavar="NAMES", help="Exploratory endpoints, comma-separated.")
    ] = "",
    swc: Annotated[
        float | None,
        typer.Option(metavar="SIZE", help="Smallest worthwhile change, in the endpoint's unit."),
    ] = None,
    comparator: Annotated[
        str, typer.Option(metavar="off|placebo", help="What it is compared with.")
    ] = "off",
    blocks: Annotated[int, typer.Option(help="Blocks, half of them with it.")] = 8,
    block_days: Annotated[
        int | None, typer.Option(help="Days a block; default: as the wash-in needs.")
    ] = None,
    washin: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Left out after a change: 7d."),
    ] = None,
    max_run: Annotated[int, typer.Option(help="Most blocks alike in a row.")] = 2,
    pairwise: Annotated[
        bool, typer.Option("--pairwise", help="Draw within pairs of blocks (16 orders: refused).")
    ] = False,
    familiarisation: Annotated[
        int, typer.Option(help="Practice tests before block 1, left out.")
    ] = 4,
    tests_a_day: Annotated[int, typer.Option(help="Stress tests a day.")] = 1,
    people: Annotated[
        str, typer.Option(metavar="N|NAMES", help="Number of people, or pseudonyms.")
    ] = "P01",
    design: Annotated[
        str,
        typer.Option(
            metavar="blocks|two-arm|crossover", help="Blocks for each person, or people to arms."
        ),
    ] = "blocks",
    roster: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Who is enrolled (subject, strata), for people to arms."),
    ] = None,
    strata: Annotated[
        str, typer.Option(metavar="COLUMNS", help="Columns of the roster to stratify by.")
    ] = "",
    period_days: Annotated[
        int, typer.Option(help="Days under treatment before a session, for people to arms.")
    ] = 28,
    run_in: Annotated[
        Path | None,
        typer.Option(metavar="STUDY|CSV", help="Readings before the start: this person's noise."),
    ] = None,
    looks: Annotated[
        str, typer.Option(metavar="BLOCKS", help="Looks before the end, e.g. 4,6: spends alpha.")
    ] = "",
    spending: Annotated[
        str, typer.Option(metavar="obrien_fleming|pocock", help="How looks spend alpha.")
    ] = "obrien_fleming",
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Blind the study: write which code is which here."),
    ] = None,
    dose: Annotated[
        str, typer.Option(metavar="AMOUNT", help="e.g. '300 mg elemental'; for sheet and log.")
    ] = "",
    product: Annotated[str, typer.Option(help="Product and lot, for the dose log.")] = "",
    dose_time: Annotated[str, typer.Option(metavar="HH:MM", help="When it is taken.")] = "08:00",
    test_time: Annotated[str, typer.Option(metavar="HH:MM", help="First test of a day.")] = "17:30",
    tz: Annotated[str, typer.Option(metavar="ZONE", help="IANA zone of the calendar.")] = "UTC",
    seed: Annotated[
        int | None, typer.Option(help="Draw from this seed; default: from the system, stored.")
    ] = None,
    simulations: Annotated[int, typer.Option(help="Simulated studies a design.")] = 400,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier plan; its hash stays on record.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would be; draw and write nothing.")
    ] = False,
    form: opt.FormatOption = OutputFormat.TABLE,
) -> None:
    """Plan a study that can answer: design, detectable difference, drawn schedule, hash.

    \b
    hrv plan "magnesium glycinate" --direction lower --start-reason planned \\
        --start 2026-12-07 --tz Europe/Berlin --dose "300 mg elemental" --out my_study
    hrv plan magnesium --direction lower --start-reason planned --start 2026-12-07 \\
        --run-in run_in.csv --dry-run
    hrv plan sertraline --direction lower --start-reason planned --start 2026-12-07 \\
        --design two-arm --roster people.csv --strata sex,age_group --key ../key.json
    hrv plan magnesium --direction lower --start-reason planned --start 2026-12-07 \\
        --comparator placebo --key ../key.json --people 12 --out lab

    Writes study.toml (for hrv compare), registration.txt with the hash to deposit beforehand,
    a calendar, a sheet for paper and a dose log.  The effect stays sealed until the planned
    end.  No dosing advice.
    """
    if design not in ("blocks", "two-arm", "crossover"):
        _wrong(f"--design {design!r}: choose blocks, two-arm or crossover")
    if design != "blocks":
        group = _group_plan(
            substance=substance, design=design, direction=direction, start_reason=start_reason,
            first_day=_day(start), tz=_zone(tz), endpoint=endpoint,
            secondary=tuple(_names(secondary)), swc=swc, comparator=comparator,
            period_days=period_days, washout_days=None if washin is None else _days(washin),
        )  # fmt: skip
        allocate(group, roster, _names(strata), out, key,
                 seed=seed, overwrite=overwrite, dry_run=dry_run, form=form)  # fmt: skip
        return
    chosen = _plan(
        substance=substance, direction=direction, start_reason=start_reason,
        first_day=_day(start), tz=_zone(tz), subjects=_people(people), endpoint=endpoint,
        secondary=tuple(_names(secondary)), swc=swc, comparator=comparator, n_blocks=blocks,
        block_days=block_days, washin_days=None if washin is None else _days(washin),
        max_run=max_run, pairwise=pairwise, familiarisation=familiarisation,
        tests_a_day=tests_a_day, looks=_looks(looks), spending=spending,
    )  # fmt: skip
    practical = _practical(dose, product, dose_time, test_time)
    if not 20 <= simulations <= 100_000:
        _wrong(f"--simulations {simulations}: give 20 to 100000")
    if form not in (OutputFormat.TABLE, OutputFormat.JSON):
        _wrong("a plan is printed as --format table or json")
    variation = _variation(chosen, run_in)
    proposal, made_key = _draw(chosen, seed, blind=key is not None)
    written: list[Path] = []
    if not dry_run:
        written = _write(proposal, practical, out, key, made_key, overwrite=overwrite)
    powers = _power(chosen, variation, simulations)
    told = as_mapping(proposal, variation, powers, drawn=not dry_run)
    if form is OutputFormat.JSON:
        emit_json({**told, "files": [str(path) for path in written]}, None)
    else:
        emit_text(for_people(proposal, variation, powers, written), None)


def _names(text: str) -> list[str]:
    """Split a comma-separated list that may be empty."""
    return opt.names(text) if text.strip() else []


def _plan(**declared: Any) -> Plan:
    from hrv.plan.design import Plan

    return Plan(**declared)


def _variation(plan: Plan, run_in: Path | None) -> Variation:
    from hrv.plan.variation import assumed
    from ingest.run_in import run_in as learn

    return assumed(plan.endpoint) if run_in is None else learn(run_in, plan.endpoint, tz=plan.tz)


def _group_plan(**declared: Any) -> GroupPlan:
    from hrv.plan.group import GroupPlan

    return GroupPlan(**declared)


def _power(plan: Plan, variation: Variation, n: int) -> tuple[Power, ...]:
    from rich.console import Console
    from rich.progress import Progress

    from hrv.plan.proposal import alternatives, detectable

    layouts = alternatives(plan)
    shown = Console(stderr=True)
    with Progress(console=shown, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("simulated studies", total=n * len(layouts))
        return detectable(plan, variation, layouts, n=n, progress=lambda: bar.advance(task))


def _draw(plan: Plan, seed: int | None, *, blind: bool) -> tuple[Proposal, Key | None]:
    import secrets

    from hrv.plan.draw import draw, new_key
    from hrv.plan.proposal import propose

    key = new_key(plan) if blind else None
    return propose(plan, draw(plan, secrets.randbits(48) if seed is None else seed, key)), key


def _write(
    proposal: Proposal,
    practical: Practical,
    folder: Path,
    key_path: Path | None,
    key: Key | None,
    *,
    overwrite: bool,
) -> list[Path]:
    from ingest.plan_files import earlier_plans, key_text, new_key, plan_files, write_files

    if key_path is not None and key_path.exists() and not overwrite:
        _wrong(f"{key_path} exists; a key is never replaced without --overwrite")
    if key_path is not None and key_path.resolve().is_relative_to(folder.resolve()):
        _wrong(f"the key must lie outside {folder}, with somebody who does not take part")
    files = plan_files(proposal, practical, _clock.now(), earlier_plans(folder))
    if key_path is None or key is None:
        return write_files(folder, files, overwrite=overwrite)
    with new_key(key_path, key_text(key, proposal.sha256)):
        return [*write_files(folder, files, overwrite=overwrite), key_path]


def _practical(dose: str, product: str, dose_time: str, test_time: str) -> Practical:
    from ingest.plan_calendar import Practical

    amount, unit, basis = _dose(dose)
    return Practical(_hour(dose_time), _hour(test_time), amount, unit, basis, product)


def _dose(text: str) -> tuple[float | None, str, str]:
    if not text.strip():
        return None, "", "unknown"
    found = re.fullmatch(
        r"\s*(\d+(?:\.\d+)?)\s*([^\s\d]+)(?:\s+(elemental|compound|unknown))?\s*", text
    )
    if found is None:
        _wrong(
            f"--dose {text!r} is not AMOUNT UNIT [elemental|compound], such as '300 mg elemental'"
        )
    return float(found[1]), found[2], found[3] or "unknown"


def _people(text: str) -> tuple[str, ...]:
    if text.strip().isdigit():
        number = int(text)
        return tuple(f"P{k + 1:0{max(2, len(str(number)))}d}" for k in range(number))
    return tuple(_names(text))


def _looks(text: str) -> tuple[int, ...]:
    if not all(name.isdigit() for name in _names(text)):
        _wrong(f"--looks {text!r} is not a list of blocks such as 4,6")
    return tuple(int(name) for name in _names(text))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _wrong(f"--start {text!r} is not a day such as 2026-12-07")


def _hour(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        _wrong(f"{text!r} is not a time of day such as 17:30")


def _days(text: str) -> float:
    from hrv.compare import washin_days

    return washin_days(float(text) if text.replace(".", "", 1).isdigit() else text)


def _zone(text: str) -> str:
    from ingest.clock import zone

    zone(text)
    return text


def _wrong(message: str) -> NoReturn:
    from hrv.errors import InputError

    raise InputError(message)
