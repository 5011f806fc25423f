"""The report is whole, safe, readable without network or script, and the same every time."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest
from fake_result import crowd_result, fake_result, inconclusive_result, refused_result

from hrv.report import figures, render, words
from hrv.report.settings import flat, text_of
from hrv.report.tables import episode_refusals, split_reasons
from hrv.study import Study, analyse
from hrv.types import Refusal

VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = "<script>alert('x')</script>\"'&{{ 7*7 }}</svg></style><b>"


class Page(HTMLParser):
    """Collects tags, ids and visible text; complains about tags closed out of order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"[\s\u202f]+", " ", " ".join(self.text))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def html() -> str:
    return render(fake_result())


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


RESULTS = [fake_result, inconclusive_result, refused_result, crowd_result]


@pytest.fixture(scope="module", params=RESULTS, ids=lambda make: make.__name__)
def any_page(request) -> Page:
    return Page(render(request.param()))


def test_the_page_needs_no_network_and_no_script(html, page):
    assert not page.named("script")
    assert not page.named("link")
    assert not page.named("img")
    addresses = set(re.findall(r"https?://[^\"' )]+", html))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_the_page_is_well_formed_and_every_reference_has_its_target(any_page):
    ids = [attrs["id"] for _, attrs in any_page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = [attrs["href"][1:] for attrs in any_page.named("a")]
    wanted += [attrs["aria-labelledby"] for _, attrs in any_page.tags if "aria-labelledby" in attrs]
    assert set(wanted) <= set(ids)


def test_headings_come_in_order(any_page):
    levels = [int(tag[1]) for tag, _ in any_page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_scoped_headings(any_page):
    assert len(any_page.named("caption")) == len(any_page.named("table")) > 0
    assert all(attrs.get("scope") in ("col", "row") for attrs in any_page.named("th"))


def test_every_figure_has_words_instead_and_a_caption(any_page):
    figures = any_page.named("figure")
    canvases = [a for a in any_page.named("div") if a.get("role") == "img"]
    assert len(figures) == len(canvases) == len(any_page.named("figcaption"))
    assert all(len(str(attrs["aria-label"])) > 20 for attrs in canvases)


def test_no_number_is_printed_as_nan(any_page):
    found = re.findall(r"\b(?:nan|NaN|NaT|None|inf)\b", any_page.words)
    assert found == []


def test_the_ratio_of_low_to_high_frequency_is_never_spoken_of(any_page):
    assert "LF/HF" not in any_page.words


def test_the_verdict_comes_first(page):
    text = page.words
    assert text.index("2.1 bpm lower on than off") < text.index("The difference")
    assert "Lower with on" in text
    assert "−2.1 bpm" in text
    assert "95 % interval −3.3 to −0.9 bpm" in text
    assert "Three of the eight blocks have fewer than six valid days" in text
    assert "Declared beforehand as benefit: lower." in text


def test_an_inconclusive_verdict_is_not_called_no_effect():
    text = Page(render(inconclusive_result())).words
    assert "This is not evidence that nothing changed." in text
    assert "no effect" not in text


def test_a_refusal_gives_its_reasons_and_no_estimate():
    page = Page(render(refused_result()))
    text = page.words
    assert "Not answered" in text
    assert "3 valid days with on; at least 7 a phase are needed" in text
    assert "No method gave an estimate, so there is no effect to draw." in text
    assert not [a for a in page.named("span") if a.get("class") == "estimate"]


def test_a_long_verdict_is_split_after_its_first_sentence():
    told = "A was 0.59 bpm lower (95 % interval −1.5 to +0.3 bpm). It is unclear. Really."
    first, rest = words.headline_and_rest(told)
    assert first == "A was 0.59 bpm lower (95 % interval −1.5 to +0.3 bpm)."
    assert rest == "It is unclear. Really."
    assert words.headline_and_rest("Only one.") == ("Only one.", "")


def test_every_method_is_listed_with_what_it_assumes(page):
    text = page.words
    for told in (words.METHODS[name] for name in fake_result().primary):
        assert told.title in text
        assert told.assumes in text
    assert "Refused: needs at least 5 people; there is 1." in text


def test_every_shipped_method_has_words():
    from hrv.compare import METHODS

    assert {method.name for method in METHODS} <= set(words.METHODS)


def test_exploratory_endpoints_are_labelled_and_adjusted(page):
    text = page.words
    assert "Exploratory endpoints" in text
    assert "p (Holm)" in text
    assert "+9 % ln +0.09" in text
    assert "0.093" in text


def test_refusals_are_listed_once_with_their_reasons(page):
    text = page.words
    assert text.count("The file is empty; record it again or leave it out") == 1
    assert "8 ratings are fewer than 7 days in each phase" in text


def test_reasons_alike_but_for_their_figures_stand_together():
    result = fake_result()
    reasons = ["a_hr, b_hr: beats cover 40 %; c_hr: no baseline", "a_hr: beats cover 52 %", ""]
    table = episode_refusals(replace(result, recovery=pd.DataFrame({"reason": reasons})))
    assert [tuple(cell.text for cell in row) for row in table.rows] == [
        ("Beats cover 40 %", "2 of 3", "A hr · b hr"),
        ("No baseline", "1 of 3", "C hr"),
    ]
    assert table.rows[0][0].note == "figures of one of the 2"


def test_the_page_says_what_it_is_not_and_what_made_it(any_page):
    assert "not a medical device" in any_page.words
    assert "no dosing advice" in any_page.words
    assert re.search(r"numpy \d+\.\d+", any_page.words)


def test_every_setting_of_the_study_is_printed(page):
    text = page.words
    for told in ("left out after each change 2", "why it was started planned",
                 "familiarisation sessions left out 3",
                 "seed 0", "cleaner lipponen_tarvainen", "one of 8 orders could have been drawn",
                 "(φ) 0.31", "level of intervals 0.95",
                     "smallest worthwhile change default"):  # fmt: skip
        assert told in text, told


def test_recordings_doses_and_notes_are_all_there(page):
    text = page.words
    assert "day-55.txt" in text
    assert text.count("magnesium glycinate") == 2 + 28 + 4  # and in the two checklists
    assert "strap dropped at 09:21" in text
    assert "ms (all values in 200-3000)" in text
    assert "27 (96 %)" in text


def test_long_tables_stand_outside_the_fold_so_that_print_has_them(html):
    folds = re.findall(r"<details.*?</details>", html, flags=re.DOTALL)
    assert folds
    assert all("<table" not in fold for fold in folds)
    screen_only = html.index(".fold:not([open])")
    assert html.rindex("@media", 0, screen_only) == html.rindex("@media screen {", 0, screen_only)


def test_hostile_text_is_shown_and_never_obeyed():
    hostile = fake_result(subject=HOSTILE, notes=HOSTILE)
    study = replace(
        hostile.study, title=HOSTILE, problems=(Refusal(HOSTILE, HOSTILE),),
        doses=hostile.study.doses.assign(substance=HOSTILE),
    )  # fmt: skip
    adherence = hostile.adherence.assign(substance=HOSTILE, condition=HOSTILE)
    head = replace(hostile.headline, sentence=HOSTILE, flags=(HOSTILE,))
    source = render(
        replace(
            hostile, study=study, refusals=(Refusal(HOSTILE, HOSTILE),), adherence=adherence,
            primary={**hostile.primary, "default": head, HOSTILE: head},
        )
    )  # fmt: skip
    page = Page(source)
    assert not page.named("script")
    assert not page.named("b")
    assert "{{ 7*7 }}" in page.words
    assert page.words.count("alert('x')") > 20


def test_hostile_conditions_do_not_break_the_figures():
    result = fake_result()
    names = {"off": "<i>$off$</i>", "on": '"on" & on'}

    def renamed(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(condition=table["condition"].map(names))

    study = replace(
        result.study, conditions=tuple(names.values()), phases=renamed(result.study.phases)
    )
    page = Page(
        render(
            replace(
                result, study=study, recovery=renamed(result.recovery),
                curves=renamed(result.curves), rates=renamed(result.rates),
            )
        )
    )  # fmt: skip
    assert not page.named("i")
    assert len(page.named("figure")) == 3


def test_the_same_result_gives_the_same_bytes(html):
    assert render(fake_result()) == html


def test_the_bytes_do_not_depend_on_the_process():
    code = "from fake_result import refused_result as r; from hrv.report import render; " \
           "import hashlib; print(hashlib.sha256(render(r()).encode()).hexdigest())"  # fmt: skip
    seen = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        seen.add(done.stdout)
    assert len(seen) == 1


def test_importing_the_report_and_the_plots_is_light():
    code = "import hrv.report, hrv.plots, sys; print([m for m in ('matplotlib', 'jinja2') " \
           "if m in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_people_without_a_clock_are_shown_as_pairs():
    page = Page(render(crowd_result()))
    assert "Person by person" in page.words
    assert "Each line is one person's mean in both conditions" in page.words
    assert "How large a change would matter was not declared." in page.words


def test_differences_stand_in_where_only_they_are_kept():
    result = crowd_result()
    people = [{"subject": f"S{k}", "difference": float(k)} for k in range(5)]
    head = replace(result.headline, details={"people": people})
    only = replace(result, recovery=result.recovery.iloc[:0], primary={"paired": head})
    assert "Each dot is one person's difference" in Page(render(only)).words


def test_an_empty_study_still_gives_a_page():
    result = refused_result()
    empty = replace(
        result,
        study=replace(result.study, sessions=(), phases=pd.DataFrame(), doses=pd.DataFrame()),
        recovery=pd.DataFrame(columns=["subject", "session", "time", "condition"]),
        quality=pd.DataFrame(),
        refusals=(),
        primary={"default": replace(result.headline, refusals=())},
    )
    text = Page(render(empty)).words
    assert "Nothing was refused." in text
    assert "No recording was analysed." in text
    assert "No doses were logged." in text


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("a_b: one; two; c: three", [("a_b", "one; two"), ("c", "three")]),
        ("a, b_2: one", [("a", "one"), ("b_2", "one")]),
        ("tau_hr_s: no response: 1.2 bpm", [("tau_hr_s", "no response: 1.2 bpm")]),
    ],
)
def test_reasons_are_split_by_measure(text, pairs):
    assert split_reasons(text) == pairs


def test_settings_are_written_without_python_spelling():
    nested = {"a": {"b": None, "c": (True, 0.1)}, "d": float("nan"), "e": "", "f": -1e-9}
    assert dict(flat(nested)) == {
        "a · b": "default", "a · c": "yes, 0.1", "d": "–", "e": "not stated", "f": "−1e−09",
    }  # fmt: skip
    assert text_of([]) == "none"


@pytest.mark.parametrize(
    ("low", "high", "swc", "words_expected"),
    [
        (-3.0, -1.0, 0.5, "beyond the smallest worthwhile change"),
        (-3.0, -0.2, 0.5, "in part within changes too small"),
        (0.2, 3.0, float("nan"), "was not declared"),
    ],
)
def test_the_explanation_follows_from_the_interval(low, high, swc, words_expected):
    one = replace(fake_result().headline, low=low, high=high, swc=swc)
    assert words_expected in words.explanation(one)


def group_of_scores() -> Study:
    """Three people with a logged score a day, two weeks off and two weeks on."""
    starts = pd.date_range("2026-03-02", periods=2, freq="14D", tz="UTC")
    people = ("P01", "P02", "P03")
    phases = pd.DataFrame(
        [
            (who, start, start + pd.Timedelta(days=14), name, block, False)
            for who in people
            for block, (start, name) in enumerate(zip(starts, ("off", "on"), strict=True))
        ],
        columns=["subject", "start", "stop", "condition", "block", "randomised"],
    )
    times = pd.date_range("2026-03-02 18:00", periods=28, freq="1D", tz="UTC")
    outcomes = pd.DataFrame(
        [(who, time, "calm", 5.0 + k % 3) for who in people for k, time in enumerate(times)],
        columns=["subject", "time", "name", "value"],
    ).assign(unit="", assay="")
    return Study("Calm", (), phases, outcomes=outcomes, primary="calm")


def test_a_group_s_logged_score_has_its_days_though_the_method_keeps_none():
    days, told = figures.day_scores(analyse(group_of_scores()))
    assert list(days.groupby(["subject", "condition"]).size()) == [14] * 6
    assert days["score"].tolist()[:3] == [5.0, 6.0, 7.0]
    assert told == "One dot is the mean of one day's values."
