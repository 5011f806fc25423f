"""Phone apps, watches and data sets: the details of each that bite."""

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from recordings_apps import (
    APPLE,
    HRV_LOGGER_EVENTS,
    POLAR_FLOW,
    SUUNTO,
    VNS,
    apple_xml,
    hrv_logger,
)

import ingest
from hrv.errors import FormatError, InputError
from hrv.types import Flag
from ingest.formats.base import Source


def opened(data, name="a.csv", beside=None, **options):
    return ingest.open_recording(Source(name, content=data, beside=beside or {}), **options)


def read(data, name="a.csv", **options):
    return opened(data, name, **options).rr


def notes(series):
    return " | ".join(series.provenance.notes)


# Apple Health


def apple(start, times, **options):
    return read(apple_xml((start, times)), "export.xml", **options)


@pytest.mark.parametrize(
    "times",
    [
        ["20:14:07.68", "20:14:08.49", "20:14:09.28"],
        ["8:14:07.68 PM", "8:14:08.49 PM", "8:14:09.28 PM"],
        ["8:14:07.68\u202fPM", "8:14:08.49\u202fPM", "8:14:09.28\u202fPM"],
        ["20:14:07,68", "20:14:08,49", "20:14:09,28"],
        ["8:14:07,68 p. m.", "8:14:08,49 p. m.", "8:14:09,28 p. m."],
    ],
)
def test_apple_times_of_day_in_any_spelling_give_the_same_beats(times):
    series = apple("2024-03-01 20:14:05 +0100", times)
    assert series.rr_ms.tolist() == [810.0, 790.0]
    assert series.start == datetime(2024, 3, 1, 19, 14, 7, 680_000, tzinfo=UTC)


def test_apple_rr_are_differences_of_times_never_60000_over_bpm():
    series = apple("2024-03-01 20:14:05 +0100", ["20:14:07.68", "20:14:08.49", "20:14:09.28"])
    assert series.rr_ms.tolist() == [810.0, 790.0]  # the file says 75 bpm: 800 ms
    assert (series.flag == 0).all()


def test_apple_an_interval_unlike_its_rate_is_marked():
    series = apple("2024-03-01 20:14:05 +0100", ["20:14:07.68", "20:14:08.49", "20:14:09.88"])
    assert (series.flag & Flag.SUSPECT).astype(bool).tolist() == [False, True]
    assert "1 intervals marked" in notes(series)


def test_apple_beats_roll_over_midnight_and_noon():
    series = apple("2024-03-01 23:59:57 +0100", ["23:59:59.00", "23:59:59.80", "00:00:00.60"])
    assert series.rr_ms.tolist() == pytest.approx([800.0, 800.0])
    noon = ["11:59:59.20 AM", "12:00:00.00 PM", "12:00:00.80 PM"]
    assert apple("2024-03-01 11:59:57 +0100", noon).rr_ms.tolist() == [800.0, 800.0]
    midnight = ["11:59:59.20 PM", "12:00:00.00 AM", "12:00:00.80 AM"]
    assert apple("2024-03-01 23:59:57 +0100", midnight).rr_ms.tolist() == [800.0, 800.0]


def test_apple_times_in_the_zone_of_the_export_are_put_back():
    series = apple("2024-03-01 14:14:05 -0500", ["20:14:07.68", "20:14:08.49", "20:14:09.28"])
    assert series.start == datetime(2024, 3, 1, 19, 14, 7, 680_000, tzinfo=UTC)
    assert "another zone" in notes(series)


def test_apple_measurements_are_joined_in_order_with_gaps_and_doubles_left_out():
    one = ("2024-03-01 20:14:05 +0100", ["20:14:07.68", "20:14:08.49", "20:14:09.28"])
    early = ("2024-03-01 08:00:00 +0100", ["08:00:01.00", "08:00:01.90", "08:00:02.80"])
    series = read(apple_xml(one, early, one), "export.xml")
    assert series.rr_ms.tolist() == [900.0, 900.0, 810.0, 790.0]
    assert ((series.flag & Flag.GAP) != 0).tolist() == [False, False, True, False]
    assert "1 measurements left out that overlap" in notes(series)


