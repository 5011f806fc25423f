"""The session's decisions, with a radio made of plain Python: no stack, no waiting, no patching."""

import asyncio
import random

import pytest

from ingest.ble.faults import Fault, StrapError
from ingest.ble.measurement import BATTERY_LEVEL, HEART_RATE_MEASUREMENT
from ingest.ble.radio import Found, choose
from ingest.ble.session import SessionSettings, StrapSession
from ingest.journal.record import Kind

QUICK = SessionSettings(
    find_s=0.1, silence_s=0.15, first_attempts=3, backoff_s=0.01, backoff_max_s=0.04,
    battery_every_s=60,
)  # fmt: skip
H10 = Found("A0:9E:1A:00:00:01", "Polar H10 0001", -50)
BEAT = b"\x10\x3c\x8c\x04"


class FakeLink:
    """A connection whose script says what goes wrong, in order of the calls."""

    def __init__(self, radio, on_lost):
        self.radio, self.on_lost, self.on_packet = radio, on_lost, None

    async def connect(self):
        await asyncio.sleep(0)
        trouble = self.radio.connect_troubles.pop(0) if self.radio.connect_troubles else None
        if trouble:
            raise trouble
        self.radio.links.append(self)

    async def subscribe(self, channel, on_packet):
        assert channel == HEART_RATE_MEASUREMENT
        self.on_packet = on_packet
        asyncio.get_running_loop().call_soon(self.radio.play, self)

    async def read(self, channel):
        await asyncio.sleep(0)
        trouble = self.radio.read_troubles.pop(channel, None)
        if trouble:
            raise trouble
        return self.radio.values.get(channel)

    async def disconnect(self):
        self.radio.disconnects += 1
        self.on_lost()  # as BlueZ does: told of requested disconnects, too


class FakeRadio:
    def __init__(self, scans=None, play=None):
        self.scans, self.play = scans, play or (lambda link: link.on_packet(BEAT))
        self.links, self.connect_troubles, self.read_troubles = [], [], {}
        self.values = {BATTERY_LEVEL: b"\x57", 0x2A29: b"Polar Electro Oy\0", 0x2A38: b"\x01"}
        self.scanned, self.disconnects = [], 0

    async def scan(self, seconds, *, until=""):
        self.scanned.append(until)
        result = self.scans.pop(0) if self.scans else [H10]
        if isinstance(result, Exception):
            raise result
        return result

    def link(self, found, on_lost):
        return FakeLink(self, on_lost)


async def collect(session, enough, seconds=3):
    """Records until `enough(records)`, then the session is stopped and drained."""
    out = []
    async with asyncio.timeout(seconds):
        async for record in session.records():
            out.append(record)
            if enough(out):
                session.stop()
    return out


def session_of(radio, wanted="Polar H10 0001"):
    return StrapSession(radio, wanted, settings=QUICK, rng=random.Random(1))


def events(records):
    return [r.fields["event"] for r in records if r.kind is Kind.EVENT]


def packets(records):
    return [r.payload for r in records if r.kind is Kind.NOTIFICATION]


def test_a_session_records_the_strap_its_battery_and_every_packet():
    def enough(out):
        return packets(out) and out[-1].kind is Kind.READING

    out = asyncio.run(collect(session_of(FakeRadio()), enough))
    assert packets(out) == [BEAT]
    (device,) = [r.fields for r in out if r.kind is Kind.DEVICE]
    assert device["manufacturer"] == "Polar Electro Oy"
    assert device["body_location"] == "chest"
    (battery,) = [r for r in out if r.kind is Kind.READING]
    assert (battery.payload, battery.channel) == (b"\x57", BATTERY_LEVEL)
    assert events(out) == ["connecting", "connected", "subscribed", "disconnected"]
    stamps = [r.mono_ns for r in out]
    assert stamps == sorted(stamps)


def test_identical_packets_are_all_kept():
    radio = FakeRadio(play=lambda link: [link.on_packet(BEAT) for _ in range(5)])
    out = asyncio.run(collect(session_of(radio), lambda o: len(packets(o)) == 5))
    assert packets(out) == [BEAT] * 5


def test_a_requested_disconnect_is_not_told_as_a_loss():
    out = asyncio.run(collect(session_of(FakeRadio()), packets))
    assert "lost" not in events(out)


def test_a_lost_connection_is_scanned_for_made_and_subscribed_anew():
    def play(link):
        link.on_packet(BEAT)
        if len(link.radio.links) < 3:
            link.on_lost()

    radio = FakeRadio(play=play)
    out = asyncio.run(collect(session_of(radio), lambda o: len(packets(o)) == 3))
    assert events(out).count("lost") == 2
    assert events(out).count("subscribed") == 3
    assert radio.scanned == ["Polar H10 0001", H10.address, H10.address]
    assert radio.disconnects == 3


def test_silence_makes_the_watchdog_connect_anew():
    radio = FakeRadio(play=lambda link: link.on_packet(BEAT))
    out = asyncio.run(collect(session_of(radio), lambda o: len(packets(o)) == 2))
    assert events(out).count("stalled") == 1
    assert events(out).count("connected") == 2


