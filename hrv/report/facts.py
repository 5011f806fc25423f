"""Sentences about a study that its data support; an empty one where they say nothing."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from hrv.report import numbers, words
from hrv.study import StudyResult
from hrv.types import Comparison


def summary(result: StudyResult) -> str:
    """Say the answer."""
    return result.headline.sentence


def objective(result: StudyResult) -> str:
    """Say what was asked."""
    reference, other = result.study.conditions
    benefit = result.study.settings.direction
    wanted = f", {benefit} being better" if benefit != "none" else ", in either direction"
    return f"Whether {_endpoint(result)} differs with {other!r} from {reference!r}{wanted}."


def _endpoint(result: StudyResult) -> str:
    title, unit = words.outcome(result.study.primary, result.headline)
    return f"{title} ({unit})" if unit else title


def design(result: StudyResult) -> str:
    """Say how many periods of which length, and what is left out."""
    phases, study = result.study.phases, result.study
    if phases.empty:
        return "Conditions within sessions; no dated periods."
    length = pd.to_datetime(phases["stop"], utc=True) - pd.to_datetime(phases["start"], utc=True)
    days = np.rint(length.dt.total_seconds() / 86_400).astype(int)
    lengths = f"{days.min()}" if days.min() == days.max() else f"{days.min()} to {days.max()}"
    people = len(set(phases["subject"]))
    each = " a person" if people > 1 else ""
    washin = study.settings.washin_days
    left = f"the first {washin:g} days after each change" if washin else "no wash-in"
    return (
        f"{len(phases) // people} periods{each} of {lengths} days; left out: {left} and the "
        f"first {study.familiarisation} sessions (familiarisation)."
    )


def changes(result: StudyResult) -> str:
    """Say what is otherwise than registered."""
    registered = result.study.registration
    if registered is None:
        return ""
    if not registered.changed:
        return "No change: everything is as registered."
    return words.sentence_case("; ".join(registered.changed)) + "."


def interventions(result: StudyResult) -> str:
    """Say what was taken, from the dose log."""
    doses = result.study.doses
    if doses.empty:
        return ""
    told = []
    keys = doses[["substance", "amount", "unit", "basis"]].astype(str)
    for (substance, amount, unit, basis), n in Counter(map(tuple, keys.to_numpy())).most_common():
        size = "" if amount == "nan" else f" {float(amount):g} {unit} ({basis})"
        told.append(f"{substance}{size}, {n} doses")
    return "; ".join(told) + "."


def outcomes(result: StudyResult) -> str:
    """Say what was measured."""
    others = ", ".join(words.outcome(n)[0] for n in result.study.secondary) or "none"
    when = f"in {numbers.count(len(result.study.sessions), 'recording')}"
    note = f" {words.RESIDUAL}" if result.study.primary == "residual_hr" else ""
    return f"Primary: {_endpoint(result)}, {when}. Others, exploratory: {others}.{note}"


def quality(result: StudyResult) -> str:
    """Say how good the recordings are."""
    table = result.quality
    if table.empty:
        return ""
    covered = 100 * float(table["coverage"].median())
    corrected = 100 * float(table["corrected"].median())
    return (
        f"Median coverage {covered:.1f} %, corrected beats {corrected:.2f} %, over "
        f"{numbers.count(len(table), 'recording')}; artefacts by {result.study.cleaner}."
    )


def size(result: StudyResult) -> str:
    """Say what the study could detect."""
    found = result.headline.details.get("mde80")
    if found is None:
        return ""
    _, unit = words.outcome(result.study.primary, result.headline)
    return (
        "By the precision reached, which was no reason for the size: such a study finds a "
        f"difference of {numbers.with_unit(numbers.number(float(found), 2), unit)} in 80 of 100 "
        "repetitions."
    )


def looks(result: StudyResult) -> str:
    """Say when the effect could be seen."""
    registered = result.study.registration
    if registered is None:
        return ""
    if len(registered.looks) == 1:
        return f"No looks: the effect was sealed until {registered.end:%Y-%m-%d}."
    told = ", ".join(f"{k.time:%Y-%m-%d} at {100 * k.level:.4g} %" for k in registered.looks)
    return f"Declared looks with {registered.spending.replace('_', ' ')} spending: {told}."


def drawing(result: StudyResult) -> str:
    """Say whether the order was drawn."""
    orders, phases = result.study.randomisation, result.study.phases
    if orders is not None:
        return f"The order was drawn from {len(orders)} possible ones, logged beforehand."
    if len(phases) and phases["randomised"].all():
        return "The order is said to be random; the set it was drawn from was not logged."
    return "The order was not randomised." if len(phases) else ""


def restrictions(result: StudyResult) -> str:
    """Say what every possible order has in common."""
    orders = result.study.randomisation
    if not orders:
        return ""
    from hrv.schedule import longest_run

    run = max(longest_run(order) for order in orders)
    halves = all(order.count(order[0]) * 2 == len(order) for order in orders)
    share = "each condition in half of the periods, " if halves else ""
    return f"{words.sentence_case(share)}at most {run} alike in a row."


def intended(result: StudyResult) -> str:
    """Write out the sequence of everyone."""
    phases = result.study.phases
    if phases.empty:
        return ""
    return "; ".join(
        f"{subject}: {', '.join(own.sort_values('start')['condition'])}"
        for subject, own in phases.groupby("subject")
    )


def concealment(result: StudyResult) -> str:
    """Say whether the key was kept apart."""
    registered = result.study.registration
    if registered is None or not registered.blinded:
        return ""
    return "The schedule speaks of codes; the key was committed to by its hash and kept apart."


def blinding(result: StudyResult) -> str:
    """Say who did not know."""
    registered = result.study.registration
    if registered is None:
        return ""
    if not registered.blinded:
        return "Not blinded."
    now = "has been opened with" if registered.unblinded else "is still analysed without"
    return f"Participant and analyst saw codes only; the study {now} the key."


def statistics(result: StudyResult) -> str:
    """Say how it was analysed."""
    told = words.method(result.study.method)
    level = numbers.share(result.study.settings.level)
    others = [words.method(n).title for n in result.primary if n != result.study.method]
    beside = f" Beside it: {', '.join(others)}." if others else ""
    return f"{told.title}, {level} interval. {told.assumes}{beside}".strip()


def synthesis(result: StudyResult) -> str:
    """Say how people were brought together, and how they differ."""
    people = result.headline.details.get("n_people")
    if people is None:
        return ""
    sd = float(result.headline.details["sd_people"])
    return (
        f"Everyone's own difference first, then a t interval over {people} people; their "
        f"differences have SD {sd:.3g}."
    )


def dependence(result: StudyResult) -> str:
    """Say how carry-over and correlation were dealt with."""
    details, washin = result.headline.details, result.study.settings.washin_days
    told = [f"Wash-in of {washin:g} days left out after each change." if washin else ""]
    if "phi" in details:
        told.append(
            f"Neighbouring days correlated by {float(details['phi']):.2f}, in the model; linear "
            "trend in the model."
        )
    return " ".join(t for t in told if t)


def completed(result: StudyResult) -> str:
    """Say which periods were completed."""
    blocks = result.headline.details.get("blocks")
    if not blocks:
        return ""
    whole = sum(bool(block["complete"]) for block in blocks)
    order = ", ".join(str(block["condition"]) for block in blocks)
    return f"{whole} of {len(blocks)} periods complete ({order})."


def people(result: StudyResult) -> str:
    """Say how many people there were at each stage."""
    phases, sessions = result.study.phases, result.study.sessions
    recorded = {session.subject for session in sessions}
    assigned = recorded if phases.empty else set(phases["subject"])
    if len(assigned) < 2:
        return "Not applicable: one person." if assigned else ""
    analysed = result.headline.details.get("n_people")
    last = "" if analysed is None else f", {analysed} analysed for the primary outcome"
    return f"{len(assigned)} people assigned, {len(recorded)} with a recording{last}."


def losses(result: StudyResult) -> str:
    """Say what was left out, by condition, and why."""
    counts = result.headline.details.get("counts")
    if not counts:
        return ""
    told = []
    for condition, row in counts.items():
        reasons = ", ".join(f"{n} {why}" for why, n in row["left_out"].items()) or "none left out"
        told.append(f"{condition}: {row['used']} of {row['observations']} used ({reasons})")
    return "; ".join(told) + "."


def dates(result: StudyResult) -> str:
    """Say from when to when."""
    phases = result.study.phases
    if phases.empty:
        return ""
    return f"{phases['start'].min():%Y-%m-%d} to {phases['stop'].max():%Y-%m-%d}."


def stopped(result: StudyResult) -> str:
    """Say whether the last period was measured."""
    registered, sessions = result.study.registration, result.study.sessions
    starts = [s.rr.start for s in sessions if s.rr.start is not None]
    if registered is None or not starts:
        return ""
    return f"Planned end {registered.end:%Y-%m-%d}; last recording {max(starts):%Y-%m-%d}."


def analysed(result: StudyResult) -> str:
    """Say how many periods of each condition were analysed."""
    blocks = result.headline.details.get("blocks")
    if not blocks:
        return ""
    used = Counter(str(b["condition"]) for b in blocks if b["valid_days"])
    return ", ".join(f"{n} of {condition!r}" for condition, n in used.items()) + "."


def periods(result: StudyResult) -> str:
    """Say the mean of each period."""
    days = result.headline.details.get("days")
    if not days or "block" not in days:
        return ""
    table = pd.DataFrame({"block": days["block"], "score": days["score"]})
    means = table.groupby("block")["score"].mean()
    told = (f"period {k} {v:.3g}" for k, v in zip(means.index, means, strict=True))
    return f"Means: {', '.join(told)}."


def effect(result: StudyResult) -> str:
    """Say the estimate with its precision."""
    head = result.headline
    if head.refused:
        return head.sentence
    g = head.details.get("hedges_g")
    size = f" Hedges g {float(g):.2f}." if g is not None and np.isfinite(float(g)) else ""
    confirms = result.confirmatory
    p = f" Randomisation p {_all_p(confirms)}." if confirms is not head else ""
    return f"{head.sentence}{size}{p}"


def _all_p(c: Comparison) -> str:
    told = ((numbers.p_value(p), which) for which, p in numbers.p_values(c))
    return ", ".join(f"{p} ({which})" if which else p for p, which in told)


def binary(result: StudyResult) -> str:
    """Say that there is none."""
    return "Not applicable: the outcome is a measurement."


def exploratory(result: StudyResult) -> str:
    """Say which endpoints were not declared primary."""
    if not result.secondary:
        return "No other endpoint."
    told = [f"{words.outcome(name)[0]}: {c.verdict}" for name, c in result.secondary.items()]
    return f"Exploratory, p-values adjusted by Holm: {'; '.join(told)}."


def harms(result: StudyResult) -> str:
    """Say what adverse events were logged."""
    return "; ".join(
        f"{row['term']} with {row['condition']}: {int(row['events'])}"
        for row in result.log.adverse.to_dict(orient="records")
    )


def limitations(result: StudyResult) -> str:
    """Say what weakens the answer and what was refused."""
    told = [*result.headline.flags, *(r.why for r in result.headline.refusals)]
    told += [
        f"against the assumption that {c['assumed']}: {c['found']}"
        for c in result.headline.details.get("assumptions", ())
        if c["stands_out"]
    ]
    return words.sentence_case("; ".join(told)) + "." if told else ""


def interpretation(result: StudyResult) -> str:
    """Say what the verdict means."""
    return words.explanation(result.headline)


def registration(result: StudyResult) -> str:
    """Say the hash that was deposited."""
    registered = result.study.registration
    return "" if registered is None else f"SHA-256 {registered.sha256}."


def protocol(result: StudyResult) -> str:
    """Say where the plan lies."""
    return "" if result.study.registration is None else "plan.json and registration.txt."


def replication(result: StudyResult) -> str:
    """Say how often the change was made."""
    phases = result.study.phases
    if phases.empty:
        return ""
    changed = sum(
        int((own["condition"] != own["condition"].shift()).sum() - 1)
        for _, own in phases.sort_values("start").groupby("subject")
    )
    people = len(set(phases["subject"]))
    return f"{changed} changes of condition, in {numbers.count(people, 'person', 'people')}."


def equipment(result: StudyResult) -> str:
    """Say which devices recorded."""
    devices = Counter(s.rr.provenance.device or "device not named" for s in result.study.sessions)
    return "; ".join(f"{name}: {n} recordings" for name, n in devices.most_common())


def fidelity(result: StudyResult) -> str:
    """Say how the doses were taken."""
    if result.adherence.empty:
        return ""
    return "; ".join(
        f"{row['condition']}: {int(row['taken'])} of {int(row['planned'])} doses taken, "
        f"{int(row['missed'])} missed"
        for row in result.adherence.to_dict(orient="records")
    )
