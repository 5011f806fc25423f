"""A strap and an adapter on two virtual Bluetooth controllers (bumble): real stack, no radio.

`Strap` is a GATT server; `backends` gives the bleak scanner and client classes of a central on
the same link.  Below bleak's face everything is real: ATT, L2CAP, HCI and link-layer PDUs.
"""

import asyncio
import uuid

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError, BleakGATTProtocolError, BleakGATTProtocolErrorCode
from bumble import core, data_types, gatt
from bumble.att import ATT_READ_NOT_PERMITTED_ERROR, ATT_Error
from bumble.controller import Controller
from bumble.core import AdvertisingData
from bumble.device import Device, DeviceConfiguration, Peer
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.link import LocalLink
from bumble.profiles.battery_service import BatteryService
from bumble.profiles.device_information_service import DeviceInformationService

from ingest.ble.radio import PMD_CONTROL, PMD_DATA, uuid_of

H10 = ("Polar H10 SIM0001", "F0:F1:F2:F3:F4:F5")
TICKR = ("TICKR 1234", "E0:E1:E2:E3:E4:E5")
PROPERTIES = (
    "broadcast", "read", "write-without-response", "write", "notify", "indicate",
    "authenticated-signed-writes", "extended-properties",
)  # fmt: skip
LINK_TROUBLE = (core.ProtocolError, core.TimeoutError, core.InvalidStateError)


def _read_denied(_):
    # bumble does not refuse reads of a characteristic without permissions; real straps do
    raise ATT_Error(ATT_READ_NOT_PERMITTED_ERROR)


class Strap:
    """A strap with heart rate, battery and device information."""

    def __init__(self, link, name=H10[0], address=H10[1], battery=87, services=()):
        controller = Controller(name, link=link)
        self.device = Device.from_config_with_hci(
            DeviceConfiguration(
                name=name, address=Address(address),
                advertising_interval_min=50, advertising_interval_max=50,
            ),
            controller, controller,
        )  # fmt: skip
        self.battery, self.subscribed, self.subscriptions = battery, asyncio.Event(), 0
        self.before_read = None
        self.heart_rate = Characteristic(
            gatt.GATT_HEART_RATE_MEASUREMENT_CHARACTERISTIC,
            Characteristic.Properties.NOTIFY, Characteristic.Permissions(0),
            CharacteristicValue(read=_read_denied),
        )  # fmt: skip
        self.heart_rate.on(self.heart_rate.EVENT_SUBSCRIPTION, self._on_subscription)
        place = Characteristic(
            gatt.GATT_BODY_SENSOR_LOCATION_CHARACTERISTIC,
            Characteristic.Properties.READ, Characteristic.READABLE, b"\x01",
        )  # fmt: skip
        self.device.add_services([
            Service(gatt.GATT_HEART_RATE_SERVICE, [self.heart_rate, place]),
            BatteryService(self._read_battery),
            DeviceInformationService(manufacturer_name="Polar Electro Oy", model_number="H10"),
            *services,
        ])  # fmt: skip
        self.device.advertising_data = bytes(AdvertisingData([
            data_types.Flags(AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE),
            data_types.IncompleteListOf16BitServiceUUIDs([gatt.GATT_HEART_RATE_SERVICE]),
            data_types.CompleteLocalName(name),
        ]))  # fmt: skip

    def _read_battery(self, _):
        if self.before_read:
            self.before_read()
        return self.battery

    def _on_subscription(self, _connection, notify, _indicate):
        self.subscriptions += bool(notify)
        (self.subscribed.set if notify else self.subscribed.clear)()

    async def start(self):
        await self.device.power_on()
        await self.device.start_advertising(auto_restart=True)
        return self

    async def notify(self, packet):
        await self.device.notify_subscribers(self.heart_rate, value=packet)

    async def drop(self):
        """End the connection from the strap's side, as when it leaves the range."""
        self.subscribed.clear()
        for connection in list(self.device.connections.values()):
            await connection.disconnect()

    async def hide(self):
        await self.device.stop_advertising()


OFFERS = {
    0: bytes.fromhex("00 01 82 00 01 01 0E 00"),
    2: bytes.fromhex("00 04 19 00 32 00 64 00 C8 00 01 01 10 00 02 03 02 00 04 00 08 00"),
}
"""Settings that the simulated Polar strap offers, by measurement."""


class Polar:
    """Polar's measurement service: ECG at 130 Hz and acceleration at 25 to 200 Hz."""

    def __init__(self):
        self.device, self.commands, self.running = None, [], set()
        self.control = Characteristic(
            core.UUID(uuid_of(PMD_CONTROL)),
            Characteristic.Properties.READ | Characteristic.Properties.WRITE
            | Characteristic.Properties.INDICATE,
            Characteristic.READABLE | Characteristic.WRITEABLE,
            CharacteristicValue(read=lambda _: b"\x0f\x05\x00", write=self._command),
        )  # fmt: skip
        self.data = Characteristic(
            core.UUID(uuid_of(PMD_DATA)), Characteristic.Properties.NOTIFY,
            Characteristic.Permissions(0), CharacteristicValue(read=_read_denied),
        )  # fmt: skip
        service = core.UUID("fb005c80-02e7-f387-1cad-8acd2d8df0c8")
        self.service = Service(service, [self.control, self.data])

    def _command(self, _, command):
        self.commands.append(bytes(command))
        action, stream = command[0], command[1]
        offer = OFFERS[stream] if action == 1 else b""
        if action == 2:
            self.running.add(stream)
        answer = bytes([0xF0, action, stream, 0, 0]) + offer
        sending = self.device.indicate_subscribers(self.control, value=answer)
        self.answering = asyncio.ensure_future(sending)

    async def send(self, frame):
        await self.device.notify_subscribers(self.data, value=frame)


