"""Named streams of random numbers: one purpose's draws never move another's."""

from __future__ import annotations

import numpy as np

from hrv.errors import InputError


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of `seed` for the purpose called `key`.

    Parameters
    ----------
    seed : int
        Zero or positive.
    *key : int
        Names the purpose; different keys give independent streams.
    """
    if seed < 0:
        raise InputError(f"seed {seed} is negative; give 0 or a positive whole number")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def ar1(rng: np.random.Generator, n: int, *, sd: float, phi: float) -> list[float]:
    """Return `n` values of a stationary AR(1) process with standard deviation `sd`."""
    shocks = rng.standard_normal(n)
    values = [sd * float(shocks[0])]
    for shock in shocks[1:]:
        values.append(phi * values[-1] + sd * (1.0 - phi * phi) ** 0.5 * float(shock))
    return values
