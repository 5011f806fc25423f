"""Small recordings of phone apps, watches and data sets, made from their descriptions."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime

import journal_rig as rig
from recordings import RR, Sample

from hrv.types import Provenance, RRSeries
from ingest.ble.measurement import decode
from ingest.journal import Kind
from ingest.journal.record import MAGIC, of_fields, pack
from ingest.writers import fhir, open_mhealth
from ingest.writers.parquet import WRITER

SUMS = (0, 812, 1602, 2407, 3228)


def journal(seconds: int = 8) -> tuple[bytes, tuple[float, ...]]:
    """A journal and the intervals in it."""
    items = rig.recording(seconds)
    session = of_fields(Kind.SESSION, 0, rig.WALL_NS, session="s", run=1)
    close = of_fields(Kind.CLOSE, 0, 0, reason="stopped")
    data = MAGIC + b"".join(pack(item, i) for i, item in enumerate([session, *items, close]))
    ticks = [t for i in items for t in decode(i.payload).rr_ticks]
    return data, tuple(tick / 1.024 for tick in ticks)


def hrv_logger(rr=RR, sums=SUMS) -> bytes:
    rows = (f"2025-03-15 11:03:0{t // 1000} +0000, {r}, {t}" for r, t in zip(rr, sums, strict=True))
    return ("date, rr, since start\n" + "\n".join(rows) + "\n").encode()


HRV_LOGGER_EVENTS = (
    b"date, timestamp, annotation, manual\n2025-03-15 11:03:02 +0000, 2.000000, Start Ruhe, 1\n"
)


def apple_xml(*measurements: tuple[str, list[str]], bpm: int = 75) -> bytes:
    """An export with measurements (startDate, times of day)."""
    records = "".join(
        '<Record type="HKQuantityTypeIdentifierHeartRateVariabilitySDNN" sourceName="Watch" '
        f'unit="ms" startDate="{start}" endDate="{start}" value="42.5">\n'
        " <HeartRateVariabilityMetadataList>\n"
        + "".join(f'  <InstantaneousBeatsPerMinute bpm="{bpm}" time="{t}"/>\n' for t in times)
        + " </HeartRateVariabilityMetadataList>\n</Record>\n"
        for start, times in measurements
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n'
        "<!ELEMENT HealthData (Record*)>\n]>\n"
        f'<HealthData locale="en_GB">\n{records}</HealthData>\n'
    ).encode()


APPLE = apple_xml(
    ("2024-03-01 20:14:05 +0100", ["20:14:07.68", "20:14:08.49", "20:14:09.28", "20:14:10.09"])
)


def zipped(name: str, data: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2024, 3, 1, 0, 0, 0)), data)
    return raw.getvalue()


POLAR_FLOW = json.dumps(
    {
        "exportVersion": "1.6",
        "deviceId": "V800",
        "exercises": [
            {
                "startTime": "2017-09-12T16:05:50.000",
                "timezoneOffset": 120,
                "duration": "PT4.026S",
                "samples": {"rr": [{"duration": f"PT0.{ms}S", "offline": False} for ms in RR]},
            }
        ],
    }
).encode()

VNS = (
    b"Korrektur\tAktiv\n\nHauptparameter der VNS Analyse - Rohwerte (Nicht aktiv)\n"
    b"Herzfrequenz\t74,5\n\nRR-Intervalle - Rohwerte (Nicht aktiv)\n"
    b"0.812\tNotiz: Start Ruhe\n0.790\n0.805\n0.821\n0.798\n\n"
    b"RR-Intervalle - Korrigierte Werte (Aktiv)\n0.812\n0.800\n"
)

SUUNTO = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<sml xmlns="http://www.suunto.com/schemas/sml">\n'
    b"<DeviceLog><Header><Duration>4.026</Duration><DateTime>2019-05-04T07:30:00</DateTime>"
    b"</Header><R-R><Data>812 790 805 821 798</Data></R-R></DeviceLog>\n</sml>\n"
)

BEAT_SAMPLES = (10, 822, 1612, 2417)


def bids(sums=BEAT_SAMPLES, size: int = 2500) -> bytes:
    rows = "".join(f"{int(i in sums)}\n" for i in range(size))
    return gzip.compress(rows.encode(), mtime=0)


BIDS_SIDE = b'{"SamplingFrequency": 1000.0, "StartTime": -1.5, "Columns": ["beat"]}'


def parquet() -> bytes:
    series = RRSeries.from_ms(RR, provenance=Provenance(device="strap"))
    return WRITER.write(series).files[".parquet"]


CLOCKED = RRSeries.from_ms(
    RR, start=datetime(2024, 3, 1, 8, tzinfo=UTC), provenance=Provenance(device="strap")
)
FHIR = next(iter(fhir.write(CLOCKED).files.values()))
OPEN_MHEALTH = next(iter(open_mhealth.write(CLOCKED).files.values()))
JOURNAL, JOURNAL_RR = journal()

APPS = (
    Sample("journal", "a.hrvj", JOURNAL, JOURNAL_RR),
    Sample("hrv_logger", "2025-3-15_RR_me.csv", hrv_logger(), RR,
           beside={"2025-3-15_Events_me.csv": HRV_LOGGER_EVENTS}, events=1),
    Sample("hrv_logger", "2025-3-15_Events_me.csv", HRV_LOGGER_EVENTS, (), events=1),
    Sample("fatmaxxer", "rr.csv", b"timestamp,rr,since_start\n\n" + b"".join(
        b"%d,%d,%d\n" % (1_622_959_867_016 + t, r, t) for r, t in zip(RR, SUMS, strict=True)), RR),
    Sample("openhrv", "open.csv",
           b"event,value,timestamp\nIBI,812,2021-05-01T10:00:00.812000\n"
           b"IBI,790,2021-05-01T10:00:01.602000\nAnnotation,stroop,2021-05-01T10:00:01.700000\n"
           b"MeanHRV,40,2021-05-01T10:00:02\nIBI,805,2021-05-01T10:00:02.407000\n",
           RR[:3], {"tz": "Europe/Berlin"}, events=1),
    Sample("hrv4training", "MyMeasurements_iOS.csv",
           b"timestamp_measurement,HR,AVNN,SDNN,rMSSD,pNN50,note\n"
           b"2024-03-01 07:00:00,52.1,1151,80.2,61.3,40.1,slept well\n"
           b"2024-03-02 07:10:00,54.0,1111,-,55.0,38.0,-\n", (), {"tz": "Europe/Berlin"},
           outcomes=9),
    Sample("polar_sensor_logger", "Polar_H10_RR.txt",
           b"Phone timestamp;RR-interval [ms]\n" + b"".join(
               b"2026-04-24T14:10:%02d.%03d;%d\n" % (*divmod(t + 812, 1000), r)
               for r, t in zip(RR, (0, 790, 1595, 2416, 3214), strict=True)), RR),
    Sample("polar_flow", "training-session-2017-09-12.json", POLAR_FLOW, RR),
    Sample("vns_analyse", "VNS - a (0) - 15.03.2025 09.07 Langzeit.txt", VNS, RR, events=1),
    Sample("suunto", "log.sml", SUUNTO, RR),
    Sample("movesense", "hr.json",
           b'{"Body":{"average":72.4,"rrData":[812,790]}}\n'
           b'{"Body":{"average":73.0,"rrData":[805,821,798]}}\n', RR),
    Sample("apple_health", "export.xml", APPLE, (810.0, 790.0, 810.0), outcomes=1),
    Sample("apple_health", "export.zip", zipped("apple_health_export/export.xml", APPLE),
           (810.0, 790.0, 810.0), outcomes=1),
    Sample("fitbit", "Heart Rate Variability Details - 2024-01-01.csv",
           b"timestamp,rmssd,coverage,low_frequency,high_frequency\n"
           b"2024-01-01T03:00:00,40.5,0.95,900.1,450.2\n", (), {"tz": "Europe/Berlin"},
           outcomes=4),
    Sample("mmash", "RR.csv", b",ibi_s,day,time\n1,0.812,1,23:59:58\n2,0.790,1,23:59:59\n"
           b"3,0.805,2,00:00:00\n4,0.821,2,00:00:01\n", RR[:4]),
    Sample("parquet", "a.parquet", parquet(), RR),
    Sample("fhir", "rr.fhir.json", FHIR, RR),
    Sample("open_mhealth", "rr.omh.json", OPEN_MHEALTH, RR),
    Sample("bids_physio", "sub-01_physio.tsv.gz", bids(), (812.0, 790.0, 805.0),
           beside={"sub-01_physio.json": BIDS_SIDE}),
)  # fmt: skip