def _uuid128(value):
    return str(uuid.UUID(bytes=bytes(reversed(value.to_bytes(force_128=True)))))


class Central:
    """One virtual adapter."""

    def __init__(self, link, address="C0:C1:C2:C3:C4:C5"):
        controller = Controller("central", link=link)
        self.device = Device.with_hci("central", Address(address), controller, controller)
        self.powering = None

    async def ready(self):
        if self.powering is None:
            self.powering = asyncio.ensure_future(self.device.power_on())
        await self.powering
        return self.device


class _Scanner(BaseBleakScanner):
    central = None

    def __init__(self, detection_callback, service_uuids, scanning_mode, **_):
        super().__init__(detection_callback, service_uuids)
        self._mode = scanning_mode

    def _on_advertisement(self, seen):
        kinds = (
            AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
            AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        )
        uuids = [_uuid128(u) for kind in kinds for u in (seen.data.get(kind) or [])]
        if not self.is_allowed_uuid(uuids):
            return
        name = seen.data.get(AdvertisingData.COMPLETE_LOCAL_NAME)
        address = seen.address.to_string(False)
        data = AdvertisementData(name, {}, {}, uuids, None, seen.rssi, (seen,))
        device = self.create_or_update_device(address, address, name, seen.address, data)
        self.call_detection_callbacks(device, data)

    async def start(self):
        device = await self.central.ready()
        self.seen_devices = {}
        device.on(device.EVENT_ADVERTISEMENT, self._on_advertisement)
        if not device.scanning:
            await device.start_scanning(active=self._mode == "active", filter_duplicates=False)

    async def stop(self):
        device = await self.central.ready()
        device.remove_listener(device.EVENT_ADVERTISEMENT, self._on_advertisement)
        if device.scanning and not device.listeners(device.EVENT_ADVERTISEMENT):
            await device.stop_scanning()


class _Client(BaseBleakClient):
    central = None

    def __init__(self, address_or_ble_device, **kwargs):
        super().__init__(address_or_ble_device, **kwargs)
        self._label = getattr(address_or_ble_device, "name", None)
        self._connection = self._peer = None

    @property
    def name(self):
        return self._label or self.address

    @property
    def mtu_size(self):
        return self._peer.gatt_client.mtu if self._peer else 23

    @property
    def is_connected(self):
        return self._connection is not None

    async def connect(self, pair, **_):
        device = await self.central.ready()
        try:
            async with asyncio.timeout(self._timeout):
                address = Address(self.address, Address.RANDOM_DEVICE_ADDRESS)
                self._connection = await device.connect(address, timeout=None)
                self._connection.once("disconnection", self._on_disconnection)
                self._peer = Peer(self._connection)
                await self._peer.request_mtu(247)
                self.services = await self._discover()
        except LINK_TROUBLE as error:
            await self.disconnect()
            raise BleakError(str(error)) from error
        except (TimeoutError, asyncio.CancelledError):
            await self.disconnect()
            raise

    def _on_disconnection(self, _reason):
        self._connection = self._peer = self.services = None
        if self._disconnected_callback:  # bleak's own backends tell of requested ones, too
            self._disconnected_callback()

    async def disconnect(self):
        if self._connection:
            await self._connection.disconnect()

    async def pair(self, *args, **kwargs):
        raise NotImplementedError

    async def unpair(self, *args, **kwargs):
        raise NotImplementedError

    async def _discover(self):
        found = BleakGATTServiceCollection()
        for remote in await self._peer.discover_services():
            service = BleakGATTService(remote, remote.handle, _uuid128(remote.uuid))
            found.add_service(service)
            for char in await self._peer.discover_characteristics(service=remote):
                properties = [p for i, p in enumerate(PROPERTIES) if char.properties & (1 << i)]
                ours = BleakGATTCharacteristic(
                    char, char.handle, _uuid128(char.uuid), properties,
                    lambda: self.mtu_size - 3, service,
                )  # fmt: skip
                found.add_characteristic(ours)
                for d in await self._peer.discover_descriptors(char):
                    found.add_descriptor(BleakGATTDescriptor(d, d.handle, _uuid128(d.type), ours))
        return found

    async def _request(self, work):
        if not self._connection:
            work.close()
            raise BleakError("Not connected")
        try:  # a lost link fails pending requests instead of leaving them hanging
            return await self._connection.cancel_on_disconnection(asyncio.ensure_future(work))
        except ATT_Error as error:
            code = BleakGATTProtocolErrorCode(error.error_code)
            raise BleakGATTProtocolError(code) from error
        except (asyncio.CancelledError, *LINK_TROUBLE) as error:
            if self._connection is None:
                raise BleakError("disconnected") from error
            raise

    async def read_gatt_char(self, characteristic, **_):
        return bytearray(await self._request(characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor, **_):
        return bytearray(await self._request(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic, data, response):
        await self._request(characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor, data):
        await self._request(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(self, characteristic, callback, **_):
        await self._request(characteristic.obj.subscribe(lambda v: callback(bytearray(v))))

    async def stop_notify(self, characteristic):
        await self._request(characteristic.obj.unsubscribe(force=True))


def backends(link):
    """(scanner class, client class) of one virtual adapter on `link`."""
    central = Central(link)
    scanner = type("BumbleScanner", (_Scanner,), {"central": central})
    client = type("BumbleClient", (_Client,), {"central": central})
    return scanner, client


def new_link():
    return LocalLink()
