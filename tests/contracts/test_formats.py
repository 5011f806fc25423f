"""Contracts that every recording format keeps; a new row of the table is tested for free."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import SAMPLES, Sample

import ingest
from hrv.errors import HRVError
from hrv.types import RRSeries
from ingest.reading import sniffed


def opened(sample: Sample, data: bytes | None = None) -> RRSeries:
    source = ingest.Source(sample.name, content=sample.data if data is None else data)
    return ingest.read(source, **sample.options)


def attempt(sample: Sample, data: bytes) -> tuple[RRSeries | None, str]:
    """What reading gives: a series, or the one sentence of a typed error."""
    try:
        return opened(sample, data), ""
    except HRVError as error:
        return None, str(error)


def same(a: RRSeries, b: RRSeries) -> bool:
    arrays = all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("rr_ms", "t_s", "flag")
    )
    return arrays and a.start == b.start and a.provenance == b.provenance


JUNK = st.binary(max_size=400) | st.text("0123456789.,;:# \t\nabIs-+eE[]=", max_size=200).map(
    str.encode
)
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)


@pytest.mark.parametrize("entry", ingest.FORMATS, ids=lambda entry: entry.name)
def test_every_format_has_a_sample_and_says_what_it_is(entry):
    assert any(sample.format == entry.name for sample in SAMPLES)
    assert entry.summary
    assert entry.suffixes
    assert all(suffix.startswith(".") for suffix in entry.suffixes)


def test_names_are_unique():
    names = [entry.name for entry in ingest.FORMATS]
    assert len(set(names)) == len(names)


@every_sample
def test_a_sample_is_claimed_by_exactly_its_own_format(sample):
    claims = [entry.name for entry in sniffed(sample.data, sample.name)]
    if sample.sniffed:
        assert claims == [sample.format]
    else:
        assert sample.format not in claims


@every_sample
def test_a_sample_gives_its_intervals_and_says_where_they_came_from(sample):
    series = opened(sample)
    assert series.rr_ms.tolist() == list(sample.rr_ms)
    assert series.provenance.format == sample.format
    assert series.provenance.source == sample.name
    assert series.provenance.unit
    assert series.provenance.clock


@every_sample
def test_reading_is_deterministic(sample):
    assert same(opened(sample), opened(sample))


@every_sample
def test_bytes_from_a_file_and_from_memory_read_alike(sample, tmp_path):
    path = tmp_path / sample.name
    path.write_bytes(sample.data)
    assert same(ingest.read(path, **sample.options), opened(sample))


@every_sample
def test_cut_at_any_byte_is_an_error_or_a_stated_part(sample):
    whole = opened(sample)
    for length in range(len(sample.data)):
        data = sample.data[:length]
        part, said = attempt(sample, data)
        if part is None:
            assert sample.name in said
            continue
        if len(part) == len(whole) and length >= len(sample.data.rstrip()):
            continue  # only line ends are missing
        kept = part.rr_ms[:-1]
        assert kept.tolist() == whole.rr_ms[: kept.size].tolist()
        stated = any("cut short" in note for note in part.provenance.notes)
        assert stated or data.rstrip(b"\0").endswith((b"\n", b"\r"))


@every_sample
@settings(max_examples=150, deadline=2000)
@given(data=st.data())
def test_flipped_bytes_never_crash(sample, data):
    raw = bytearray(sample.data)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    series, said = attempt(sample, bytes(raw))
    assert "\n" not in said
    assert series is None or len(series) >= 2


@pytest.mark.parametrize("entry", ingest.FORMATS, ids=lambda entry: entry.name)
@settings(max_examples=150, deadline=2000)
@given(data=JUNK)
def test_junk_under_any_format_is_one_clear_error(entry, data):
    options = {"format": entry.name}
    if entry.name == "peaks":
        options["sampling_rate_hz"] = 250.0
    _, said = attempt(Sample(entry.name, "junk", data, (), options), data)
    assert "\n" not in said


@every_sample
def test_written_as_text_and_read_again_nothing_changes(sample, tmp_path):
    series = opened(sample)
    ingest.write_text(series, tmp_path / "again.txt")
    again = ingest.read(tmp_path / "again.txt")
    for name in ("rr_ms", "t_s", "flag"):
        assert np.array_equal(getattr(series, name), getattr(again, name)), name
    assert again.start == series.start
    assert again.provenance.device == series.provenance.device
