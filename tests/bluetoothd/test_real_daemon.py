"""The real bluetoothd on a virtual controller: run in QEMU by `make test-bluetoothd`."""

import asyncio
import contextlib
import os
import random

import pytest

if os.environ.get("HRV_BLUETOOTHD") != "1":
    pytest.skip(
        "needs bluetoothd on a virtual controller: make test-bluetoothd", allow_module_level=True
    )

import strap_bumble as rig
from bumble import hci
from bumble.controller import Controller
from bumble.transport import open_transport
from dbus_fast import BusType, Message, Variant
from dbus_fast.aio import MessageBus

from ingest.ble.faults import Fault, StrapError
from ingest.ble.measurement import BATTERY_LEVEL, Measurement, encode
from ingest.ble.session import SessionSettings, StrapSession
from ingest.ble.strap import BleakRadio
from ingest.journal.record import Kind

PATIENT = SessionSettings(find_s=20, silence_s=20, backoff_s=0.2, backoff_max_s=1, first_attempts=8)
SAME = encode(Measurement(60, (1024,)))


async def power(on):
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        await _set_powered(bus, on)
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()


async def _set_powered(bus, on):
    for _ in range(100):
        reply = await bus.call(
            Message(
                destination="org.bluez", path="/org/bluez/hci0",
                interface="org.freedesktop.DBus.Properties", member="Set", signature="ssv",
                body=["org.bluez.Adapter1", "Powered", Variant("b", on)],
            )
        )  # fmt: skip
        if reply.error_name is None:
            break
        await asyncio.sleep(0.2)
    else:
        raise AssertionError(f"the adapter does not come up: {reply.error_name} {reply.body}")


@contextlib.asynccontextmanager
async def air():
    """A virtual radio: bluetoothd's controller on one end."""
    link = rig.new_link()
    async with await open_transport("vhci") as transport:
        controller = Controller(
            "bluez", host_source=transport.source, host_sink=transport.sink, link=link
        )
        # bumble sends by the random address, which bluetoothd sets where there is no public one
        unwanted = hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
        controller.le_features &= ~unwanted
        await power(True)
        yield link


class Recorder:
    """Runs a session in the background and keeps its records."""

    def __init__(self, radio, wanted):
        session = StrapSession(radio, wanted, settings=PATIENT, rng=random.Random(0))
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
        async with asyncio.timeout(120):
            while not condition():
                if self.task.done():
                    await self.task
                await asyncio.sleep(0.02)

    async def stop(self):
        self.session.stop()
        await asyncio.wait_for(self.task, 60)


def test_one_strap_is_found_connected_and_recorded_to_the_bit():
    async def scenario():
        async with air() as link:
            strap = await rig.Strap(link).start()
            recorder = Recorder(BleakRadio(), "H10")
            await recorder.until(strap.subscribed.is_set)
            for _ in range(3):
                await strap.notify(SAME)
            await recorder.until(lambda: recorder.packets == [SAME] * 3)
            await recorder.stop()
            assert recorder.events == ["connecting", "connected", "subscribed", "disconnected"]

    asyncio.run(scenario())


def test_two_straps_are_found_connected_dropped_and_recorded_without_mixing():
    async def scenario():
        async with air() as link:
            straps = [await rig.Strap(link).start(), await rig.Strap(link, *rig.TICKR).start()]
            radio = BleakRadio()
            found = await radio.scan(15, until=rig.TICKR[0])
            assert rig.TICKR[0] in {f.name for f in found}
            recorders = [Recorder(radio, name) for name, _ in (rig.H10, rig.TICKR)]
            for strap, recorder in zip(straps, recorders, strict=True):
                await recorder.until(strap.subscribed.is_set)
            sent = [[SAME] * 3, [encode(Measurement(70 + n, (900 + n, 850))) for n in range(20)]]
            for strap, packets, recorder in zip(straps, sent, recorders, strict=True):
                for packet in packets:
                    await strap.notify(packet)
                await recorder.until(lambda r=recorder, p=packets: r.packets == p)
            await straps[0].drop()
            await recorders[0].until(lambda: "lost" in recorders[0].events)
            await recorders[0].until(straps[0].subscribed.is_set)
            await straps[0].notify(encode(Measurement(75, (800,))))
            await recorders[0].until(lambda: len(recorders[0].packets) == 4)
            assert "lost" not in recorders[1].events
            device = next(r.fields for r in recorders[0].records if r.kind is Kind.DEVICE)
            assert device["manufacturer"] == "Polar Electro Oy"
            assert device["body_location"] == "chest"
            levels = [r.payload for r in recorders[0].records if r.channel == BATTERY_LEVEL]
            assert b"\x57" in levels
            for recorder in recorders:
                await recorder.stop()
                assert recorder.events[-1] == "disconnected"
                assert "fault" not in recorder.events  # both at once, and none told "InProgress"

    asyncio.run(scenario())


def test_an_adapter_that_is_off_is_told():
    async def scenario():
        async with air():
            await power(False)
            with pytest.raises(StrapError, match="switched off") as caught:
                await BleakRadio().scan(1)
            assert caught.value.fault is Fault.ADAPTER_OFF

    asyncio.run(scenario())
