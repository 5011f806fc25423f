"""Beats in the store: bit for bit, small, checked, and found by time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.store.beats import CHUNK_BEATS, Beats, DamagedError, checksum, follow, pack, unpack
from hrv.simulate import simulate
from hrv.types import RRSeries

MS = st.integers(250, 2500).map(float)
TICKS = st.integers(250, 2500).map(lambda k: k * 1000 / 1024)
ANY = st.floats(200, 9999, allow_subnormal=False)


def same(one: Beats, other: Beats) -> bool:
    return all(
        a.dtype == b.dtype and np.array_equal(a, b)
        for a, b in zip(vars(one).values(), vars(other).values(), strict=True)
    )


def there_and_back(beats: Beats) -> bytes:
    data = pack(beats)
    assert same(unpack(data, checksum(data)), beats)
    return data


@given(
    rr=st.one_of(*(st.lists(unit, min_size=1, max_size=60) for unit in (MS, TICKS, ANY))),
    gaps=st.dictionaries(st.integers(0, 59), st.floats(0.01, 5000), max_size=5),
    flags=st.dictionaries(st.integers(0, 59), st.integers(0, 127), max_size=5),
)
def test_any_beats_come_back_bit_for_bit(rr, gaps, flags):
    lost = np.array([gaps.get(i, 0.0) for i in range(len(rr))])
    flag = np.array([flags.get(i, 0) for i in range(len(rr))], np.uint16)
    series = RRSeries.from_ms(rr)
    there_and_back(Beats(series.rr_ms, series.t_s + np.cumsum(lost), flag))


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1))
def test_bytes_that_were_not_stored_are_refused(data, crc):
    if crc != checksum(data):
        with pytest.raises(DamagedError):
            unpack(data, crc)


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_one_flipped_bit_is_noticed(place, bit):
    data = bytearray(
        pack(Beats(np.full(50, 800.0), np.arange(1, 51) * 0.8, np.zeros(50, np.uint16)))
    )
    crc = checksum(bytes(data))
    data[place % len(data)] ^= 1 << bit
    with pytest.raises(DamagedError):
        unpack(bytes(data), crc)


@pytest.mark.parametrize("unit", ["ms", "ticks"])
def test_a_simulated_night_takes_less_than_one_and_a_half_bytes_a_beat(unit):
    rr = simulate(3, duration="6h").series.rr_ms
    rr = np.rint(rr) if unit == "ms" else np.rint(rr * 1.024) * 1000 / 1024
    series = RRSeries.from_ms(rr)
    whole = Beats(series.rr_ms, series.t_s, series.flag)
    size = sum(
        len(there_and_back(whole.part(lo, lo + CHUNK_BEATS)))
        for lo in range(0, len(whole), CHUNK_BEATS)
    )
    assert size / len(whole) < 1.2


def test_times_of_arrival_in_ns_come_back_too():
    rng = np.random.default_rng(5)
    rr = rng.integers(600, 1100, 500) * 1000 / 1024
    t_s = np.cumsum(np.rint(rr * 1e6) + rng.integers(0, 1_900_000, 500)).astype(np.int64) / 1e9
    there_and_back(Beats(rr, t_s, np.zeros(500, np.uint16)))


@given(st.lists(st.one_of(MS, TICKS), min_size=1, max_size=50), st.integers(0, 50))
def test_beats_that_follow_in_two_batches_get_the_times_of_one(rr, cut):
    whole = follow(0.0, np.array(rr))
    first = follow(0.0, np.array(rr[:cut])) if cut else np.empty(0)
    last = float(first[-1]) if first.size else 0.0
    second = follow(last, np.array(rr[cut:])) if rr[cut:] else np.empty(0)
    grid = all(float(x).is_integer() for x in rr)
    joined = np.concatenate([first, second])
    assert np.array_equal(joined, whole) if grid else np.allclose(joined, whole, rtol=1e-14)
