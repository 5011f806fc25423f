"""A study with several things at once: doses, breathing, a background drug, other outcomes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from hrv.simulate.artefacts import Artefacts
from hrv.simulate.protocol import Effect, Person, Protocol
from hrv.simulate.recording import record
from hrv.simulate.streams import ar1, stream
from hrv.simulate.stress import Stressor
from hrv.types import RRSeries

_ORDER, _LEVELS, _TESTS, _PAPERS, _RECORDING = 61, 62, 63, 64, 65
LEVELS_MG = (0, 150, 300)
HALF_LIFE_DAYS = 2.0
BREATHING_LN_TAU = math.log(0.85)
CORTISOL_MIN = (-10, 15, 30, 45, 60)
PROTOCOL = Protocol(n_blocks=9, block_days=14, washin_days=7.0)


@dataclass(frozen=True, eq=False)
class RegimenStudy:
    """The study, all in memory; tables hold aware local times.

    Parameters
    ----------
    seed : int
        What it was drawn from.
    doses_mg : tuple of int
        Elemental magnesium a day in each block, drawn from all 1680 orders.
    breathing : tuple of bool
        Whether breathing was practised in each block.
    recordings : tuple of (str, RRSeries)
        File name and recording, in order of time.
    tables : dict of str to DataFrame
        ``phases, events, regimen, doses, outcomes, adverse_events, external_claims, fitbit``.
    protocol, person, effect
        What it was made from; the effect is that of the highest dose.
    """

    seed: int
    doses_mg: tuple[int, ...]
    breathing: tuple[bool, ...]
    recordings: tuple[tuple[str, RRSeries], ...]
    tables: dict[str, pd.DataFrame]
    protocol: Protocol = PROTOCOL
    person: Person = field(default_factory=Person)
    effect: Effect = field(default_factory=lambda: Effect(gad7=-1.0))


def regimen_study(seed: int = 1) -> RegimenStudy:
    """Draw the study: three dose levels in nine fortnights, breathing in four of them.

    The effect of magnesium is linear in the dose and builds up and decays with a half-life of
    two days; breathing shortens the time constant of heart rate to 85 %.

    Parameters
    ----------
    seed : int
        Same seed, same study.
    """
    rng = stream(seed, _ORDER)
    doses = tuple(int(mg) for mg in rng.permutation(np.repeat(LEVELS_MG, 3)))
    breathing = tuple(bool(x) for x in rng.permutation([True] * 4 + [False] * 5))
    made = RegimenStudy(seed, doses, breathing, (), {})
    tests = _test_days(made)
    recordings = tuple(_recorded(made, day, start) for day, start in tests)
    tables = {
        "phases": _phases(made),
        "events": pd.concat([_events(made, start) for _, start in tests], ignore_index=True),
        "regimen": _regimen(made),
        "external_claims": _claims(),
        **_papers(made, tests),
    }
    return replace(made, recordings=recordings, tables=tables)


def share_of_magnesium(study: RegimenStudy, days: float) -> float:
    """Share of the highest dose's effect that is there at a time (days since the start)."""
    rate, total = math.log(2) / HALF_LIFE_DAYS, 0.0
    for k, mg in enumerate(study.doses_mg):
        begin, end = (study.protocol.block_days * i for i in (k, k + 1))
        since, left = max(days - begin, 0.0), max(days - end, 0.0)
        total += mg / max(LEVELS_MG) * (math.exp(-rate * left) - math.exp(-rate * since))
    return total


def _test_days(study: RegimenStudy) -> list[tuple[int, datetime]]:
    """Six of the seven days after each wash-in, and one day within it."""
    rng, protocol = stream(study.seed, _TESTS), study.protocol
    tests = []
    for block in range(protocol.n_blocks):
        first = block * protocol.block_days
        settled = sorted(int(d) for d in rng.choice(np.arange(7, 14), 6, replace=False))
        for day in (int(rng.integers(1, 7)), *settled):
            hour = float(np.clip(rng.normal(17.5, 1.0), 14.0, 20.0))
            tests.append((first + day, protocol.moment(first + day, hour)))
    return tests


