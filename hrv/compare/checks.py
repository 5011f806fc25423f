"""Refusals and flags: what the data of one person allow to be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hrv.compare.base import Design
from hrv.compare.days import Days
from hrv.compare.design import WASHIN, changes
from hrv.compare.moments import DAY_NS, utc_ns
from hrv.types import Refusal

MIN_DAYS = 7
"""Fewest valid days in a condition."""
MIN_BLOCK_DAYS = 5
"""Fewest days a complete block has: measured, and planned to remain after the wash-in."""
MIN_VALID_DAYS = 3
"""Fewest valid days of a complete block once missing days and wash-in are both taken off."""
MIN_BLOCKS = 4
"""Complete blocks that a design of four or more phases needs, two of each condition."""
FEW_DAYS = 14
MUCH_MISSING = 0.30
HIGH_PHI = 0.7
UNEQUAL = 1.5
MAX_VIF = 5.0


@dataclass(frozen=True)
class Block:
    """How much of one block there is.

    Parameters
    ----------
    number : int
        Counted in time order from zero.
    condition : str
        Its condition.
    planned : float
        Calendar days that remain after the wash-in.
    measured : int
        Days with a value, wash-in included.
    valid : int
        Days with a value after the wash-in.
    """

    number: int
    condition: str
    planned: float
    measured: int
    valid: int

    @property
    def complete(self) -> bool:
        """True if it can stand as one unit of a block comparison.

        Five days must have been measured and the wash-in must leave five calendar days, of
        which three must be valid: a wash-in of two days in a block of seven is allowed a day or
        two without a measurement.
        """
        return (
            self.planned >= MIN_BLOCK_DAYS
            and self.measured >= MIN_BLOCK_DAYS
            and self.valid >= MIN_VALID_DAYS
        )


def blocks_of(design: Design, subject: str) -> tuple[Block, ...]:
    """Count the days of every block of one person that is in a compared condition."""
    phases = design.phases[design.phases["subject"].eq(subject)]
    length = (utc_ns(phases["stop"]) - utc_ns(phases["start"])) / DAY_NS
    number = phases["block"].to_numpy(dtype=np.int64)
    # whole days: a week in which clocks change, or that ends at 23:59, has seven as well
    total = np.rint(np.bincount(number, length))
    condition = list(phases.drop_duplicates("block")["condition"])
    table = design.outcomes
    mine = table["subject"].eq(subject)
    days = {
        name: _days_per_block(design, (mine & table["excluded"].isin(fates)).to_numpy(), total.size)
        for name, fates in (("measured", ["", WASHIN]), ("valid", [""]))
    }
    washin = design.settings.washin_days
    return tuple(
        Block(
            k, condition[k], float(total[k] - washin * changed),
            int(days["measured"][k]), int(days["valid"][k]),
        )
        for k, changed in enumerate(changes(condition))
        if condition[k] in design.conditions
    )  # fmt: skip


def _days_per_block(
    design: Design, rows: np.ndarray[tuple[int], np.dtype[np.bool_]], blocks: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    pairs = {
        (int(block), int(day))
        for block, day in zip(
            design.outcomes["block"].to_numpy()[rows],
            design.outcomes["day"].to_numpy()[rows],
            strict=True,
        )
    }
    return np.bincount([block for block, _ in pairs], minlength=blocks).astype(np.int64)


def too_little(design: Design, blocks: tuple[Block, ...]) -> list[Refusal]:
    """Refuse a day model for one person: too few days, or too few whole blocks."""
    refusals = []
    for name in design.conditions:
        days = sum(block.valid for block in blocks if block.condition == name)
        if days < MIN_DAYS:
            refusals.append(
                Refusal(
                    "estimate",
                    f"{name!r} has {_count(days, 'day')} with a usable value and at least "
                    f"{MIN_DAYS} are needed",
                )
            )
    if not refusals and len(blocks) >= MIN_BLOCKS:
        refusals = too_few_blocks(design, blocks)
    return refusals


def too_few_blocks(design: Design, blocks: tuple[Block, ...]) -> list[Refusal]:
    """Refuse unless two blocks of each condition are complete."""
    for name in design.conditions:
        whole = sum(block.complete for block in blocks if block.condition == name)
        if whole < MIN_BLOCKS // 2:
            return [
                Refusal(
                    "estimate",
                    f"{name!r} has {_count(whole, 'complete block')} (at least {MIN_BLOCK_DAYS} "
                    f"measured days, and as many left after the wash-in) and at least "
                    f"{MIN_BLOCKS // 2} are needed",
                )
            ]
    return []


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def single_person(design: Design, method: str) -> list[Refusal]:
    """Refuse several people where a method is made for one."""
    people = len(design.subjects)
    if people == 1:
        return []
    return [
        Refusal(
            "estimate",
            f"method {method!r} is for one person and there are {people}; "
            "use 'default' for a group followed over days, or 'paired' for conditions within "
            "a session",
        )
    ]


def design_flags(design: Design, blocks: tuple[Block, ...], days: Days) -> list[str]:
    """Say what in the design and in the counts weakens the answer."""
    flags = start_flags(design)
    settings = design.settings
    if len(blocks) == 2 and not design.randomised:
        flags.append(
            "association only: with one change, anything else that changed at that time looks "
            "the same"
        )
    if design.randomisation is None and design.randomised:
        flags.append(
            "the order is said to be random but no randomisation was logged beforehand, so "
            "there is no randomisation p-value"
        )
    if settings.washin_days > 0 and blocks and blocks[0].condition == design.conditions[1]:
        flags.append(
            f"the study began with {design.conditions[1]!r}; its first days are kept, since no "
            "change came before them"
        )
    broken = [block for block in blocks if not block.complete]
    if len(blocks) >= MIN_BLOCKS and broken:
        named = ", ".join(str(block.number + 1) for block in broken)
        flags.append(
            f"{len(broken)} of {len(blocks)} blocks are incomplete (number {named}); they count "
            "day by day but not as whole blocks"
        )
    flags += _count_flags(design, blocks, days)
    return flags


HOURS_APART = 1.0
"""Mean local hours that may lie between the conditions before it is flagged."""


def hours_flag(design: Design, subject: str, days: Days) -> list[str]:
    """Flag conditions measured at other hours where the daily rhythm could not be learned.

    With two observations a day or more it is learned from within days; with one test a day
    nothing in the data tells a difference between hours from one between conditions.
    """
    if days.adjusted:
        return []
    table = design.outcomes
    used = table[table["excluded"].eq("") & table["subject"].eq(subject)]
    mean = used.groupby("condition")["hour"].mean()
    first, second = (float(mean.get(name, np.nan)) for name in design.conditions)
    apart = second - first
    if not abs(apart) > HOURS_APART:
        return []
    when = "later" if apart > 0 else "earlier"
    return [
        f"measured {abs(apart):.1f} h {when} with {design.conditions[1]!r}: with one test a day, "
        "a difference between hours cannot be told from one between conditions"
    ]


def start_flags(design: Design) -> list[str]:
    """Flag a start at a symptom peak, or one whose reason nobody stated."""
    reason = design.settings.start_reason
    if reason == "symptom_peak":
        return [
            "started at a symptom peak: what is measured at its worst usually comes back by "
            "itself (regression to the mean), so a difference says nothing about what brought "
            "it about"
        ]
    if reason == "" and not design.randomised and len(design.phases):
        return [
            "why it was started was not stated; after a start at a symptom peak a difference "
            "like this comes by itself"
        ]
    return []


def _count_flags(design: Design, blocks: tuple[Block, ...], days: Days) -> list[str]:
    flags = []
    rate = {}
    for name in design.conditions:
        own = [block for block in blocks if block.condition == name]
        valid, planned = sum(b.valid for b in own), sum(max(b.planned, 0.0) for b in own)
        if valid < FEW_DAYS:
            flags.append(f"few days: {name!r} has {valid}; {FEW_DAYS} or more are better")
        missing = max(0.0, 1 - valid / planned) if planned > 0 else 1.0
        if missing > MUCH_MISSING:
            flags.append(f"{100 * missing:.0f} % of the days planned for {name!r} are missing")
        second = name == design.conditions[1]
        rate[name] = float(days.count[days.second == second].sum()) / max(planned, 1.0)
    more = max(rate, key=lambda name: rate[name])
    less = min(rate, key=lambda name: rate[name])
    if rate[less] > 0 and rate[more] >= UNEQUAL * rate[less]:
        flags.append(
            f"{more!r} has {rate[more] / rate[less]:.1f} times as many observations a planned "
            f"day as {less!r}: ask why before comparing them"
        )
    return flags


def counts(design: Design, subject: str | None = None) -> dict[str, Any]:
    """Count observations by condition: given, used, and left out for which reason."""
    table = design.outcomes
    if subject is not None:
        table = table[table["subject"].eq(subject)]
    out: dict[str, Any] = {}
    for name, own in table.groupby(table["condition"].replace("", "outside")):
        reasons = own["excluded"][own["excluded"] != ""].value_counts()
        out[str(name)] = {
            "observations": len(own),
            "used": int((own["excluded"] == "").sum()),
            "left_out": {str(reason): int(n) for reason, n in reasons.items()},
        }
    return out