def test_apple_a_pause_within_a_measurement_is_a_gap_not_an_interval():
    times = ["10:00:01.00", "10:00:01.90", "10:00:14.00", "10:00:14.90"]
    series = apple("2024-03-01 10:00:00 +0100", times)
    assert series.rr_ms.tolist() == [900.0, 900.0]
    assert bool(series.flag[1] & Flag.GAP)


def test_apple_one_spoilt_measurement_is_counted_and_the_rest_is_read():
    good = ("2024-03-01 20:14:05 +0100", ["20:14:07.68", "20:14:08.49", "20:14:09.28"])
    odd = ("2024-03-02 20:14:05 +0100", ["20:14:07.68", "noon", "20:14:09.28"])
    series = read(apple_xml(good, odd), "export.xml")
    assert len(series) == 2
    assert "1 measurements left out; the first: 'noon' is no time of day" in notes(series)
    with pytest.raises(FormatError, match="1 were left out: 'noon'"):
        read(apple_xml(odd).replace(b'value="42.5"', b""), "export.xml")


def test_apple_a_day_with_a_clock_change_is_placed_by_its_offset():
    before = ("2024-10-27 02:30:00 +0200", ["02:30:01.00", "02:30:01.90"])
    after = ("2024-10-27 02:30:00 +0100", ["02:30:01.00", "02:30:01.90"])
    series = read(apple_xml(before, after), "export.xml")
    assert series.t_s[1] - series.t_s[0] == pytest.approx(3600)


def test_apple_a_watch_whose_clock_stood_before_1970_is_read():
    series = apple("1969-12-31 10:00:00 +0000", ["10:00:01.00", "10:00:01.80", "10:00:02.60"])
    assert series.rr_ms.tolist() == [800.0, 800.0]
    assert series.start.year == 1969


def test_apple_outcomes_are_the_phone_s_own_summaries():
    found = opened(APPLE, "export.xml").outcomes
    assert found["name"].tolist() == ["apple_sdnn_ms"]
    assert found["value"].tolist() == [42.5]


def test_apple_zip_with_a_translated_name_and_the_clinical_export_beside_it():
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("apple_health_export/export_cda.xml", b"<ClinicalDocument/>")
        archive.writestr("apple_health_export/Exportar.xml", APPLE)
        archive.writestr("apple_health_export/workout-routes/a.gpx", b"<gpx/>")
    assert len(read(raw.getvalue(), "export.zip")) == 3


BILLION = b"""<?xml version="1.0"?>
<!DOCTYPE HealthData [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<HealthData>&b;</HealthData>"""
EXTERNAL = b"""<?xml version="1.0"?>
<!DOCTYPE HealthData [<!ENTITY a SYSTEM "file:///etc/passwd">]><HealthData>&a;</HealthData>"""


@pytest.mark.parametrize("data", [BILLION, EXTERNAL], ids=["billion laughs", "external"])
@pytest.mark.parametrize("name", ["export.xml", "log.sml"])
def test_xml_entities_are_refused(data, name):
    if name == "log.sml":
        data = data.replace(b"HealthData", b"sml")
    with pytest.raises(FormatError, match="entity"):
        read(data, name)


def test_xml_one_endless_tag_is_refused_before_it_fills_memory(monkeypatch):
    monkeypatch.setattr("ingest.formats._xml.LARGEST_TOKEN", 1 << 18)
    data = b'<HealthData x="' + b"a" * (1 << 20)
    with pytest.raises(FormatError, match="no recording"):
        read(data, "export.xml")
    with pytest.raises(FormatError, match="nested too deeply"):
        read(b"<sml>" + b"<a>" * 100, "log.sml")


def test_zip_and_gzip_that_unfold_like_bombs_are_refused():
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/export.xml", b"<HealthData>" + b" " * (1 << 26))
    bomb = raw.getvalue()
    with pytest.raises(FormatError, match="decompression bomb"):
        read(bomb, "export.zip")
    side = {"x_physio.json": b'{"SamplingFrequency": 1000, "StartTime": 0, "Columns": ["beat"]}'}
    lines = gzip.compress(b"0\n" * (1 << 20) + b"x" * (1 << 23), mtime=0)
    with pytest.raises(FormatError, match="more than 4 MB"):
        opened(lines, "x_physio.tsv.gz", side)


