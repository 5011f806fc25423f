"""A fake org.bluez with straps that beat, on a thread of its own, for tests of the command."""

import asyncio
import contextlib
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator

import strap_bluez as rig
import strap_sim

from ingest.ble.measurement import Contact, Measurement, encode


@contextlib.contextmanager
def private_bus_anywhere() -> Iterator[str | None]:
    """A D-Bus in place of the system's, for as long as the context lasts; None without one."""
    if shutil.which("dbus-daemon") is None:
        yield None
        return
    command = ["dbus-daemon", "--session", "--nofork", "--print-address", "--nopidfile"]
    before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = daemon.stdout.readline().strip()
        try:
            yield os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
        finally:
            daemon.terminate()
            if before is None:
                del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
            else:
                os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before


class Room:
    """A fake org.bluez with straps that beat, on a thread of its own while open."""

    def __init__(self, *straps, start=True):
        self.straps, self.start, self.period_s = straps, start, 0.02
        self.bluez, self.sent = None, {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)

    def __enter__(self):
        self.thread.start()
        self.do(self._open())
        return self

    def __exit__(self, *_):
        self.do(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def on_loop(self, function, *args):
        async def call():
            return function(*args)

        return self.do(call())

    async def _open(self):
        self.bluez = rig.FakeBlueZ(*self.straps)
        if self.start:
            await self.bluez.start()
        self.beating = [
            asyncio.ensure_future(self._beat(device, n))
            for n, device in enumerate(self.bluez.devices)
        ]

    async def _close(self):
        for task in self.beating:
            task.cancel()
        await asyncio.gather(*self.beating, return_exceptions=True)
        if self.start:
            await self.bluez.stop()

    async def _beat(self, device, seed):
        sent = self.sent.setdefault(device.address, [])
        hours = (strap_sim.heart(seed + 1000 * hour, 3600) for hour in itertools.count())
        for rr in itertools.chain.from_iterable(hours):  # as long as the room is open
            await asyncio.sleep(self.period_s)
            packet = encode(Measurement(round(61440 / rr), (rr,), Contact.HELD))
            if device.heart_rate.notifying:
                device.notify(packet)
                sent.append(packet)
