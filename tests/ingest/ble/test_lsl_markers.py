"""Markers over Lab Streaming Layer, from a genuine outlet in this process."""

import asyncio
import time
import uuid

import pytest

from hrv.errors import InputError
from ingest.ble.lsl_markers import LSLInlet, read_marker
from ingest.ble.markers import Marker

pylsl = pytest.importorskip(
    "pylsl", reason="the extra lsl is not installed", exc_type=(ImportError, RuntimeError)
)


def outlet(name, kind=None):
    info = pylsl.StreamInfo(name, "Markers", 1, 0, kind or pylsl.cf_string, str(uuid.uuid4()))
    return pylsl.StreamOutlet(info)


def test_markers_of_a_task_program_arrive_with_the_time_it_stamped():
    async def scenario():
        name, heard = f"task-{uuid.uuid4()}", []
        sender = outlet(name)
        arrived = asyncio.Event()

        def on_marker(marker, ago_s):
            heard.append((marker, ago_s))
            if len(heard) == 3:
                arrived.set()

        async with LSLInlet(on_marker, name, find_s=10):
            async with asyncio.timeout(10):
                while not sender.have_consumers():
                    await asyncio.sleep(0.02)
                sender.push_sample(["start stress stroop"])
                sender.push_sample(["block 2"], pylsl.local_clock() - 1.5)
                sender.push_sample(['{"phase": "stroop", "kind": "stress", "edge": "end"}'])
                await arrived.wait()
        return heard

    heard = asyncio.run(scenario())
    assert [marker for marker, _ in heard] == [
        Marker("stroop", "stress", "start"),
        Marker("block 2", "tag", "now"),
        Marker("stroop", "stress", "end"),
    ]
    assert [ago for _, ago in heard] == [
        pytest.approx(0, abs=1), pytest.approx(1.5, abs=1), pytest.approx(0, abs=1)
    ]  # fmt: skip


def test_a_stream_that_is_not_there_or_holds_numbers_is_told():
    async def opened(name):
        async with LSLInlet(lambda *_: None, name, find_s=0.5):
            pass

    with pytest.raises(InputError, match="start the task program first"):
        asyncio.run(opened(f"nobody-{uuid.uuid4()}"))
    name = f"numbers-{uuid.uuid4()}"
    keep = outlet(name, pylsl.cf_float32)
    time.sleep(0.1)
    with pytest.raises(InputError, match="holds numbers, not marker texts"):
        asyncio.run(opened(name))
    del keep


def test_any_text_is_a_marker():
    assert read_marker("now tag dose taken") == Marker("dose taken", "tag", "now")
    assert read_marker("  stimulus 17 ") == Marker("stimulus 17", "tag", "now")
    assert read_marker("start stress") == Marker("start stress", "tag", "now")
