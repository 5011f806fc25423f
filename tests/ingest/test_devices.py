"""Elite HRV, Polar HRM, Empatica, FIT and peaks: what each format's description promises."""

import contextlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import FIT_EPOCH_S, RR, fit_crc, fit_file, fit_walk, hrm

import ingest
from hrv.errors import FormatError, HRVError, InputError
from hrv.types import Flag, RRSeries

ELITE = "2017-07-19 07-50-42.txt"
FIT_ZERO = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=FIT_EPOCH_S + 1_000_000_000)


def read(content: bytes, name: str, **options) -> RRSeries:
    return ingest.read(ingest.Source(name, content=content), **options)


def notes(series: RRSeries) -> str:
    return "; ".join(series.provenance.notes)


def test_elite_hrv_takes_its_clock_from_the_file_name():
    series = read(b"812\n790\n805\n", ELITE, tz="Europe/Berlin")
    assert series.start == datetime(2017, 7, 19, 5, 50, 42, tzinfo=UTC)
    assert series.provenance.clock == "file name, zone Europe/Berlin (tz=)"


def test_elite_hrv_without_a_zone_has_no_start_and_says_which_option_gives_it():
    series = read(b"812\n790\n805\n", ELITE)
    assert series.start is None
    assert "tz= gives the zone" in series.provenance.clock


def test_elite_hrv_is_always_ms():
    assert read(b"812\n150\n3500\n", ELITE).provenance.unit == "ms (format)"
    with pytest.raises(InputError, match="always in ms"):
        read(b"812\n790\n", ELITE, unit="s")


def test_a_name_that_is_no_moment_is_plain_text():
    assert read(b"812\n790\n", "2017-17-39 07-50-42.txt").provenance.format == "text"
    with pytest.raises(FormatError, match="not a name that Elite HRV gives"):
        read(b"812\n790\n", "rr.txt", format="elite_hrv")


def test_polar_hrm_reads_beats_and_clock():
    series = read(hrm(RR), "a.hrm", tz="Europe/Paris")
    assert series.start == datetime(2014, 12, 15, 18, 59, 34, tzinfo=UTC)
    assert "4.0 s of 4.0 s by the clock" in notes(series)
    assert read(hrm(RR), "a.hrm").start is None


@pytest.mark.parametrize("interval", [1, 5, 15, 60, 204])
def test_polar_hrm_with_averaged_heart_rate_is_refused_naming_the_line(interval):
    with pytest.raises(FormatError, match=f"line 8: Interval={interval} means averaged"):
        read(hrm((70, 71, 72), interval), "a.hrm")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"Interval=238\r\n", b"", "no Interval="),
        (b"[HRData]", b"[Trip]", r"no section \[HRData\]"),
        (b"812\r\n", b"x\r\n", "line 16: 'x' is not a number"),
        (b"Date=20141215", b"Date=20149915", "line 5: Date='20149915'"),
    ],
)
def test_a_broken_polar_hrm_is_one_sentence(old, new, message):
    with pytest.raises(FormatError, match=message):
        read(hrm(RR).replace(old, new), "a.hrm", tz="UTC")


def test_empatica_offsets_become_gaps_and_the_clock_is_utc():
    data = b"1644227574.000000, IBI\n10.0,0.75\n10.75,0.75\n20.0,0.5\n20.5,0.5\n"
    series = read(data, "S02_IBI.csv")
    assert series.rr_ms.tolist() == [750, 750, 500, 500]
    assert series.t_s.tolist() == [0.75, 1.5, 10.75, 11.25]
    assert series.flag.tolist() == [0, 0, Flag.GAP, 0]
    assert series.start == datetime.fromtimestamp(1644227574 + 9.25, UTC)
    assert "1 gaps" in notes(series)


@given(st.lists(st.integers(30, 90), min_size=2, max_size=60))
def test_empatica_rounding_of_one_tick_is_no_gap_and_no_overlap(ticks):
    ibi = np.array(ticks) / 64
    jitter = np.resize([0, 1, 0, -1, 0, 0], ibi.size) / 64 / 2
    offset = 100 + np.cumsum(ibi) + jitter
    rows = "".join(f"{o:.6f},{i:.6f}\n" for o, i in zip(offset, ibi, strict=True))
    series = read(b"1644227574.0, IBI\n" + rows.encode(), "IBI.csv")
    assert series.rr_ms.tolist() == (ibi * 1000).tolist()
    assert not (series.flag & Flag.GAP).any()
    assert np.abs(series.t_s - np.cumsum(ibi)).max() < 1e-9


def test_empatica_doubled_lines_are_refused_naming_the_line():
    with pytest.raises(FormatError, match=r"line 3: the beat at offset 10\.9375 s begins before"):
        read(b"1644227574.0, IBI\n10.9375,0.9375\n10.9375,0.9375\n", "IBI.csv")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1644227574.0, IBI\n", "no beat after its first line"),
        (b"1644227574.0, IBI\n1.0,0.8\n", "one RR interval"),
        (b"9999999999, IBI\n1.0,0.8\n", "line 1: '9999999999, IBI' is not"),
        (b"1644227574.0, IBI\n1.0,812\n", "line 2: 812 is no RR interval"),
        (b"1644227574.0, IBI\n1.0,0.8,3\n", "line 2: 3 numbers"),
    ],
)
def test_a_broken_empatica_file_is_one_sentence(data, message):
    with pytest.raises(FormatError, match=message):
        read(data, "IBI.csv")