def test_parquet_that_unfolds_to_more_rows_than_any_recording_is_refused(monkeypatch):
    from ingest.writers.parquet import WRITER

    monkeypatch.setattr("ingest.formats.parquet._MOST_ROWS", 10)
    rr = ingest.read(Source("a.txt", content=b"800\n" * 100))
    data = next(iter(WRITER.write(rr).files.values()))
    with pytest.raises(FormatError, match="larger than any recording"):
        read(data, "a.parquet")
    words = io.BytesIO()
    pd.DataFrame({"rr_ms": ["800", "810"]}).to_parquet(words)
    with pytest.raises(FormatError, match="no numbers"):
        read(words.getvalue(), "a.parquet")


# HRV Logger, FatMaxxer, OpenHRV, Polar Sensor Logger


def test_hrv_logger_times_mark_the_begin_of_each_interval():
    series = read(hrv_logger(), "x_RR.csv")
    assert series.start == datetime(2025, 3, 15, 11, 3, tzinfo=UTC)
    assert series.t_s.tolist() == [0.812, 1.602, 2.407, 3.228, 4.026]


def test_hrv_logger_without_a_zone_keeps_its_events_in_seconds():
    data = hrv_logger().replace(b" +0000", b"")
    beside = {"x_Events.csv": HRV_LOGGER_EVENTS.replace(b" +0000", b"")}
    found = opened(data, "x_RR.csv", beside)
    assert found.rr.start is None
    assert found.events["start"].tolist() == [2.0]
    found = opened(data, "x_RR.csv", beside, tz="Europe/Berlin")
    assert found.events["start"][0] == datetime(2025, 3, 15, 10, 3, 2, tzinfo=UTC)


def test_hrv_logger_lost_time_is_a_gap_where_it_was_lost():
    sums = (0, 812, 1602, 62_407, 63_228)
    series = read(hrv_logger(sums=sums), "x_RR.csv")
    assert ((series.flag & Flag.GAP) != 0).tolist() == [False, False, False, True, False]
    assert "1 gaps" in notes(series)


def fatmaxxer(rr, arrivals):
    rows = "".join(f"{1_622_959_867_016 + t},{r},{t}\n" for r, t in zip(rr, arrivals, strict=True))
    return f"timestamp,rr,since_start\n\n{rows}".encode()


