"""Presets give other tools' numbers as docs/agreement.md says, and NeuroKit2's own by name."""

import json
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from hrv.clean import clean
from hrv.errors import InputError
from hrv.metrics import METRICS, select
from hrv.metrics.neurokit2 import FREQUENCY, NEUROKIT2, NONLINEAR, TIME
from hrv.metrics.presets import PRESETS, preset
from hrv.metrics.settings import ScalingSettings
from hrv.simulate import simulate
from hrv.types import RRSeries
from hrv.windows import summary, windows

# ours -> (name in the report, largest difference in percent)
KUBIOS = {
    "mean_nn": ("mean_nn_ms", 0.0), "mean_hr": ("mean_hr_bpm", 0.0), "sdnn": ("sdnn_ms", 0.0),
    "rmssd": ("rmssd_ms", 0.0), "nn50": ("nn50", 0.0), "pnn50": ("pnn50_percent", 0.0),
    "triangular_index": ("hrv_triangular_index", 0.0), "sd1": ("sd1_ms", 2e-4),
    "sd2": ("sd2_ms", 2e-4), "stress_index": ("stress_index", 0.8), "vlf": ("vlf_ms2", 0.3),
    "lf": ("lf_ms2", 0.1), "hf": ("hf_ms2", 0.11), "total_power": ("total_power_ms2", 0.21),
    "lf_nu": ("lf_nu", 0.12), "hf_nu": ("hf_nu", 0.12), "lf_hf": ("lf_hf", 0.1),
    "sdann": ("sdann_ms", 2.3), "sdnn_index": ("sdnn_index_ms", 1.9),
    "dfa_alpha1": ("dfa_alpha1", 4.4), "dfa_alpha2": ("dfa_alpha2", 3.8),
    "sampen": ("sampen", 17.0), "apen": ("apen", 10.5), "correlation_dimension": ("d2", 33.1),
    "tinn": ("tinn_ms", 65.0),
}  # fmt: skip
MODEL = {"vlf": 4.3, "lf": 0.2, "hf": 0.2, "total_power": 2.5}


@pytest.fixture(params=["series_1", "series_3"])
def kubios(request, shared_data):
    folder = shared_data / "kubios"
    nn = clean(RRSeries.from_ms(np.loadtxt(folder / f"{request.param}.txt")), "none")
    return nn, json.loads((folder / f"{request.param}.json").read_text())["values"]


def test_the_kubios_preset_is_as_near_as_the_table_says(kubios):
    nn, printed = kubios
    row = summary(nn, list(KUBIOS), settings="kubios")
    for name, (theirs, percent) in KUBIOS.items():
        if percent == 0:
            assert row[name] == pytest.approx(printed[theirs], abs=5.1e-5), name
        else:
            assert row[name] == pytest.approx(printed[theirs], rel=percent / 100), name


def test_the_kubios_preset_with_a_model_is_as_near_as_the_table_says(kubios):
    nn, printed = kubios
    settings = preset("kubios")
    settings = replace(settings, spectral=replace(settings.spectral, method="ar"))
    row = summary(nn, list(MODEL), settings=settings)
    for name, percent in MODEL.items():
        assert row[name] == pytest.approx(printed[f"{name}_ms2_ar"], rel=percent / 100), name


# NeuroKit2 --------------------------------------------------------------------------------------

SAME = {
    "mean_nn": "MeanNN", "sdnn": "SDNN", "rmssd": "RMSSD", "sdsd": "SDSD", "cvnn": "CVNN",
    "sd1": "SD1", "sd2": "SD2", "sd1_sd2": "SD1SD2", "ellipse_area": "S",
    "triangular_index": "HTI", "sampen": "SampEn", "apen": "ApEn", "dfa_alpha1": "DFA_alpha1",
    "ials": "IALS",
}  # fmt: skip


@pytest.fixture(scope="module")
def five_minutes():
    return clean(simulate(0, duration="5min", ticks_per_s=1000).series, "none")


