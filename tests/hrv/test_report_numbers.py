"""Numbers are printed with sensible digits and units, and never as "nan"."""

import math
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv.report import numbers
from hrv.report.numbers import NO_VALUE

NAN = math.nan


def spaced(text: str) -> str:
    return text.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "decimals", "sign", "text"),
    [
        (2.14, 1, "-", "2.1"),
        (-2.14, 1, "-", "−2.1"),
        (2.14, 1, "+", "+2.1"),
        (-0.04, 1, "-", "0.0"),
        (-0.04, 1, "+", "+0.0"),
        (NAN, 1, "-", NO_VALUE),
        (None, 1, "-", NO_VALUE),
        (pd.NA, 1, "-", NO_VALUE),
        (math.inf, 1, "-", "∞"),
        (-math.inf, 1, "-", "−∞"),
        (1234567, 0, "-", "1 234 567"),
    ],
)
def test_a_number(value, decimals, sign, text):
    assert spaced(numbers.number(value, decimals, sign=sign)) == text


@pytest.mark.parametrize(
    ("triple", "unit", "text"),
    [
        ((-2.1, -3.31, -0.89), "bpm", ("−2.1 bpm", "−3.3 to −0.9 bpm")),
        ((9.4, 1.0, 18.6), "%", ("+9 %", "+1 to +19 %")),
        ((0.85, -2.8, 4.6), "%", ("+0.8 %", "−2.8 to +4.6 %")),
        ((0.004, 0.002, 0.006), "", ("+0.0040", "+0.0020 to +0.0060")),
        ((-15.2, -32.0, 3.1), "s", ("−15 s", "−32 to +3 s")),
        ((-0.5, NAN, NAN), "bpm", ("−0.5 bpm", NO_VALUE)),
        ((-0.5, -math.inf, 1.0), "bpm", ("−0.5 bpm", "−∞ to +1.0 bpm")),
        ((NAN, NAN, NAN), "bpm", (NO_VALUE, NO_VALUE)),
    ],
)
def test_an_estimate_shares_its_digits_with_its_interval(triple, unit, text):
    found = numbers.estimate_and_interval(*triple, unit)
    assert tuple(spaced(part) for part in found) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0004, "< 0.001"), (0.0123, "0.012"), (0.05, "0.050"), (0.31, "0.31"), (0.9999, "> 0.99"),
     (1.0, "1.00"), (NAN, NO_VALUE)],
)  # fmt: skip
def test_a_p_value(p, text):
    assert numbers.p_value(p) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.934, "93 %"), (0.004, "0.4 %"), (0.0001, "< 0.1 %"), (0, "0 %"), (1, "100 %"),
     (0.9996, "> 99.9 %"), (0.996, "99.6 %"), (NAN, NO_VALUE), (None, NO_VALUE)],
)  # fmt: skip
def test_a_share(share, text):
    assert spaced(numbers.share(share)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(42, "42 s"), (59.6, "1 min 00 s"), (1450, "24 min 10 s"), (3840, "1 h 04 min"),
     (360000, "100 h 00 min"), (NAN, NO_VALUE)],
)  # fmt: skip
def test_a_duration(seconds, text):
    assert spaced(numbers.duration(seconds)) == text


@pytest.mark.parametrize(
    ("half", "text"), [(0.62, "±0.62 bpm"), (1, "±1.0 bpm"), (12.3, "±12.3 bpm"), (NAN, NO_VALUE)]
)
def test_a_half_width(half, text):
    assert spaced(numbers.plus_minus(half, "bpm")) == text


def test_a_count_takes_its_noun_in_the_right_number():
    assert numbers.count(1, "person", "people") == "1 person"
    assert numbers.count(8, "person", "people") == "8 people"
    assert numbers.count(0, "day") == "0 days"
    assert numbers.count(NAN, "day") == f"{NO_VALUE} days"


def test_dates_do_not_depend_on_the_locale_and_may_be_missing():
    assert numbers.moment(datetime(2026, 3, 2, 9, 5)) == "2 Mar 2026, 09:05"
    for missing in (None, pd.NaT):
        assert numbers.moment(missing) == NO_VALUE
        assert numbers.day(missing) == NO_VALUE


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3),
    st.sampled_from(["bpm", "%", "s", "", "unheard of"]),
)
def test_no_float_is_ever_printed_as_nan(values, unit):
    texts = [
        *numbers.estimate_and_interval(*values, unit),
        numbers.interval(values[0], values[1], unit),
        numbers.plus_minus(abs(values[0]), unit),
        numbers.p_value(values[0]) if not np.isinf(values[0]) else "",
        numbers.share(values[1]) if np.isfinite(values[1]) else "",
    ]
    for text in texts:
        assert "nan" not in text.lower()
        assert "inf" not in text.lower()


@given(st.floats(-1e6, 1e6).filter(lambda v: abs(v) > 1e-5))
def test_a_value_that_is_not_zero_never_looks_like_zero(value):
    text = numbers.estimate_and_interval(value, math.nan, math.nan, "bpm")[0]
    assert any(digit in text for digit in "123456789")
