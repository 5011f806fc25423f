"""What the day model assumed of one person's days, and how the data bear it out.

Each check says what was assumed, how it was looked at and what was found.  None gates the
estimate: choosing an analysis by its checks would change its error rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hrv.compare.base import Design
from hrv.compare.checks import Block
from hrv.compare.days import Days
from hrv.compare.reml import Fit, Inference
from hrv.compare.results import t_quantile
from hrv.compare.words import amount, p_value
from hrv.types import Float

_TREATMENT = 1
_DATE0 = np.datetime64("1970-01-01", "D")
_EDGE = 1.96
_MOVES = 0.5
"""Standard errors by which a single day may move the difference."""
_FAR = 3.5
"""Standardised residual beyond which a day stands out, in SDs."""


@dataclass(frozen=True)
class Check:
    """One assumption and what the data say of it.

    Parameters
    ----------
    assumed : str
        What has to hold.
    checked : str
        How it was looked at.
    found : str
        What was found.
    stands_out : bool
        True if the data speak against it.
    """

    assumed: str
    checked: str
    found: str
    stands_out: bool


def day_checks(
    design: Design, days: Days, fit: Fit, inference: Inference, blocks: Sequence[Block]
) -> list[dict[str, Any]]:
    """Check what the day model assumes, as plain values for `Comparison.details`.

    Parameters
    ----------
    design : Design
        The comparison.
    days : Days
        Day scores that were fitted.
    fit : Fit
        REML fit of the day model; the condition is its second column.
    inference : Inference
        The difference between conditions.
    blocks : sequence of Block
        Planned and valid days of each block.
    """
    white = _whitened(days, fit)
    return [
        asdict(check)
        for check in (
            _neighbours(days, white),
            _spread(design, days, white),
            _far_days(days, white),
            _single_days(design, days, fit, inference),
            _missing(design, blocks),
        )
    ]


def _whitened(days: Days, fit: Fit) -> Float:
    """Residuals made independent and of SD one by the fitted covariance, in time order."""
    point = fit.point
    rest = (days.score - _columns(fit) @ fit.beta) / fit.unit
    root = np.linalg.cholesky(np.linalg.inv(point.vi))
    return np.asarray(np.linalg.solve(root, rest))


def _columns(fit: Fit) -> Float:
    """Return the design matrix, ``V (V^-1 X)``."""
    return np.asarray(np.linalg.solve(fit.point.vi, fit.point.vix))


def _neighbours(days: Days, white: Float) -> Check:
    pairs = np.flatnonzero(np.diff(days.day) == 1)
    assumed = "what days share with their neighbours is in the model"
    checked = "correlation of what is left on neighbouring days"
    if pairs.size < 10:
        return Check(
            assumed, checked, f"only {pairs.size} pairs of neighbouring days", stands_out=False
        )
    one, other = white[pairs], white[pairs + 1]
    r = float(one @ other / np.sqrt((one @ one) * (other @ other)))
    edge = _EDGE / np.sqrt(pairs.size)
    found = f"{_signed(r)} in {pairs.size} pairs; chance alone gives up to ±{edge:.2f}"
    return Check(assumed, checked, found, abs(r) > edge)


def _spread(design: Design, days: Days, white: Float) -> Check:
    """Compare the spread of what is left by an F test of two variances."""
    from scipy import special  # lazily: costs start-up

    first, second = white[~days.second], white[days.second]
    n1, n2 = first.size - 1, second.size - 1
    ratio = float(second.var(ddof=1) / first.var(ddof=1))
    below = float(special.fdtr(n2, n1, ratio))
    p = 2 * min(below, 1 - below)
    reference, other = design.conditions
    found = f"with {other!r} {np.sqrt(ratio):.2f} times that with {reference!r} (p {p_value(p)})"
    return Check(
        "days vary as much in both conditions", "spread of what is left, by condition", found,
        p < 0.01,
    )  # fmt: skip


def _far_days(days: Days, white: Float) -> Check:
    i = int(np.argmax(np.abs(white)))
    found = f"{_date(days, i)} is furthest from its expectation, {abs(white[i]):.1f} SD"
    return Check(
        "no single day is of another kind", "largest standardised residual", found,
        bool(abs(white[i]) > _FAR),
    )  # fmt: skip


def leave_one_out(days: Days, fit: Fit) -> Float:
    """Return the difference between conditions without each day in turn, variances held.

    ``b - (X' V^-1 X)^-1 X' V^-1 e_i (P y)_i / P_ii`` with ``P = V^-1 - V^-1 X (X' V^-1 X)^-1
    X' V^-1``: the closed form of leaving out one of several correlated observations (Martin
    1992, Communications in Statistics 21:1183-1212).
    """
    point = fit.point
    p = point.vi - point.vix @ point.phi_x @ point.vix.T
    y = days.score / fit.unit
    shift = (point.phi_x @ point.vix.T)[_TREATMENT] * (p @ y) / np.diag(p)
    return np.asarray(fit.beta[_TREATMENT] - fit.unit * shift, dtype=np.float64)


def _single_days(design: Design, days: Days, fit: Fit, inference: Inference) -> Check:
    without = leave_one_out(days, fit)
    i = int(np.argmax(np.abs(without - inference.estimate)))
    low, high = (amount(float(v), design.settings, signed=True) for v in _ends(without))
    half = t_quantile(inference.df, (1 + design.settings.level) / 2) * inference.se
    turns = (abs(inference.estimate) > half) != (abs(without[i]) > half)
    moved = abs(without[i] - inference.estimate)
    found = (
        f"without any one day the difference lies between {low} and {high}; {_date(days, i)} "
        "matters most"
    )
    if turns:
        found += ", and without it the interval would be on the other side of zero's edge"
    return Check(
        "the answer does not hang on one day", "the difference without each day in turn", found,
        bool(turns or moved > _MOVES * inference.se),
    )  # fmt: skip


def _ends(values: Float) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _missing(design: Design, blocks: Sequence[Block]) -> Check:
    """Compare the missing days of both conditions by Fisher's exact test."""
    planned, valid = [], []
    for name in design.conditions:
        own = [block for block in blocks if block.condition == name]
        planned.append(round(sum(max(block.planned, 0.0) for block in own)))
        valid.append(min(sum(block.valid for block in own), planned[-1]))
    gone = [p - v for p, v in zip(planned, valid, strict=True)]
    chance = fisher(gone[0], planned[0], gone[1], planned[1])
    told = " and ".join(
        f"{g} of {p} with {name!r}"
        for g, p, name in zip(gone, planned, design.conditions, strict=True)
    )
    return Check(
        "days are missing for reasons that have nothing to do with the outcome",
        "days without a usable value, by condition",
        f"{told} (p {p_value(chance)})",
        chance < 0.05,
    )


def fisher(a: int, n: int, b: int, m: int) -> float:
    """Two-sided p-value of Fisher's exact test: `a` of `n` against `b` of `m`.

    Source: Fisher 1935, J R Stat Soc 98:39-82; all tables no likelier than the one seen count.
    """
    total = a + b
    k = np.arange(max(0, total - m), min(n, total) + 1)
    log_p = _log_choose(n, k) + _log_choose(m, total - k) - _log_choose(n + m, total)
    p = np.exp(log_p)
    seen = p[int(np.flatnonzero(k == a)[0])]
    return float(min(1.0, p[p <= seen * (1 + 1e-9)].sum()))


def _log_choose(n: int, k: Any) -> Any:
    from scipy import special  # lazily: costs start-up

    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _date(days: Days, i: int) -> str:
    return str(_DATE0 + int(days.day[i]))


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
