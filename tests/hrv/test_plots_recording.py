"""Pictures of one recording and of a design: true to their data, with units, and nothing global."""

import io
import math
import xml.etree.ElementTree as ET
from datetime import date

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import hrv
from hrv import plots
from hrv.errors import InputError, NotComputableError
from hrv.plots import data, style
from hrv.simulate import Artefacts


@pytest.fixture(scope="module")
def nn():
    sim = hrv.simulate(
        seed=4, duration="20min", stress=[(360.0, 660.0)],
        artefacts=Artefacts(ectopic=0.01, missed=0.01, extra=0.005),
    )  # fmt: skip
    return hrv.clean(sim.series)


@pytest.fixture(scope="module")
def episodes(nn):
    return hrv.mark(hrv.simulate(seed=4, duration="20min", stress=[(360.0, 660.0)]).events)


@pytest.fixture(scope="module")
def phases():
    starts = pd.date_range("2026-03-02", periods=4, freq="14D", tz="Europe/Berlin")
    return pd.DataFrame(
        {"start": starts, "stop": starts + pd.Timedelta(days=14), "condition": list("abba")}
    )


@pytest.fixture(scope="module")
def table(nn):
    return hrv.windows(nn, "1min", "10s", ["mean_hr", "rmssd", "sdnn"])


def figures(nn, episodes, phases, table, width_in):
    spans = data.phases(nn, episodes)
    crowd = pd.concat([phases.assign(subject=f"P{k}") for k in range(3)])
    return {
        "tachogram": (plots.tachogram(nn, episodes, width_in=width_in), "interval (ms)"),
        "windows": (plots.windows_plot(table, spans=spans, width_in=width_in), "rmssd (ms)"),
        "poincare": (plots.poincare_plot(nn, width_in=width_in), "next interval (ms)"),
        "spectrum": (plots.spectrum_plot(nn, width_in=width_in), "frequency (Hz)"),
        "calendar": (
            plots.design_calendar(
                phases, washin_days=3, looks=(date(2026, 4, 26),), width_in=width_in
            ),
            "wash-in, does not count",
        ),
        "calendars": (plots.design_calendar(crowd, washin_days=3, width_in=width_in), "day"),
    }


def words_of(figure):
    root = ET.fromstring(plots.svg(figure, "x"))
    return {"".join(n.itertext()).strip() for n in root.iter() if n.tag.endswith("text")}


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
def test_every_picture_has_its_unit_ink_inside_its_frame_and_leaves_no_trace(
    nn, episodes, phases, table, width_in
):
    before = dict(mpl.rcParams)
    for name, (figure, label) in figures(nn, episodes, phases, table, width_in).items():
        assert isinstance(figure, Figure), name
        assert label in words_of(figure), name
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=50, facecolor="white")
        buffer.seek(0)
        pixels = matplotlib.image.imread(buffer)[..., :3]
        ink = (pixels < 0.9).any(axis=2)
        assert 0.01 < ink.mean() < 0.9, name
        edges = np.concatenate((ink[0], ink[-1], ink[:, 0], ink[:, -1]))
        assert edges.mean() < 0.05, f"{name} runs over its edge"
    assert dict(mpl.rcParams) == before


def test_colours_differ_for_people_with_any_colour_vision():
    # Machado et al. 2009, severity 1, doi:10.1109/TVCG.2009.113
    sight = {
        "all": np.eye(3),
        "protan": np.array(
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ]
        ),
        "deutan": np.array(
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ]
        ),
        "tritan": np.array(
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ]
        ),
    }
    colours = [mpl.colors.to_rgb(c) for c in (style.FIRST, style.SECOND, style.ALERT)]
    for name, matrix in sight.items():
        first, second, alert = (matrix @ np.array(c) for c in colours)
        assert np.abs(alert - first).max() > 0.15, name
        assert np.abs(alert - second).max() > 0.15, name
    before, after = style.LOOKS  # told apart by dashes and filling, too
    assert before.dashes != after.dashes
    assert before.face != after.face


def test_the_tachogram_shows_every_beat_removed_ones_by_kind(nn):
    shown = data.beats(nn)
    assert shown["rr_ms"].to_list() == nn.rr.rr_ms.tolist()
    removed = shown["kind"] != ""
    assert removed.mean() == pytest.approx(nn.corrected_share)
    assert {"ectopic", "missed beat", "extra beat"} <= set(shown["kind"])


def test_phases_are_those_that_the_recovery_measures_use(nn, episodes):
    spans = data.phases(nn, episodes).set_index("phase")
    assert spans.loc["baseline", ["start_s", "stop_s"]].to_list() == [60.0, 300.0]
    assert spans.loc["stress", ["start_s", "stop_s"]].to_list() == [360.0, 660.0]
    assert spans.loc["recovery", "start_s"] == 660.0
    assert "ends" in spans.loc["recovery", "reason"]


