"""ECG with known R peaks, and the files that hold it: text, WFDB, EDF, OpenSignals, XDF."""

from __future__ import annotations

import io
import json
import struct
import tempfile
from pathlib import Path

import edfio
import numpy as np
import wfdb
from recordings import Sample

ECG_RR_S = (0.84, 0.79, 0.815, 0.86, 0.8, 0.77, 0.83)
FIRST_S = 0.6
"""First R peak of the synthetic ECG."""


def ecg(rate_hz: float, rr_s=ECG_RR_S, tail_s: float = 0.6) -> np.ndarray:
    """Gaussian P, QRS and T waves (mV) around known R peaks."""
    peaks = FIRST_S + np.concatenate(([0.0], np.cumsum(rr_s)))
    t = np.arange(round((peaks[-1] + tail_s) * rate_hz)) / rate_hz
    signal = np.zeros_like(t)
    waves = ((-0.16, 0.025, 0.12), (-0.028, 0.009, -0.14), (0, 0.011, 1.1), (0.028, 0.009, -0.2),
             (0.24, 0.045, 0.28))  # fmt: skip
    for peak in peaks:
        for at, width, height in waves:
            signal += height * np.exp(-0.5 * ((t - peak - at) / width) ** 2)
    return signal


RR_MS = tuple(1000 * rr for rr in ECG_RR_S)


def ecg_csv(rate_hz: float = 100) -> bytes:
    return ("ECG\n" + "".join(f"{v:.4f}\n" for v in ecg(rate_hz))).encode()


def polar_ecg(rate_hz: float = 130) -> bytes:
    rows = (
        f"2026-04-24T14:10:15.270;{599616050941733632 + round(i * 1e9 / rate_hz)};"
        f"{1000 * i / rate_hz:.1f};{1000 * v:.0f}\n"
        for i, v in enumerate(ecg(rate_hz))
    )
    return ("Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n"
            + "".join(rows)).encode()  # fmt: skip


def opensignals(rate_hz: int = 100) -> bytes:
    about = {
        "98:D3:31:B2:12:1A": {
            "sensor": ["ECG"], "label": ["A1"], "device": "bitalino_rev", "channels": [1],
            "date": "2017-6-2", "time": "15:4:5.5", "sampling rate": rate_hz,
            "column": ["nSeq", "A1"],
        }
    }  # fmt: skip
    rows = "".join(f"{i % 16}\t{512 + round(200 * v)}\n" for i, v in enumerate(ecg(rate_hz)))
    head = f"# OpenSignals Text File Format\n# {json.dumps(about)}\n# EndOfHeader\n"
    return (head + rows).encode()


def wfdb_files() -> dict[str, bytes]:
    """A record "r" of 10 s at 250 Hz with reference annotations; one V beat."""
    with tempfile.TemporaryDirectory() as folder:
        signal = ecg(250)[:, None]
        wfdb.wrsamp("r", fs=250, units=["mV"], sig_name=["MLII"], p_signal=signal, fmt=["16"],
                    write_dir=folder)  # fmt: skip
        at = np.array([150, 360, 557, 700, 761, 976])
        wfdb.wrann("r", "atr", at, symbol=["N", "N", "N", "+", "V", "N"], write_dir=folder,
                   aux_note=["", "", "", "(N", "", ""])  # fmt: skip
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def edf(*, annotated: bool = False, rate_hz: int = 128) -> bytes:
    raw = io.BytesIO()
    if annotated:
        onsets = 1 + np.concatenate(([0.0], np.cumsum(ECG_RR_S)))
        marks = [edfio.EdfAnnotation(float(round(t, 4)), None, "R peak") for t in onsets]
        edfio.Edf([], annotations=marks).write(raw)
    else:
        signal = ecg(rate_hz)
        signal = signal[: signal.size // rate_hz * rate_hz]
        edfio.Edf([edfio.EdfSignal(signal, rate_hz, label="ECG", physical_dimension="mV")]).write(
            raw
        )
    return raw.getvalue()


def _chunk(tag: int, content: bytes) -> bytes:
    body = struct.pack("<H", tag) + content
    return b"\x04" + struct.pack("<I", len(body)) + body


FOOTER = b'<?xml version="1.0"?><info><sample_count>0</sample_count></info>'


def xdf(rr_ms=(812.0, 790.0, 805.0), offset_s: float = 500.0) -> bytes:
    """An RR stream (float32) and a marker stream."""

    def header(n: int, name: str, kind: str, form: str) -> bytes:
        return _chunk(2, struct.pack("<I", n) + (
            f'<?xml version="1.0"?><info><name>{name}</name><type>{kind}</type>'
            "<channel_count>1</channel_count><nominal_srate>0</nominal_srate>"
            f"<channel_format>{form}</channel_format><created_at>0</created_at></info>"
        ).encode())  # fmt: skip

    times = offset_s + np.cumsum(rr_ms) / 1000
    beats = b"".join(
        b"\x08" + struct.pack("<df", t, rr) for t, rr in zip(times, rr_ms, strict=True)
    )
    mark = b"\x08" + struct.pack("<d", float(times[1])) + b"\x01\x06stroop"
    return (
        b"XDF:"
        + _chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')
        + header(1, "strap", "RR", "float32")
        + header(2, "markers", "Markers", "string")
        + _chunk(3, struct.pack("<I", 1) + b"\x01" + bytes([len(rr_ms)]) + beats)
        + _chunk(3, struct.pack("<I", 2) + b"\x01\x01" + mark)
        + b"".join(_chunk(6, struct.pack("<I", n) + FOOTER) for n in (1, 2))
    )


WFDB = wfdb_files()
_HEADER = {"r.hea": WFDB["r.hea"]}

SIGNALS = (
    Sample("ecg_csv", "ecg.csv", ecg_csv(), RR_MS, {"sampling_rate_hz": 100.0}, atol_ms=2.0),
    Sample("polar_ecg", "Polar_H10_ECG.txt", polar_ecg(), RR_MS, atol_ms=2.0),
    Sample("opensignals", "bitalino.txt", opensignals(), RR_MS, atol_ms=2.0),
    Sample("wfdb", "r.atr", WFDB["r.atr"], (840.0, 788.0, 816.0, 860.0), beside=_HEADER),
    Sample("wfdb", "r.hea", WFDB["r.hea"], RR_MS, beside={"r.dat": WFDB["r.dat"]}, atol_ms=1.0),
    Sample("edf", "a.edf", edf(), RR_MS[:-1], atol_ms=2.0),
    Sample("edf", "beats.edf", edf(annotated=True), RR_MS, atol_ms=1e-9),
    Sample("xdf", "a.xdf", xdf(), (812.0, 790.0, 805.0), {"unit": "ms"}, events=1),
)  # fmt: skip
