"""Go or no-go: a good signal goes, every trouble is named with its mend."""

import math

import journal_rig as rig
import numpy as np
import pytest

from ingest.ble.check import SignalCheck, artefact_share
from ingest.ble.measurement import Contact


def fed(items):
    check = SignalCheck()
    for item in items:
        check.feed(item)
    return check.verdict(items[-1].mono_ns)


def with_contact(items, lost=()):
    out = []
    for n, item in enumerate(items):
        flags = 0x16 if n not in lost else 0x14
        out.append(type(item)(
            item.kind, item.mono_ns, item.wall_ns, bytes([flags]) + item.payload[1:], item.channel
        ))  # fmt: skip
    return out


def test_a_good_signal_goes():
    signal = fed(with_contact(rig.recording(60)))
    assert signal.go
    assert signal.reasons == ()
    assert signal.contact is Contact.HELD
    assert 28 <= signal.beats <= 42
    assert signal.artefact_share == 0


@pytest.mark.parametrize(
    ("items", "why"),
    [
        (rig.recording(15), "watched for 1"),
        (with_contact(rig.recording(60), lost={50}), "contact was lost"),
        ([*rig.recording(60), rig.event(170 * 10**9, "note")], "no packet for"),
        ([*rig.recording(60), rig.event(161 * 10**9, "lost")], "no packet was heard"),
        ([rig.notification(n * 10**9, [820] if n % 4 == 0 else []) for n in range(60)],
         "does not see the heart"),
        ([rig.notification(n * 10**9, [1500 if n % 6 == 0 else 820]) for n in range(60)],
         "look wrong"),
    ],
    ids=["young", "contact", "silent", "lost", "few", "artefacts"],
)  # fmt: skip
def test_every_trouble_is_named(items, why):
    signal = fed(items)
    assert not signal.go
    assert any(why in reason for reason in signal.reasons), signal.reasons


def test_a_packet_that_does_not_decode_stands_against_it():
    items = rig.recording(60)
    broken = rig.notification(items[-1].mono_ns, [])
    bad = type(broken)(broken.kind, broken.mono_ns, broken.wall_ns, b"\x10", broken.channel)
    assert any("did not decode" in r for r in fed([*items, bad]).reasons)


def test_old_troubles_are_forgotten():
    items = with_contact(rig.recording(120), lost=range(20, 40))
    assert fed(items).go


def test_the_share_of_artefacts():
    assert math.isnan(artefact_share(np.array([])))
    assert artefact_share(np.array([800.0] * 20)) == 0
    rr = np.array([800.0] * 20)
    rr[[5, 12]] = 1600, 250
    assert artefact_share(rr) == pytest.approx(0.1)
