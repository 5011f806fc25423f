"""The beat clock: nothing lost or doubled, online equals offline, losses proved, times causal."""

import itertools
import random
import time
import tracemalloc

import beat_oracle
import pytest
import strap_sim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hrv.errors import InputError
from ingest.ble.clock import SUSPECTED, BeatClock, Lookahead
from ingest.ble.measurement import decode
from ingest.ble.segment import Segment

rr_lists = st.lists(st.integers(400, 1400), min_size=20, max_size=90)
jitters = st.lists(st.floats(0, 0.2), min_size=1, max_size=20)
thorough = settings(max_examples=200, deadline=None)


def run(packets, lookahead=Lookahead.FULL, hard=()):
    """Beats of (arrival_ns, ticks) packets; `hard` are indices a boundary precedes."""
    clock, beats = BeatClock(lookahead), []
    for i, (arrival_ns, ticks) in enumerate(packets):
        if i in hard:
            beats += clock.boundary("reconnected")
        beats += clock.push(arrival_ns, ticks)
    return beats + clock.finish()


def raw(packets):
    return [(p.arrival_ns, p.ticks) for p in packets]


def segments(beats):
    out = []
    for b in beats:
        if b.boundary:
            out.append([])
        out[-1].append(b)
    return out


arbitrary_packets = st.lists(
    st.tuples(st.integers(0, 3_000_000_000), st.lists(st.integers(300, 2000), max_size=3)),
    min_size=1,
    max_size=60,
)


def arrivals(gaps):
    at, out = 0, []
    for gap_ns, ticks in gaps:
        at += gap_ns
        out.append((at, tuple(ticks)))
    return out


def assert_like_oracle(packets, lookahead):
    beats = run(packets, lookahead)
    expected = beat_oracle.runs(packets, live=lookahead is Lookahead.LIVE)
    assert [[b.rr_ticks for b in s] for s in segments(beats)] == [run.ticks for run in expected]
    assert [s[0].boundary == SUSPECTED for s in segments(beats)] == [run.doubt for run in expected]
    assert [b.suspect for b in beats] == [x for run in expected for x in run.suspect]
    assert [b.unsure for b in beats] == [x for run in expected for x in run.unsure]
    wanted = [t for run in expected for t in run.times]
    assert all(abs(b.t_ns - float(t * 10**9)) <= 2 for b, t in zip(beats, wanted, strict=True))


@settings(max_examples=150, deadline=None)
@given(arbitrary_packets, st.sampled_from(Lookahead))
def test_online_equals_the_offline_oracle_on_any_packets(gaps, lookahead):
    assert_like_oracle(arrivals(gaps), lookahead)


@settings(max_examples=60, deadline=None)
@given(rr_lists, jitters, st.sets(st.integers(0, 60), max_size=8), st.sampled_from(Lookahead))
def test_online_equals_the_offline_oracle_on_a_strap_with_losses(rrs, jitter, lost, lookahead):
    packets = [p for i, p in enumerate(strap_sim.stream(rrs, jitter)) if i not in lost]
    assume(packets)
    assert_like_oracle(raw(packets), lookahead)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 10_000),
    st.lists(st.tuples(st.integers(2, 40), st.sampled_from(["lose", "stall"]), st.integers(1, 4)),
             min_size=1, max_size=6),
    st.sampled_from(Lookahead),
)  # fmt: skip
def test_online_equals_the_offline_oracle_through_losses_and_stalls(seed, troubles, lookahead):
    rng = random.Random(seed)
    rrs = [rng.randint(500, 1300) for _ in range(40)]
    packets = raw(strap_sim.stream(rrs, [rng.random() * 0.2 for _ in range(9)]))
    for at, trouble, n in troubles:
        span = range(min(at, len(packets)), min(at + n, len(packets)))
        if trouble == "lose":
            packets = [p for i, p in enumerate(packets) if i not in span]
        elif span.stop < len(packets):
            until_ns = packets[span.stop][0] - 300_000_000  # late, but no burst with the next
            packets = [(max(a, until_ns) if i in span else a, t)
                       for i, (a, t) in enumerate(packets)]  # fmt: skip
    assume(packets)
    assert_like_oracle(packets, lookahead)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10_000), st.floats(600, 1100), st.floats(0, 0.33), st.floats(-5e-4, 5e-4))
