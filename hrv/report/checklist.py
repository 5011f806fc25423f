"""The reporting checklists of single-case research, filled from the data where data can fill them.

CENT 2015 (Vohra et al. 2015, doi:10.1136/bmj.h1738) is CONSORT for N-of-1 trials; SCRIBE 2016
(Tate et al. 2016, doi:10.1080/02687038.2016.1178022) is for single-case behavioural research.
Topics are named in our words; the published wording stays with its authors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hrv.report import facts
from hrv.study import StudyResult

FILLED, YOURS = "from the data", "to be written"


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Parameters
    ----------
    standard, number, topic : str
        Which list, which item, what it asks for.
    status : str
        ``"from the data"`` or ``"to be written"``.
    text : str
        The answer; empty where only the authors know it.
    """

    standard: str
    number: str
    topic: str
    status: str
    text: str


Answer = Callable[[StudyResult], str]

CENT: tuple[tuple[str, str, Answer | None], ...] = (
    ("1a", "named as an N-of-1 trial in the title", None),
    ("1b", "structured summary", facts.summary),
    ("2a.1", "background", None),
    ("2a.2", "why N-of-1", None),
    ("2b", "objectives or hypotheses", facts.objective),
    ("3a", "design: number and length of periods, run-in, wash-out", facts.design),
    ("3b", "changes after the start, with reasons", facts.changes),
    ("4a", "participants: diagnosis, other conditions and treatments", None),
    ("4b", "setting and location", None),
    ("4c", "research or care, and ethics approval", None),
    ("5", "interventions of each period, as given", facts.interventions),
    ("6a.1", "outcomes, how and when measured", facts.outcomes),
    ("6a.2", "measurement properties of the instruments", facts.quality),
    ("6b", "changes of outcomes after the start", facts.changes),
    ("7a", "how the number of periods and days was chosen", facts.size),
    ("7b", "interim looks and stopping rules", facts.looks),
    ("8a", "how the order was drawn", facts.drawing),
    ("8b", "restrictions of the draw", facts.restrictions),
    ("8c", "full intended sequence of periods", facts.intended),
    ("9", "concealment of the allocation", facts.concealment),
    ("10", "who drew, who assigned", None),
    ("11a", "who was blinded, and how", facts.blinding),
    ("11b", "likeness of the interventions", None),
    ("12a", "statistical methods", facts.statistics),
    ("12b", "synthesis over people, heterogeneity", facts.synthesis),
    ("12c", "carry-over, period effects, correlation within a person", facts.dependence),
    ("13a.1", "periods completed, and changes of the sequence", facts.completed),
    ("13a.2", "for a series: people enrolled, assigned, analysed", facts.people),
    ("13c", "losses and exclusions, by period, with reasons", facts.losses),
    ("14a", "dates of periods and follow-up", facts.dates),
    ("14b", "periods or trial stopped early", facts.stopped),
    ("15", "characteristics of the participants", None),
    ("16", "periods analysed for each intervention", facts.analysed),
    ("17a.1", "results of each period, with a figure", facts.periods),
    ("17a.2", "effect size and its precision", facts.effect),
    ("17b", "absolute and relative effect sizes for binary outcomes", facts.binary),
    ("18", "other analyses, exploratory ones named", facts.exploratory),
    ("19", "harms of each intervention", facts.harms),
    ("20", "limitations: bias, imprecision, many analyses", facts.limitations),
    ("21", "generalisability", None),
    ("22", "interpretation", facts.interpretation),
    ("23", "registration", facts.registration),
    ("24", "where the protocol can be read", facts.protocol),
    ("25", "funding", None),
)

SCRIBE: tuple[tuple[str, str, Answer | None], ...] = (
    ("1", "named as single-case research in the title", None),
    ("2", "structured summary", facts.summary),
    ("3", "scientific background", None),
    ("4", "aims and hypotheses", facts.objective),
    ("5", "design, phases and their sequence", facts.design),
    ("6", "procedural changes after the start", facts.changes),
    ("7", "planned replication", facts.replication),
    ("8", "randomisation, its method and what was drawn", facts.drawing),
    ("9", "blinding", facts.blinding),
    ("10", "selection of participants", None),
    ("11", "characteristics of the participants", None),
    ("12", "setting", None),
    ("13", "ethics approval and consent", None),
    ("14", "measures: defined, how and when taken, reliability", facts.outcomes),
    ("15", "equipment", facts.equipment),
    ("16", "intervention and control, as given", facts.interventions),
    ("17", "procedural fidelity", facts.fidelity),
    ("18", "analyses", facts.statistics),
    ("19", "sequence completed, by participant", facts.completed),
    ("20", "outcomes and their estimates, raw data", facts.effect),
    ("21", "adverse events", facts.harms),
    ("22", "interpretation", facts.interpretation),
    ("23", "limitations", facts.limitations),
    ("24", "applicability", None),
    ("25", "protocol", facts.protocol),
    ("26", "funding", None),
)

STANDARDS: Mapping[str, tuple[tuple[str, str, Answer | None], ...]] = {
    "CENT 2015": CENT,
    "SCRIBE 2016": SCRIBE,
}


def checklist(result: StudyResult) -> tuple[Item, ...]:
    """Fill both checklists.

    Parameters
    ----------
    result : StudyResult
        What `hrv.analyse` gave.

    Returns
    -------
    tuple of Item
        In the order of the lists; nothing is said that the data do not show.
    """
    found = []
    for standard, rows in STANDARDS.items():
        for number, topic, answer in rows:
            text = answer(result) if answer is not None else ""
            found.append(Item(standard, number, topic, FILLED if text else YOURS, text))
    return tuple(found)