def test_fatmaxxer_beats_that_arrive_together_stay_one_after_another():
    rr = [800] * 60
    arrivals = [1600 * (i // 2) for i in range(60)]  # two intervals a notification
    series = read(fatmaxxer(rr, arrivals))
    assert series.rr_ms.tolist() == [800.0] * 60
    assert (series.flag == 0).all()
    assert "times are those of arrival" in notes(series)


def test_fatmaxxer_beats_doubled_after_a_reconnect_show_against_the_clock():
    rr = [800] * 200
    arrivals = [800 * i if i < 100 else 800 * (i - 40) for i in range(200)]
    series = read(fatmaxxer(rr, arrivals))
    assert "ahead of the clock: beats may be doubled" in notes(series)
    from ingest.inspect import inspect

    found = inspect(ingest.Recording(series), source="a.csv")
    assert found.beats_s / found.wall_s > 1.2


OPENHRV = (
    "event,value,timestamp\n" + "IBI,800,2024-10-27T02:59:59.600000\n"
    "IBI,800,2024-10-27T02:00:00.400000\nMeanHRV,40,2024-10-27T02:00:00.5\n"
    "IBI,800,2024-10-27T02:00:01.200000\n"
)


def test_an_hour_that_occurs_twice_is_told_by_the_order_of_the_lines():
    series = read(OPENHRV.encode(), tz="Europe/Berlin")
    assert series.t_s.tolist() == pytest.approx([0.8, 1.6, 2.4])
    moment = datetime(2024, 10, 27, 0, 59, 58, 800_000, tzinfo=UTC)
    assert series.start.timestamp() == moment.timestamp()
    assert "twice" in series.provenance.clock
    assert "meanhrv 1x" in notes(series)


def test_without_a_zone_a_clock_put_back_is_refused_with_the_mend():
    with pytest.raises(FormatError, match="give tz= if clocks were put back"):
        read(OPENHRV.encode())


def test_polar_sensor_logger_with_commas_and_blanks():
    data = b"Phone timestamp,RR-interval [ms]\n2026-04-01 09:00:00.000,832\n" \
           b"2026-04-01 09:00:00.845,845\n"  # fmt: skip
    assert read(data).rr_ms.tolist() == [832.0, 845.0]


def test_polar_sensor_logger_times_of_day_roll_over_midnight():
    data = b"Phone timestamp;RR-interval [ms]\n23:59:59.500;800\n00:00:00.300;800\n" \
           b"00:00:01.100;800\n"  # fmt: skip
    series = read(data, "a.txt")
    assert series.start is None
    assert series.t_s.tolist() == pytest.approx([0.8, 1.6, 2.4])
    assert "no date" in series.provenance.clock


def test_a_wall_clock_that_the_clocks_skipped_is_refused():
    data = b"Phone timestamp;RR-interval [ms]\n2024-03-31T02:30:00.000;800\n" \
           b"2024-03-31T02:30:00.800;800\n"  # fmt: skip
    with pytest.raises(InputError, match="did not exist in Europe/Berlin"):
        read(data, "a.txt", tz="Europe/Berlin")


# HRV4Training and Fitbit


def test_hrv4training_never_gives_beats_and_needs_a_zone():
    data = b"timestamp_measurement,HR,AVNN,SDNN,rMSSD\n2024-03-01 07:00:00,52,1151,80.2,-\n"
    with pytest.raises(FormatError, match="have no zone; give tz="):
        opened(data)
    with pytest.raises(FormatError, match="no RR intervals but 3 outcomes"):
        ingest.read(Source("a.csv", content=data), tz="UTC")
    found = opened(data, tz="UTC").outcomes
    assert found["name"].tolist() == ["hrv4training_hr", "hrv4training_avnn", "hrv4training_sdnn"]


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (("01-03-2024", "28-03-2024"), datetime(2024, 3, 1, 7, tzinfo=UTC)),
        (("03/01/2024", "03/28/2024"), datetime(2024, 3, 1, 7, tzinfo=UTC)),
    ],
)
def test_hrv4training_of_android_tells_day_from_month_by_its_own_dates(dates, first):
    rows = "".join(f"{date},7:00,52,1151,80.2,61.3\n" for date in dates)
    found = opened(f"date,time,HR,AVNN,SDNN,rMSSD\n{rows}".encode(), tz="UTC").outcomes
    assert found["time"][0] == first


def test_hrv4training_of_android_with_dates_that_tell_nothing_is_refused():
    data = b"date,time,HR,AVNN,SDNN,rMSSD\n01-03-2024,7:00,52,1151,80.2,61.3\n"
    with pytest.raises(FormatError, match="does not tell day from month"):
        opened(data, tz="UTC")


# Polar account export, VNS Analyse, Suunto, Movesense, MMASH


def test_polar_flow_offline_time_is_a_gap_and_the_offset_is_the_zone():
    document = json.loads(POLAR_FLOW)
    document["exercises"][0]["samples"]["rr"].insert(2, {"duration": "PT30S", "offline": True})
    series = read(json.dumps(document).encode(), "training-session-a.json")
    assert series.start.isoformat() == "2017-09-12T16:05:50+02:00"
    assert ((series.flag & Flag.GAP) != 0).tolist() == [False, False, True, False, False]


def test_vns_analyse_takes_the_raw_block_and_notes_as_events():
    name = "VNS - a (0) - 15.03.2025 09.07 Langzeit.txt"
    found = opened(VNS, name, tz="Europe/Berlin")
    assert found.rr.rr_ms.tolist() == [812.0, 790.0, 805.0, 821.0, 798.0]
    assert found.rr.start == datetime(2025, 3, 15, 8, 7, tzinfo=UTC)
    assert found.events["phase"].tolist() == ["Start Ruhe"]
    english = (
        b"RR intervals (uncorrected)\n0.812\t\n0.790\t\n\nRR intervals (corrected)\n0.8\n0.8\n"
    )
    assert read(english, "a.txt").rr_ms.tolist() == [812.0, 790.0]


