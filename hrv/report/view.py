"""From a StudyResult to what the template prints, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass

from hrv.report import figures, log, numbers, recordings, settings, tables, words
from hrv.report.figures import Drawing
from hrv.report.table import Table
from hrv.study import StudyResult
from hrv.types import Comparison, Refusal


@dataclass(frozen=True)
class Verdict:
    """The top of the page: what a reader takes home.

    Parameters
    ----------
    kind : str
        ``"answered"``, ``"inconclusive"`` or ``"refused"``: how it is set.
    word, sentence, rest : str
        The verdict in a word and in a sentence; what else the method said.
    estimate, interval : str
        The figure and its interval; empty when refused.
    explanation, direction : str
        What the word means and whether a benefit was declared.
    facts : tuple of (str, str)
        Label and text of the small figures beside it.
    flags, reasons : tuple of str
        What weakens the answer; why there is none.
    """

    kind: str
    word: str
    sentence: str
    rest: str
    estimate: str
    interval: str
    explanation: str
    direction: str
    facts: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """One section of the page; parts that are empty are not printed."""

    ident: str
    title: str
    intro: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    figure: Drawing | None = None
    items: tuple[Refusal, ...] = ()
    tables: tuple[Table, ...] = ()
    empty: str = ""


@dataclass(frozen=True)
class Report:
    """Everything on the page."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    verdict: Verdict
    sections: tuple[Section, ...]
    versions: tuple[tuple[str, str], ...]


def build(result: StudyResult) -> Report:
    """Turn a result into the values of the page; every string is plain text but the SVG."""
    first, second = result.study.conditions
    title = words.quantity(result.study.primary, result.headline)
    return Report(
        title=result.study.title or "Stress recovery",
        subtitle=f"{words.sentence_case(title)}: {second} compared with {first}",
        facts=_facts(result),
        verdict=verdict(result),
        sections=_sections(result),
        versions=settings.versions(),
    )


def _facts(result: StudyResult) -> tuple[tuple[str, str], ...]:
    sessions, phases = result.study.sessions, result.study.phases
    people = len({s.subject for s in sessions})
    facts = [
        (numbers.count(people), "person" if people == 1 else "people"),
        (numbers.count(len(sessions)), "recording" if len(sessions) == 1 else "recordings"),
    ]
    if len(result.recovery):
        facts.append((numbers.count(len(result.recovery)), "stress episodes"))
    if not phases.empty:
        span, _, drawn = settings.phase_words(result).rpartition(", ")
        facts.append((span, f"{numbers.count(len(phases), 'phase')}, {drawn}"))
    return tuple(facts)


def verdict(result: StudyResult) -> Verdict:
    """Say what a reader takes home."""
    head, study = result.headline, result.study
    _, unit = words.outcome(study.primary, head)
    kind = {"refused": "refused", "inconclusive": "inconclusive"}.get(head.verdict, "answered")
    kind = "refused" if head.refused else kind
    word = words.VERDICTS.get("refused" if head.refused else head.verdict, head.verdict)
    if head.verdict in ("higher", "lower"):
        word = f"{word} with {study.conditions[1]}"
    estimate, interval = ("", "") if head.refused else figures.headline(head, unit)
    sentence, rest = words.headline_and_rest(head.sentence)
    level = numbers.share(study.settings.level)
    return Verdict(
        kind=kind,
        word=word,
        sentence=sentence or word,
        rest=rest,
        estimate=estimate,
        interval="" if interval in ("", numbers.NO_VALUE) else f"{level} interval {interval}",
        explanation="" if rest else words.explanation(head),
        direction="" if head.refused else _basis(result),
        facts=() if head.refused else _small_figures(result, unit),
        flags=tuple(words.sentence_case(flag) for flag in head.flags),
        reasons=tuple(words.sentence_case(r.why) for r in head.refusals) if head.refused else (),
    )


def _basis(result: StudyResult) -> str:
    """Say which method speaks and what was declared beforehand."""
    head = result.headline
    df = numbers.number(head.df, 1).removesuffix(".0")
    freedom = "" if df == numbers.NO_VALUE else f", {df} degrees of freedom"
    chosen = result.study.settings
    # after a start at a symptom peak no change is called better or worse
    told = "" if chosen.start_reason == "symptom_peak" else words.direction(chosen.direction)
    return f"{words.method(head.method).title}{freedom}. {told}".strip()


def _small_figures(result: StudyResult, unit: str) -> tuple[tuple[str, str], ...]:
    head, confirms = result.headline, result.confirmatory
    known = [
        ("Smallest worthwhile change", figures.worthwhile(head, unit)),
        ("Detectable, power 80\u202f%", figures.detectable(head, unit)),
        ("p-value", numbers.p_value(head.p_value)),
    ]
    if confirms is not head:
        known[2:] = [
            *_randomisation_p(confirms),
            ("p of the model", numbers.p_value(head.p_value)),
        ]
    return tuple((label, text) for label, text in known if text != numbers.NO_VALUE)


