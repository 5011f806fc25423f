"""A realistic StudyResult without an analysis behind it: 8 blocks of 7 days, 50 recordings."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from hrv.compare.base import CompareSettings
from hrv.study import Session, Study, StudyResult
from hrv.types import Comparison, Provenance, Refusal, RRSeries

ZONE = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 3, 2, tzinfo=ZONE)
ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")
MISSED_DAYS = {5, 17, 23, 31, 44, 50}
EFFECT_BPM = -2.1
NAN = math.nan


def _phases(subject: str) -> pd.DataFrame:
    starts = [FIRST + timedelta(days=7 * k) for k in range(len(ORDER))]
    return pd.DataFrame(
        {
            "subject": subject,
            "start": starts,
            "stop": [s + timedelta(days=7) for s in starts],
            "condition": ORDER,
            "block": range(len(ORDER)),
            "randomised": True,
        }
    )


def _days() -> list[int]:
    return [day for day in range(56) if day not in MISSED_DAYS]


def _recovery(subject: str, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for day in _days():
        for k, label in enumerate(("stroop", "mental arithmetic")):
            block = day // 7
            on = ORDER[block] == "on"
            refused = (day + k) % 9 == 0
            silent = (day + k) % 11 == 0
            residual = 6.0 + EFFECT_BPM * on + rng.normal(0, 1.4)
            reason = ""
            if refused:
                reason = f"residual_hr: coverage {40 + day} % is below 80 %"
            elif silent:
                reason = "tau_hr_s: no response: the heart rate rose by 1.2 bpm; a second; part"
            rows.append(
                {
                    "subject": subject,
                    "session": f"day-{day:02d}.txt",
                    "time": FIRST + timedelta(days=day, hours=9 + k),
                    "condition": ORDER[block],
                    "block": block,
                    "label": label,
                    "kind": "marked",
                    "residual_hr": NAN if refused else residual,
                    "residual_hr_se": NAN if refused else 0.8,
                    "reactivity_hr": NAN if refused else (1.2 if silent else 14.0),
                    "tau_hr_s": NAN if refused or silent else 60 * math.exp(rng.normal(0, 0.3)),
                    "flags": "",
                    "reason": reason,
                }
            )
    return pd.DataFrame(rows)


def _quality(subject: str, notes: str, rng: np.random.Generator) -> pd.DataFrame:
    days = _days()
    coverage = np.clip(1 - rng.exponential(0.03, len(days)), 0.3, 1)
    coverage[7] = NAN
    return pd.DataFrame(
        {
            "subject": subject,
            "session": [f"day-{day:02d}.txt" for day in days],
            "start": [FIRST + timedelta(days=day, hours=9) for day in days],
            "duration_s": rng.uniform(2900, 3500, len(days)),
            "beats": rng.integers(3600, 4300, len(days)),
            "coverage": coverage,
            "corrected": rng.exponential(0.008, len(days)),
            "gaps": rng.integers(0, 4, len(days)),
            "longest_gap_s": np.where(rng.random(len(days)) < 0.4, NAN, 42.0),
            "suspect": rng.integers(0, 3, len(days)),
            "episodes": 2,
            "notes": [notes if day == 8 else "" for day in days],
        }
    )


def _curves(rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for condition, tau_s, level in (("off", 95.0, 3.0), ("on", 70.0, 0.8)):
        t_s = np.arange(5.0, 600.0, 5.0)
        mean = level + (14 - level) * np.exp(-t_s / tau_s) + rng.normal(0, 0.15, t_s.size)
        half = 1.0 + 0.4 * t_s / 600
        part = pd.DataFrame(
            {"condition": condition, "t_s": t_s, "mean": mean, "low": mean - half,
             "high": mean + half, "n": 46}
        )  # fmt: skip
        part.loc[90:93, ["mean", "low", "high"]] = NAN
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _days_of_model(recovery: pd.DataFrame) -> dict[str, list[object]]:
    daily = recovery.assign(date=[t.date().isoformat() for t in recovery["time"]])
    table = daily.groupby("date").agg(
        score=("residual_hr", "mean"), condition=("condition", "first"), n=("session", "size"),
        block=("block", "first"),
    )  # fmt: skip
    table = table[table["score"].notna()]
    return {
        "date": list(table.index),
        "score": list(table["score"]),
        "observations": list(table["n"]),
        "second_condition": list(table["condition"] == "on"),
        "block": list(table["block"] + 1),
    }


def comparison(
    method: str, estimate: float = NAN, half: float = NAN, **changes: object
) -> Comparison:
    """Return a plausible Comparison around `estimate`."""
    made = Comparison(
        method=method,
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        p_value=0.004 if abs(estimate) > half else 0.31,
        df=38.4,
        percent=NAN,
        percent_low=NAN,
        percent_high=NAN,
        verdict="lower",
        swc=0.62,
        sentence="",
        settings={"method": method, "washin_days": 2.0, "trend": True, "level": 0.95},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _doses(subject: str, notes: str) -> pd.DataFrame:
    on_days = [day for day in range(56) if ORDER[day // 7] == "on"]
    return pd.DataFrame(
        {
            "subject": subject,
            "time": [FIRST + timedelta(days=day, hours=21) for day in on_days],
            "substance": "magnesium glycinate",
            "amount": [NAN if day == 30 else 300.0 for day in on_days],
            "unit": "mg",
            "basis": ["unknown" if day == 30 else "elemental" for day in on_days],
            "status": ["missed" if day == 10 else "taken" for day in on_days],
            "note": [notes if day == 9 else "" for day in on_days],
        }
    )


def _study(subject: str, notes: str) -> Study:
    sessions = tuple(
        Session(
            subject,
            f"day-{day:02d}.txt",
            RRSeries.from_ms(
                [812, 790, 805],
                start=FIRST + timedelta(days=day, hours=9),
                provenance=Provenance(
                    source=f"day-{day:02d}.txt", format="rr_text",
                    unit="ms (all values in 200-3000)", clock="first line of the file",
                    device="chest strap",
                ),
            ),
        )
        for day in _days()
    )  # fmt: skip
    return Study(
        title="Magnesium glycinate and recovery from stress",
        sessions=sessions,
        phases=_phases(subject),
        doses=_doses(subject, notes),
        secondary=("reactivity_hr", "residual_ln_rmssd", "gad7"),
        settings=CompareSettings(
            washin_days=2.0, direction="lower", start_reason="planned",
            outcome="residual activation", unit="bpm",
        ),
        randomisation=tuple(ORDER[k:] + ORDER[:k] for k in range(8)),
        familiarisation=3,
        problems=(Refusal("day-17.txt", "the file is empty; record it again or leave it out"),),
    )  # fmt: skip


def _primary(days: dict[str, list[object]]) -> dict[str, Comparison]:
    return {
        "default": comparison(
            "default", EFFECT_BPM, 1.21,
            sentence="Residual activation after stress was 2.1 bpm lower on than off "
            "(95 % interval 0.9 to 3.3 bpm lower).",
            flags=("three of the eight blocks have fewer than six valid days",),
            details={"days": days, "phi": 0.31, "sd_between_days": 1.24, "n_days": 44},
        ),
        "block_means": comparison("block_means", -1.9, 1.6, df=5.0, p_value=0.028),
        "randomisation": comparison("randomisation", -2.0, NAN, df=NAN, p_value=0.0294),
        "paired": comparison(
            "paired", verdict="refused", swc=NAN, p_value=NAN, df=NAN,
            refusals=(Refusal("paired", "needs at least 5 people; there is 1"),),
        ),
    }  # fmt: skip


def _secondary() -> dict[str, Comparison]:
    return {
        "reactivity_hr": comparison(
            "default", -0.4, 1.9, verdict="inconclusive", p_value=0.66, details={"p_holm": 1.0}
        ),
        "residual_ln_rmssd": comparison(
            "default", 0.09, 0.08, swc=0.05, percent=9.4, percent_low=1.0, percent_high=18.5,
            p_value=0.031, verdict="inconclusive", details={"p_holm": 0.093},
        ),
        "gad7": comparison(
            "default", verdict="refused", p_value=NAN, df=NAN, swc=NAN,
            refusals=(Refusal("gad7", "8 ratings are fewer than 7 days in each phase"),),
        ),
    }  # fmt: skip


def _rates(recovery: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for condition, part in recovery.groupby("condition", sort=False):
        refused = int(part["residual_hr"].isna().sum())
        silent = int((part["reactivity_hr"] < 3).sum())
        rows.append(
            {"condition": condition, "episodes": len(part), "valid": len(part) - refused - silent,
             "no_response": silent, "refused": refused}
        )  # fmt: skip
    return pd.DataFrame(rows)


def fake_result(subject: str = "P01", notes: str = "strap dropped at 09:21") -> StudyResult:
    """Return a study of one person with a clear answer; the same at every call."""
    rng = np.random.default_rng(7)
    recovery = _recovery(subject, rng)
    primary = _primary(_days_of_model(recovery))
    adherence = pd.DataFrame(
        {"condition": ["off", "on"], "substance": "magnesium glycinate", "planned": [0, 28],
         "taken": [0, 27], "missed": [0, 1], "unknown_basis": [0, 1]}
    )  # fmt: skip
    study = _study(subject, notes)
    return StudyResult(
        study=study,
        recovery=recovery,
        quality=_quality(subject, notes, rng),
        primary=primary,
        secondary=_secondary(),
        curves=_curves(rng),
        adherence=adherence,
        rates=_rates(recovery),
        refusals=(
            *study.problems,
            Refusal("paired", "needs at least 5 people; there is 1"),
            Refusal("tau_hr_s", "9 of 100 episodes gave no response"),
        ),
    )


def inconclusive_result() -> StudyResult:
    """Return the same study with an interval that holds everything."""
    result = fake_result()
    head = replace(
        result.headline, estimate=-0.5, low=-1.9, high=0.9, p_value=0.47, verdict="inconclusive",
        sentence="These data do not show whether residual activation after stress differs "
        "between on and off: the interval runs from 1.9 bpm lower to 0.9 bpm higher.",
        flags=("a single change from off to on: association only",),
    )  # fmt: skip
    return replace(result, primary={**result.primary, "default": head})


def refused_result() -> StudyResult:
    """Return a study in which no method answered and most tables are empty."""
    result = fake_result()
    why = Refusal("comparison", "3 valid days with on; at least 7 a phase are needed")
    head = comparison(
        "default", verdict="refused", swc=NAN, p_value=NAN, df=NAN, refusals=(why,),
        sentence="No comparison was made: 3 valid days with on are too few (7 are needed).",
    )  # fmt: skip
    return replace(
        result,
        primary={"default": head},
        secondary={},
        curves=result.curves.iloc[:0],
        adherence=result.adherence.iloc[:0],
        rates=result.rates.iloc[:0],
        refusals=(why,),
    )


def crowd_result(people: int = 8) -> StudyResult:
    """Return a within-session study of several people without clocks or phases."""
    rng = np.random.default_rng(11)
    rows = [
        {"subject": f"S{k}", "session": f"S{k}-{c}", "time": pd.NaT, "condition": c, "block": -1,
         "label": c, "kind": "marked", "residual_hr": 4 + 3 * (c == "arithmetic") + rng.normal(),
         "flags": "", "reason": ""}
        for k in range(people)
        for c in ("sitting", "arithmetic")
    ]  # fmt: skip
    result = fake_result()
    head = comparison(
        "paired", 2.9, 1.1, verdict="higher", df=people - 1.0, swc=NAN,
        sentence="Residual activation was 2.9 bpm higher with arithmetic than with sitting.",
    )  # fmt: skip
    study = replace(
        result.study, phases=pd.DataFrame(), doses=pd.DataFrame(), randomisation=None,
        conditions=("sitting", "arithmetic"), method="paired", title="Sitting and arithmetic",
    )  # fmt: skip
    quality = result.quality.head(people).assign(start=pd.NaT)
    return replace(
        result, study=study, recovery=pd.DataFrame(rows), primary={"paired": head}, secondary={},
        curves=result.curves.iloc[:0], adherence=pd.DataFrame(), rates=pd.DataFrame(),
        quality=quality, refusals=(),
    )  # fmt: skip
