"""What the live view shows: the numbers of batch for the last minute, and every trouble counted."""

import math

import journal_rig as rig
import pytest

from hrv.clean import clean
from hrv.types import CORRECTED, Provenance
from ingest.ble.clock import Lookahead
from ingest.ble.measurement import BATTERY_LEVEL, Contact
from ingest.ble.series import SeriesBuilder
from ingest.ble.stream import BeatStream
from ingest.ble.vitals import VitalsWatch
from ingest.journal.record import Kind, Record, of_fields


def watched(records):
    watch, stream = VitalsWatch(), BeatStream(Lookahead.LIVE)
    for record in records:
        watch.feed(record, stream.feed(record))
    return watch


def at_end(records):
    return watched(records).at(records[-1].mono_ns)


def spoilt(seconds, seed):
    """A strap with an extra beat (an interval cut in two) every 40 packets."""
    out = []
    for i, record in enumerate(rig.recording(seconds, seed=seed)):
        ticks = [int.from_bytes(record.payload[k : k + 2], "little") for k in range(2, 6, 2)]
        if i % 40 == 20 and len(record.payload) == 4:
            record = rig.notification(record.mono_ns, [ticks[0] // 3, ticks[0] - ticks[0] // 3])
        out.append(record)
    return out


def slow_last_minute(records):
    """RMSSD and share removed of the last 60 s, from the whole recording, by a plain loop."""
    stream, builder = BeatStream(Lookahead.LIVE), SeriesBuilder()
    for record in records:
        for beat in stream.feed(record):
            builder.add(beat)
    nn = clean(builder.series(None, Provenance(source="x")))
    begin_s = float(nn.rr.t_s[-1]) - 60
    squares = [
        (nn.nn_ms[i] - nn.nn_ms[i - 1]) ** 2
        for i in range(1, len(nn))
        if nn.joined[i] and nn.t_s[i - 1] - nn.nn_ms[i - 1] / 1000 >= begin_s + 1e-3
    ]
    inside = [int(flag) for t, flag in zip(nn.rr.t_s, nn.rr.flag, strict=True) if t > begin_s]
    removed = [f for f in inside if f & int(CORRECTED)]
    return math.sqrt(sum(squares) / len(squares)), len(removed) / len(inside)


@pytest.mark.parametrize("seed", range(4))
def test_the_last_minute_has_the_numbers_of_batch_however_long_the_past(seed):
    records = spoilt(500 + 37 * seed, seed)
    vitals = at_end(records)
    rmssd, share = slow_last_minute(records)
    assert vitals.rmssd_ms == pytest.approx(rmssd, rel=1e-9)
    assert vitals.artefact_share == pytest.approx(share)
    assert vitals.why_no_rmssd == ""


def test_in_the_first_minute_the_wait_is_told_instead():
    vitals = at_end(rig.recording(40))
    assert math.isnan(vitals.rmssd_ms)
    assert vitals.why_no_rmssd.startswith("in ")
    assert VitalsWatch().at(0).why_no_rmssd == "no beat yet"


def test_heart_rate_is_the_straps_own_or_comes_from_the_last_intervals():
    records = rig.recording(30)
    assert at_end(records).hr_bpm == 70
    zero = [rig.notification(r.mono_ns, [1024]) for r in records]
    zero = [Record(r.kind, r.mono_ns, r.wall_ns, b"\x10\x00\x00\x04", r.channel) for r in zero]
    assert at_end(zero).hr_bpm == pytest.approx(60)
    assert math.isnan(VitalsWatch().at(0).hr_bpm)


def test_battery_contact_device_and_state_are_those_last_told():
    records = [
        rig.event(1, "connecting", strap="H10"),
        of_fields(Kind.DEVICE, 2, 2, name="Polar H10 1234", address="A0"),
        Record(Kind.READING, 3, 3, b"\x57", BATTERY_LEVEL),
        rig.notification(4, [800], contact=Contact.LOST),
    ]
    vitals = at_end(records)
    assert (vitals.battery_percent, vitals.contact) == (87, Contact.LOST)
    assert (vitals.device, vitals.state) == ("Polar H10 1234", "connected")
    assert at_end([*records, rig.event(5, "lost")]).state == "lost"
    assert at_end([*records, Record(Kind.READING, 5, 5, b"\xff", BATTERY_LEVEL)]).device


def test_gaps_losses_and_broken_packets_are_counted():
    records = rig.recording(120)
    bad = Record(Kind.NOTIFICATION, records[60].mono_ns, 0, b"\x10", records[0].channel)
    lost_ns = records[90].mono_ns - records[80].mono_ns
    items = [*records[:60], bad, *records[61:80], rig.event(records[85].mono_ns, "lost")]
    vitals = at_end([*items, *records[90:]])
    assert vitals.malformed == 1
    assert vitals.gaps == 2
    assert vitals.lost_s == pytest.approx(lost_ns / 1e9 + 1, abs=2.5)


def test_elapsed_time_goes_on_through_a_restart_with_another_clock():
    first, second = rig.recording(30), rig.recording(20)
    later = [rig.notification(r.mono_ns + 10**15, [800]) for r in second]
    restart = of_fields(Kind.SESSION, 0, 0, session="x")
    watch = watched([*first, restart, *later])
    passed = [r[-1].mono_ns - r[0].mono_ns for r in (first, later)]
    assert watch.elapsed_s(later[-1].mono_ns) == pytest.approx(sum(passed) / 1e9)
    assert watch.signal(later[-1].mono_ns).reasons[0].startswith("watched for")


def test_memory_does_not_grow():
    watch, stream, most = VitalsWatch(), BeatStream(Lookahead.LIVE), 0
    for record in rig.recording(4000):
        watch.feed(record, stream.feed(record))
        most = max(most, len(watch._builder.intervals))
    assert most < 700