def test_a_drop_during_a_read_is_a_loss_and_recording_goes_on():
    radio = FakeRadio()
    radio.read_troubles[BATTERY_LEVEL] = StrapError(Fault.LOST, "x")
    out = asyncio.run(collect(session_of(radio), lambda o: len(packets(o)) == 2))
    assert events(out).count("lost") == 1


def test_a_value_the_strap_withholds_costs_nothing_but_a_note():
    radio = FakeRadio()
    radio.read_troubles[0x2A29] = StrapError(Fault.REFUSED, "x", detail="no")
    radio.values[BATTERY_LEVEL] = None
    radio.values[0x2A38] = b"\x63"
    out = asyncio.run(collect(session_of(radio), lambda o: o[-1].kind is Kind.DEVICE))
    assert events(out).count("fault") == 2
    assert packets(out) == [BEAT]


def test_an_aborted_connection_is_tried_again_before_giving_up():
    radio = FakeRadio()
    radio.connect_troubles = [StrapError(Fault.ABORTED, "x"), StrapError(Fault.TIMEOUT, "x")]
    out = asyncio.run(collect(session_of(radio), packets))
    assert events(out)[:4] == ["connecting", "fault", "connecting", "fault"]


def test_a_strap_that_never_comes_ends_in_one_sentence_with_the_mend():
    radio = FakeRadio(scans=[[], [], []])
    with pytest.raises(StrapError, match="stays invisible") as caught:
        asyncio.run(collect(session_of(radio), packets))
    assert caught.value.fault is Fault.NOT_FOUND
    assert len(radio.scanned) == 3


@pytest.mark.parametrize("fault", [Fault.ADAPTER_OFF, Fault.NO_PERMISSION, Fault.NO_SERVICE])
def test_what_waiting_does_not_mend_is_told_at_once(fault):
    radio = FakeRadio(scans=[StrapError(fault)])
    with pytest.raises(StrapError) as caught:
        asyncio.run(collect(session_of(radio), packets))
    assert caught.value.fault is fault
    assert len(radio.scanned) == 1


def test_once_recording_an_adapter_switched_off_is_waited_for():
    def play(link):
        link.on_packet(BEAT)
        link.on_lost()

    radio = FakeRadio(scans=[[H10], StrapError(Fault.ADAPTER_OFF), [], [], []], play=play)
    out = asyncio.run(collect(session_of(radio), lambda o: len(packets(o)) == 2))
    says = [r.fields["says"] for r in out if r.kind is Kind.EVENT and "says" in r.fields]
    assert any("switched off" in s for s in says)
    assert len(radio.scanned) == 6


def test_stopping_ends_a_search_at_once():
    class Endless(FakeRadio):
        async def scan(self, seconds, *, until=""):
            await asyncio.sleep(60)

    async def scenario():
        session = session_of(Endless())
        asyncio.get_running_loop().call_later(0.02, session.stop)
        return await collect(session, lambda o: False, seconds=1)

    assert asyncio.run(scenario()) == []


def test_leaving_the_records_early_disconnects():
    async def scenario():
        radio = FakeRadio()
        stream = session_of(radio).records()
        async for record in stream:
            if record.kind is Kind.NOTIFICATION:
                break
        await stream.aclose()
        return radio.disconnects

    assert asyncio.run(scenario()) == 1


def test_pauses_double_with_jitter_up_to_the_cap():
    pauses = []

    class Watched:
        def mono_ns(self):
            return 0

        wall_ns = mono_ns

        async def sleep(self, seconds):
            pauses.append(seconds)

    radio = FakeRadio(scans=[[] for _ in range(12)])
    settings = SessionSettings(find_s=0, first_attempts=12, backoff_s=1, backoff_max_s=30)
    session = StrapSession(radio, "x", settings=settings, time=Watched(), rng=random.Random(3))
    with pytest.raises(StrapError):
        asyncio.run(collect(session, packets))
    caps = [min(2.0**n, 30) for n in range(1, 12)]
    assert all(cap / 2 <= p <= cap for p, cap in zip(pauses, caps, strict=True))
    assert len({round(p / cap, 6) for p, cap in zip(pauses, caps, strict=True)}) > 5


def test_a_strap_is_chosen_by_address_name_or_part_of_its_name():
    other = Found("B0:00:00:00:00:02", "Polar H10 0002", -60)
    assert choose([other, H10], H10.address.lower(), 1) is H10
    assert choose([other, H10], "polar h10 0001", 1) is H10
    assert choose([other, H10], "0002", 1) is other
    assert choose([H10], "", 1) is H10
    with pytest.raises(StrapError, match=r"B0:00:00:00:00:02.*whole name or address"):
        choose([H10, other], "H10", 1)
    with pytest.raises(StrapError, match="TICKR was not heard"):
        choose([H10], "TICKR", 1)


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_is_one_sentence_with_a_mend(fault):
    says = str(StrapError(fault, "H10", seconds=5, others="a, b", detail="why"))
    assert "\n" not in says
    assert "{" not in says
    assert says[0].isupper()
