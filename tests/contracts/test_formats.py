"""Contracts that every recording format keeps; a new row of the table is tested for free."""

import os
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recordings import Sample, samples

import ingest
from hrv.errors import HRVError
from hrv.types import RRSeries
from ingest.columns import EVENT_COLUMNS, OUTCOME_COLUMNS
from ingest.convert import lost
from ingest.formats.base import Recording, Source
from ingest.reading import sniffed

SAMPLES = samples()
BEATS = tuple(sample for sample in SAMPLES if sample.rr_ms)
EXAMPLES = int(os.environ.get("HRV_FUZZ_EXAMPLES", "500"))
"""Random inputs a reader, shared by its samples; `make fuzz` asks for 10,000."""
HANG_S = 2.0


def source_of(sample: Sample, data: bytes | None = None) -> Source:
    content = sample.data if data is None else data
    return Source(sample.name, content=content, beside=sample.beside)


def opened(sample: Sample, data: bytes | None = None) -> Recording:
    return ingest.open_recording(source_of(sample, data), **sample.options)


def attempt(sample: Sample, data: bytes) -> tuple[Recording | None, str]:
    """What reading gives: a recording, or the one sentence of a typed error."""
    try:
        return opened(sample, data), ""
    except HRVError as error:
        return None, str(error)


def quick_attempt(sample: Sample, data: bytes) -> tuple[Recording | None, str]:
    """As `attempt`, within `HANG_S` of processor time: other work on the machine is no hang."""
    begun = time.process_time()
    found = attempt(sample, data)
    assert time.process_time() - begun < HANG_S
    return found


def notes_of(recording: Recording) -> tuple[str, ...]:
    return recording.rr.provenance.notes if recording.rr is not None else recording.notes


def same(one: Recording, other: Recording) -> bool:
    if not (one.events.equals(other.events) and one.outcomes.equals(other.outcomes)):
        return False
    a, b = one.rr, other.rr
    if a is None or b is None:
        return a is b
    arrays = all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("rr_ms", "t_s", "flag")
    )
    return arrays and a.start == b.start and a.provenance == b.provenance


JUNK = st.binary(max_size=400) | st.text("0123456789.,;:# \t\nabIs-+eE[]=", max_size=200).map(
    str.encode
)
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)
every_with_beats = pytest.mark.parametrize("sample", BEATS, ids=str)
# an ECG that still decodes is searched for R peaks, 10 ms each: its decoding is what is varied
SLOW = {"ecg_csv", "polar_ecg", "opensignals"}


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
def test_a_sample_gives_what_is_in_it(sample):
    recording = opened(sample)
    found = [] if recording.rr is None else recording.rr.rr_ms
    assert len(found) == len(sample.rr_ms)
    assert np.allclose(found, sample.rr_ms, rtol=0, atol=sample.atol_ms)
    assert len(recording.events) == sample.events
    assert len(recording.outcomes) == sample.outcomes
    if len(recording.events):
        assert tuple(recording.events.columns) == EVENT_COLUMNS
    if len(recording.outcomes):
        assert tuple(recording.outcomes.columns) == OUTCOME_COLUMNS


@every_with_beats
def test_a_series_says_where_its_values_came_from(sample):
    series = opened(sample).rr
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
    for name, data in sample.beside.items():
        (tmp_path / name).write_bytes(data)
    assert same(ingest.open_recording(path, **sample.options), opened(sample))


