"""What goes wrong in other tools: one test for each, so that it does not go wrong here."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from recordings import fit_walk, lines
from recordings_apps import HRV_LOGGER_EVENTS, hrv_logger
from recordings_signals import WFDB

import hrv
import ingest
from hrv.errors import FormatError, HRVError, InputError
from hrv.types import Flag
from ingest.formats.base import Source
from ingest.inspect import inspect


def opened(data, name="a.txt", beside=None, **options):
    return ingest.open_recording(Source(name, content=data, beside=beside or {}), **options)


def read(data, name="a.txt", **options):
    return opened(data, name, **options).rr


def test_seconds_are_never_silently_taken_for_milliseconds():
    assert read(lines("{s:.3f}\n")).rr_ms.tolist() == read(lines("{ms}\n")).rr_ms.tolist()
    assert "rule" in read(lines("{s:.3f}\n")).provenance.unit
    with pytest.raises(FormatError, match="say unit='s'"):
        read(lines("{s:.3f}\n"), unit="ms")
    with pytest.raises(FormatError, match=r"line 3: 0\.805 does not fit"):
        read(b"812\n790\n0.805\n821\n798\n")


def test_ticks_of_1024_a_second_are_not_rounded_to_ms(tmp_path):
    series = read(b"# unit: 1/1024 s\n832\n800\n817\n")
    assert series.rr_ms.tolist() == [812.5, 781.25, 797.8515625]
    ingest.write_text(series, tmp_path / "again.txt")
    assert ingest.read(tmp_path / "again.txt").rr_ms.tolist() == series.rr_ms.tolist()


def test_all_five_values_of_a_fit_message_are_kept():
    rr = [700 + i for i in range(20)]
    assert read(fit_walk(rr, every=5), "a.fit").rr_ms.tolist() == rr


def test_beats_doubled_after_a_reconnect_are_shown_by_the_sum_and_by_their_share():
    rr = [700 + (i * 37) % 90 for i in range(200)]
    doubled = rr[:100] + rr[80:100] + rr[100:]
    sums = np.cumsum(rr).tolist()
    arrivals = sums[:100] + [sums[99]] * 20 + sums[100:]
    text = "timestamp,rr,since_start\n" + "".join(
        f"{1_622_959_867_016 + t},{r},{t}\n" for r, t in zip(doubled, arrivals, strict=True)
    )
    found = inspect(opened(text.encode(), "rr.csv"), source="rr.csv")
    assert found.beats_s / found.wall_s > 1.05
    assert found.duplicates == pytest.approx(20 / 220)


def test_lost_beats_do_not_shift_what_comes_after_them():
    sums = (0, 812, 1602, 62_407, 63_228)
    series = read(hrv_logger(sums=sums), "x_RR.csv")
    assert series.t_s[-1] == pytest.approx(63.228 + 0.798)
    walk = read(fit_walk([800] * 30, {5: 60.0}), "a.fit")
    assert walk.t_s[-1] == pytest.approx(24 + 60, abs=3)
    assert bool(walk.flag[15] & Flag.GAP)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"812\n", b"RR (ms)\n"])
def test_nothing_or_one_beat_is_an_error_not_a_number(data):
    with pytest.raises(HRVError):
        read(data)


def test_two_intervals_are_read_but_give_no_number_without_its_reason():
    nn = hrv.clean(read(b"812\n790\n"), method="none")
    row = hrv.summary(nn, metrics=["rmssd", "sdnn"])
    assert math.isnan(row["rmssd"])
    assert math.isnan(row["sdnn"])
    assert row.attrs["reasons"]


def test_rmssd_of_an_app_is_never_stored_as_sdnn():
    data = b"timestamp_measurement,HR,AVNN,SDNN,rMSSD\n2024-03-01 07:00:00,52,1151,80.2,61.3\n"
    found = opened(data, "a.csv", tz="UTC").outcomes.set_index("name")["value"]
    assert found["hrv4training_sdnn"] == 80.2
    assert found["hrv4training_rmssd"] == 61.3


@pytest.mark.parametrize("word", [b"nan", b"NaN", b"inf", b"-", b"n/a", b""])
def test_a_value_that_is_none_is_named_not_swallowed(word):
    if word:
        with pytest.raises(FormatError, match="line 2"):
            read(b"812\n" + word + b"\n805\n800\n")
    with pytest.raises(FormatError, match="line 3"):
        read(b"date, rr, since start\n2025-03-15 11:03:00 +0000, 812, 0\n"
             b"2025-03-15 11:03:01 +0000, " + word + b", 812\n", "a.csv")  # fmt: skip


def test_a_local_time_without_a_zone_is_never_mixed_with_utc():
    naive = hrv_logger().replace(b" +0000", b"")
    assert read(naive, "a.csv").start is None
    assert "unknown zone" in read(naive, "a.csv").provenance.clock
    given = read(naive, "a.csv", tz="America/New_York")
    assert given.start == datetime(2025, 3, 15, 15, 3, tzinfo=UTC)
    mixed = hrv_logger().replace(b" +0000", b"", 1)
    beside = {"x_Events.csv": HRV_LOGGER_EVENTS * 1 + b"2025-03-15 11:04:02, 62.0, b, 1\n"}
    with pytest.raises(FormatError, match="some times have a zone and some have none"):
        opened(hrv_logger(), "x_RR.csv", beside)
    assert read(mixed, "a.csv").start is None
    with pytest.raises(InputError, match="has no time zone"):
        read(lines("{ms}\n"), start=datetime(2025, 1, 1))


def test_an_unknown_beat_symbol_is_a_doubtful_beat_and_is_named():
    import tempfile
    from pathlib import Path

    import wfdb

    with tempfile.TemporaryDirectory() as folder:
        wfdb.wrann("r", "atr", np.array([100, 300, 500, 700]), symbol=["N", "?", "N", "V"],
                   write_dir=folder)  # fmt: skip
        data = (Path(folder) / "r.atr").read_bytes()
    series = opened(data, "r.atr", {"r.hea": WFDB["r.hea"]}).rr
    assert len(series) == 3
    assert series.flag.tolist() == [Flag.SUSPECT, Flag.SUSPECT, Flag.ECTOPIC]
    assert any("? 1x" in note for note in series.provenance.notes)
