"""What a session needs of a Bluetooth stack; `strap` provides it with bleak, tests with fakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ingest.ble.faults import Fault, StrapError

PMD_CONTROL, PMD_DATA = 0xFB81, 0xFB82
"""Channel numbers we give to Polar's two 128-bit characteristics."""
_POLAR = "fb005c{:02x}-02e7-f387-1cad-8acd2d8df0c8"
_ASSIGNED = "0000{:04x}-0000-1000-8000-00805f9b34fb"


def uuid_of(channel: int) -> str:
    """128-bit UUID, in lower case, of an assigned number or one of `PMD_CONTROL`, `PMD_DATA`."""
    if channel in (PMD_CONTROL, PMD_DATA):
        return _POLAR.format(channel & 0xFF)
    return _ASSIGNED.format(channel)


@dataclass(frozen=True, slots=True)
class Found:
    """A strap in sight.

    Parameters
    ----------
    address : str
        Address; on macOS an identifier of this machine only.
    name : str
        As advertised, "" if it tells none.
    rssi_dbm : int or None
        Signal strength, dBm; None for a device that is connected already.
    connected : bool
        True if the operating system holds a connection to it.
    handle : object
        What the radio needs to connect.
    """

    address: str
    name: str = ""
    rssi_dbm: int | None = None
    connected: bool = False
    handle: object = None

    @property
    def label(self) -> str:
        """Name, or address where there is none."""
        return self.name or self.address

    def is_exactly(self, wanted: str) -> bool:
        """Whether `wanted` is its whole name or address."""
        return wanted.casefold() in (self.address.casefold(), self.name.casefold())

    def fits(self, wanted: str) -> bool:
        """Whether `wanted` is its address or a part of its name; "" fits any."""
        return self.is_exactly(wanted) or wanted.casefold() in self.name.casefold()


class Link(Protocol):
    """One connection; every method raises `StrapError` and nothing else on radio trouble."""

    async def connect(self) -> None:
        """Connect and learn the services."""
        ...

    async def subscribe(self, channel: int, on_packet: Callable[[bytes], None]) -> None:
        """Have every notification handed to `on_packet` the moment it arrives."""
        ...

    async def read(self, channel: int) -> bytes | None:
        """Read a value; None where the strap does not have it."""
        ...

    async def write(self, channel: int, data: bytes) -> None:
        """Write a value and wait for the acknowledgement."""
        ...

    async def disconnect(self) -> None:
        """Disconnect; harmless when there is no connection."""
        ...


class Radio(Protocol):
    """A Bluetooth adapter."""

    async def scan(self, seconds: float, *, until: str | None = None) -> list[Found]:
        """Listen for straps; end early once one is `until`, or soon after one fits it."""
        ...

    def link(self, found: Found, on_lost: Callable[[], None]) -> Link:
        """Prepare a connection; `on_lost` is called whenever it ends, asked for or not."""
        ...


def choose(straps: list[Found], wanted: str, seconds: float) -> Found:
    """Pick the strap that `wanted` means: its address, its name, or a part of its name.

    Parameters
    ----------
    straps : list of Found
        Straps in sight.
    wanted : str
        "" takes the only one in sight.
    seconds : float
        How long was listened, for the message.

    Raises
    ------
    StrapError
        If none fits, or more than one.
    """
    exact = [s for s in straps if wanted and s.is_exactly(wanted)]
    fits = exact or [s for s in straps if s.fits(wanted)]
    if not fits:
        raise StrapError(Fault.NOT_FOUND, wanted, seconds=seconds)
    if len(fits) > 1:
        others = ", ".join(f"{s.label} ({s.address})" for s in fits)
        raise StrapError(Fault.AMBIGUOUS, wanted, others=others)
    return fits[0]
