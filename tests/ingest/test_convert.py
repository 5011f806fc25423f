"""Writers, and what `hrv convert` says of what a format cannot hold."""

import gzip
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest
from hrv.errors import InputError, MissingExtraError
from hrv.types import Flag, Provenance, RRSeries
from ingest.convert import convert, lost
from ingest.formats.base import Source

START = datetime(2026, 3, 4, 17, 37, tzinfo=ZoneInfo("Europe/Berlin"))
BY_NAME = {writer.name: writer for writer in ingest.WRITERS}


def series(rr_ms=(812.0, 790.0, 805.0), **given):
    return RRSeries.from_ms(rr_ms, **{"start": START, **given})


def again(of, name):
    written = BY_NAME[name].write(of)
    files = {f"x{ending}": data for ending, data in written.files.items()}
    first = next(iter(files))
    return ingest.read(Source(first, content=files[first], beside=files))


def gapped():
    t_s = np.array([0.812, 1.602, 9.407, 10.2])
    return series((812.0, 790.0, 805.0, 793.0), t_s=t_s, flag=[0, 1, 0, 64])


@pytest.mark.parametrize("name", BY_NAME)
def test_a_clocked_recording_in_whole_ms_comes_back_from_every_format(name):
    back = again(series(), name)
    assert back.rr_ms.tolist() == [812.0, 790.0, 805.0]
    assert back.t_s.tolist() == [0.812, 1.602, 2.407]
    assert back.start in (START, None)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_gap_stays_where_it_was(name):
    back = again(gapped(), name)
    assert np.allclose(back.t_s, gapped().t_s, rtol=0, atol=1e-9)
    assert [bool(f & Flag.GAP) for f in back.flag] == [False, False, True, False]


ticks = st.lists(st.integers(250, 3000), min_size=2, max_size=60).map(
    lambda n: [tick * 1000 / 1024 for tick in n]
)
whole = st.lists(st.integers(200, 3000).map(float), min_size=2, max_size=60)


@pytest.mark.parametrize("name", BY_NAME)
@settings(max_examples=60, deadline=None)
@given(rr_ms=ticks | whole)
def test_ticks_and_ms_are_not_rounded(name, rr_ms):
    of = series(rr_ms, start=START.astimezone(UTC))
    assert lost(of, BY_NAME[name], BY_NAME[name].write(of)) in (
        (), ("the moment of the first beat (2026-03-04T16:37:00+00:00)",)
    )  # fmt: skip
    back = again(of, name)
    assert np.allclose(back.rr_ms, of.rr_ms, rtol=0, atol=1e-9)
    assert np.allclose(back.t_s, of.t_s, rtol=0, atol=1e-9)


def test_intervals_of_any_length_come_back_bit_for_bit_where_decimals_are_kept():
    of = series(np.random.default_rng(1).uniform(500, 1200, 300))
    for name in ("text", "parquet", "fhir", "open_mhealth", "hrv_logger"):
        assert np.array_equal(again(of, name).rr_ms, of.rr_ms), name


def test_what_a_format_cannot_hold_is_found_by_reading_it_again(tmp_path):
    device = Provenance(device="Polar H10")
    of = RRSeries(gapped().rr_ms, gapped().t_s, gapped().flag, START, device)
    _, said = convert(of, tmp_path / "a.txt", to="kubios")
    assert said == (
        "the flags of 2 intervals",
        "the moment of the first beat (2026-03-04T17:37:00+01:00)",
        "the device (Polar H10)",
    )
    _, said = convert(of, tmp_path / "b.txt", to="text")
    assert said == ()


def test_rounding_to_the_grid_of_samples_is_said_with_its_size(tmp_path):
    _, said = convert(series((812.3, 790.4)), tmp_path / "sub-1_physio.tsv.gz")
    assert "intervals were rounded, by up to 0.361 ms" in said


def test_a_fraction_of_a_second_that_hrv_logger_drops_is_said(tmp_path):
    of = series(start=START.replace(microsecond=250_000))
    _, said = convert(of, tmp_path / "a.csv")
    assert said == (
        "0.25 s of the moment of the first beat",
        "the name of the zone (Europe/Berlin); its offset is kept",
    )


def test_bids_writes_its_sidecar_and_a_table_that_only_says_where_beats_are(tmp_path):
    paths, _ = convert(series(), tmp_path / "sub-1_physio.tsv.gz")
    assert [path.name for path in paths] == ["sub-1_physio.tsv.gz", "sub-1_physio.json"]
    side = json.loads(paths[1].read_text())
    rows = gzip.decompress(paths[0].read_bytes()).split()
    assert side["SamplingFrequency"] == 1000
    assert side["Columns"] == ["beat", "interval"]
    assert [i for i, cell in enumerate(rows[::2]) if cell == b"1"] == [0, 812, 1602, 2407]


def test_hours_of_beats_go_through_bids_although_they_pack_like_a_bomb(tmp_path):
    of = series(np.tile([800.0, 812.0, 790.0], 7_000), start=None)
    convert(of, tmp_path / "x_physio.tsv.gz")
    assert np.array_equal(ingest.read(tmp_path / "x_physio.tsv.gz").rr_ms, of.rr_ms)


def test_fhir_carries_unit_offsets_and_period():
    written = BY_NAME["fhir"].write(gapped())
    observation = json.loads(next(iter(written.files.values())))
    sampled = observation["valueSampledData"]
    assert observation["resourceType"] == "Observation"
    assert observation["status"] == "final"
    assert observation["effectivePeriod"]["start"] == "2026-03-04T17:37:00+01:00"
    assert sampled["origin"]["code"] == "ms"
    assert sampled["offsets"] == "812 1602 9407 10200"
    assert sampled["data"] == "812 790 805 793"
    assert "subject" in written.lacks[0]


def test_open_mhealth_data_points_have_ids_that_do_not_change():
    one, other = (BY_NAME["open_mhealth"].write(series()).files for _ in range(2))
    assert one == other
    points = json.loads(next(iter(one.values())))
    assert len({point["header"]["id"] for point in points}) == 3
    assert points[0]["body"]["rr_interval"] == {"value": 812.0, "unit": "ms"}


@pytest.mark.parametrize("name", ["hrv_logger", "open_mhealth"])
def test_a_format_that_needs_a_clock_says_so(name):
    with pytest.raises(InputError, match="clock"):
        BY_NAME[name].write(series(start=None))


def test_an_ending_that_says_nothing_is_answered_with_the_choices(tmp_path):
    with pytest.raises(InputError, match=r"--to with one of text, kubios, hrv_logger"):
        convert(series(), tmp_path / "a.xyz")
    convert(series(), tmp_path / "a.txt")
    assert "# unit: ms" in (tmp_path / "a.txt").read_text()  # of those that end so, the lossless


def test_a_file_that_exists_is_never_replaced_unasked(tmp_path):
    (tmp_path / "a.csv").write_text("precious")
    with pytest.raises(InputError, match="exists"):
        convert(series(), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "precious"
    convert(series(), tmp_path / "a.csv", replace=True)
    assert ingest.read(tmp_path / "a.csv").start == START


def test_parquet_without_its_extra_names_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"hrv-recovery\[parquet\]"):
        BY_NAME["parquet"].write(series())
