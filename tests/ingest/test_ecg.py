"""ECG in: R peaks between the samples, what the rate costs, quality, losses, and the carriers."""

import io
import sys

import edfio
import numpy as np
import pytest
from recordings import Sample
from recordings_signals import ECG_RR_S, SIGNALS, WFDB, ecg, ecg_csv, edf, polar_ecg, xdf

import ingest
from hrv.errors import FormatError, HRVError, InputError, MissingExtraError
from hrv.types import Flag
from ingest.formats.base import Source

LONG_S = tuple(0.8 + 0.05 * np.sin(i / 3) for i in range(60))


def opened(data, name="ecg.csv", beside=None, **options):
    return ingest.open_recording(Source(name, content=data, beside=beside or {}), **options)


def text(signal):
    return ("ECG\n" + "".join(f"{v:.5f}\n" for v in signal)).encode()


def rmssd(rr_ms):
    return float(np.sqrt(np.mean(np.diff(rr_ms) ** 2)))


def notes(recording):
    return " | ".join(recording.rr.provenance.notes)


@pytest.mark.parametrize("rate_hz", [100, 130, 250, 500])
def test_peaks_lie_between_the_samples(rate_hz):
    found = opened(text(ecg(rate_hz, LONG_S)), sampling_rate_hz=rate_hz).rr.rr_ms
    true = 1000 * np.array(LONG_S)
    assert found.size == true.size
    whole_samples_ms = 1000 / rate_hz / np.sqrt(6)  # standard deviation of an interval's error
    assert np.std(found - true) < 0.5 * whole_samples_ms
    assert rmssd(found) == pytest.approx(rmssd(true), abs=0.3 * 1000 / rate_hz)


def test_what_the_sampling_rate_does_to_rmssd_is_stated():
    rng = np.random.default_rng(1)
    peaks = np.cumsum(rng.uniform(0.7, 0.9, 200_000))
    added = {}
    for rate in (100, 250):
        added[rate] = rmssd(1000 * np.diff(np.round(peaks * rate) / rate - peaks))
    assert "would add 7.1 ms to RMSSD in quadrature" in notes(
        opened(ecg_csv(100), sampling_rate_hz=100)
    )
    assert added[100] == pytest.approx(7.07, rel=0.02)  # the formula, against what happens
    assert added[250] == pytest.approx(2.83, rel=0.02)


def test_a_disturbed_stretch_shows_in_the_quality_and_is_marked():
    signal = ecg(250, LONG_S)
    rng = np.random.default_rng(2)
    signal[5000:7000] += rng.normal(0, 0.6, 2000)
    found = opened(text(signal), sampling_rate_hz=250)
    assert "signal quality: 100 %" not in notes(found)
    assert "signal quality: 8" in notes(found)  # 8 s of 50
    marked = (found.rr.flag & Flag.SUSPECT) != 0
    assert marked[(found.rr.t_s > 20) & (found.rr.t_s < 28)].any()
    assert not marked[found.rr.t_s < 18].any()
    clean = opened(text(ecg(250, LONG_S)), sampling_rate_hz=250)
    assert "signal quality: 100 % of the time" in notes(clean)
    assert "100 % of 61 beats" in notes(clean)
    assert (clean.rr.flag == 0).all()


@pytest.mark.parametrize(
    ("signal", "rate_hz", "says"),
    [
        (np.zeros(3000), 250, "flat"),
        (ecg(250)[:500], 250, "at least 5 s"),
        (ecg(40), 40, "does not show R peaks"),
    ],
)
def test_a_signal_that_cannot_give_beats_is_refused(signal, rate_hz, says):
    with pytest.raises(HRVError, match=says):
        opened(text(signal), sampling_rate_hz=rate_hz)


def test_an_ecg_as_text_needs_its_rate():
    with pytest.raises(InputError, match="needs sampling_rate_hz="):
        opened(ecg_csv())


