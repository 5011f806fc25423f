"""A stand-in for org.bluez on a private D-Bus: exercises bleak's genuine Linux backend.

Needs the ``dbus-daemon`` program (Debian package ``dbus``), neither bluetoothd nor a radio.
"""

import asyncio
import contextlib
import os
import subprocess

from dbus_fast import DBusError, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method

from ingest.ble.radio import uuid_of

READ = PropertyAccess.READ
ADAPTER = "/org/bluez/hci0"
H10 = ("Polar H10 SIM0001", "A0:9E:1A:00:00:01")
TICKR = ("TICKR 1234", "A0:9E:1A:00:00:02")


class Adapter(ServiceInterface):
    def __init__(self, bluez):
        super().__init__("org.bluez.Adapter1")
        self.bluez, self.powered, self.scan_errors = bluez, True, []

    @dbus_property(READ)
    def Address(self) -> "s":  # noqa: F821
        return "00:00:00:00:00:01"

    @dbus_property(READ)
    def Powered(self) -> "b":  # noqa: F821
        return self.powered

    @dbus_property(READ)
    def Roles(self) -> "as":  # noqa: F722
        return ["central"]

    @method()
    def SetDiscoveryFilter(self, wanted: "a{sv}"):  # noqa: F722
        pass

    @method()
    def StartDiscovery(self):
        if self.scan_errors:
            raise self.scan_errors.pop(0)
        if self.bluez.discovering:  # as bluetoothd: one discovery a client
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        self.bluez.discovering = True
        self.bluez.advertise()

    @method()
    def StopDiscovery(self):
        self.bluez.discovering = False

    @method()
    def RemoveDevice(self, path: "o"):  # noqa: F821
        pass


class Device(ServiceInterface):
    def __init__(self, bluez, name, address):
        super().__init__("org.bluez.Device1")
        self.bluez, self.label, self.address = bluez, name, address
        self.connected = self.resolved = False
        self.visible, self.connect_errors, self.connects = True, [], 0
        self.heart = True
        self.drop_in_discovery = self.hang = False
        self.path = f"{ADAPTER}/dev_{address.replace(':', '_')}"
        heart, battery = f"{self.path}/service000c", f"{self.path}/service0020"
        self.heart_rate = Characteristic(0x2A37, heart, ["notify"])
        self.battery = Characteristic(0x2A19, battery, ["read"], b"\x57")
        self.gatt = {
            heart: Service(0x180D, self.path),
            f"{heart}/char000d": self.heart_rate,
            f"{heart}/char0010": Characteristic(0x2A38, heart, ["read"], b"\x01"),
            battery: Service(0x180F, self.path),
            f"{battery}/char0021": self.battery,
        }

    @dbus_property(READ)
    def Address(self) -> "s":  # noqa: F821
        return self.address

    @dbus_property(READ)
    def Alias(self) -> "s":  # noqa: F821
        return self.label

    @dbus_property(READ)
    def Name(self) -> "s":  # noqa: F821
        return self.label

    @dbus_property(READ)
    def Adapter(self) -> "o":  # noqa: F821
        return ADAPTER

    @dbus_property(READ)
    def UUIDs(self) -> "as":  # noqa: F722
        return [uuid_of(0x180D)] if self.heart else [uuid_of(0x180F)]

    @dbus_property(READ)
    def Paired(self) -> "b":  # noqa: F821
        return False

    @dbus_property(READ)
    def Connected(self) -> "b":  # noqa: F821
        return self.connected

    @dbus_property(READ)
    def ServicesResolved(self) -> "b":  # noqa: F821
        return self.resolved

    @dbus_property(READ)
    def RSSI(self) -> "n":  # noqa: F821
        return -50

    def change(self, *, connected=None, resolved=None):
        changes = {}
        if connected is not None:
            self.connected = changes["Connected"] = connected
        if resolved is not None:
            self.resolved = changes["ServicesResolved"] = resolved
        self.emit_properties_changed(changes)

    @method()
    async def Connect(self):
        self.connects += 1
        if self.connect_errors:
            raise self.connect_errors.pop(0)
        if self.bluez.connecting:  # as many controllers: one connection in the making
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        self.bluez.connecting = True
        try:
            await asyncio.sleep(0.02)
            while self.hang:
                await asyncio.sleep(0.02)
        finally:
            self.bluez.connecting = False
        self.change(connected=True)
        self.bluez.export_gatt(self)
        if self.drop_in_discovery:
            self.drop_in_discovery = False
            self.change(connected=False)
            return
        self.change(resolved=True)

    @method()
    async def Disconnect(self):
        self.drop()

    def drop(self):
        """The connection ends, asked for or not."""
        if self.connected:
            self.heart_rate.notifying = False
            self.change(resolved=False)
            self.change(connected=False)

    def notify(self, packet):
        if self.heart_rate.notifying:
            self.heart_rate.emit_properties_changed({"Value": packet})


