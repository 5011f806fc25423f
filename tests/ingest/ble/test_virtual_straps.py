"""The whole path against a real Bluetooth stack on virtual controllers: no radio, no patching."""

import asyncio
import random
import struct

import pytest

pytest.importorskip("bumble", reason="bumble, the virtual Bluetooth controller, is not installed")

import strap_bumble as rig

from ingest.ble.faults import Fault, StrapError
from ingest.ble.measurement import BATTERY_LEVEL, HEART_RATE_MEASUREMENT, Measurement, encode
from ingest.ble.polar import Stream
from ingest.ble.polar_samples import samples
from ingest.ble.session import SessionSettings, StrapSession
from ingest.ble.strap import BleakRadio
from ingest.journal.record import Kind

QUICK = SessionSettings(find_s=0.5, silence_s=2, backoff_s=0.01, backoff_max_s=0.05)
PACKETS = [
    encode(m)
    for m in (
        Measurement(60, (1024,)),
        Measurement(75, (800, 811)),
        Measurement(300, (512,), energy_kj=0xFFFF),
        Measurement(72),
        Measurement(70, (900,) * 8),
    )
]


def radio_on(link, **options):
    scanner, client = rig.backends(link)
    return BleakRadio(scanner=scanner, client=client, **options)


class Recorder:
    """Runs a session in the background and keeps its records."""

    def __init__(self, radio, wanted="", settings=QUICK):
        self.session = StrapSession(radio, wanted, settings=settings, rng=random.Random(0))
        self.records = []
        self.task = asyncio.ensure_future(self._run())

    async def _run(self):
        async for record in self.session.records():
            self.records.append(record)

    @property
    def packets(self):
        return [r.payload for r in self.records if r.kind is Kind.NOTIFICATION]

    @property
    def events(self):
        return [r.fields["event"] for r in self.records if r.kind is Kind.EVENT]

    async def until(self, condition, seconds=10):
        async with asyncio.timeout(seconds):
            while not condition(self):
                if self.task.done():
                    await self.task
                await asyncio.sleep(0.005)

    async def stop(self):
        self.session.stop()
        await asyncio.wait_for(self.task, 5)


def run(scenario):
    async def limited():
        async with asyncio.timeout(30):
            await scenario()

    asyncio.run(limited())


def test_scan_tells_names_addresses_and_signal_of_heart_rate_straps():
    async def scenario():
        link = rig.new_link()
        await rig.Strap(link).start()
        await rig.Strap(link, *rig.TICKR).start()
        found = await radio_on(link).scan(0.5)
        assert {(f.name, f.address) for f in found} == {rig.H10, rig.TICKR}
        assert all(f.rssi_dbm is not None and not f.connected for f in found)

    run(scenario)


def test_from_scan_to_beats_through_a_forced_drop_and_back():
    async def scenario():
        link = rig.new_link()
        strap = await rig.Strap(link).start()
        recorder = Recorder(radio_on(link), "Polar H10")
        await strap.subscribed.wait()
        for packet in PACKETS[:2]:
            await strap.notify(packet)
        await recorder.until(lambda r: len(r.packets) == 2)
        await recorder.until(lambda r: any(x.kind is Kind.READING for x in r.records))
        await strap.drop()
        await strap.notify(PACKETS[0])  # nobody hears it
        await strap.subscribed.wait()
        for packet in PACKETS[2:]:
            await strap.notify(packet)
        await recorder.until(lambda r: len(r.packets) == len(PACKETS))
        await recorder.stop()
        assert recorder.packets == PACKETS
        assert recorder.events.count("lost") == 1
        assert recorder.events.count("subscribed") == strap.subscriptions == 2
        assert recorder.events[-1] == "disconnected"
        battery = [x.payload for x in recorder.records if x.channel == BATTERY_LEVEL]
        assert battery[0] == b"\x57"
        device = next(x.fields for x in recorder.records if x.kind is Kind.DEVICE)
        assert (device["manufacturer"], device["model"]) == ("Polar Electro Oy", "H10")
        assert device["body_location"] == "chest"

    run(scenario)


def test_a_drop_during_a_read_does_not_hang_and_recording_goes_on():
    async def scenario():
        link = rig.new_link()
        strap = await rig.Strap(link).start()
        drops = []

        def drop_once():
            if not drops:
                drops.append(asyncio.ensure_future(strap.drop()))

        strap.before_read = drop_once
        recorder = Recorder(radio_on(link))
        await recorder.until(lambda r: "lost" in r.events)
        await recorder.until(lambda r: r.events.count("subscribed") == 2)
        await strap.notify(PACKETS[0])
        await recorder.until(lambda r: r.packets == PACKETS[:1])
        await recorder.stop()

    run(scenario)


