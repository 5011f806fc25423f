"""Cut a cohort into batches by bytes, so that a few files more change a few batches only.

Whether a batch ends after a recording depends on the hash of that recording's name, not on how
many came before (content-defined chunking, as backup programs cut files): adding, removing or
renaming one recording leaves the batches of all others, and their finished tables, as they are.
The number of workers plays no part, so that every way of running writes the same files.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.cohort.find import Item
from ingest.cohort.settings import digest

BATCH_BYTES = 16 * 2**20
"""Bytes of recordings in a batch, unless there are few: then there are about `MANY` batches."""
MANY = 64
FEWEST_BYTES = 128 * 2**10


@dataclass(frozen=True)
class Batch:
    """Recordings that one task reads and whose rows make one file of each table.

    Parameters
    ----------
    name : str
        Hash of the recordings' names, 16 hex digits.
    items : tuple of Item
        In order of name; of one study.
    """

    name: str
    items: tuple[Item, ...]

    @property
    def size(self) -> int:
        """Bytes of its recordings."""
        return sum(item.size for item in self.items)


def batches(items: Sequence[Item], batch_bytes: int | None = None) -> list[Batch]:
    """Cut recordings into batches.

    Parameters
    ----------
    items : sequence of Item
        The cohort.
    batch_bytes : int, optional
        Bytes to aim at; default: `BATCH_BYTES`, less for a small cohort.

    Returns
    -------
    list of Batch
        The largest first, which evens out the end of a run.
    """
    if not items:
        return []
    total = sum(item.size for item in items)
    target = batch_bytes or min(BATCH_BYTES, max(FEWEST_BYTES, total / MANY))
    # a power of two: it stays the same until the mean size of a recording doubles or halves
    usual = 2 ** max(0, round(math.log2(max(target * len(items) / max(total, 1), 1))))
    most = 4 * max(batch_bytes or BATCH_BYTES, 1)
    made: list[Batch] = []
    for study in sorted({item.study for item in items}):
        run: list[Item] = []
        size = 0
        for item in sorted((i for i in items if i.study == study), key=lambda i: i.name):
            if run and size + item.size > most:
                made.append(_batch(run))
                run, size = [], 0
            run.append(item)
            size += item.size
            if len(run) >= 2 * usual or (2 * len(run) >= usual and _ends(item.name, usual)):
                made.append(_batch(run))
                run, size = [], 0
        if run:
            made.append(_batch(run))
    return sorted(made, key=lambda batch: (-batch.size, batch.name))


def _batch(items: Sequence[Item]) -> Batch:
    return Batch(digest([[item.study, item.name] for item in items]), tuple(items))


def _ends(name: str, usual: int) -> bool:
    """Say yes to one name in `usual` / 2 + 1; half a batch stands before the first asked."""
    hashed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return hashed % (usual // 2 + 1) == 0
