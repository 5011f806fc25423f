"""Tapered transforms of many overlapping segments from running sums: work that they share.

The transform of a segment is the difference of two running sums of ``x exp(-iωt)``; a Hann taper
is ½, -¼ and -¼ of the transforms at a frequency and its two neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv.types import Float, Int

BLOCKS = 1024
"""Steps between segments whose running sums are held at a time: they stay in the cache, and
rounding stays that of a few minutes."""

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Waves:
    """Frequencies of one segment length, and what of them does not depend on the recording.

    Parameters
    ----------
    step : float64[g, 2 (f + 2)]
        Conjugate waves over the g samples of one step, real and imaginary parts side by side: f
        frequencies and the neighbour on either side.
    phase : complex128[n, f + 2]
        Conjugate waves at the beginning of each step of a stretch.
    """

    step: Float
    phase: Complex


@lru_cache(maxsize=16)
def waves_of(size: int, low: int, high: int, step: int) -> Waves:
    """Make those of the multiples ``[low, high)`` of 1 / size; a few sets are kept."""
    omega = 2 * np.pi * np.arange(low - 1, high + 1) / size
    rows = BLOCKS + size // step
    return Waves(
        exponentials(np.arange(step), omega).view(np.float64),
        exponentials(step * np.arange(rows), omega),
    )


def transforms(x: Float, at: Int, size: int, step: int, waves: Waves) -> Complex:
    """Tapered transforms of the segments ``x[at : at + size]``.

    Parameters
    ----------
    x : float64[N]
        Samples of a stretch; zero where there is none.
    at : int64[s]
        Where segments begin: multiples of `step`, below ``BLOCKS * step``.
    size, step : int
        Length of the segments, a multiple of `step`.
    waves : Waves
        For these.

    Returns
    -------
    complex128[s, f]
        ``sum_j hann[j] x[at + j] exp(-iωj)``.
    """
    blocks = x[: x.size // step * step].reshape(-1, step)
    sums = np.zeros((len(blocks) + 1, waves.phase.shape[1]), np.complex128)
    inner = sums[1:]
    np.matmul(blocks, waves.step, out=inner.view(np.float64))
    inner *= waves.phase[: len(blocks)]
    np.cumsum(inner, axis=0, out=inner)
    first, length = at // step, size // step
    if first[-1] - first[0] == first.size - 1:  # one segment a step: no copies
        low = int(first[0])
        whole = sums[low + length : low + length + first.size] - sums[low : low + first.size]
        phase = waves.phase[low : low + first.size, 1:-1]
    else:
        whole = sums[first + length] - sums[first]
        phase = waves.phase[first, 1:-1]
    turn = -0.5 * np.exp(2j * np.pi / size * at)[:, None]
    out = whole[:, 2:] * turn
    out += whole[:, :-2] * np.conj(turn)
    out += whole[:, 1:-1]
    out *= 0.5 * np.conj(phase)
    return np.asarray(out, np.complex128)


def exponentials(at: Int, omega: Float) -> Complex:
    """complex128[n, f]: ``exp(-iωt)`` at samples `at`."""
    return np.asarray(np.exp(-1j * np.outer(at, omega)), np.complex128)


def squared(values: Complex) -> npt.NDArray[Any]:
    """Squared modulus."""
    return np.asarray(values.real**2 + values.imag**2)