def _recorded(study: RegimenStudy, day: int, start: datetime) -> tuple[str, RRSeries]:
    person, effect, protocol = study.person, study.effect, study.protocol
    spreads = (person.day_hr_bpm, person.day_ln_gain, person.ln_delta_hr, person.ln_tau_hr,
               person.ln_tau_vagal)  # fmt: skip
    hr, gain, delta, tau_hr, tau_vagal = (
        ar1(stream(study.seed, _LEVELS, i), protocol.n_days, sd=s.sd, phi=s.phi)[day]
        for i, s in enumerate(spreads)
    )
    there = share_of_magnesium(study, day + start.hour / 24)
    calm = BREATHING_LN_TAU * study.breathing[day // protocol.block_days]
    heart = replace(
        person.heart,
        hr_bpm=person.heart.hr_bpm + hr,
        ln_gain=person.heart.ln_gain + gain + there * effect.ln_gain,
    )
    stressor = Stressor(
        protocol.baseline_s, protocol.offset_s,
        delta_hr_bpm=person.delta_hr_bpm * math.exp(delta),
        tau_hr_s=person.tau_hr_s * math.exp(tau_hr + there * effect.ln_tau_hr + calm),
        tau_vagal_s=person.tau_vagal_s * math.exp(tau_vagal + there * effect.ln_tau_vagal),
        label="mental arithmetic",
    )  # fmt: skip
    made = record(
        study.seed, (_RECORDING, day), duration_s=protocol.duration_s, heart=heart,
        stressors=(stressor,), artefacts=Artefacts(), start=start, subject=protocol.subject,
    )  # fmt: skip
    return f"{start:%Y-%m-%d}.txt", made.series


def _phases(study: RegimenStudy) -> pd.DataFrame:
    protocol = study.protocol
    rows = [
        (protocol.subject, protocol.moment(protocol.block_days * k),
         protocol.moment(protocol.block_days * (k + 1)), "on" if mg else "off", k + 1, True)
        for k, mg in enumerate(study.doses_mg)
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["subject", "start", "stop", "condition", "block", "randomised"]
    )


def _events(study: RegimenStudy, start: datetime) -> pd.DataFrame:
    protocol = study.protocol
    edges = (0.0, protocol.baseline_s, protocol.offset_s, protocol.duration_s)
    parts = (("baseline", "rest"), ("mental arithmetic", "stress"), ("recovery", "rest"))
    rows = [
        (protocol.subject, phase, kind, start + timedelta(seconds=edges[i]),
         start + timedelta(seconds=edges[i + 1]))
        for i, (phase, kind) in enumerate(parts)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["subject", "phase", "kind", "start", "end"])


def _regimen(study: RegimenStudy) -> pd.DataFrame:
    protocol, rows = study.protocol, list[tuple[Any, ...]]()
    for k, (mg, breathing) in enumerate(zip(study.doses_mg, study.breathing, strict=True)):
        span = (protocol.moment(14 * k), protocol.moment(14 * (k + 1)))
        if mg:
            rows.append(("magnesium", *span, mg, "mg", "elemental", "", "", True))
        if breathing:
            rows.append(("breathing", *span, "", "", "", "", "", True))
    before, change, after = (protocol.moment(d) for d in (-60, 100, protocol.n_days + 30))
    rows.append(("sertraline", before, change, 50, "mg", "elemental", "", "", False))
    rows.append(("sertraline", change, after, 75, "mg", "elemental", "", "", False))
    names = ["component", "start", "stop", "amount", "unit", "basis", "elemental_share",
             "elemental_source", "randomised"]  # fmt: skip
    table = pd.DataFrame(rows, columns=names)
    table.insert(0, "subject", protocol.subject)
    return table


def _claims() -> pd.DataFrame:
    rows = [
        ("37 % less anxiety", "adults who answered an advertisement", "their own score before",
         "anxiety scale, before to after", "leaflet of a supplement, undated", False),
        ("comparable to SSRIs", "not stated", "not stated", "not stated",
         "web page of a retailer", False),
        ("most effect at 300 mg", "not stated", "lower doses", "not stated",
         "founding document of the project", False),
    ]  # fmt: skip
    names = ["claim", "population", "comparator", "measure", "source", "verified"]
    return pd.DataFrame(rows, columns=names)


def _papers(study: RegimenStudy, tests: list[tuple[int, datetime]]) -> dict[str, pd.DataFrame]:
    """Draw doses, adverse events, scores, laboratory values, sleep and the watch's nights."""
    rng, protocol = stream(study.seed, _PAPERS), study.protocol
    doses, adverse = _doses(rng, study), _adverse(rng, study)
    parts = [_scores(rng, study), _laboratory(rng, study), _cortisol(rng, study, tests)]
    outcomes = pd.concat([*parts, _sleep(rng, study)], ignore_index=True)
    n = protocol.n_days
    nights = [f"{protocol.moment(d, 6.5):%Y-%m-%dT%H:%M:%S}" for d in range(n)]
    watch = {
        "timestamp": nights,
        "rmssd": np.round(38 * np.exp(0.15 * rng.standard_normal(n)), 1),
        "nremhr": np.round(56 + 2 * rng.standard_normal(n), 1),
        "entropy": np.round(2.6 + 0.1 * rng.standard_normal(n), 3),
    }
    return {
        "doses": doses,
        "adverse_events": adverse,
        "outcomes": outcomes,
        "fitbit": pd.DataFrame(watch),
    }


def _doses(rng: np.random.Generator, study: RegimenStudy) -> pd.DataFrame:
    protocol, rows = study.protocol, []
    for day in range(protocol.n_days):
        mg = study.doses_mg[day // protocol.block_days]
        if not mg:
            continue
        status = "missed" if rng.random() < 0.03 else "taken"
        time = protocol.moment(day, float(8 + rng.uniform(-0.4, 0.4)))
        rows.append((protocol.subject, time, "magnesium bisglycinate", "L2406", mg, "mg",
                     "elemental", status))  # fmt: skip
    return pd.DataFrame(
        rows,
        columns=["subject", "time", "substance", "lot", "amount", "unit", "basis", "status"],
    )


def _adverse(rng: np.random.Generator, study: RegimenStudy) -> pd.DataFrame:
    protocol, rows = study.protocol, []
    for day in range(protocol.n_days):
        mg = study.doses_mg[day // protocol.block_days]
        for term, rate in (("loose stools", 0.01 + 0.06 * mg / 300), ("headache", 0.02)):
            if rng.random() < rate:
                time = protocol.moment(day, float(rng.uniform(9, 21)))
                part = "magnesium" if term == "loose stools" and mg else ""
                rows.append((protocol.subject, time, term, "mild", part))
    return pd.DataFrame(rows, columns=["subject", "time", "term", "severity", "component"])


def _outcomes(rows: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["subject", "time", "name", "value", "unit", "assay"])


def _scores(rng: np.random.Generator, study: RegimenStudy) -> pd.DataFrame:
    protocol, rows = study.protocol, []
    for block in range(protocol.n_blocks):
        day = protocol.block_days * (block + 1) - 1
        there, time = share_of_magnesium(study, day + 0.9), protocol.moment(day, 21.5)
        for name, middle, sd, top in (
            ("gad7", study.person.gad7 + there * study.effect.gad7, 1.2, 21),
            ("pss10", 18.0, 2.0, 40),
            ("stai_state", 42.0, 4.0, 80),
        ):
            value = int(np.clip(np.rint(middle + sd * rng.standard_normal()), 0, top))
            rows.append((protocol.subject, time, name, value, "points", ""))
    return _outcomes(rows)


def _laboratory(rng: np.random.Generator, study: RegimenStudy) -> pd.DataFrame:
    protocol, rows = study.protocol, []
    for i, day in enumerate((0, 42, 84, 125)):
        time = protocol.moment(day, 8.0)
        serum = 2.0 + 0.08 * rng.standard_normal()
        rbc = 4.6 + 0.15 * i + 0.2 * rng.standard_normal()
        rows.append((protocol.subject, time, "serum_magnesium", round(serum, 2), "mg/dL", "AAS"))
        rows.append((protocol.subject, time, "rbc_magnesium", round(rbc, 2), "mg/dL", "ICP-MS"))
    return _outcomes(rows)


def _cortisol(
    rng: np.random.Generator, study: RegimenStudy, tests: list[tuple[int, datetime]]
) -> pd.DataFrame:
    """Five samples around the last test of each block."""
    protocol, rows = study.protocol, []
    for block in range(protocol.n_blocks):
        _, start = [t for t in tests if t[0] // protocol.block_days == block][-1]
        onset = start + timedelta(seconds=protocol.baseline_s)
        level = 4.0 * math.exp(0.2 * rng.standard_normal())
        rise = 4.0 * math.exp(0.4 * rng.standard_normal())
        for minute in CORTISOL_MIN:
            shape = math.exp(-(((minute - 28) / 18) ** 2)) if minute > 0 else 0.0
            value = (level + rise * shape) * math.exp(0.05 * rng.standard_normal())
            time = onset + timedelta(minutes=minute)
            rows.append((protocol.subject, time, "cortisol", round(value, 2), "nmol/L", "LC-MS/MS"))
    return _outcomes(rows)


def _sleep(rng: np.random.Generator, study: RegimenStudy) -> pd.DataFrame:
    protocol, rows = study.protocol, []
    for day in range(protocol.n_days):
        bed, wake = 480 + 30 * rng.standard_normal(), 25 + 20 * rng.random()
        time, asleep = protocol.moment(day, 7.0), round(bed - wake - 12)
        for name, value, unit in (
            ("total_sleep_time", asleep, "min"),
            ("wake_after_sleep_onset", round(wake), "min"),
            ("sleep_efficiency", round(100 * asleep / bed), "%"),
        ):
            rows.append((protocol.subject, time, name, value, unit, ""))
    return _outcomes(rows)