def test_the_ellipse_has_the_metrics_as_half_axes(nn):
    found = data.poincare(nn)
    row = hrv.summary(nn, ["sd1", "sd2"])
    assert (found.sd1_ms, found.sd2_ms) == (row["sd1"], row["sd2"])
    away = found.outline() - np.array(found.centre_ms)
    along, across = away.sum(axis=1) / math.sqrt(2), np.diff(away, axis=1)[:, 0] / math.sqrt(2)
    assert along.max() == pytest.approx(row["sd2"])
    assert across.max() == pytest.approx(row["sd1"], rel=1e-3)
    short = data.poincare(hrv.clean(hrv.simulate(seed=1, duration="60s").series))
    assert short.outline().size == 0
    assert "240 s" in short.reasons["sd2"]
    lonely = hrv.clean(hrv.RRSeries.from_ms([800, 810]), method="none")
    with pytest.raises(NotComputableError, match="fewer than two pairs"):
        data.poincare(lonely)


@pytest.mark.parametrize("method", ["welch", "ar", "lomb"])
def test_the_area_under_the_spectrum_is_the_metric(method):
    from hrv.metrics.base import MetricSettings
    from hrv.metrics.settings import SpectralSettings

    nn = hrv.clean(hrv.simulate(seed=4, duration="20min").series)
    settings = MetricSettings(spectral=SpectralSettings(method=method))
    found = data.spectrum(nn, settings)
    row = hrv.summary(nn, ["lf", "hf"], settings=settings)
    bands = found.bands.set_index("band")
    assert bands.loc["hf", "power_ms2"] == row["hf"]
    assert "needs" in bands.loc["vlf", "reason"]
    inside = np.linspace(0.15, 0.4, 20_001)
    area = np.trapezoid(np.interp(inside, found.frequency_hz, found.density_ms2_hz), inside)
    assert area == pytest.approx(row["hf"], rel=0.02)
    with pytest.raises(NotComputableError, match="no spectrum"):
        data.spectrum(hrv.clean(hrv.RRSeries.from_ms([800, 820]), method="none"), settings)


def test_half_lives_keep_censored_times_as_at_least():
    times = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0]
    table = pd.DataFrame(
        {
            "condition": ["off"] * 8 + ["on"] * 3,
            "t50_hr_s": [*times, 5.0, 9.0, 7.0],
            "t50_hr_s_censored": [False] * 6 + [True] * 2 + [False, True, True],
        }
    )
    found = data.half_lives(table).set_index("condition")
    assert found.loc["off", "median_s"] == 45.0
    # order statistics 1 and 8 of 8 cover the median in 1 - 2/256 of samples
    assert (found.loc["off", "low_s"], found.loc["off", "high_s"]) == (10.0, math.inf)
    assert found.loc["on", "median_s"] == math.inf
    assert math.isnan(found.loc["on", "low_s"])
    assert found.loc["on", ["n", "censored"]].to_list() == [3, 2]
    nothing = data.half_lives(table.iloc[:0])
    assert nothing["n"].to_list() == [0, 0]


def test_half_life_intervals_hold_the_median_as_often_as_they_say():
    rng = np.random.default_rng(20261124)
    held = 0
    for _ in range(400):
        times = rng.exponential(60.0, 15)
        table = pd.DataFrame(
            {"condition": "off", "t50_hr_s": times, "t50_hr_s_censored": times > 150}
        )
        row = data.half_lives(table, ("off", "on")).iloc[0]
        held += row["low_s"] <= 60 * math.log(2) <= row["high_s"]
    assert held / 400 > 0.93  # exact level for n = 15: 96.5 %


def test_the_calendar_says_which_days_count(phases):
    days = data.calendar(phases, washin_days=3).set_index("day")
    assert len(days) == 56
    assert days["washin"].sum() == 6  # two changes of condition, b to b is none
    assert days.loc[date(2026, 3, 16), ["condition", "block", "washin"]].to_list() == ["b", 2, True]
    assert not days.loc[date(2026, 3, 30), "washin"]
    with pytest.raises(NotComputableError, match="no dated phases"):
        plots.design_calendar(phases.iloc[:0])


def test_a_panel_without_any_number_says_why(table):
    words = " ".join(words_of(plots.windows_plot(table, ["sdnn"])))
    assert "refused" in words
    assert "240 s" in words
    with pytest.raises(InputError, match="no column 'hf'"):
        plots.windows_plot(table, ["hf"])


def test_a_notebook_shows_a_picture_by_itself(nn):
    data_, shown = plots.poincare_plot(nn)._repr_png_()
    assert data_.startswith(b"\x89PNG")
    assert shown == {"width": 403, "height": 403}
