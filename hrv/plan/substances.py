"""What a plan must know of an intervention: how long it washes in, whether it can be reversed."""

from __future__ import annotations

from dataclasses import dataclass

MIN_DAYS_LEFT = 5
"""Days that the wash-in must leave in a block."""


@dataclass(frozen=True)
class Kind:
    """One kind of intervention.

    Parameters
    ----------
    name : str
        What it is called in a plan.
    words : tuple of str
        Beginnings of words by which a substance or activity is recognised.
    washin_days : float
        Days left out after each change of condition.
    reversible : bool
        False if stopping does not bring the earlier state back within weeks, so that
        alternating blocks cannot test it.
    notes : tuple of str
        What the person who plans has to know.
    """

    name: str
    words: tuple[str, ...]
    washin_days: float
    reversible: bool = True
    notes: tuple[str, ...] = ()


_PRESCRIBED = (
    "starting, stopping or alternating a prescribed medicine is a decision of whoever "
    "prescribes it; this plan gives no advice on it"
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "magnesium", ("magnes", "mg glyc", "mg bisgly"), 7.0,
        notes=(
            "serum magnesium takes weeks to months to settle: alternating blocks test what comes "
            "and goes within a week, not slow repletion; for that, plan two parallel arms "
            "(--design two-arm)",
            "magnesium bisglycinate is 14.1 % elemental only if pure and anhydrous; read the "
            "label and log each dose as elemental, compound or unknown",
        ),
    ),
    Kind(
        "antidepressant", ("ssri", "sertral", "escital", "cital", "fluoxet", "paroxet", "venlaf"),
        28.0, reversible=False, notes=(_PRESCRIBED,),
    ),
    Kind(
        "benzodiazepine", ("benzo", "diazep", "loraz", "alpraz", "clonaz"), 7.0, reversible=False,
        notes=(_PRESCRIBED, "it may lower RMSSD and still calm: do not read lower as worse"),
    ),
    Kind("beta-blocker", ("betablo", "beta-blo", "propran", "metoprol", "bisopr"), 7.0,
         reversible=False, notes=(_PRESCRIBED,)),
    Kind(
        "psychotherapy", ("cbt", "therap", "psychoth", "counsel", "mindful", "mbsr"), 0.0,
        reversible=False,
    ),
    Kind("breathing", ("breath", "hrv biof", "biofeed"), 1.0),
    Kind("caffeine", ("caffe", "coffee", "tea"), 2.0),
    Kind("sleep", ("sleep", "bedtime"), 2.0),
)  # fmt: skip
"""Literal defaults; every one can be overridden, and the plan says where it came from."""

OTHER = Kind("other", (), 2.0, notes=("wash-in of 2 days assumed: change it if you know better",))


def kind_of(substance: str) -> Kind:
    """Return the kind of a substance or activity; `OTHER` if no word of it is known."""
    text = f" {substance.lower().strip()}"
    for kind in KINDS:
        if any(f" {word}" in text for word in kind.words):
            return kind
    return OTHER


def block_days(washin_days: float) -> int:
    """Propose whole weeks, so that every block holds as many weekends, with five days left.

    >>> block_days(2), block_days(7), block_days(0)
    (7, 14, 7)
    """
    weeks = 1
    while 7 * weeks - washin_days < MIN_DAYS_LEFT:
        weeks += 1
    return 7 * weeks
