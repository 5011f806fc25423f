"""Wrist recordings of a stress protocol: one row a stressor, honest about what is missing."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from hrv.episodes import mark, within
from hrv.recovery import MEASURES, recovery
from hrv.types import Flag, NNSeries, RRSeries

SUBJECTS = ("S02", "S03", "S04", "S05", "S07", "S08", "S09", "S10")


def wrist(path):
    """Empatica E4 IBI as intervals: the first line is the start, then beat time and interval."""
    head, *rest = path.read_text().splitlines()
    start = datetime.fromtimestamp(float(head.split(",")[0]), UTC)
    t_s, ibi_s = np.array([line.split(",") for line in rest], dtype=float).T
    rr = RRSeries.from_ms(ibi_s * 1000, t_s=t_s, start=start)
    joined = (rr.flag & Flag.GAP) == 0
    joined[0] = False
    none = np.empty(0)
    return NNSeries(rr.rr_ms, rr.t_s, joined, none, none, rr, "none")


@pytest.fixture(scope="module")
def events(shared_data):
    return pd.read_csv(shared_data / "stress_predict" / "phases.csv", parse_dates=["start", "end"])


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_stressor_gives_a_row_whose_gaps_are_named(subject, events, shared_data):
    nn = wrist(shared_data / "stress_predict" / f"{subject}_IBI.csv")
    table = recovery(nn, within(mark(events), nn, subject=subject))
    assert list(table["label"]) == ["stroop", "interview", "hyperventilation"]
    assert list(table["onset_s"]) == sorted(table["onset_s"])
    for _, row in table.iterrows():
        missing = [m.name for m in MEASURES if np.isnan(row[m.name])]
        named = {n for part in row["reason"].split("; ") for n in part.split(": ")[0].split(", ")}
        assert named == set(missing)
        assert "coverage of the" in row["flags"]
        assert len(missing) > len(MEASURES) / 2
    assert table["flags"][1:].str.contains("baseline of the session's first stressor").all()


def test_most_residuals_are_refused_for_coverage(events, shared_data):
    tables = []
    for subject in SUBJECTS:
        nn = wrist(shared_data / "stress_predict" / f"{subject}_IBI.csv")
        tables.append(recovery(nn, within(mark(events), nn, subject=subject)))
    table = pd.concat(tables, ignore_index=True)
    assert len(table) == 24
    assert table["residual_hr"].isna().sum() >= 20
    assert table["reason"].str.contains("beats cover").all()
