"""Opening files: what is no recording, and what real recordings give."""

import io
import subprocess
import sys
import time

import numpy as np
import pytest

import ingest
from hrv.errors import FormatError, InputError
from hrv.types import Flag, Provenance, RRSeries


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"none\.txt does not exist"):
        ingest.read(tmp_path / "none.txt")
    with pytest.raises(InputError, match="is a folder; name a file in it"):
        ingest.read(tmp_path)
    with pytest.raises(InputError, match="cannot be opened"):
        ingest.read("a\0b")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n\t"])
def test_an_empty_file_is_one_sentence(content, tmp_path):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"empty\.txt: the file is empty"):
        ingest.read(path)


@pytest.mark.parametrize(
    "content",
    [
        b"hello world, this is prose\nand more of it\n",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        bytes(range(256)) * 8,
        b'{"a": 1}',
        b"subject,phase,kind,start,end\nA,b,c,1,2\n",
        b"2024-03-01,812,790,805\n",
    ],
)
def test_what_no_format_claims_is_refused_with_the_choices(content, tmp_path):
    path = tmp_path / "junk.bin"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="no known recording") as caught:
        ingest.read(path)
    assert "name it with format= (hrv catalogue formats" in str(caught.value)


def test_an_unknown_format_unit_or_zone_is_refused_with_choices(tmp_path):
    path = tmp_path / "rr.txt"
    path.write_bytes(b"812\n790\n")
    with pytest.raises(InputError, match="no format is called 'odf'; choose from text"):
        ingest.read(path, format="odf")
    with pytest.raises(InputError, match="unit 'min' is unknown; choose from ms, s"):
        ingest.read(path, unit="min")
    with pytest.raises(InputError, match="no time zone is called 'Berlin'"):
        ingest.read(path, tz="Berlin")
    with pytest.raises(InputError, match="no time zone is called"):
        ingest.read(path, tz="../../etc/passwd")


def test_standard_input_is_read_as_bytes(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b"812\n790\n805\n")

    monkeypatch.setattr(sys, "stdin", Stdin)
    series = ingest.read("-")
    assert series.rr_ms.tolist() == [812, 790, 805]
    assert series.provenance.source == "standard input"


def test_a_recording_without_intervals_is_refused_by_read_only(monkeypatch):
    empty = ingest.Format("diary", "x", (".x",), lambda head, name: head[:1] == b"!",
                          lambda source, options: ingest.Recording(None))  # fmt: skip
    monkeypatch.setattr("ingest.reading.FORMATS", (empty,))
    source = ingest.Source("d.x", content=b"!")
    assert ingest.open_recording(source).rr is None
    with pytest.raises(FormatError, match="holds no RR intervals"):
        ingest.read(source)


def test_two_formats_that_claim_one_file_are_named(monkeypatch):
    twice = (ingest.FORMATS[0], ingest.FORMATS[0])
    monkeypatch.setattr("ingest.reading.FORMATS", twice)
    with pytest.raises(FormatError, match="could be text and text; say which with format="):
        ingest.read(ingest.Source("rr.txt", content=b"812\n790\n"))


def test_import_ingest_is_light():
    code = (
        "import sys, ingest; print(sorted({'fitdecode', 'matplotlib', 'bleak'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_a_text_of_100_000_beats_opens_quickly(tmp_path):
    path = tmp_path / "long.txt"
    values = np.random.default_rng(0).integers(600, 1200, 100_000)
    path.write_text("\n".join(map(str, values)) + "\n")
    best = np.inf
    for _ in range(5):
        begin = time.process_time()
        series = ingest.read(path)
        best = min(best, time.process_time() - begin)
    assert len(series) == 100_000
    assert best < 0.3  # 0.05 s on an idle core; the margin is for a busy one


def test_the_writer_writes_to_an_open_file_too():
    out = io.StringIO()
    ingest.write_text(RRSeries.from_ms([812.5, 781.25], provenance=Provenance(device="a\nb")), out)
    assert out.getvalue() == "# unit: 1/1024 s\n# device: a b\n# intervals: 2\n832\n800\n"


@pytest.mark.parametrize(
    ("name", "n"),
    [("rest/rest_rri.txt", 910), ("kubios/series_1.txt", 4684), ("kubios/series_3.txt", 4868)],
)
def test_real_texts(shared_data, name, n):
    series = ingest.read(shared_data / name)
    assert len(series) == n
    assert series.provenance.unit == "ms (rule: all values in 200-3000)"


def test_real_noisy_hrm(shared_data):
    series = ingest.read(shared_data / "polar_hrm" / "noisy_rri.hrm", tz="America/Sao_Paulo")
    assert len(series) == 3581
    assert series.start.isoformat() == "2008-01-25T08:57:29-02:00"
    assert "2403.0 s of 2403.0 s by the clock" in series.provenance.notes[0]


@pytest.mark.parametrize(
    ("name", "n", "start"),
    [
        ("garmin-edge-820-bike", 126, "2017-06-12T16:10:15"),
        ("garmin-fenix-5-run", 113, "2017-06-11T14:34:09"),
        ("garmin-fenix-5-walk", 62, "2017-06-11T14:32:51"),
    ],
)
def test_real_fit(shared_data, name, n, start):
    series = ingest.read(shared_data / "garmin_fit" / f"{name}.fit")
    assert len(series) == n
    first_record = np.datetime64(start)
    begin = np.datetime64(series.start.replace(tzinfo=None))
    assert abs(begin - first_record) < np.timedelta64(3, "s")
    assert not (series.flag & Flag.GAP).any()
    assert "garmin" in series.provenance.device


@pytest.mark.parametrize("subject", ["02", "03", "04", "05", "07", "08", "09", "10"])
def test_real_empatica_gaps_lie_where_the_offsets_say(shared_data, subject):
    path = shared_data / "stress_predict" / f"S{subject}_IBI.csv"
    series = ingest.read(path)
    offset, ibi = np.loadtxt(path, delimiter=",", skiprows=1).T
    lost = np.concatenate(([False], np.diff(offset) - ibi[1:] > 1 / 64))
    assert np.array_equal((series.flag & Flag.GAP) != 0, lost)
    assert np.array_equal(series.rr_ms, ibi * 1000)
    assert np.allclose(series.t_s, offset - (offset[0] - ibi[0]))
    assert not any("running sum" in note for note in series.provenance.notes)


def test_real_empatica_events_and_tags(shared_data):
    folder = shared_data / "stress_predict"
    table = ingest.read_events(folder / "phases.csv")
    assert len(table) == 72
    assert (table["kind"] == "stress").sum() > 8
    assert len(ingest.read_tags(folder / "S02_tags.csv")) == 9


def test_real_peaks(shared_data):
    for path in sorted((shared_data / "gudb").glob("*.tsv")):
        series = ingest.read(path, format="peaks", sampling_rate_hz=250)
        assert (series.rr_ms % 4 == 0).all()
        assert 100 < series.duration_s < 125
        with pytest.raises(FormatError, match="format='peaks'"):
            ingest.read(path)