@pytest.fixture(scope="module")
def theirs(five_minutes):
    """What NeuroKit2 gives when it is called as its users call it."""
    import neurokit2

    rri = {"RRI": five_minutes.nn_ms.copy(), "RRI_Time": five_minutes.t_s.copy()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = {
            names: getattr(neurokit2, function)(rri)
            for function, names in (
                ("hrv_time", TIME), ("hrv_frequency", FREQUENCY), ("hrv_nonlinear", NONLINEAR),
            )
        }  # fmt: skip
    return tables


def test_the_neurokit2_preset_agrees_where_the_definitions_do(five_minutes, theirs):
    found = {k: v for table in theirs.values() for k, v in table.iloc[0].items()}
    settings = replace(preset("neurokit2"), scaling=ScalingSettings(short=(4, 11), long=(12, 34)))
    row = summary(five_minutes, [*SAME, "dfa_alpha2", "pip"], settings=settings, force=True)
    for ours, name in SAME.items():
        assert row[ours] == pytest.approx(found[f"HRV_{name}"], rel=1e-9), ours
    assert row["dfa_alpha2"] == pytest.approx(found["HRV_DFA_alpha2"], rel=1e-9)
    assert row["pip"] == pytest.approx(100 * found["HRV_PIP"], rel=1e-9)


def test_every_index_that_neurokit2_gives_is_there_by_name(theirs):
    for names, table in theirs.items():
        assert tuple(column.removeprefix("HRV_") for column in table.columns) == names
    assert [m.name for m in NEUROKIT2] == [f"neurokit2:{n}" for names in theirs for n in names]


def test_the_numbers_are_neurokit2s_own(five_minutes, theirs):
    row = summary(five_minutes, [m.name for m in NEUROKIT2], force=True)
    for names, table in theirs.items():
        for name in names:
            value = table.iloc[0][f"HRV_{name}"]
            if np.isfinite(value):
                assert row[f"neurokit2:{name}"] == pytest.approx(value, rel=1e-9), name
            else:
                assert (
                    "NeuroKit2 gave no finite number" in row.attrs["reasons"][f"neurokit2:{name}"]
                )
    assert row.attrs["units"]["neurokit2:CSI"] == "NeuroKit2's"


def test_windows_and_rules_are_ours():
    nn = clean(simulate(0, duration="12min").series, "none")
    table = windows(nn, "5min", "5min", ["rmssd", "neurokit2:CSI"])
    alone = summary(clean(simulate(0, duration="5min").series, "none"), "neurokit2:CSI", force=True)
    assert table["neurokit2:CSI"].notna().all()
    assert table["neurokit2:CSI"][0] == pytest.approx(alone["neurokit2:CSI"], rel=0.02)
    short = windows(nn, "1min", "5min", "neurokit2:CSI")
    assert short["neurokit2:CSI"].isna().all()
    assert short["reason"].str.contains("shorter than the 300 s").all()


def test_what_breaks_inside_neurokit2_is_a_refusal():
    row = summary(
        clean(RRSeries.from_ms([800.0, 810.0, 790.0]), "none"), "neurokit2:HFD", force=True
    )
    assert np.isnan(row["neurokit2:HFD"])
    assert row.attrs["reasons"]["neurokit2:HFD"]


def test_neurokit2_is_imported_only_when_asked_for():
    code = (
        "import hrv, sys; nn = hrv.clean(hrv.RRSeries.from_ms([800.0] * 400), 'none');"
        "hrv.summary(nn); print('neurokit2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_all_metrics_leave_neurokit2s_out():
    assert select(None) == METRICS
    with pytest.raises(InputError, match="hrv catalogue neurokit2"):
        select("neurokit2:Nothing")


def test_presets_are_found_by_name():
    assert [p.name for p in PRESETS] == ["default", "kubios", "neurokit2"]
    assert all(p.summary and "doi:10." in p.source for p in PRESETS)
    with pytest.raises(InputError, match="no preset is called 'elite'"):
        preset("elite")
