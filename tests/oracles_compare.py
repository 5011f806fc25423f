"""Slow, readable twins of the day model: dense REML and Kenward–Roger with numerical derivatives.

Nothing is shared with the project's code: the likelihood is written out with determinants, it
is maximised by scipy, the derivatives of V are finite differences, and the degrees of freedom
come from the general F approximation of Kenward & Roger (1997) for l contrasts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize


@dataclass(frozen=True)
class OracleFit:
    s2: float
    phi: float
    estimate: float
    plain_se: float
    kr_se: float
    df: float


def covariance(s2, phi, lag, noise):
    return s2 * np.where(lag == 0, 1.0, np.sign(phi) ** lag * np.abs(phi) ** lag) + noise


def restricted_log_likelihood(y, x, v):
    vi = np.linalg.inv(v)
    xvx = x.T @ vi @ x
    beta = np.linalg.solve(xvx, x.T @ vi @ y)
    rest = y - x @ beta
    return -0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(xvx)[1] + rest @ vi @ rest)


def derivative(f, at, h):
    """Five-point first derivative of a matrix-valued function of one number."""
    return (f(at - 2 * h) - 8 * f(at - h) + 8 * f(at + h) - f(at + 2 * h)) / (12 * h)


def second_derivative(f, at, h):
    """Five-point second derivative."""
    return (
        -f(at - 2 * h) + 16 * f(at - h) - 30 * f(at) + 16 * f(at + h) - f(at + 2 * h)
    ) / (12 * h * h)  # fmt: skip


def maximise(y, x, lag, noise, phi_max=0.95):
    """REML by many starts of a bounded search, then the score equations to rounding."""
    spread = np.var(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])

    def cost(at):
        return -restricted_log_likelihood(y, x, covariance(np.exp(at[0]), at[1], lag, noise))

    bounds = [(np.log(spread * 1e-5), np.log(spread * 1e2)), (0.0, phi_max)]
    tries = [
        optimize.minimize(
            cost, (np.log(spread * share), phi), bounds=bounds, method="L-BFGS-B"
        )
        for share in (0.05, 0.3, 1.0)
        for phi in (0.05, 0.4, 0.8)
    ]  # fmt: skip
    log_s2, phi = min(tries, key=lambda t: t.fun).x

    def score(at):
        v = covariance(at[0], at[1], lag, noise)
        vi = np.linalg.inv(v)
        p = vi - vi @ x @ np.linalg.inv(x.T @ vi @ x) @ x.T @ vi
        ds = covariance(1.0, at[1], lag, 0 * noise)
        df = derivative(lambda f: covariance(at[0], f, lag, noise), at[1], 1e-3)
        return [np.trace(p @ d) - y @ p @ d @ p @ y for d in (ds, df)]

    edge = next((b for b in (0.0, phi_max) if abs(phi - b) < 1e-6), None)
    scale = np.exp(log_s2)
    if edge is None:
        found = optimize.root(
            lambda at: np.multiply(score((at[0] * scale, at[1])), (scale, 1.0)),
            (1.0, phi), tol=1e-13,
        ).x  # fmt: skip
        return found[0] * scale, found[1]
    s2 = optimize.brentq(
        lambda r: score((r * scale, edge))[0] * scale, 0.5, 2.0, xtol=1e-15, rtol=1e-14
    )
    return s2 * scale, edge


def kenward_roger(y, x, lag, noise, contrast):
    """Fit and return everything for one contrast, by the formulas as printed."""
    s2, phi = maximise(y, x, lag, noise)
    v = covariance(s2, phi, lag, noise)
    vi = np.linalg.inv(v)
    cov = np.linalg.inv(x.T @ vi @ x)

    def in_phi(f):
        return covariance(s2, f, lag, noise)

    h = 1e-3
    first = [
        derivative(lambda s: covariance(s, phi, lag, noise), s2, h * s2),
        derivative(in_phi, phi, h),
    ]
    mixed = derivative(
        lambda s: derivative(lambda f: covariance(s, f, lag, noise), phi, h), s2, h * s2
    )
    second = [[np.zeros_like(v), mixed], [mixed, second_derivative(in_phi, phi, h)]]
    p = [-x.T @ vi @ d @ vi @ x for d in first]
    q = [[x.T @ vi @ a @ vi @ b @ vi @ x for b in first] for a in first]
    r = [[x.T @ vi @ d @ vi @ x for d in row] for row in second]
    big_p = vi - vi @ x @ cov @ x.T @ vi
    information = [[0.5 * np.trace(big_p @ a @ big_p @ b) for b in first] for a in first]
    w = np.linalg.inv(np.array(information))
    both = [(i, j) for i in range(2) for j in range(2)]
    inner = sum(w[i, j] * (q[i][j] - p[i] @ cov @ p[j] - r[i][j] / 4) for i, j in both)
    adjusted = cov + 2 * cov @ inner @ cov
    contrast = np.atleast_2d(contrast)
    return OracleFit(
        s2=s2,
        phi=phi,
        estimate=float((contrast @ cov @ x.T @ vi @ y).item()),
        plain_se=float(np.sqrt(contrast @ cov @ contrast.T).item()),
        kr_se=float(np.sqrt(contrast @ adjusted @ contrast.T).item()),
        df=denominator_df(contrast, cov, p, w),
    )


def denominator_df(contrast, cov, p, w):
    """Denominator degrees of freedom of the scaled F statistic, for l rows of contrasts."""
    rows = contrast.shape[0]
    theta = contrast.T @ np.linalg.inv(contrast @ cov @ contrast.T) @ contrast
    m = [theta @ cov @ a @ cov for a in p]
    both = [(i, j) for i in range(len(p)) for j in range(len(p))]
    a1 = sum(w[i, j] * np.trace(m[i]) * np.trace(m[j]) for i, j in both)
    a2 = sum(w[i, j] * np.trace(m[i] @ m[j]) for i, j in both)
    b = (a1 + 6 * a2) / (2 * rows)
    g = ((rows + 1) * a1 - (rows + 4) * a2) / ((rows + 2) * a2)
    bottom = 3 * rows + 2 * (1 - g)
    c1, c2, c3 = g / bottom, (rows - g) / bottom, (rows + 2 - g) / bottom
    mean = 1 / (1 - a2 / rows)
    variance = (2 / rows) * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    ratio = variance / (2 * mean**2)
    return float(4 + (rows + 2) / (rows * ratio - 1))
