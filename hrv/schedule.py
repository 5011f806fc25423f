"""Every balanced order of two conditions over blocks: what a randomised schedule is drawn from."""

from __future__ import annotations

from itertools import combinations, groupby

from hrv.errors import InputError


def schedules(
    n_blocks: int = 8, *, max_run: int = 2, conditions: tuple[str, str] = ("off", "on")
) -> tuple[tuple[str, ...], ...]:
    """List the sequences with each condition in half of the blocks and no long runs.

    Eight blocks with at most two alike in a row give 34 orders, enough for a randomisation
    test at 5 %; pairwise randomisation (each pair holds both) gives only 16.

    Parameters
    ----------
    n_blocks : int
        Number of blocks, even and at most 20.
    max_run : int
        Most blocks in a row with the same condition.
    conditions : tuple of str
        Names, the reference first.

    Returns
    -------
    tuple of tuple of str
        In lexicographic order of the reference's places, so that an index names an order.

    Raises
    ------
    InputError
        If the number of blocks cannot be halved or no order fits.

    References
    ----------
    Edgington and Onghena, *Randomization Tests*, 4th ed. (2007): the p-value refers
    to the set the assignment was really drawn from, so that set has to be logged.
    """
    if n_blocks < 2 or n_blocks % 2 or n_blocks > 20:
        raise InputError(f"{n_blocks} blocks cannot be halved; give an even number from 2 to 20")
    first, second = conditions
    orders = []
    for places in combinations(range(n_blocks), n_blocks // 2):
        order = tuple(first if i in places else second for i in range(n_blocks))
        if longest_run(order) <= max_run:
            orders.append(order)
    if not orders:
        raise InputError(f"no order of {n_blocks} blocks has runs of at most {max_run}")
    return tuple(orders)


def longest_run(order: tuple[str, ...]) -> int:
    """Return the length of the longest stretch of equal neighbours."""
    return max((len(list(same)) for _, same in groupby(order)), default=0)