def test_beats_given_out_early_are_those_of_a_clock_that_waits_to_the_end(
    seed, mean_ms, spread_s, error
):
    rng = random.Random(seed)
    jitter = [rng.random() ** 3 * spread_s for _ in range(997)]
    packets = strap_sim.stream(strap_sim.heart(seed, 1500, mean_ms=mean_ms), jitter)
    bent = [(round(p.arrival_ns * (1 + error)), p.ticks) for p in packets]
    early, late = BeatClock(), BeatClock()
    beats = []
    for packet in bent:
        beats += early.push(*packet)
    assert len(beats) > 300
    beats += early.finish()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Segment, "_final", lambda *_: False)
        waited = [b for packet in bent for b in late.push(*packet)] + late.finish()
    assert beats == waited


@thorough
@given(arbitrary_packets, st.sampled_from(Lookahead), st.sets(st.integers(0, 59)))
def test_every_interval_comes_out_once_and_in_order(gaps, lookahead, hard):
    packets = arrivals(gaps)
    beats = run(packets, lookahead, hard)
    assert [b.rr_ticks for b in beats] == [r for _, ticks in packets for r in ticks]


@settings(max_examples=60, deadline=None)
@given(arbitrary_packets, st.sets(st.integers(0, 59)))
def test_live_and_file_forms_agree_on_segments_and_flags(gaps, hard):
    live, full = (run(arrivals(gaps), look, hard) for look in Lookahead)
    for name in ("rr_ticks", "segment", "boundary", "suspect", "arrival_ns"):
        assert [getattr(b, name) for b in live] == [getattr(b, name) for b in full]


@thorough
@given(rr_lists, jitters)
def test_a_clean_stream_is_one_causal_increasing_segment(rrs, jitter):
    packets = strap_sim.stream(rrs, jitter)
    beats = run(raw(packets))
    assert len(segments(beats)) == 1
    assert not any(b.gap_ns for b in beats)
    for a, b in itertools.pairwise(beats):
        assert a.t_ns < b.t_ns
        assert abs((b.t_ns - a.t_ns) / 1e9 - b.rr_ticks / 1024) < 4e-3
    assert all(b.t_ns <= b.arrival_ns for b in beats)
    truth = [t for p in packets for t, _ in p.beats]
    assert all(-0.7 < b.t_ns / 1e9 - t < 0.9 for b, t in zip(beats, truth, strict=True))


@thorough
@given(rr_lists, jitters, st.integers(0, 10**15), st.sampled_from(Lookahead))
def test_moving_the_clock_moves_every_beat_exactly(rrs, jitter, shift_ns, lookahead):
    packets = raw(strap_sim.stream(rrs, jitter))
    moved = run([(a + shift_ns, t) for a, t in packets], lookahead)
    assert [b.t_ns - shift_ns for b in moved] == [b.t_ns for b in run(packets, lookahead)]


@thorough
@given(
    st.lists(st.integers(600, 1100), min_size=60, max_size=100),
    jitters, st.integers(15, 30), st.integers(3, 12),
)  # fmt: skip
def test_a_provable_loss_gives_exactly_one_gap(rrs, jitter, at, n):
    packets = strap_sim.stream(rrs, jitter)
    assume(at + n + 3 < len(packets))
    lost_s = sum(r for p in packets[at : at + n] for r in p.ticks) / 1024
    assume(lost_s > 1100 / 1024 + 0.35 + 0.6)
    beats = run(raw(packets[:at] + packets[at + n :]))
    first, second = segments(beats)
    assert second[0].boundary == "loss"
    assert len(first) == sum(len(p.ticks) for p in packets[:at])
    assert abs(second[0].gap_ns / 1e9 - lost_s) < 1.3
    assert not any(b.suspect for b in beats)