def test_suunto_duration_is_checked_against_the_sum():
    series = read(SUUNTO, "log.sml", tz="Europe/Helsinki")
    assert "4.0 s of 4.0 s by the clock" in notes(series)
    assert series.start == datetime(2019, 5, 4, 4, 30, tzinfo=UTC)


def test_mmash_days_make_beats_rise_over_midnight():
    rows = [(0.8, 1, "23:59:59"), (0.8, 2, "00:00:00"), (0.8, 2, "00:05:00"), (0.8, 2, "00:05:01")]
    text = ",ibi_s,day,time\n" + "".join(f"{i},{r},{d},{t}\n" for i, (r, d, t) in enumerate(rows))
    series = read(text.encode(), "RR.csv")
    assert ((series.flag & Flag.GAP) != 0).tolist() == [False, False, True, False]
    assert series.start is None
    given = read(text.encode(), "RR.csv", start=datetime(2021, 1, 1, tzinfo=UTC))
    assert given.start == datetime(2021, 1, 1, tzinfo=UTC)


def test_movesense_of_several_documents_is_read_in_order():
    data = b'[{"Body": {"rrData": [800]}}, {"Body": {"rrData": [810, 820]}}]'
    assert read(data, "a.json").rr_ms.tolist() == [800.0, 810.0, 820.0]
    with pytest.raises(FormatError, match="no number"):
        read(b'{"Body": {"rrData": ["800", 810]}}', "a.json")


# FHIR and Open mHealth


def fhir(**changes):
    sampled = {"origin": {"value": 0, "code": "ms"}, "intervalUnit": "ms", "dimensions": 1,
               "offsets": "812 1602 9407", "data": "812 790 805", **changes}  # fmt: skip
    code = {"coding": [{"system": "https://w3id.org/openmhealth", "code": "omh:rr-interval:1.0"}]}
    return json.dumps({"resourceType": "Observation", "code": code, "valueSampledData": sampled,
                       "effectiveDateTime": "2024-03-01T08:00:00+01:00"}).encode()  # fmt: skip


def test_fhir_in_seconds_with_factor_and_missing_values():
    data = fhir(origin={"value": 0, "code": "s"}, factor=0.001, intervalUnit="s",
                offsets="0.812 1.602 2.0 9.407", data="812 790 E 805")  # fmt: skip
    series = read(data, "a.json")
    assert np.allclose(series.rr_ms, [812, 790, 805])
    assert "1 samples without a value" in notes(series)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"offsets": None}, "has no offsets"),
        ({"data": "812 790"}, "2 values for 3 offsets"),
        ({"data": "812 x 805"}, "a value is no number"),
        ({"dimensions": 2}, "one dimension"),
        ({"offsets": "812 900 9407"}, "overlap"),
    ],
)
def test_a_broken_observation_is_one_sentence(changes, says):
    with pytest.raises(FormatError, match=says):
        read(fhir(**changes), "a.json")


def test_a_bundle_with_one_observation_of_beats_is_read():
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}},
              {"resource": json.loads(fhir())}]}  # fmt: skip
    assert len(read(json.dumps(bundle).encode(), "a.json")) == 3
    bundle["entry"].append(bundle["entry"][1])
    with pytest.raises(FormatError, match="several Observations"):
        read(json.dumps(bundle).encode(), "a.json")


def test_open_mhealth_points_are_sorted_and_need_a_zone():
    def point(end, value=800.0):
        frame = {
            "date_time": (datetime(2024, 3, 1, tzinfo=UTC) + timedelta(seconds=end)).isoformat()
        }
        return {"header": {"schema_id": {"name": "rr-interval"}},
                "body": {"rr_interval": {"value": value, "unit": "ms"},
                         "effective_time_frame": frame}}  # fmt: skip

    series = read(json.dumps([point(1.6), point(0.8), point(9.0)]).encode(), "a.json")
    assert series.t_s.tolist() == pytest.approx([0.8, 1.6, 9.0])
    naive = json.dumps([point(0.8), point(1.6)]).replace("+00:00", "").encode()
    with pytest.raises(FormatError, match="with a zone"):
        read(naive, "a.json")
