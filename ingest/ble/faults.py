"""What goes wrong between a strap and us: one sentence each, with the mend."""

from __future__ import annotations

import enum

from hrv.errors import HRVError


class Fault(enum.Enum):
    """Kinds of trouble with the radio or the strap."""

    ADAPTER_OFF = "adapter off"
    NO_ADAPTER = "no adapter"
    NO_PERMISSION = "no permission"
    NO_SERVICE = "no Bluetooth service"
    NOT_FOUND = "not found"
    AMBIGUOUS = "ambiguous"
    TIMEOUT = "connection timed out"
    ABORTED = "connection aborted"
    LOST = "connection lost"
    NO_HEART_RATE = "no heart rate service"
    REFUSED = "refused"


SENTENCES = {
    Fault.ADAPTER_OFF: "Bluetooth is switched off; switch it on (Linux: bluetoothctl power on)",
    Fault.NO_ADAPTER: "this computer has no Bluetooth Low Energy adapter; plug one in",
    Fault.NO_PERMISSION: "this program may not use Bluetooth; allow it in the system's privacy "
    "settings (Linux: add yourself to the group bluetooth and log in again)",
    Fault.NO_SERVICE: "the system's Bluetooth service does not answer; start it "
    "(Linux: install bluez, then systemctl start bluetooth)",
    Fault.NOT_FOUND: "{strap} was not heard within {seconds:g} s; wear it with wet "
    "electrodes and come close; if a watch or another app is connected to it, end that "
    "connection: a strap in use stays invisible (Polar H10: or switch on its dual mode)",
    Fault.AMBIGUOUS: "several straps fit {strap}: {others}; give the whole name or address",
    Fault.TIMEOUT: "{strap} is in sight but did not accept the connection within {seconds:g} s; "
    "end its connection to any watch or other app and come closer",
    Fault.ABORTED: "the connection to {strap} was cut while it was being made; it is tried again",
    Fault.LOST: "the connection to {strap} was lost; come back into range",
    Fault.NO_HEART_RATE: "{strap} has no heart rate service; choose a chest strap that sends RR "
    "intervals",
    Fault.REFUSED: "{strap} or the system refused: {detail}",
}
"""The sentence of every fault; ``{strap}`` and other fields are filled in."""

LASTING = frozenset({
    Fault.ADAPTER_OFF, Fault.NO_ADAPTER, Fault.NO_PERMISSION, Fault.NO_SERVICE, Fault.AMBIGUOUS,
    Fault.NO_HEART_RATE,
})  # fmt: skip
"""Faults that waiting does not mend: fatal before the first beat, retried once recording."""


class StrapError(HRVError):
    """The radio or the strap does not do what is needed.

    Parameters
    ----------
    fault : Fault
        Kind of trouble.
    strap : str
        Name or address of the strap, "" if none is meant.
    seconds, others, detail : optional
        What the sentence of the fault asks for.
    """

    def __init__(
        self, fault: Fault, strap: str = "", *, seconds: float = 0.0, others: str = "",
        detail: str = "",
    ) -> None:  # fmt: skip
        says = SENTENCES[fault].format(
            strap=strap or "the strap", seconds=seconds, others=others, detail=detail
        )
        super().__init__(says[0].upper() + says[1:])
        self.fault = fault
        self.strap = strap
        self.detail = detail