@thorough
@given(rr_lists, jitters, st.integers(3, 10), st.integers(2, 10))
def test_a_stall_and_its_burst_are_not_a_gap(rrs, jitter, at, n):
    packets = strap_sim.stream(rrs, jitter)
    assume(at + n < len(packets))
    burst_ns = packets[at + n].arrival_ns
    stalled = [
        (burst_ns if at <= i < at + n else p.arrival_ns, p.ticks) for i, p in enumerate(packets)
    ]
    assert len(segments(run(stalled))) == 1


@thorough
@given(rr_lists, jitters, st.integers(2, 12), st.sampled_from(Lookahead))
def test_a_hard_boundary_makes_independent_runs(rrs, jitter, at, lookahead):
    packets = raw(strap_sim.stream(rrs, jitter))
    assume(at < len(packets))
    whole = run(packets, lookahead, {at})
    parts = run(packets[:at], lookahead) + run(packets[at:], lookahead)
    assert [(b.rr_ticks, b.t_ns) for b in whole] == [(b.rr_ticks, b.t_ns) for b in parts]
    assert [s[0].boundary for s in segments(whole)][1:] in ([], ["reconnected"])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(500, 1300), min_size=300, max_size=400), jitters, st.floats(-9e-4, 9e-4)
)
def test_a_slow_clock_error_is_followed_without_a_gap(rrs, jitter, error):
    packets = strap_sim.stream(rrs, jitter)
    bent = [(round((100 + (p.arrival - 100) * (1 + error)) * 1e9), p.ticks) for p in packets]
    beats = run(bent)
    assert len(segments(beats)) == 1
    truth = [100 + (t - 100) * (1 + error) for p in packets for t, _ in p.beats]
    assert all(-0.7 < b.t_ns / 1e9 - t < 0.9 for b, t in zip(beats, truth, strict=True))


@thorough
@given(rr_lists, st.lists(st.floats(0, 0.34), min_size=1, max_size=20), st.sampled_from(Lookahead))
def test_jitter_below_the_latency_never_splits(rrs, jitter, lookahead):
    assert len(segments(run(raw(strap_sim.stream(rrs, jitter)), lookahead))) == 1


def errors(beats, packets):
    truth = [t for p in packets for t, _ in p.beats]
    return [b.t_ns / 1e9 - t for b, t in zip(beats, truth, strict=True)]


def test_one_lost_packet_at_sixty_beats_a_minute_is_likely_not_proved_and_misplaces_nothing():
    packets = strap_sim.stream([1024] * 60, [0.01, 0.05, 0.02])
    packets = packets[:30] + packets[31:]
    beats = run(raw(packets))
    assert [b.boundary for b in beats if b.boundary] == ["start", SUSPECTED]
    assert [i for i, b in enumerate(beats) if b.suspect] == [30]
    assert beats[30].gap_ns == pytest.approx(1e9, abs=5e7)
    assert max(map(abs, errors(beats, packets))) < 0.55  # packets tell no more of the phase
    assert all(b.unsure for b in beats)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10_000), st.floats(500, 1200), st.sampled_from([0.01, 0.03]))
def test_beats_that_are_neither_suspect_nor_unsure_lie_within_their_promise(seed, mean_ms, loss):
    rng = random.Random(seed)
    packets = strap_sim.stream(strap_sim.heart(seed, 300, mean_ms=mean_ms), [0, 0.05, 0.02, 0.01])
    kept = [p for i, p in enumerate(packets) if i < 5 or rng.random() > loss]
    beats = run(raw(kept))
    off = errors(beats, kept)
    assert all(b.suspect or b.unsure or abs(e) < 0.15 for b, e in zip(beats, off, strict=True))
    assert sum(b.unsure for b in beats) < len(beats)


@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_loss_just_before_the_end_of_a_run_is_not_carried_into_its_last_beats(after):
    packets = strap_sim.stream(strap_sim.heart(3, 120), [0.02, 0.05, 0.0, 0.03])
    beats_before = sum(len(p.ticks) for p in packets[:60])
    packets = packets[:60] + packets[61 : 61 + after]
    beats = run(raw(packets))
    assert beats[beats_before].boundary == ("loss" if after == 5 else SUSPECTED)
    off = errors(beats, packets)
    assert max(map(abs, off[30:beats_before])) < 0.15
    assert all(b.unsure or abs(e) < 0.15 for b, e in zip(beats, off, strict=True))