def _randomisation_p(confirms: Comparison) -> list[tuple[str, str]]:
    """Name the p-value that confirms; after a declared direction the two-sided one beside it."""
    (which, first), *others = numbers.p_values(confirms)
    told = f"confirms; {which}" if which else "confirms"
    return [
        (f"p, randomisation ({told})", numbers.p_value(first)),
        *((f"p, randomisation, {other}", numbers.p_value(p)) for other, p in others),
    ]


CHECKLIST = (
    "CENT 2015 (N-of-1 trials) and SCRIBE 2016 (single-case research), filled where the data can "
    "fill them; the rest only the authors know."
)

_OF_EPISODES = ("curves-section", "missing-section")
"""Sections that have no place in a study without stressors."""


def _sections(result: StudyResult) -> tuple[Section, ...]:
    first, second = result.study.conditions
    exploratory = tables.exploratory(result)
    paired = result.study.phases.empty or len({x.subject for x in result.study.sessions}) > 6
    adverse = tables.nonempty((log.adverse(result),))
    beside = (Section("adverse-section", "Adverse events", tables=adverse),) if adverse else ()
    sections = (
        *beside,
        Section("effect-section", "The difference", figure=figures.effect(result)),
        Section(
            "days-section", "Person by person" if paired else "Day by day",
            figure=figures.days(result),
        ),
        Section(
            "curves-section", f"Recovery, {first} and {second}", figure=figures.curves(result)
        ),
        *_log_sections(result),
        Section("methods-section", "All methods", tables=(tables.methods(result),)),
        Section(
            "assumptions-section", "What was assumed",
            tables=tables.nonempty((tables.assumptions(result), tables.hangs_on(result))),
            empty="The headline method gave nothing to check.",
        ),
        Section(
            "exploratory-section", "Exploratory", tables=tables.nonempty((exploratory,)),
            empty="No other endpoint was asked for.",
        ),
        Section(
            "refused-section", "What was refused, and why", items=_refusals(result),
            tables=tables.nonempty((tables.episode_refusals(result),)),
            empty="Nothing was refused.",
        ),
        Section(
            "missing-section", "What is missing",
            tables=tables.nonempty((tables.rates(result), tables.episode_flags(result))),
            empty="No episode counts by condition are available.",
        ),
        Section(
            "doses-section", "Doses and adherence",
            intro=" ".join(words.sentence_case(flag) + "." for flag in result.log.flags),
            tables=tables.nonempty((tables.adherence(result), tables.doses(result))),
            empty="No doses were logged.",
        ),
        Section(
            "quality-section", "Data quality", facts=recordings.totals(result),
            tables=tables.nonempty((recordings.quality(result), recordings.provenance(result))),
            empty="No recording was analysed.",
        ),
        Section(
            "settings-section", "Methods and settings", intro=_how(result),
            tables=(settings.declared(result), *settings.used(result)),
        ),
        Section(
            "checklist-section", "Reporting checklists", intro=CHECKLIST,
            tables=tables.checklists(result),
        ),
    )  # fmt: skip
    stressed = len(result.recovery) > 0
    return tuple(s for s in sections if stressed or s.ident not in _OF_EPISODES)


def _log_sections(result: StudyResult) -> tuple[Section, ...]:
    """Sections on what was logged beside the headline; only those that have something."""
    calendar = log.timeline(result)
    found = [
        Section(
            "regimen-section", "The regimen", tables=tables.nonempty((log.components(result),))
        ),
        Section(
            "outcomes-section",
            "Other outcomes",
            tables=tables.nonempty((log.outcomes(result), log.moderators(result))),
        ),
        Section(
            "claims-section",
            "What others claim",
            intro=f"Own result: {result.headline.sentence}",
            tables=tables.nonempty((log.claims(result),)),
        ),
    ]
    kept = [section for section in found if section.tables]
    if calendar is None:
        return tuple(kept)
    return (Section("timeline-section", "One timeline", figure=calendar), *kept)


def _how(result: StudyResult) -> str:
    residual = words.RESIDUAL if result.study.primary == "residual_hr" else ""
    told = words.method(result.study.method)
    assumes = f"The headline method ({told.title}) assumes: {told.assumes}" if told.assumes else ""
    return " ".join(part for part in (residual, assumes) if part)


def _refusals(result: StudyResult) -> tuple[Refusal, ...]:
    """Everything refused, said once, with names a reader knows."""
    told = list(result.refusals)
    heard = {refusal.why for refusal in told}
    for name, comparison in {**result.primary, **result.secondary}.items():
        told += [Refusal(name, r.why) for r in comparison.refusals if r.why not in heard]
    named: dict[str, list[str]] = {}
    for refusal in told:
        whys = named.setdefault(_named(refusal.what), [])
        if refusal.why not in whys:
            whys.append(refusal.why)
    return tuple(Refusal(what, words.sentence_case("; ".join(w))) for what, w in named.items())


def _named(what: str) -> str:
    outcome, by, method = what.partition(" by ")
    if by and method in words.METHODS:
        return f"{words.sentence_case(words.outcome(outcome)[0])}, {words.METHODS[method].title}"
    if what in words.METHODS:
        return words.METHODS[what].title
    return words.sentence_case(words.outcome(what)[0])
