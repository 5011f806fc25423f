"""Plain RR text and Kubios text: dialects, units, clocks and what is refused."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import ingest
from hrv.errors import FormatError, InputError
from hrv.types import Flag, RRSeries
from ingest.formats._lines import NUMBER, Lines


def read(text: str | bytes, name: str = "rr.txt", **options) -> RRSeries:
    content = text if isinstance(text, bytes) else text.encode()
    return ingest.read(ingest.Source(name, content=content), **options)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("812\n790\n805\n", "ms (rule: all values in 200-3000)"),
        ("0.812\n0.790\n0.805\n", "s (rule: all values in 0.2-3)"),
        ("0,812\n0,790\n0,805\n", "s (rule"),
        ("812,0\n790,0\n805,0\n", "ms (rule"),
        ("8.12e+02\n7.9e+02\n8.05E2\n", "ms (rule"),
        ("RR\n812\n790\n805", "ms (rule"),
        ("RR [s]\n0.812\n0.790\n0.805\n", "s (header of the file)"),
        ("rr_ms\n812\n790\n805\n", "ms (header of the file)"),
        ('"RR-interval [ms]"\n812\n790\n805\n', "ms (header of the file)"),
        ("# made by us\n# unit: s\n\n0.812\n\n0.790\n0.805\n\n", "s (header of the file)"),
        ("\ufeff812\r\n790\r\n805\r\n", "ms (rule"),
        ("812\r790\r805\r", "ms (rule"),
        ("  812 \n\t790\n805  \n", "ms (rule"),
        ("812\n# stood up\n790\n805\n# end\n", "ms (rule"),
    ],
)
def test_a_dialect_gives_the_same_intervals_and_reports_its_unit(text, unit):
    series = read(text)
    assert series.rr_ms.tolist() == [812, 790, 805]
    assert series.provenance.unit.startswith(unit)


@pytest.mark.parametrize(
    "text",
    [
        "0.812 0.812\n1.602 0.790\n2.407 0.805\n",
        "0.812,0.812\n1.602,0.790\n2.407,0.805\n",
        "0,812;0,812\n1,602;0,790\n2,407;0,805\n",
        "0,812\t0,812\n1,602\t0,790\n2,407\t0,805\n",
        "0,812 0,812\n1,602 0,790\n2,407 0,805\n",
        "812,812\n1602,790\n2407,805\n",
        "812 812\n1602 790\n2407 805\n",
        "0.812 812\n1.602 790\n2.407 805\n",
        "Time (s)\tRR (s)\n0.812\t0.812\n1.602\t0.790\n2.407\t0.805\n",
        "0 0.812\n0.812 0.790\n1.602 0.805\n",
        "0.81 0.812\n1.60 0.790\n2.41 0.805\n",
    ],
)
def test_two_columns_are_time_and_interval(text):
    series = read(text)
    assert series.rr_ms.tolist() == [812, 790, 805]
    assert series.t_s == pytest.approx([0.812, 1.602, 2.407], abs=1e-9)
    assert not series.flag.any()
    assert any("time column" in note for note in series.provenance.notes)


def test_lost_time_in_two_columns_is_a_gap():
    series = read("10.0 0.8\n10.8 0.8\n20.0 0.9\n20.9 0.9\n")
    assert series.t_s == pytest.approx([0.8, 1.6, 10.8, 11.7])
    assert series.flag.tolist() == [0, 0, Flag.GAP, 0]
    assert any("3.4 s of 11.7 s" in note for note in series.provenance.notes)
    assert any("9.200 s of its clock" in note for note in series.provenance.notes)


@pytest.mark.parametrize("n", [2, 3, 50])
def test_seconds_gain_no_digits_on_the_way_to_ms(n):
    ms = np.arange(500, 500 + n)
    series = read("".join(f"{v / 1000:.3f}\n" for v in ms))
    assert series.rr_ms.tolist() == ms.tolist()


def test_a_noisy_file_is_read_and_the_rule_says_how_many_values_are_odd():
    values = [800] * 95 + [150, 3400, 4000, 199, 3001]
    series = read("".join(f"{v}\n" for v in values))
    assert series.rr_ms.tolist() == values
    assert series.provenance.unit == "ms (rule: 95 of 100 values in 200-3000, none could be s)"


def test_a_clear_unit_leaves_range_limits_to_the_cleaner():
    values = [150] * 10 + [3500] * 10
    assert read("".join(f"{v}\n" for v in values), unit="ms").rr_ms.tolist() == values
    assert read("# unit: ms\n150\n3500\n").rr_ms.tolist() == [150, 3500]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("0.8\n0.81\n", {"unit": "ms"}, "line 1: 0.8 is no RR interval, yet the unit is ms"),
        ("0.8\n0.81\n", {"unit": "ms"}, "say unit='s'"),
        ("\n812\n790\n", {"unit": "s"}, "line 2: 812 is no RR interval, yet the unit is s"),
        ("# unit: ms\n0.8\n0.9\n", {}, "line 2: 0.8"),
        ("812\n790\n\n0.805\n800\n", {}, "line 4: 0.805 does not fit: most values look like ms"),
        ("0.812\n0.79\n805\n", {}, "line 3: 805 does not fit: most values look like s"),
        ("812\n-790\n805\n", {}, "line 2: -790 is no RR interval: it must be positive"),
        ("812\n0\n805\n", {}, "line 2: 0 is no RR interval: it must be positive"),
        ("812\nnan\n805\n", {}, "line 2: 'nan' is not a number"),
        ("812\ninf\n805\n", {}, "line 2: 'inf' is not a number"),
        ("812\n8_12\n805\n", {}, "line 2: '8_12' is not a number"),
        ("812\n1e308\n805\n", {}, "line 2: '1e308' is too large"),
        ("812\nhello\n805\n", {}, "line 2: 'hello' is not a number"),
        ("812\n790\n65000\n", {}, "line 3: 65000 is neither 200-3000 (ms) nor 0.2-3.0 (s)"),
        ("812\n790\n65000\n", {"unit": "ms"}, "line 3: 65000"),
        ("0.8\n65\n0.9\n", {}, "line 2: 65 is neither"),
        ("0.8\n65\n0.9\n", {"unit": "s"}, "line 2: 65"),
        ("19\n12000\n24000\n36000\n", {}, "format='peaks'"),
        ("1644228196\n1644228572\n", {}, "seconds since 1970"),
        ("812 790\n805\n", {}, "line 2: 1 numbers"),
        ("1.0 0.8\n1.1 0.8\n1.2 0.8\n", {}, "line 2: the time 1.1 is less than the interval"),
        ("# intervals: 4\n812\n790\n805\n", {}, "its head says 4 intervals but 3 follow"),
        ("# start: yesterday\n812\n790\n", {}, "is no ISO 8601 time"),
        ("812\n", {}, "holds one RR interval; at least two"),
        ("# unit: ms\n", {"format": "text"}, "holds no RR interval"),
        ("# time unit: s\n1.0 800 0.5\n2 800 0\n", {}, "line 2: the flag 0.5"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_line_and_value(text, options, message):
    with pytest.raises(FormatError, match=r"rr\.txt") as caught:
        read(text, **options)
    assert message in str(caught.value)


def test_start_comes_from_the_head_with_its_zone():
    head = "# start: 2024-03-01T08:00:00{}\n812\n790\n"
    aware = read(head.format("+01:00"))
    assert aware.start == datetime(2024, 3, 1, 7, tzinfo=UTC)
    naive = read(head.format(""))
    assert naive.start is None
    assert "tz= gives it" in naive.provenance.clock
    told = read(head.format(""), tz="Europe/Berlin")
    assert told.start == aware.start
    assert "Europe/Berlin" in told.provenance.clock


def test_a_given_start_wins_and_is_reported():
    start = datetime(2020, 1, 1, tzinfo=UTC)
    series = read("# start: 2024-03-01T08:00:00Z\n812\n790\n", start=start)
    assert series.start == start
    assert "start=" in series.provenance.clock


def test_a_given_start_needs_a_zone():
    with pytest.raises(InputError, match="no time zone"):
        read("812\n790\n", start=datetime(2020, 1, 1))
    assert read("812\n790\n", start=datetime(2020, 1, 1), tz="UTC").start.year == 2020


def test_an_hour_that_the_clocks_skipped_is_refused_and_a_doubled_one_is_noted():
    skipped = "# start: 2024-03-31T02:30:00\n812\n790\n"
    with pytest.raises(FormatError, match="did not exist in Europe/Berlin"):
        read(skipped, tz="Europe/Berlin")
    doubled = read("# start: 2024-10-27T02:30:00\n812\n790\n", tz="Europe/Berlin")
    assert doubled.start.utcoffset().total_seconds() == 7200
    assert "occurred twice" in doubled.provenance.clock


def test_a_missing_line_end_is_noted():
    assert any("cut short" in note for note in read("812\n790\n805").provenance.notes)
    assert not read("812\n790\n805\n").provenance.notes


@example([200, 1001], "\n", True, True)
@example([400, 1000], "\n", True, True)
@given(
    st.lists(st.integers(200, 3000), min_size=2, max_size=40),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.booleans(),
    st.booleans(),
)
def test_any_plain_file_reads_as_a_line_by_line_reader_would(values, end, seconds, comma):
    lines = [f"{v / 1000:.3f}" if seconds else str(v) for v in values]
    text = end.join(lines).replace(".", "," if comma else ".") + end
    series = read(text)
    assert series.rr_ms.tolist() == values
    assert series.t_s == pytest.approx(np.cumsum(values) / 1000)


_CELL = st.integers(0, 10**9).map(str) | st.sampled_from(["007", "0.5", "1e3", "-4", "x", "1x"])
_GAP = st.sampled_from([" ", "\t", "  ", "\x0b", "\xa0"])


@settings(max_examples=300)
@example(rows=["1 2", " 2", "1 2 3"], columns=2)
@example(rows=["1\t2", "\t3"], columns=2)
@example(rows=["1", "99999999999999999999"], columns=1)
@given(
    rows=st.lists(
        st.lists(st.tuples(_CELL, _GAP), min_size=1, max_size=3).map(
            lambda cells: "".join(cell + gap for cell, gap in cells[:-1]) + cells[-1][0]
        ),
        min_size=1, max_size=6,
    ),
    columns=st.integers(1, 3),
)  # fmt: skip
def test_numbers_of_lines_are_those_that_are_read_one_by_one(rows, columns):
    lines = Lines("a.txt", rows)
    cells = [row.split() for row in rows]
    wrong = (
        any(len(each) != columns for each in cells)
        or any("\x0b" in row or "\xa0" in row for row in rows)
        or any(not NUMBER.fullmatch(c) or float(c) >= 1e15 for each in cells for c in each)
    )
    if wrong:
        with pytest.raises(FormatError):
            lines.numbers(rows, columns)
    else:
        assert lines.numbers(rows, columns).tolist() == [list(map(float, c)) for c in cells]


@st.composite
def any_series(draw) -> RRSeries:
    kind = draw(st.sampled_from(["ms", "ticks", "float"]))
    size = draw(st.integers(2, 30))
    if kind == "float":
        rr = draw(st.lists(st.floats(300, 2000), min_size=size, max_size=size))
    else:
        whole = draw(st.lists(st.integers(300, 2000), min_size=size, max_size=size))
        rr = np.array(whole) * (1.0 if kind == "ms" else 1000 / 1024)
    rr = np.asarray(rr, dtype=np.float64)
    lost = np.array(
        draw(st.lists(st.sampled_from([0, 0, 0, 1, 2.5]), min_size=size, max_size=size))
    )
    t_s = np.cumsum(rr) / 1000 + np.cumsum(lost) + draw(st.sampled_from([0.0, 3.25, 1e5]))
    flag = draw(st.lists(st.sampled_from([0, 0, 0, 1, 64]), min_size=size, max_size=size))
    start = draw(
        st.none()
        | st.datetimes(
            datetime(1990, 1, 1),
            datetime(2100, 1, 1),
            timezones=st.timezones(),
            allow_imaginary=False,
        )
    )
    if start is not None and start.tzinfo.utcoffset(start).total_seconds() % 60:
        start = start.astimezone(UTC)
    return RRSeries.from_ms(
        rr,
        t_s=t_s if draw(st.booleans()) else None,
        flag=flag if draw(st.booleans()) else None,
        start=start,
    )


@settings(max_examples=300)
@given(series=any_series())
def test_write_then_read_is_the_identity(series, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "round.txt"
    ingest.write_text(series, path)
    again = ingest.read(path)
    assert again.rr_ms.tolist() == series.rr_ms.tolist()
    assert again.t_s.tolist() == series.t_s.tolist()
    assert again.flag.tolist() == series.flag.tolist()
    assert again.start == series.start
    if series.start is not None:
        assert again.start.utcoffset() == series.start.utcoffset()


def test_the_writer_is_small_on_disk(tmp_path):
    ticks = np.random.default_rng(0).integers(600, 1100, 5000)
    ingest.write_text(RRSeries.from_ms(ticks * (1000 / 1024)), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").stat().st_size < 5.0 * 5000


def test_comments_among_the_values_are_told_and_lines_keep_their_numbers():
    series = read("812\n# stood up\n790\n805\n# end\n")
    assert any("2 comment lines" in note for note in series.provenance.notes)
    with pytest.raises(FormatError, match="line 4"):
        read("812\n# stood up\n790\n-805\n# end\n")