class Service(ServiceInterface):
    def __init__(self, number, device):
        super().__init__("org.bluez.GattService1")
        self.number, self.device = number, device

    @dbus_property(READ)
    def UUID(self) -> "s":  # noqa: F821
        return uuid_of(self.number)

    @dbus_property(READ)
    def Device(self) -> "o":  # noqa: F821
        return self.device

    @dbus_property(READ)
    def Primary(self) -> "b":  # noqa: F821
        return True


class Characteristic(ServiceInterface):
    def __init__(self, number, service, flags, value=None):
        super().__init__("org.bluez.GattCharacteristic1")
        self.number, self.service, self.flags, self.value = number, service, flags, value
        self.notifying, self.errors, self.before_read = False, [], None

    @dbus_property(READ)
    def UUID(self) -> "s":  # noqa: F821
        return uuid_of(self.number)

    @dbus_property(READ)
    def Service(self) -> "o":  # noqa: F821
        return self.service

    @dbus_property(READ)
    def Flags(self) -> "as":  # noqa: F722
        return self.flags

    @dbus_property(READ)
    def MTU(self) -> "q":  # noqa: F821
        return 247

    @dbus_property(READ)
    def Value(self) -> "ay":  # noqa: F821
        return self.value or b""

    @dbus_property(READ)
    def Notifying(self) -> "b":  # noqa: F821
        return self.notifying

    @method()
    async def ReadValue(self, options: "a{sv}") -> "ay":  # noqa: F722, F821
        if self.before_read:
            await self.before_read()
        if self.errors:
            raise self.errors.pop(0)
        if self.value is None:
            raise DBusError("org.bluez.Error.NotPermitted", "Read not permitted")
        return self.value

    @method()
    def StartNotify(self):
        self.notifying = True

    @method()
    def StopNotify(self):
        self.notifying = False


class FakeBlueZ:
    """org.bluez with one adapter and some straps."""

    def __init__(self, *straps):
        self.discovering = self.connecting = False
        self.adapter = Adapter(self)
        self.devices = [Device(self, *strap) for strap in straps or (H10,)]
        self.exported, self.bus = set(), None

    @property
    def device(self):
        return self.devices[0]

    async def start(self):
        self.bus = await MessageBus(bus_address=os.environ["DBUS_SYSTEM_BUS_ADDRESS"]).connect()
        self.bus.export(ADAPTER, self.adapter)
        await self.bus.request_name("org.bluez")
        return self

    async def stop(self):
        self.bus.disconnect()
        await self.bus.wait_for_disconnect()

    def advertise(self):
        # repeated: one burst inside StartDiscovery would precede the scanner's listener
        if not self.discovering or not self.bus.connected:
            return
        asyncio.get_running_loop().call_later(0.03, self.advertise)
        for device in self.devices:
            if device.visible and device.path not in self.exported:
                self.exported.add(device.path)
                self.bus.export(device.path, device)
            if device.visible:
                device.emit_properties_changed({"RSSI": -50})

    def forget(self, device):
        """Drop the device from the list, as BlueZ does some time after the last advertisement."""
        for path in [*device.gatt, device.path]:
            if path in self.exported:
                self.exported.discard(path)
                self.bus.unexport(path)

    def export_gatt(self, device):
        for path, thing in device.gatt.items():
            if path not in self.exported:
                self.exported.add(path)
                self.bus.export(path, thing)


@contextlib.contextmanager
def private_bus(monkeypatch):
    """A D-Bus of our own in place of the system's."""
    command = ["dbus-daemon", "--session", "--nofork", "--print-address", "--nopidfile"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        try:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon.stdout.readline().strip())
            yield
        finally:
            daemon.terminate()
