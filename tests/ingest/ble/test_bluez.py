"""bleak's genuine Linux backend, the code users run, against a stand-in for org.bluez."""

import asyncio
import random
import shutil
import sys

import pytest

pytest.importorskip("dbus_fast", reason="dbus-fast, bleak's way to BlueZ, is Linux only")
if not sys.platform.startswith("linux") or shutil.which("dbus-daemon") is None:
    pytest.skip("needs the program dbus-daemon (Debian package dbus)", allow_module_level=True)

import strap_bluez as rig
from dbus_fast import DBusError

from ingest.ble.faults import Fault, StrapError
from ingest.ble.measurement import BATTERY_LEVEL, Measurement, encode
from ingest.ble.session import SessionSettings, StrapSession
from ingest.ble.strap import BleakRadio
from ingest.journal.record import Kind

QUICK = SessionSettings(find_s=0.5, silence_s=3, backoff_s=0.01, backoff_max_s=0.05)
SAME = encode(Measurement(60, (1024,)))
ABORT = DBusError("org.bluez.Error.Failed", "Software caused connection abort")


@pytest.fixture(autouse=True)
def _bus(monkeypatch):
    with rig.private_bus(monkeypatch):
        yield


def run(scenario, *straps, start=True):
    """Run `scenario(bluez)` on a fresh loop and bus."""

    async def limited():
        bluez = rig.FakeBlueZ(*straps)
        async with asyncio.timeout(20):
            if start:
                await bluez.start()
            try:
                await scenario(bluez)
            finally:
                if start:
                    await bluez.stop()

    asyncio.run(limited())


class Recorder:
    """Runs a session in the background and keeps its records."""

    def __init__(self, wanted="", settings=QUICK, shared=None, **radio):
        radio = shared or BleakRadio(**radio)
        session = StrapSession(radio, wanted, settings=settings, rng=random.Random(0))
        self.session, self.records = session, []
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

    async def until(self, condition):
        while not condition():
            if self.task.done():
                await self.task
            await asyncio.sleep(0.005)

    async def stop(self):
        self.session.stop()
        await asyncio.wait_for(self.task, 5)


async def subscribed(device):
    while not device.heart_rate.notifying:
        await asyncio.sleep(0.005)


def test_scan_tells_the_straps_and_the_ones_connected_already():
    async def scenario(bluez):
        first, second = bluez.devices
        first.visible = False
        first.connected = first.resolved = True
        bluez.bus.export(first.path, first)
        bluez.exported.add(first.path)
        bluez.export_gatt(first)
        found = {f.address: f for f in await BleakRadio().scan(0.5)}
        assert (found[second.address].name, found[second.address].rssi_dbm) == ("TICKR 1234", -50)
        assert found[first.address].connected

    run(scenario, rig.H10, rig.TICKR)


def test_what_is_no_heart_rate_strap_is_left_out():
    async def scenario(bluez):
        bluez.devices[1].heart = False
        assert [f.name for f in await BleakRadio().scan(0.5)] == ["Polar H10 SIM0001"]

    run(scenario, rig.H10, ("Toothbrush", "A0:9E:1A:00:00:03"))


def test_from_scan_to_beats_through_a_drop_and_an_aborted_reconnect():
    async def scenario(bluez):
        device = bluez.device
        recorder = Recorder("H10")
        await subscribed(device)
        for _ in range(3):
            device.notify(SAME)  # identical packets in a row are three beats
        await recorder.until(lambda: len(recorder.packets) == 3)
        device.connect_errors = [ABORT, ABORT]
        device.drop()
        await subscribed(device)
        device.notify(encode(Measurement(61, (1000, 1001))))
        await recorder.until(lambda: len(recorder.packets) == 4)
        await recorder.stop()
        assert recorder.packets[:3] == [SAME] * 3
        assert device.connects == 4
        assert recorder.events.count("lost") == 1
        assert recorder.events.count("fault") == 2
        assert recorder.events[-1] == "disconnected"
        battery = [r.payload for r in recorder.records if r.channel == BATTERY_LEVEL]
        assert battery[0] == b"\x57"

    run(scenario)


def test_a_strap_that_bluez_forgot_is_found_again():
    async def scenario(bluez):
        recorder = Recorder("H10")
        await subscribed(bluez.device)
        bluez.device.notify(SAME)
        await recorder.until(lambda: recorder.packets)
        bluez.device.drop()
        bluez.forget(bluez.device)
        await subscribed(bluez.device)
        bluez.device.notify(SAME)
        await recorder.until(lambda: len(recorder.packets) == 2)
        await recorder.stop()

    run(scenario)


def test_a_drop_during_a_read_is_a_loss_and_recording_goes_on():
    async def scenario(bluez):
        drops = []

        async def drop_once():
            if not drops:
                drops.append(bluez.device.drop())
                await asyncio.sleep(0.1)

        bluez.device.battery.before_read = drop_once
        recorder = Recorder("H10")
        await recorder.until(lambda: "lost" in recorder.events)
        await recorder.until(lambda: recorder.events.count("subscribed") == 2)
        await subscribed(bluez.device)
        bluez.device.notify(SAME)
        await recorder.until(lambda: recorder.packets)
        await recorder.stop()

    run(scenario)


def test_a_drop_during_service_discovery_is_survived():
    async def scenario(bluez):
        bluez.device.drop_in_discovery = True
        recorder = Recorder("H10", connect_s=1.0)
        await subscribed(bluez.device)
        bluez.device.notify(SAME)
        await recorder.until(lambda: recorder.packets)
        await recorder.stop()
        assert bluez.device.connects == 2

    run(scenario)