def cuts(sample: Sample) -> list[int]:
    """Every length of a small sample; of a larger one, or an ECG, a hundred."""
    size = len(sample.data)
    every = size <= 4096 and sample.format not in SLOW
    return list(range(size)) if every else sorted({*range(20), *range(0, size, size // 40)})


@every_sample
def test_cut_at_any_byte_is_an_error_or_a_stated_part(sample):
    whole = opened(sample)
    for length in cuts(sample):
        data = sample.data[:length]
        part, said = attempt(sample, data)
        if part is None:
            assert sample.name in said or any(name in said for name in sample.beside)
            continue
        stated = any("cut short" in note for note in notes_of(part))
        assert stated or data.rstrip(b"\0").endswith((b"\n", b"\r")) or same(part, whole)
        if part.rr is not None and whole.rr is not None and not sample.atol_ms:
            kept = part.rr.rr_ms[:-1]
            assert kept.tolist() == whole.rr.rr_ms[: kept.size].tolist()


def flips(name: str) -> int:
    """Flipped files a sample of a format gets; junk makes it `EXAMPLES` a reader."""
    shares = sum(other.format == name for other in SAMPLES)
    return EXAMPLES // 12 if name in SLOW else max(EXAMPLES // 12, EXAMPLES // 2 // shares)


@every_sample
def test_flipped_bytes_never_crash(sample):
    @settings(
        max_examples=flips(sample.format), deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(flips=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4))
    def check(flips):
        raw = bytearray(sample.data)
        for at, value in flips:
            raw[at % len(raw)] = value
        recording, said = quick_attempt(sample, bytes(raw))
        assert "\n" not in said
        assert recording is None or recording.rr is None or len(recording.rr) >= 2

    opened(sample)  # what a reader imports is not its time
    check()


@pytest.mark.parametrize("entry", ingest.FORMATS, ids=lambda entry: entry.name)
def test_junk_under_any_format_is_one_clear_error(entry):
    options = {"format": entry.name}
    if "sampling_rate_hz" in entry.takes:
        options["sampling_rate_hz"] = 250.0
    flipped = sum(flips(entry.name) for sample in SAMPLES if sample.format == entry.name)

    @settings(max_examples=max(EXAMPLES // 4, EXAMPLES - flipped), deadline=None)
    @given(data=JUNK)
    def check(data):
        _, said = quick_attempt(Sample(entry.name, "junk", data, (), options), data)
        assert "\n" not in said

    for sample in SAMPLES:
        if sample.format == entry.name:
            opened(sample)  # what a reader imports is not its time
    check()


@pytest.mark.parametrize("writer", ingest.WRITERS, ids=lambda writer: writer.name)
@every_with_beats
def test_written_and_read_again_nothing_changes_but_what_is_said(sample, writer):
    series = opened(sample).rr
    if series.start is None:
        moment = datetime(2024, 3, 1, 7, 30, 15, tzinfo=ZoneInfo("Europe/Berlin"))
        series = RRSeries(series.rr_ms, series.t_s, series.flag, moment, series.provenance)
    written = writer.write(series)
    missing = " ".join(lost(series, writer, written))
    names = {f"x{ending}": data for ending, data in written.files.items()}
    again = ingest.read(Source(next(iter(names)), content=next(iter(names.values())), beside=names),
                        format=writer.format)  # fmt: skip
    assert len(again) == len(series)
    rounding = 2.0 if "rounded" in missing else 1e-9
    assert np.allclose(again.rr_ms, series.rr_ms, rtol=0, atol=rounding)
    assert np.allclose(again.t_s - again.begin_s[0], series.t_s - series.begin_s[0], rtol=0,
                       atol=rounding / 1000)  # fmt: skip
    assert np.array_equal(again.flag, series.flag) or "the flags of" in missing
    assert again.provenance.device == series.provenance.device or "the device" in missing
    assert again.start == series.start or "the moment of" in missing or "of the moment" in missing
    if writer.name in ("text", "parquet"):
        assert not missing


@every_with_beats
def test_written_as_text_and_read_again_nothing_changes(sample, tmp_path):
    series = opened(sample).rr
    ingest.write_text(series, tmp_path / "again.txt")
    again = ingest.read(tmp_path / "again.txt")
    for name in ("rr_ms", "t_s", "flag"):
        assert np.array_equal(getattr(series, name), getattr(again, name)), name
    assert again.start == series.start
    assert again.provenance.device == series.provenance.device
