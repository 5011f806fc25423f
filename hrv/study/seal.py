"""The seal on a registered study: no effect is shown before its planned end or a declared look.

Five looks, each at 5 %, find a difference that is not there in 8 to 12 % of studies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from hrv.plan.registration import Look, Registration
from hrv.study.types import Study
from hrv.types import Comparison, Refusal


@dataclass(frozen=True)
class Seal:
    """Whether a registered study may be opened.

    Parameters
    ----------
    look : Look or None
        The last declared look that has come; None while everything is sealed.
    next : Look
        The look that comes next; the last one if none does.
    over : bool
        True once the planned end has come.
    """

    look: Look | None
    next: Look
    over: bool


def seal_of(registration: Registration, now: datetime) -> Seal:
    """Find the last declared look that has come by `now`."""
    came = [look for look in registration.looks if look.time <= now]
    rest = [look for look in registration.looks if look.time > now]
    return Seal(came[-1] if came else None, (rest or came)[0], not rest)


def last_moment(study: Study) -> datetime:
    """End of the day of the last entry: what stands for today where nobody says what day it is."""
    zone = UTC if study.registration is None else study.registration.end.tzinfo
    times = [s.rr.start for s in study.sessions if s.rr.start is not None]
    for table in (study.outcomes, study.doses):
        if len(table):
            done = table if "status" not in table else table[table["status"] != "planned"]
            times += [pd.Timestamp(t).to_pydatetime() for t in done["time"]]
    if not times:
        return datetime(1, 1, 2, tzinfo=UTC)
    day = max(times).astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, datetime.min.time(), tzinfo=zone)


def sealed(method: str, seal: Seal) -> Comparison:
    """Make the refusal that stands where a sealed effect will be."""
    until = f"{seal.next.time:%d %B %Y}".lstrip("0")
    why = (
        f"the result stays sealed until {until}, the {seal.next.name}, because looking early "
        "makes false findings likelier"
    )
    nan = math.nan
    return Comparison(
        method, nan, nan, nan, nan, nan, nan, nan, nan, "refused", nan,
        sentence=f"There is no answer yet: {why}.",
        refusals=(Refusal("estimate", why),),
        details={"sealed_until": seal.next.time.isoformat()},
    )  # fmt: skip


def as_of(study: Study, look: Look) -> Study:
    """Return the study as it stood at a declared look, with that look's confidence level."""
    early = replace(study.settings, level=look.level)
    if study.registration is not None and look.time >= study.registration.end:
        return replace(study, settings=early)
    begun = study.phases["start"] < pd.Timestamp(look.time)
    orders = study.randomisation
    return replace(
        study,
        settings=early,
        phases=study.phases[begun].reset_index(drop=True),
        sessions=tuple(s for s in study.sessions if s.rr.start and s.rr.start < look.time),
        outcomes=_before(study.outcomes, look),
        doses=_before(study.doses, look),
        randomisation=None
        if orders is None
        else tuple(dict.fromkeys(order[: look.after_block] for order in orders)),
    )


def _before(table: pd.DataFrame, look: Look) -> pd.DataFrame:
    if not len(table):
        return table
    return table[table["time"] < pd.Timestamp(look.time)].reset_index(drop=True)


def at_look(primary: Mapping[str, Comparison], study: Study, seal: Seal) -> dict[str, Comparison]:
    """Say which look this is, and what is not as it was registered."""
    registration, look = study.registration, seal.look
    assert registration is not None
    assert look is not None
    flags: list[str] = []
    details: dict[str, Any] = {}
    if len(registration.looks) > 1:
        number = registration.looks.index(look) + 1
        flags.append(
            f"look {number} of {len(registration.looks)} ({look.name}): intervals are at "
            f"{100 * look.level:.4g} % so that all looks together keep 5 %"
        )
        details["look"] = {"number": number, "of": len(registration.looks), "level": look.level}
    if registration.changed:
        flags.append(
            f"exploratory, not confirmatory: since registration {'; '.join(registration.changed)}"
        )
    details["registration"] = {
        "sha256": registration.sha256,
        "as_registered": not registration.changed,
        "changed": list(registration.changed),
    }
    out = {
        name: replace(c, flags=(*flags, *c.flags), details={**c.details, **details})
        for name, c in primary.items()
    }
    if "randomisation" in out and not seal.over:
        # orders that differ only later are one order now, so they are no longer equally likely
        out["randomisation"] = sealed("randomisation", seal)
    return out