def test_fit_uses_all_five_values_and_leaves_out_the_fill():
    data = fit_file(("record", 0), ("hrv", [801, 802, 803, 804, 805]), ("hrv", [806]))
    assert read(data, "a.fit").rr_ms.tolist() == [801, 802, 803, 804, 805, 806]


def test_fit_beats_are_anchored_on_the_records():
    series = read(fit_walk([800] * 120), "a.fit", tz="Asia/Tokyo")
    assert abs(series.start - FIT_ZERO) < timedelta(seconds=3)
    assert series.start.utcoffset() == timedelta(hours=9)
    assert series.t_s == pytest.approx(np.cumsum([0.8] * 120))
    assert not series.flag.any()


@given(
    st.lists(st.integers(400, 1200), min_size=60, max_size=70),
    st.integers(1, 5),
    st.dictionaries(st.integers(1, 11), st.floats(12, 500), max_size=3),
)
def test_fit_lost_time_stays_where_it_was_lost(rr_ms, every, lost_s):
    series = read(fit_walk(rr_ms, lost_s, every), "a.fit")
    truth = np.cumsum(rr_ms) / 1000 + np.cumsum(
        [lost_s.get(i // every, 0.0) if i % every == 0 else 0.0 for i in range(len(rr_ms))]
    )
    assert series.rr_ms.tolist() == rr_ms
    assert np.flatnonzero(series.flag & Flag.GAP).tolist() == sorted(i * every for i in lost_s)
    assert np.abs(series.t_s - truth).max() < 5.0


def test_fit_with_more_beats_than_time_is_read_and_noted():
    messages = [("record", 0)]
    for second in range(1, 60):
        messages += [("hrv", [800, 800]), ("record", second)]
    series = read(fit_file(*messages), "a.fit")
    assert len(series) == 118
    assert "beats may be doubled" in notes(series)


def test_fit_without_any_clock_keeps_the_order():
    series = read(fit_file(("hrv", [800, 810, 820])), "a.fit")
    assert series.start is None
    assert series.provenance.clock.startswith("none")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (fit_file(("record", 0), ("record", 1)), "no RR intervals"),
        (fit_file(("record", 0), ("hr", 70)), "no RR intervals"),
        (fit_file(("hr_packed", [1, 2, 3, 4, 5, 6, 7, 8])), "damaged"),
        (fit_file(("record", 0), ("hrv", [0, 800])), "interval 1 of 2 is 0 ms"),
        (fit_walk([800] * 30)[:-1], "truncated"),
        (fit_walk([800] * 30)[:-2], "truncated"),
        (fit_walk([800] * 30)[:60], "truncated"),
        (fit_walk([800] * 30)[:-1] + b"\x00", "damaged"),
    ],
)
def test_a_broken_fit_is_one_sentence(data, message):
    with pytest.raises(FormatError, match=message):
        read(data, "a.fit")


def test_fit_bytes_behind_the_end_are_left_out_and_noted():
    series = read(fit_walk([800] * 30) + b"\0\0\0\0junk behind the end", "a.fit")
    assert len(series) == 30
    assert "left out" in notes(series)


@settings(max_examples=300, deadline=2000)
@given(st.data())
def test_fit_damage_that_the_checksum_does_not_show_never_crashes(data):
    raw = bytearray(fit_walk([800] * 9))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(14, len(raw) - 3))] = data.draw(st.integers(0, 255))
    raw[-2:] = fit_crc(bytes(raw[:-2])).to_bytes(2, "little")
    with contextlib.suppress(HRVError):
        read(bytes(raw), "a.fit")


def test_peaks_need_to_be_told_what_the_numbers_are():
    data = b"19\n240\n440\n650\n"
    with pytest.raises(InputError, match="sampling_rate_hz="):
        read(data, "p.tsv", format="peaks")
    with pytest.raises(InputError, match="not both"):
        read(data, "p.tsv", format="peaks", sampling_rate_hz=250, unit="s")
    with pytest.raises(InputError, match="positive"):
        read(data, "p.tsv", format="peaks", sampling_rate_hz=0)
    with pytest.raises(InputError, match=r"is for format=.*'peaks'"):
        read(b"812\n790\n", "rr.txt", sampling_rate_hz=250)


def test_peaks_as_samples_and_as_times_agree():
    samples = read(b"19\n240\n440\n650\n", "p.tsv", format="peaks", sampling_rate_hz=250)
    times = read(b"time\n0.076\n0.96\n1.76\n2.6\n", "p.tsv", format="peaks", unit="s")
    assert samples.rr_ms.tolist() == [884, 800, 840]
    assert times.rr_ms == pytest.approx([884, 800, 840])
    assert samples.t_s == pytest.approx([0.884, 1.684, 2.524])
    assert "250 Hz" in samples.provenance.unit
    assert "4 ms resolution" in samples.provenance.unit


def test_peaks_far_apart_are_a_gap():
    position = np.concatenate((np.arange(30) * 200, 30_000 + np.arange(30) * 200))
    data = "".join(f"{p}\n" for p in position).encode()
    series = read(data, "p.tsv", format="peaks", sampling_rate_hz=250)
    assert len(series) == 58
    assert (series.flag & Flag.GAP).nonzero()[0].tolist() == [29]
    assert "1 distances over 10 s are gaps" in notes(series)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"19\n240\n240\n650\n", "line 3: the position 240 does not come after"),
        (b"19\n240\n", "holds 2 beats"),
        (b"19\n24000\n44000\n65000\n", "line 2: the position 24000 is 95.924 s after"),
    ],
)
def test_broken_peaks_are_one_sentence(data, message):
    with pytest.raises(FormatError, match=message):
        read(data, "p.tsv", format="peaks", sampling_rate_hz=250)
