"""Figures show what the numbers say, change no global state and give the same bytes again."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from fake_result import comparison, crowd_result, fake_result
from matplotlib.figure import Figure

from hrv import plots
from hrv.errors import NotComputableError
from hrv.plots import style
from hrv.report.figures import day_scores


@pytest.fixture(scope="module")
def result():
    return fake_result()


@pytest.fixture(scope="module")
def scores(result):
    return day_scores(result)[0]


def words_of(figure: Figure) -> str:
    root = ET.fromstring(plots.svg(figure, "x"))
    return " | ".join("".join(node.itertext()) for node in root.iter() if node.tag.endswith("text"))


def all_figures(result, scores, width_in=style.WIDE_IN):
    crowd = crowd_result()
    means = crowd.recovery.assign(score=crowd.recovery["residual_hr"])
    people = pd.DataFrame({"subject": ["a", "b", "c"], "difference": [1.0, -2.0, 0.5]})
    return {
        "effect": plots.effect_plot(result.primary, unit="bpm", width_in=width_in),
        "days": plots.day_series(
            scores, result.study.phases, unit="bpm", washin_days=2, width_in=width_in
        ),
        "curves": plots.recovery_curves(result.curves, width_in=width_in),
        "pairs": plots.paired_plot(
            means, conditions=("sitting", "arithmetic"), unit="bpm", width_in=width_in
        ),
        "people": plots.differences_plot(
            people, estimate=0.2, low=-1.0, high=1.4, unit="bpm", width_in=width_in
        ),
    }


@pytest.mark.parametrize("width_in", [style.WIDE_IN, style.NARROW_IN])
def test_every_figure_has_axes_with_units(result, scores, width_in):
    for name, figure in all_figures(result, scores, width_in).items():
        assert isinstance(figure, Figure), name
        assert "(bpm)" in words_of(figure), name


def test_drawing_leaves_the_settings_of_the_process_alone(result, scores):
    before = dict(mpl.rcParams)
    for name, figure in all_figures(result, scores).items():
        plots.svg(figure, name)
    assert dict(mpl.rcParams) == before


def test_drawing_needs_no_pyplot_with_its_global_figures():
    code = (
        "import sys; from fake_result import fake_result; from hrv import plots;"
        "plots.svg(plots.effect_plot(fake_result().primary), 'x');"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_users_own_settings_do_not_change_a_figure(result):
    plain = plots.svg(plots.effect_plot(result.primary), "x")
    with mpl.rc_context({"axes.facecolor": "red", "font.size": 30, "text.usetex": False}):
        assert plots.svg(plots.effect_plot(result.primary), "x") == plain


def test_the_same_figure_gives_the_same_bytes(result, scores):
    first, second = (all_figures(result, scores) for _ in range(2))
    for name in first:
        assert plots.svg(first[name], name) == plots.svg(second[name], name)


def test_an_svg_has_own_ids_page_colours_and_no_date(result, scores):
    text = plots.svg(all_figures(result, scores)["days"], "fig7")
    ids = re.findall(r' id="([^"]*)"', text)
    assert ids
    assert len(ids) == len(set(ids))
    assert all(i.startswith("fig7-") for i in ids)
    used = re.findall(r'(?:url\(#|href="#)([^)"]+)', text)
    assert set(used) <= set(ids)
    assert "var(--second, #0b6e8f)" in text
    assert "font-family" not in text
    assert "date" not in text
    assert "DOCTYPE" not in text
    for color in style.VARIABLES:
        assert re.search(rf"(?<!, ){color}", text) is None


def test_conditions_differ_in_more_than_colour():
    first, second = style.LOOKS
    assert first.face != second.face
    assert first.dashes != second.dashes


def test_a_name_is_never_read_as_a_formula_or_markup(result, scores):
    hostile = r'<b>$\frac{1$</b> "id=" #1d2733 😀' + "\x07\n"
    figure = plots.effect_plot(result.primary, labels={"default": hostile}, outcome=hostile)
    text = words_of(figure)
    assert r"<b>$\frac{1$</b>" in text
    assert "#1d2733 😀" in text
    assert "\x07" not in text


def test_long_names_are_cut_with_an_ellipsis():
    assert style.plain("a" * 50, 10) == "a" * 9 + "…"
    assert style.plain(" two\twords ") == "two words"


def test_the_effect_shows_the_band_of_changes_too_small_to_matter(result):
    assert "too small" in words_of(plots.effect_plot(result.primary))
    unknown = {n: replace(c, swc=np.nan) for n, c in result.primary.items()}
    assert "too small" not in words_of(plots.effect_plot(unknown))


def test_a_refused_method_says_so_in_the_effect(result):
    assert words_of(plots.effect_plot(result.primary)).count("refused") == 1


def test_an_estimate_without_interval_gets_a_dot_and_no_bar():
    axes = plots.effect_plot({"m": comparison("m", -2.0)}).axes[0]
    bars = [line for line in axes.lines if len(set(line.get_ydata())) == 1 and line.get_lw() >= 5]
    assert not [line for line in bars if len(line.get_xdata()) == 2]


def test_an_unbounded_interval_ends_in_an_arrow_at_the_axis():
    one = comparison("m", -2.0, low=-np.inf, high=-1.0)
    axes = plots.effect_plot({"m": one}).axes[0]
    arrows = [line for line in axes.lines if line.get_marker() == "<"]
    assert [float(line.get_xdata()[0]) for line in arrows] == [axes.get_xlim()[0]]


def test_an_outcome_on_the_log_scale_is_drawn_in_percent():
    one = comparison(
        "m", 0.09, 0.08, swc=0.05, percent=9.4, percent_low=1.0, percent_high=18.5, sentence=""
    )
    figure = plots.effect_plot({"m": one}, unit="")
    assert "(%)" in words_of(figure)
    assert figure.axes[0].get_xlim()[1] == pytest.approx(1.12 * 18.5)


def test_nothing_to_draw_is_said_in_a_sentence(result, scores):
    refused = {"paired": result.primary["paired"]}
    with pytest.raises(NotComputableError, match="no effect to draw"):
        plots.effect_plot(refused)
    with pytest.raises(NotComputableError, match="no series to draw"):
        plots.day_series(scores.assign(score=np.nan), result.study.phases)
    with pytest.raises(NotComputableError, match="no recovery curve"):
        plots.recovery_curves(result.curves.iloc[:0])
    with pytest.raises(NotComputableError, match="both in off and in on"):
        plots.paired_plot(pd.DataFrame({"subject": ["a"], "condition": ["on"], "score": [1.0]}))
    with pytest.raises(NotComputableError, match="no person"):
        plots.differences_plot(
            pd.DataFrame({"subject": ["a"], "difference": [np.nan]}), estimate=1, low=0, high=2
        )


def test_a_missing_value_breaks_the_curve(result):
    figure = plots.recovery_curves(result.curves)
    lines = [line for line in figure.axes[0].lines if line.get_label() in ("off", "on")]
    assert len(lines) == 2
    for line in lines:
        assert np.isnan(line.get_ydata()).any()


def test_one_condition_alone_still_gets_its_curve(result):
    only = result.curves[result.curves["condition"] == "on"]
    labels = [line.get_label() for line in plots.recovery_curves(only).axes[0].lines]
    assert "on" in labels
    assert "off" not in labels


def test_days_stand_at_their_own_date_and_condition(result, scores):
    figure = plots.day_series(scores, result.study.phases)
    axes = figure.axes[0]
    for name in ("off", "on"):
        (dots,) = [line for line in axes.lines if line.get_label() == name]
        mine = scores[scores["condition"] == name]
        expected = [pd.Timestamp(d).toordinal() + 0.5 for d in mine["day"]]
        assert list(dots.get_xdata()) == expected
        assert list(dots.get_ydata()) == list(mine["score"])


def test_without_a_fit_the_line_is_the_mean_of_each_phase(result, scores):
    axes = plots.day_series(scores, result.study.phases).axes[0]
    (line,) = [line for line in axes.lines if line.get_label() == "mean of the phase"]
    first = scores[scores["day"] < "2026-03-09"]
    assert np.allclose(line.get_ydata(), first["score"].mean())
    fitted = plots.day_series(scores.assign(fitted=5.0), result.study.phases).axes[0]
    (line,) = [line for line in fitted.lines if line.get_label() == "model"]
    assert np.allclose(line.get_ydata(), 5.0)


def test_washin_is_hatched_only_after_a_change_of_condition(result, scores):
    def hatched(days: float) -> int:
        axes = plots.day_series(scores, result.study.phases, washin_days=days).axes[0]
        return sum(patch.get_hatch() is not None for patch in axes.patches)

    assert hatched(0) == 0
    assert hatched(2) == 5  # off on|on off on off|off on: five changes in eight phases


def test_phases_are_drawn_on_their_own_local_calendar(result, scores):
    axes = plots.day_series(scores, result.study.phases).axes[0]
    starts = sorted(patch.get_x() for patch in axes.patches if patch.get_hatch() is None)
    mine = result.study.phases.query("condition == 'on'")["start"]
    assert starts == [float(pd.Timestamp(t).toordinal()) for t in mine]


def test_each_person_gets_a_panel(result, scores):
    both = pd.concat([scores, scores.assign(subject="P02")])
    phases = pd.concat([result.study.phases, result.study.phases.assign(subject="P02")])
    figure = plots.day_series(both, phases)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["P01", "P02"]


def test_a_day_series_needs_no_phases(scores):
    figure = plots.day_series(scores, pd.DataFrame())
    assert len(figure.axes) == 1


def test_many_people_are_drawn_without_their_names():
    people = pd.DataFrame({"subject": [f"s{k}" for k in range(40)], "difference": np.arange(40.0)})
    figure = plots.differences_plot(people, estimate=19.5, low=16, high=23)
    assert "s1" not in words_of(figure)
