"""Entries that answers wait for: gathered, in order, and told when they could not be written."""

import asyncio
from concurrent.futures import Future

import pytest

from api.access.ledger import Ledger
from api.store.audit import Deed


class Writer:
    """Stands for the thread that commits: holds every group until it is told to go on."""

    def __init__(self, full: bool = False):
        self.groups: list[tuple[list[str], Future]] = []
        self.full = full

    def record(self, deeds):
        if self.full:
            raise OSError("the disk is full")
        written: Future = Future()
        self.groups.append(([deed.action for deed in deeds], written))
        return written


def deed(i: int) -> Deed:
    return Deed("key:1", f"read {i}", "read")


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def commits(ledger, writer, entry, group):
    """Record an entry while nothing waits; it is told when its group is committed."""
    waiter = ledger.record(writer, entry)
    await settle()
    writer.groups[group][1].set_result(None)
    await waiter


def test_what_comes_while_a_group_is_written_is_the_next_group():
    async def scenario():
        ledger, writer = Ledger(), Writer()
        first = [ledger.record(writer, deed(i)) for i in range(3)]
        await settle()
        later = [ledger.record(writer, deed(i)) for i in range(3, 8)]
        await settle()
        assert [actions for actions, _ in writer.groups] == [["read 0", "read 1", "read 2"]]
        assert not any(waiter.done() for waiter in first + later)
        writer.groups[0][1].set_result(None)
        await asyncio.gather(*first)
        await settle()
        assert writer.groups[1][0] == [f"read {i}" for i in range(3, 8)]
        assert not any(waiter.done() for waiter in later)  # not before their own are committed
        writer.groups[1][1].set_result(None)
        await asyncio.gather(*later)
        await commits(ledger, writer, deed(8), group=2)

    asyncio.run(scenario())


def test_an_entry_that_cannot_be_written_is_told_to_each_and_the_next_is_tried():
    async def scenario():
        ledger, writer = Ledger(), Writer()
        waiting = [ledger.record(writer, deed(i)) for i in range(2)]
        await settle()
        writer.groups[0][1].set_exception(OSError("the disk is full"))
        for waiter in waiting:
            with pytest.raises(OSError, match="full"):
                await waiter
        writer.full = True
        with pytest.raises(OSError, match="full"):
            await ledger.record(writer, deed(2))
        writer.full = False
        last = ledger.record(writer, deed(3))
        await settle()
        writer.groups[1][1].set_result(None)
        await last

    asyncio.run(scenario())


def test_who_hangs_up_leaves_the_others_theirs():
    async def scenario():
        ledger, writer = Ledger(), Writer()
        gone, stays = ledger.record(writer, deed(0)), ledger.record(writer, deed(1))
        await settle()
        gone.cancel()
        writer.groups[0][1].set_result(None)
        await stays
        assert writer.groups[0][0] == ["read 0", "read 1"]

    asyncio.run(scenario())


def test_a_read_shares_no_group_with_what_waits_for_the_disk_and_does_not_wait_behind_it():
    async def scenario():
        ledger, writer = Ledger(), Writer()
        refused = ledger.record(writer, Deed("key:2", "refusal", "refused"))
        first = ledger.record(writer, deed(0))  # at the same moment
        await settle()
        later = ledger.record(writer, deed(1))  # while both are being written
        export = ledger.record(writer, Deed("key:2", "export", "export"))
        assert [actions for actions, _ in writer.groups] == [["refusal"], ["read 0"]]
        writer.groups[1][1].set_result(None)
        await first
        await settle()
        assert writer.groups[2][0] == ["read 1"]
        writer.groups[2][1].set_result(None)
        await later
        assert not refused.done()  # the disk still has not answered
        assert not export.done()
        writer.groups[0][1].set_result(None)
        await refused
        await settle()
        assert [actions for actions, _ in writer.groups[3:]] == [["export"]]
        writer.groups[3][1].set_result(None)
        await export

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("kind", "durable"),
    [("read", False), ("change", True), ("export", True), ("refused", True), ("access", True)],
)
def test_only_entries_of_reads_are_committed_without_waiting_for_the_disk(kind, durable):
    assert Deed("key:1", "it", kind).durable is durable
