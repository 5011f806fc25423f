"""A group: every strap its own journal and clock, one marker for all, one failure stops none."""

import asyncio

import journal_rig as rig
import pytest

from ingest.ble.faults import Fault, StrapError
from ingest.ble.recorder import Recorder, record_group
from ingest.journal import JournalWriter, Kind, records
from ingest.replay import Replay


class Broken:
    label = "broken"

    async def records(self):
        raise StrapError(Fault.NOT_FOUND, "H10", seconds=10)
        yield

    def stop(self):
        pass

    def now(self):
        return (0, 0)


def test_straps_record_side_by_side_and_share_markers(tmp_path):
    async def scenario():
        sources = [Replay(f"p{n}", rig.recording(60, seed=n), speed=None) for n in range(3)]
        journals = [JournalWriter(tmp_path / f"{n}.hrvj") for n in range(3)]
        group = [Recorder(s, j) for s, j in zip(sources, journals, strict=True)]
        await record_group(group)
        for recorder in group:
            recorder.mark("stroop", kind="stress", edge="start")
        for journal in journals:
            journal.close()

    asyncio.run(scenario())
    for n in range(3):
        kept = list(records(tmp_path / f"{n}.hrvj"))
        assert [r for r in kept if r.kind is Kind.NOTIFICATION] == rig.recording(60, seed=n)
        assert [r.fields["phase"] for r in kept if r.kind is Kind.MARKER] == ["stroop"]


def test_one_strap_that_cannot_be_had_stops_none_of_the_others():
    async def scenario():
        good = Recorder(Replay("p", rig.recording(60), speed=None))
        with pytest.raises(ExceptionGroup, match="1 of 2 straps failed"):
            await record_group([Recorder(Broken()), good])
        return good.stream.packets

    assert asyncio.run(scenario()) == len(rig.recording(60))
