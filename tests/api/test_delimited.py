"""CSV of results is byte for byte what pandas writes, and read back unchanged."""

import io
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.delimited import csv_text
from hrv.clean import clean
from hrv.simulate import simulate
from hrv.types import RRSeries
from hrv.windows import windows

NUMBERS = st.floats(allow_infinity=False) | st.sampled_from(
    (0.0, -0.0, 1e16, 1e22, 6e-5, 1e-7, 5e-324)
)
TEXTS = st.text(alphabet='ab,"\n;é ', max_size=6)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(NUMBERS, st.integers(-(2**63), 2**63 - 1), TEXTS), max_size=12))
def test_is_the_text_that_pandas_writes(rows):
    table = pd.DataFrame(rows, columns=["x", "n", 'a "name"'])
    table = table.astype({"x": np.float64, "n": np.int64})
    assert csv_text(table, index=False) == table.to_csv(index=False)


def test_windows_with_a_clock_are_written_as_pandas_does():
    series = simulate(1, duration="10min").series
    dated = RRSeries(series.rr_ms, series.t_s, series.flag, datetime(2024, 3, 1, 8, tzinfo=UTC))
    table = windows(clean(dated), "1min", "1s", ["rmssd", "sdnn"])
    text = csv_text(table, index=True)
    assert text == table.to_csv()
    back = pd.read_csv(io.StringIO(text), index_col="start", float_precision="round_trip")
    assert np.array_equal(back["rmssd"], table["rmssd"], equal_nan=True)


@pytest.mark.parametrize(
    "column",
    [[True, False], [np.inf, 1.0], [None, "a"], [datetime(2024, 1, 1, tzinfo=UTC)] * 2, [1j, 2j]],
)
def test_other_values_are_left_to_pandas(column):
    table = pd.DataFrame({"x": column})
    assert csv_text(table, index=False) == table.to_csv(index=False)
