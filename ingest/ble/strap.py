"""Bluetooth by bleak: the only file that imports it.  Provides `radio.Radio` and `radio.Link`.

bleak's errors differ by platform; here they become `StrapError`, one sentence with the mend.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from ingest.ble.faults import Fault, StrapError
from ingest.ble.measurement import HEART_RATE_MEASUREMENT, HEART_RATE_SERVICE
from ingest.ble.radio import Found, uuid_of

CONNECT_S, READ_S = 30.0, 10.0
OTHERS_S = 2.0
"""How long others are listened for once one strap fits a part of a name; all advertise faster."""
_HEART_RATE = uuid_of(HEART_RATE_SERVICE)  # a filter "180d" matches nothing

_UNAVAILABLE = {
    BleakBluetoothNotAvailableReason.POWERED_OFF: Fault.ADAPTER_OFF,
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: Fault.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: Fault.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: Fault.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: Fault.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: Fault.NO_PERMISSION,
}
_DBUS = {
    "org.bluez.Error.NotReady": Fault.ADAPTER_OFF,
    "org.bluez.Error.NotAuthorized": Fault.NO_PERMISSION,
    "org.freedesktop.DBus.Error.AccessDenied": Fault.NO_PERMISSION,
    "org.freedesktop.DBus.Error.ServiceUnknown": Fault.NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": Fault.NO_SERVICE,
    "org.freedesktop.DBus.Error.NoReply": Fault.TIMEOUT,
    "org.freedesktop.DBus.Error.UnknownObject": Fault.NOT_FOUND,
    "org.freedesktop.DBus.Error.UnknownMethod": Fault.LOST,
    "org.bluez.Error.NotConnected": Fault.LOST,
}
_LOST_WORDS = ("not connected", "disconnected", "service discovery has not been performed")


def told(error: Exception, strap: str, seconds: float) -> StrapError | None:
    """Translate an error of bleak or of its way to the system; None if it is neither."""
    detail = str(error) or type(error).__name__
    fault: Fault | None = None
    if isinstance(error, BleakBluetoothNotAvailableError):
        fault = _UNAVAILABLE.get(error.reason, Fault.NO_SERVICE)
    elif isinstance(error, BleakDBusError):
        aborted = "abort" in detail.lower() and error.dbus_error == "org.bluez.Error.Failed"
        fault = Fault.ABORTED if aborted else _DBUS.get(error.dbus_error, Fault.REFUSED)
    elif isinstance(error, BleakDeviceNotFoundError):
        fault = Fault.NOT_FOUND
    elif isinstance(error, TimeoutError):
        fault = Fault.TIMEOUT
    elif isinstance(error, BleakError):
        lost = any(word in detail.lower() for word in _LOST_WORDS)
        fault = Fault.LOST if lost else Fault.REFUSED
    elif isinstance(error, PermissionError):
        fault = Fault.NO_PERMISSION
    elif isinstance(error, OSError | EOFError) or type(error).__module__.startswith("dbus_fast"):
        fault = Fault.NO_SERVICE  # the way to the system's Bluetooth service is missing or cut
    return None if fault is None else StrapError(fault, strap, seconds=seconds, detail=detail)


@contextlib.contextmanager
def _telling(strap: str, seconds: float = 0.0) -> Iterator[None]:
    try:
        yield
    except StrapError:
        raise
    except Exception as error:
        translated = told(error, strap, seconds)
        if translated is None:
            raise
        raise translated from error


class BleakRadio:
    """The machine's Bluetooth adapter, shared by any number of sessions on one event loop.

    Sessions that scan at the same time share one scanner and connections are made one after
    the other: BlueZ refuses a second of either ("InProgress").

    Parameters
    ----------
    scanner, client, adapter : type, optional
        bleak backends to use instead of the platform's (tests, other stacks).
    connect_s : float
        Longest time for one connection, s.
    """

    def __init__(
        self, *, scanner: type[BaseBleakScanner] | None = None,
        client: type[BaseBleakClient] | None = None,
        adapter: type[BaseBleakAdapter] | None = None, connect_s: float = CONNECT_S,
    ) -> None:  # fmt: skip
        self._scanner, self._client, self._adapter = scanner, client, adapter
        self._connect_s = connect_s
        self._listeners: list[Callable[[Found], None]] = []
        self._running: BleakScanner | None = None
        self._switching, self._connecting = asyncio.Lock(), asyncio.Lock()

    async def scan(self, seconds: float, *, until: str | None = None) -> list[Found]:
        """Straps in sight and those the system is connected to already, strongest first.

        Parameters
        ----------
        seconds : float
            How long to listen, s.
        until : str, optional
            End early: once a strap of this whole name or address is heard, or a moment after
            one of which it is a part (others that fit must be heard, too); ``""`` fits any.

        Raises
        ------
        StrapError
            If Bluetooth cannot be used.
        """
        with _telling(until or "", seconds):
            straps = {found.address: found for found in await self._connected()}
            if not (until and any(s.is_exactly(until) for s in straps.values())):
                await self._listen(seconds, until, straps)
        return sorted(straps.values(), key=lambda s: -(s.rssi_dbm or 0) if s.rssi_dbm else -1000)

    async def _listen(self, seconds: float, until: str | None, straps: dict[str, Found]) -> None:
        loop, enough = asyncio.get_running_loop(), asyncio.Event()

        def heard(found: Found) -> None:
            straps[found.address] = found
            if until and found.is_exactly(until):
                enough.set()
            elif until is not None and found.fits(until):
                loop.call_later(OTHERS_S, enough.set)

        async with self._listening(heard):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), seconds)

    @contextlib.asynccontextmanager
    async def _listening(self, heard: Callable[[Found], None]) -> AsyncIterator[None]:
        """Have `heard` told of every advertisement; the scanner runs while anyone listens."""
        async with self._switching:
            if self._running is None:
                scanner = BleakScanner(self._heard, [_HEART_RATE], backend=self._scanner)
                await scanner.start()
                self._running = scanner
            self._listeners.append(heard)
        try:
            yield
        finally:
            async with self._switching:
                self._listeners.remove(heard)
                if not self._listeners:
                    running, self._running = self._running, None
                    assert running is not None
                    await running.stop()

    def _heard(self, device: BLEDevice, seen: AdvertisementData) -> None:
        name = seen.local_name or device.name or ""
        found = Found(device.address, name, seen.rssi, handle=device)
        for listener in list(self._listeners):
            listener(found)

    async def _connected(self) -> list[Found]:
        if self._scanner is not None and self._adapter is None:
            return []  # another stack than the platform's, without such a list
        try:
            adapter = await BleakAdapter.get(backend=self._adapter)
            devices = await adapter.get_connected_devices([_HEART_RATE])
        except NotImplementedError:  # not every platform tells
            return []
        return [Found(d.address, d.name or "", None, connected=True, handle=d) for d in devices]

    def link(self, found: Found, on_lost: Callable[[], None]) -> BleakLink:
        """Prepare a connection to `found`."""
        client = BleakClient(
            cast(BLEDevice, found.handle) if found.handle is not None else found.address,
            lambda _: on_lost(),
            timeout=self._connect_s,
            backend=self._client,
        )
        return BleakLink(client, found.label, self._connect_s, self._connecting)


class BleakLink:
    """One connection by bleak; `turn` lets one connect at a time."""

    def __init__(
        self, client: BleakClient, strap: str, connect_s: float, turn: asyncio.Lock
    ) -> None:
        self._client, self._strap, self._connect_s = client, strap, connect_s
        self._turn = turn

    async def connect(self) -> None:
        """Connect and learn the services.

        Raises
        ------
        StrapError
            Also if it is no heart rate strap.
        """
        with _telling(self._strap, self._connect_s):
            async with self._turn:
                await self._client.connect()
            if self._client.services.get_characteristic(uuid_of(HEART_RATE_MEASUREMENT)) is None:
                raise StrapError(Fault.NO_HEART_RATE, self._strap)

    async def subscribe(self, channel: int, on_packet: Callable[[bytes], None]) -> None:
        """Have every notification handed to `on_packet`."""
        with _telling(self._strap, READ_S):
            await self._client.start_notify(
                uuid_of(channel), lambda _, data: on_packet(bytes(data))
            )

    async def read(self, channel: int) -> bytes | None:
        """Read a value; None where the strap does not have it or does not let it be read."""
        with _telling(self._strap, READ_S):
            try:
                async with asyncio.timeout(READ_S):
                    return bytes(await self._client.read_gatt_char(uuid_of(channel)))
            except (BleakCharacteristicNotFoundError, BleakGATTProtocolError):
                return None

    async def write(self, channel: int, data: bytes) -> None:
        """Write a value and wait for the acknowledgement."""
        with _telling(self._strap, READ_S):
            async with asyncio.timeout(READ_S):
                await self._client.write_gatt_char(uuid_of(channel), data, response=True)

    async def disconnect(self) -> None:
        """Disconnect; a connection that is gone already is what was wanted."""
        try:
            with _telling(self._strap):
                await self._client.disconnect()
        except StrapError as error:
            if error.fault not in (Fault.LOST, Fault.NO_SERVICE, Fault.REFUSED):
                raise