def test_a_read_that_bluez_is_too_busy_for_is_repeated():
    async def scenario(bluez):
        bluez.device.battery.errors = [DBusError("org.bluez.Error.InProgress", "In Progress")] * 2
        radio = BleakRadio()
        (found,) = await radio.scan(0.5)
        connection = radio.link(found, lambda: None)
        await connection.connect()
        assert await connection.read(BATTERY_LEVEL) == b"\x57"
        await connection.disconnect()

    run(scenario)


def test_a_strap_that_does_not_answer_times_out_with_the_mend():
    async def scenario(bluez):
        bluez.device.hang = True
        radio = BleakRadio(connect_s=0.3)
        (found,) = await radio.scan(0.3)
        connection = radio.link(found, lambda: None)
        with pytest.raises(StrapError, match="other app") as caught:
            await connection.connect()
        assert caught.value.fault is Fault.TIMEOUT
        bluez.device.hang = False
        await connection.disconnect()

    run(scenario)


def test_silence_makes_the_watchdog_connect_anew():
    async def scenario(bluez):
        quick = SessionSettings(find_s=0.5, silence_s=0.3, backoff_s=0.01)
        recorder = Recorder("H10", quick)
        await subscribed(bluez.device)
        bluez.device.notify(SAME)
        await recorder.until(lambda: "stalled" in recorder.events)
        await recorder.until(lambda: recorder.events.count("subscribed") == 2)
        await recorder.stop()

    run(scenario)


def test_two_straps_record_side_by_side_without_mixing():
    async def scenario(bluez):
        radio = BleakRadio()
        recorders = [Recorder(name, shared=radio) for name in ("H10", "TICKR")]
        packets = [[encode(Measurement(60 + n, (1000 + i,))) for i in range(5)] for n in range(2)]
        for device in bluez.devices:
            await subscribed(device)
        for pair in zip(*packets, strict=True):
            for device, packet in zip(bluez.devices, pair, strict=True):
                device.notify(packet)
        for recorder, sent in zip(recorders, packets, strict=True):
            await recorder.until(lambda r=recorder, s=sent: r.packets == s)
            assert "fault" not in recorder.events
        for device in bluez.devices:  # both gone at once, found and made anew at once
            device.drop()
        for device in bluez.devices:
            await subscribed(device)
            device.notify(SAME)
        for recorder in recorders:
            await recorder.until(lambda r=recorder: len(r.packets) == 6)
            assert "fault" not in recorder.events
            await recorder.stop()

    run(scenario, rig.H10, rig.TICKR)


def test_a_strap_that_stays_away_does_not_hold_up_the_others():
    async def scenario(bluez):
        radio, patient = BleakRadio(), SessionSettings(find_s=1.5, backoff_s=0.01)
        away = Recorder("Polar OH9", shared=radio, settings=patient)
        here = Recorder("H10", shared=radio)
        await subscribed(bluez.device)
        bluez.device.drop()
        await subscribed(bluez.device)
        assert not away.task.done()
        assert here.events.count("connected") == 2
        await here.stop()
        await away.stop()

    run(scenario)


def test_a_part_of_a_name_is_found_soon_and_others_that_fit_are_heard_too():
    async def scenario(bluez):
        begin = asyncio.get_running_loop().time()
        found = await BleakRadio().scan(10, until="0001")
        assert {f.name for f in found} == {"Polar H10 SIM0001", "TICKR 1234"}
        assert asyncio.get_running_loop().time() - begin < 4

    run(scenario, rig.H10, rig.TICKR)


def test_a_scan_shared_by_several_ends_with_the_last():
    async def scenario(bluez):
        radio = BleakRadio()
        short, long = await asyncio.gather(radio.scan(0.1), radio.scan(0.4))
        assert {f.name for f in long} >= {f.name for f in short} >= {"Polar H10 SIM0001"}
        assert not bluez.discovering
        assert [f.name for f in await radio.scan(0.2)] == ["Polar H10 SIM0001"]

    run(scenario)


def test_an_adapter_switched_off_is_told_with_the_mend():
    async def scenario(bluez):
        bluez.adapter.powered = False
        with pytest.raises(StrapError, match="switched off") as caught:
            await BleakRadio().scan(0.2)
        assert caught.value.fault is Fault.ADAPTER_OFF

    run(scenario)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (DBusError("org.freedesktop.DBus.Error.AccessDenied", "Rejected send"),
         Fault.NO_PERMISSION),
        (DBusError("org.bluez.Error.NotReady", "Resource Not Ready"), Fault.ADAPTER_OFF),
        (DBusError("org.bluez.Error.Failed", "Something else"), Fault.REFUSED),
    ],
    ids=["no permission", "not ready", "other"],
)  # fmt: skip
def test_what_bluez_refuses_is_told_with_the_mend(error, fault):
    async def scenario(bluez):
        bluez.adapter.scan_errors = [error]
        with pytest.raises(StrapError) as caught:
            await BleakRadio().scan(0.2)
        assert caught.value.fault is fault

    run(scenario)


def test_a_bus_without_bluez_is_told_with_the_mend():
    async def scenario(_):
        with pytest.raises(StrapError) as caught:
            await BleakRadio().scan(0.2)
        assert caught.value.fault in (Fault.NO_SERVICE, Fault.NO_ADAPTER)

    run(scenario, start=False)


def test_a_machine_without_a_bus_is_told_with_the_mend(monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")

    async def scenario(_):
        with pytest.raises(StrapError, match="start it") as caught:
            await BleakRadio().scan(0.2)
        assert caught.value.fault is Fault.NO_SERVICE

    run(scenario, start=False)