def test_a_loss_among_the_first_packets_shows_in_the_cadence_of_those_after():
    packets = strap_sim.stream([860] * 60, [0.02, 0.05, 0.0, 0.03])
    beats = run(raw(packets[:2] + packets[3:]))
    first = sum(len(p.ticks) for p in packets[:2])
    assert [i for i, b in enumerate(beats) if b.boundary] == [0, first]


def test_a_lost_packet_that_held_no_beat_does_not_split_a_run_whose_phase_is_known():
    packets = strap_sim.stream(strap_sim.heart(4, 200, mean_ms=1400), [0.02, 0.05, 0.0, 0.03])
    empty = [i for i, p in enumerate(packets) if not p.beats and i > 60]
    for i in empty[:20]:
        beats = run(raw(packets[:i] + packets[i + 1 :]))
        assert len(segments(beats)) == 1
        assert sum(b.suspect for b in beats) == 1


def test_a_strap_silent_where_it_has_no_beat_is_not_cut_to_pieces_but_unsure():
    packets = [p for p in strap_sim.stream([1500] * 120, [0.02, 0.05, 0.0, 0.03]) if p.beats]
    beats = run(raw(packets))
    assert len(segments(beats)) < 5


def test_a_long_beat_of_a_strap_that_speaks_per_beat_is_not_suspect():
    rrs = [800] * 30 + [1500] + [800] * 30
    at, packets = 0, []
    for r in rrs:
        at += r * 976562
        packets.append((at, (r,)))
    assert not any(b.suspect for b in run(packets))


def test_a_packet_lost_by_a_strap_that_speaks_per_beat_is_found():
    packets = strap_sim.per_beat(strap_sim.heart(5, 120), [0.02, 0.05, 0.0, 0.03])
    beats = run(raw(packets[:60] + packets[61:]))
    assert [i for i, b in enumerate(beats) if b.boundary] == [0, 60]


@pytest.mark.parametrize("lookahead", list(Lookahead))
def test_live_beats_come_within_seven_seconds_and_files_within_minutes(lookahead):
    clock = BeatClock(lookahead)
    waits = []
    for p in strap_sim.stream(strap_sim.heart(1, 3000), [0.02, 0.11, 0.05]):
        for b in clock.push(p.arrival_ns, p.ticks):
            waits.append((p.arrival_ns - b.arrival_ns) / 1e9)
    assert max(waits) < (7.2 if lookahead is Lookahead.LIVE else 900)
    assert len(waits) > 2000


def test_arrivals_that_run_backwards_are_refused():
    clock = BeatClock()
    clock.push(10, [])
    with pytest.raises(InputError, match="monotonic"):
        clock.push(9, [])


@pytest.mark.parametrize("lookahead", list(Lookahead))
def test_memory_stays_constant_and_a_packet_costs_under_100_microseconds(lookahead):
    packets = [
        (p.arrival_ns, b"\x10\x40" + b"".join(r.to_bytes(2, "little") for r in p.ticks))
        for p in strap_sim.stream(strap_sim.heart(2, 4000), [0.02, 0.11, 0.05])
    ]
    clock = BeatClock(lookahead)
    began = time.process_time()
    for arrival_ns, packet in packets:
        clock.push(arrival_ns, decode(packet).rr_ticks)
    spent = (time.process_time() - began) / len(packets)
    assert spent < 100e-6, f"{spent * 1e6:.0f} microseconds a packet"

    offset = packets[-1][0]
    tracemalloc.start()
    try:
        peaks = []
        for _ in range(2):
            tracemalloc.reset_peak()
            for arrival_ns, packet in packets:
                clock.push(offset + arrival_ns, decode(packet).rr_ticks)
            offset += packets[-1][0]
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 100_000