def test_a_strap_that_vanishes_before_the_connection_times_out_with_the_mend():
    async def scenario():
        link = rig.new_link()
        strap = await rig.Strap(link).start()
        radio = radio_on(link, connect_s=0.3)
        (found,) = await radio.scan(0.3)
        await strap.hide()
        connection = radio.link(found, lambda: None)
        with pytest.raises(StrapError, match="other app") as caught:
            await connection.connect()
        assert caught.value.fault is Fault.TIMEOUT
        await connection.disconnect()

    run(scenario)


def test_silence_makes_the_watchdog_connect_anew():
    async def scenario():
        link = rig.new_link()
        strap = await rig.Strap(link).start()
        quick = SessionSettings(find_s=0.5, silence_s=0.4, backoff_s=0.01)
        recorder = Recorder(radio_on(link), settings=quick)
        await strap.subscribed.wait()
        await strap.notify(PACKETS[0])
        await recorder.until(lambda r: "stalled" in r.events)
        await recorder.until(lambda r: r.events.count("subscribed") == 2)
        await strap.notify(PACKETS[1])
        await recorder.until(lambda r: r.packets == PACKETS[:2])
        await recorder.stop()

    run(scenario)


def test_two_straps_record_side_by_side_without_mixing():
    async def scenario():
        link = rig.new_link()
        straps = [await rig.Strap(link).start(), await rig.Strap(link, *rig.TICKR).start()]
        radio = radio_on(link)
        recorders = [Recorder(radio, "H10"), Recorder(radio, rig.TICKR[1])]
        for strap in straps:
            await strap.subscribed.wait()
        for packet in PACKETS:
            await straps[0].notify(packet)
            await straps[1].notify(packet[::-1])
        for recorder in recorders:
            await recorder.until(lambda r: len(r.packets) == len(PACKETS))
        await straps[0].drop()  # a drop of one leaves the other alone
        await recorders[0].until(lambda r: r.events.count("subscribed") == 2)
        for recorder in recorders:
            await recorder.stop()
        assert recorders[0].packets == PACKETS
        assert recorders[1].packets == [p[::-1] for p in PACKETS]
        assert "lost" not in recorders[1].events

    run(scenario)


def test_a_heart_rate_packet_cannot_be_read_and_an_absent_value_is_none():
    async def scenario():
        link = rig.new_link()
        await rig.Strap(link).start()
        radio = radio_on(link)
        (found,) = await radio.scan(0.3)
        connection = radio.link(found, lambda: None)
        await connection.connect()
        assert await connection.read(HEART_RATE_MEASUREMENT) is None
        assert await connection.read(0x2A39) is None
        await connection.disconnect()
        with pytest.raises(StrapError) as caught:
            await connection.read(BATTERY_LEVEL)
        assert caught.value.fault is Fault.LOST
        await connection.disconnect()  # harmless twice

    run(scenario)


def test_polar_streams_are_negotiated_and_recorded_beside_the_beats():
    async def scenario():
        link, polar = rig.new_link(), rig.Polar()
        strap = await rig.Strap(link, services=[polar.service]).start()
        polar.device = strap.device
        settings = SessionSettings(find_s=0.5, silence_s=5, polar=(Stream.ECG, Stream.ACC))
        recorder = Recorder(radio_on(link), settings=settings)
        await recorder.until(lambda r: r.events.count("stream") == 2)
        ecg = struct.pack("<BQB", 0, 10**9, 0) + b"".join(
            v.to_bytes(3, "little", signed=True) for v in (5, -7, 300)
        )
        acc = struct.pack("<BQB", 2, 10**9, 1) + struct.pack("<hhh", 10, -20, 1000)
        await polar.send(ecg)
        await strap.notify(PACKETS[0])
        await polar.send(acc)
        await recorder.until(lambda r: PACKETS[0] in r.packets and acc in r.packets)
        await recorder.stop()
        assert polar.running == {0, 2}
        assert bytes.fromhex("02 00 00 01 82 00 01 01 0E 00") in polar.commands
        rows = list(samples(recorder.records, Stream.ECG))
        assert [row[2] for row in rows] == [5, -7, 300]
        ((_, _, *xyz),) = samples(recorder.records, Stream.ACC)
        assert xyz == [10, -20, 1000]
        used = [r.fields for r in recorder.records
                if r.kind is Kind.EVENT and r.fields["event"] == "stream"]  # fmt: skip
        assert [(u["stream"], u["sample_rate"]) for u in used] == [("ecg", 130), ("acc", 25)]

    run(scenario)
