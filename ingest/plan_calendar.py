"""The calendar of a planned study (RFC 5545): blocks, doses, stress tests, questions, the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hrv.compare.design import changes
from hrv.plan.design import Plan
from hrv.plan.proposal import Proposal, title_of

TEST_MINUTES = 25
"""Six minutes of quiet, five of stress, ten of recovery, and putting the strap on."""


@dataclass(frozen=True)
class Practical:
    """What a plan needs to know of daily life; nothing the analysis depends on.

    Parameters
    ----------
    dose_time, test_time : time
        Wall clock of the dose and of the first stress test of a day.
    amount : float or None
        Amount a dose, in `unit`.
    unit, basis, product : str
        Unit (mg, g …), what the amount weighs (elemental, compound, unknown), product or lot.
    """

    dose_time: time = time(8, 0)
    test_time: time = time(17, 30)
    amount: float | None = None
    unit: str = ""
    basis: str = "unknown"
    product: str = ""

    @property
    def dose(self) -> str:
        """The dose in words; empty if no amount was given."""
        if self.amount is None:
            return ""
        basis = "basis unknown" if self.basis == "unknown" else self.basis
        return f"{self.amount:g} {self.unit} ({basis})"


@dataclass(frozen=True)
class Entry:
    """One entry of the calendar.

    Parameters
    ----------
    title, text : str
        What is shown, and its explanation.
    start : date or datetime
        A date for entries of whole days.
    days : int
        Days it lasts (whole days) or is repeated.
    minutes : int
        Length of an entry with a time.
    remind : bool
        Ring when it begins.
    """

    title: str
    text: str
    start: date | datetime
    days: int = 1
    minutes: int = 0
    remind: bool = False


def block_title(plan: Plan, condition: str) -> str:
    """Say what is taken in a block, in words that a blinded participant may read."""
    if condition == "on":
        return plan.substance
    if condition == "off":
        return f"no {plan.substance}"
    return f"bottle {condition}" if condition in ("A", "B") else condition


def entries(proposal: Proposal, subject: str, practical: Practical) -> list[Entry]:
    """List everything that one person has to do, in order of time."""
    plan = proposal.plan
    first = plan.first_day
    found = [
        Entry(
            "Register the plan today",
            "Deposit registration.txt (its SHA-256) where its date can be proved: a registry, "
            f"or a mail to a colleague. SHA-256 {proposal.sha256}",
            first - timedelta(days=1),
        ),
        Entry(
            "Before you start: what do you expect?",
            "Enter as a score (the page Log, or outcomes.csv): name expectancy, value 0 (no "
            "benefit) to 10 (a large one).",
            first - timedelta(days=1),
        ),
    ]
    if plan.familiarisation:
        text = "Practice: these tests are left out of the comparison, because the response shrinks."
        found += _tests(plan, practical, first, plan.familiarisation_days, "Practice test", text)
    order = proposal.schedule.drawn[subject]
    for k, (condition, changed) in enumerate(zip(order, changes(order), strict=True)):
        found += _block(plan, practical, k, condition, changed=changed)
    if proposal.schedule.key is not None:
        text = (
            "Enter as a score (the page Log, or outcomes.csv): name allocation_guess, value 1 (the "
            "substance) or 0 (placebo)."
        )
        found += [
            Entry("Which one was it? Guess", text, plan.midnight(k + 1).date() - timedelta(days=1))
            for k in range(plan.n_blocks)
        ]
    found += [
        Entry(
            "Open the result" if look is proposal.looks[-1] else "Declared look at the result",
            "Compare on the study's page, or: hrv compare study.toml --report report.html",
            look.time.date(),
        )
        for look in proposal.looks
    ]  # fmt: skip
    return sorted(found, key=lambda entry: (str(entry.start)[:10], entry.title))


def _block(
    plan: Plan, practical: Practical, k: int, condition: str, *, changed: bool
) -> list[Entry]:
    start = plan.midnight(k).date()
    what = block_title(plan, condition)
    text = f"{plan.days} days: {what}."
    if changed and plan.washin:
        text += f" The first {plan.washin:g} days are wash-in; keep testing, they are left out."
    found = [Entry(f"Block {k + 1} of {plan.n_blocks}: {what}", text, start, plan.days)]
    if condition != "off":
        dose = practical.dose if condition == "on" else ""
        title = f"Take {what}" + (f", {dose}" if dose else "")
        note = "Change 'planned' to 'taken' or 'missed' in doses.csv."
        moment = _at(plan, start, practical.dose_time)
        found.append(Entry(title, note, moment, plan.days, 5, remind=True))
    return found + _tests(plan, practical, start, plan.days, "Stress test", "")


def _tests(
    plan: Plan, practical: Practical, start: date, days: int, title: str, text: str
) -> list[Entry]:
    hours = [
        (datetime.combine(start, practical.test_time) + timedelta(hours=3 * i)).time()
        for i in range(plan.tests_a_day)
    ]
    how = "Strap on, 6 min quiet, 5 min stress, 10 min recovery sitting; same hour every day."
    return [
        Entry(title, f"{text} {how}".strip(), _at(plan, start, hour), days, TEST_MINUTES,
              remind=True)
        for hour in sorted(hours)
    ]  # fmt: skip


def _at(plan: Plan, day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=ZoneInfo(plan.tz))


def calendar(proposal: Proposal, subject: str, practical: Practical, made: datetime) -> bytes:
    """Write the entries as an iCalendar file with its time zone and alarms.

    Parameters
    ----------
    proposal : Proposal
        The plan.
    subject : str
        Whose calendar.
    practical : Practical
        Hours and dose.
    made : datetime
        Time stamp of the entries.

    Returns
    -------
    bytes
        UTF-8 with CRLF line ends.
    """
    title = f"{title_of(proposal.plan)} ({subject})"
    listed = entries(proposal, subject, practical)
    return written(title, listed, f"{proposal.sha256[:16]}-{subject}", made)


def written(title: str, listed: Sequence[Entry], ident: str, made: datetime) -> bytes:
    """Write entries as an iCalendar file; `ident` makes their identifiers unlike those of others.

    Returns
    -------
    bytes
        UTF-8 with CRLF line ends.
    """
    from icalendar import Calendar

    made_of = Calendar()
    made_of.add("prodid", "-//hrv-recovery//hrv plan//EN")
    made_of.add("version", "2.0")
    made_of.add("x-wr-calname", title)
    for number, entry in enumerate(listed):
        made_of.add_component(_event(entry, f"{ident}-{number}", made))
    made_of.add_missing_timezones()
    text: bytes = made_of.to_ical()
    return text


def _event(entry: Entry, ident: str, made: datetime):  # type: ignore[no-untyped-def]
    from icalendar import Alarm, Event

    event = Event()
    event.add("uid", f"{ident}@hrv-recovery")
    event.add("dtstamp", made)
    event.add("summary", entry.title)
    event.add("description", entry.text)
    event.add("dtstart", entry.start)
    if isinstance(entry.start, datetime):
        event.add("dtend", entry.start + timedelta(minutes=entry.minutes))
        if entry.days > 1:
            event.add("rrule", {"freq": "daily", "count": entry.days})
    else:
        event.add("dtend", entry.start + timedelta(days=entry.days))
        event.add("transp", "TRANSPARENT")
    if entry.remind:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry.title)
        alarm.add("trigger", timedelta(0))
        event.add_component(alarm)
    return event


def planned_doses(
    proposal: Proposal, subject: str, practical: Practical
) -> Sequence[dict[str, str]]:
    """One row a planned dose, as the dose log has them."""
    plan, rows = proposal.plan, []
    for k, condition in enumerate(proposal.schedule.drawn[subject]):
        if condition == "off":
            continue
        known = condition == "on" and practical.amount is not None
        for d in range(plan.days):
            day = plan.midnight(k).date() + timedelta(days=d)
            rows.append(
                {
                    "subject": subject,
                    "time": _at(plan, day, practical.dose_time).isoformat(),
                    "substance": block_title(plan, condition),
                    "product": practical.product if condition == "on" else "",
                    "amount": f"{practical.amount:g}" if known else "",
                    "unit": practical.unit if known else "",
                    "basis": practical.basis if known else "unknown",
                    "status": "planned",
                    "note": "",
                }
            )
    return rows
