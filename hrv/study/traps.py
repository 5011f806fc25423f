"""What may pass for a difference, put beside the headline: practice, expectation, lost blinding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from hrv.endpoints import endpoint
from hrv.errors import NotComputableError
from hrv.study.answers import beside_responses
from hrv.study.as_taken import as_taken
from hrv.study.expectancy import expectancy
from hrv.study.sensitivity import shrinking, tell_practice, with_practice
from hrv.study.types import Measured, Study
from hrv.types import Comparison


def beside(
    primary: Mapping[str, Comparison], study: Study, measured: Measured, recovery: pd.DataFrame
) -> dict[str, Comparison]:
    """Put sensitivities and flags beside the headline; the other methods stay as they are.

    Parameters
    ----------
    primary : mapping of str to Comparison
        The primary endpoint by each method, the headline first.
    study : Study
        What was analysed.
    measured : Measured
        The tables that endpoints are taken from.
    recovery : DataFrame
        Every episode, familiarisation included.
    """
    name, head = next(iter(primary.items()))
    try:
        found = endpoint(study.primary, measured.recovery, measured.summaries, measured.outcomes)
    except NotComputableError:
        return dict(primary)  # the headline has refused for that reason
    head = beside_responses(head, study, measured, found)
    head = as_taken(head, study, measured, found)
    head = tell_practice(head, with_practice(study, found))
    known, flags = expectancy(study)
    details = {**head.details, **({"expectancy": known} if known else {})}
    shrank = shrinking(recovery, study)
    told = (*head.flags, *([shrank] if shrank else []), *flags)
    return {**primary, name: replace(head, flags=told, details=details)}