def test_lost_samples_of_a_polar_log_leave_a_gap_not_an_interval():
    lines = polar_ecg().splitlines(keepends=True)
    more = polar_ecg().splitlines(keepends=True)[1:]
    late = []
    for line in more:
        cells = line.split(b";")
        cells[1] = str(int(cells[1]) + 60_000_000_000).encode()
        late.append(b";".join(cells))
    found = opened(b"".join([*lines, *late]), "Polar_H10_ECG.txt")
    assert np.allclose(found.rr.rr_ms, 1000 * np.array(ECG_RR_S * 2), atol=2.5)
    assert ((found.rr.flag & Flag.GAP) != 0).tolist() == [i == 7 for i in range(14)]
    assert found.rr.t_s[7] - found.rr.t_s[0] == pytest.approx(60, abs=0.01)
    assert "samples were lost 1 times" in notes(found)


def discontinuous(at_s: float) -> bytes:
    """An EDF+D file of twice the sample ECG, the second half `at_s` after the first began."""
    signal = ecg(128)
    signal = np.tile(signal[: signal.size // 128 * 128], 2)
    raw = io.BytesIO()
    edfio.Edf(
        [edfio.EdfSignal(signal, 128, label="ECG", physical_dimension="mV")],
        annotations=[edfio.EdfAnnotation(0.5, None, "begin")],
    ).write(raw)
    data = bytearray(raw.getvalue())
    data[192:197] = b"EDF+D"
    records = signal.size // 128
    for record in range(records // 2, records):
        old = b"+%d\x14\x14" % record
        new = b"+%d\x14\x14" % (record - records // 2 + at_s)
        at = data.index(old)
        data[at : at + len(new) + 1] = new + b"\0"
    return bytes(data)


def test_time_that_a_discontinuous_edf_file_lost_is_a_gap():
    found = opened(discontinuous(60), "a.edf")
    gaps = np.flatnonzero((found.rr.flag & Flag.GAP) != 0)
    assert gaps.tolist() == [6]
    assert found.rr.t_s[6] - found.rr.t_s[0] == pytest.approx(60, abs=0.01)
    assert "samples were lost 1 times" in notes(found)


def test_edf_names_its_channels_where_none_is_an_ecg():
    raw = io.BytesIO()
    edfio.Edf([edfio.EdfSignal(ecg(128)[:768], 128, label="EEG Fpz")]).write(raw)
    with pytest.raises(FormatError, match="EEG Fpz"):
        opened(raw.getvalue(), "a.edf")
    assert len(opened(edf(), "a.edf", channel="ECG").rr) >= 6


def test_wfdb_annotations_keep_every_symbol_as_a_flag():
    found = opened(WFDB["r.atr"], "r.atr", {"r.hea": WFDB["r.hea"]})
    assert found.rr.flag.tolist() == [0, 0, Flag.ECTOPIC, Flag.ECTOPIC]
    assert "beats annotated N 4x, V 1x" in notes(found)
    assert "no beats left out: + 1x" in notes(found)


def test_an_irregular_stream_of_xdf_is_never_dejittered():
    values = (812.0, 1790.0, 805.0, 640.0)
    assert opened(xdf(values), "a.xdf").rr.rr_ms.tolist() == list(values)


def test_names_of_xdf_streams_are_one_line_in_messages():
    with pytest.raises(FormatError, match=r"it has s r p \(Q\)"):
        opened(xdf().replace(b">RR<", b">\nQ<").replace(b"strap", b"s\nr\tp"), "a.xdf")


def test_a_stream_of_xdf_without_channels_is_empty():
    with pytest.raises(FormatError, match="is empty"):
        opened(xdf().replace(b"<channel_count>1", b"<channel_count>0", 1), "a.xdf")


@pytest.mark.parametrize(
    ("module", "name", "extra"),
    [("edfio", "edf", "formats"), ("pyxdf", "xdf", "formats"), ("wfdb", "wfdb", "formats"),
     ("pyarrow.parquet", "parquet", "parquet")],
)  # fmt: skip
def test_a_missing_library_is_one_sentence_that_names_its_extra(monkeypatch, module, name, extra):
    from recordings import samples

    sample: Sample = next(s for s in (*SIGNALS, *samples()) if s.format == name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'hrv-recovery\[{extra}\]'"):
        opened(sample.data, sample.name, sample.beside, **sample.options)
