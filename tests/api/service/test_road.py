"""The sample study goes in by REST alone; its comparison is that of the command line."""

import io
import json

import pandas as pd
import pytest

from api.results import as_mapping, plain
from hrv.study import analyse
from ingest.study import load_study


@pytest.fixture(scope="module")
def put_in(service_url, sample_data):
    """The sample study in the service, compared; with the client's report of progress."""
    from api.client import Client

    told = []
    with Client(service_url) as client:
        study = client.import_study(sample_data, lambda *said: told.append(said))
        job = client.wait(client.start_comparison(study.id).id)
        yield client, study, job, told


@pytest.fixture(scope="module")
def by_command_line(sample_data):
    """What `hrv compare --format json` prints, as the value it is made from."""
    return json.loads(json.dumps(plain(as_mapping(analyse(load_study(sample_data))))))


def test_the_comparison_equals_the_command_lines_to_the_last_digit(put_in, by_command_line):
    client, _, job, _ = put_in
    answer = client.table(f"/v1/comparisons/{job.comparison_id}", "application/json")
    assert json.loads(answer) == by_command_line


def test_a_comparison_of_unchanged_data_is_answered_from_the_cache(put_in):
    client, study, job, _ = put_in
    again = client.start_comparison(study.id)
    assert (again.state, again.comparison_id) == ("done", job.comparison_id)


def test_recordings_come_back_bit_for_bit(put_in, sample_data):
    client, study, _, _ = put_in
    series = {s.name: s.rr for s in load_study(sample_data).sessions}
    for recording in list(client.recordings(study.id))[:3]:
        beats = client.beats(recording.id)
        assert beats.columns["rr_ms"] == series[recording.name].rr_ms.tolist()
        assert beats.columns["t_s"] == series[recording.name].t_s.tolist()
        assert beats.columns["flag"] == series[recording.name].flag.tolist()
        assert recording.start == series[recording.name].start
        kept = client.file(recording.id)
        assert kept == (sample_data / recording.name).read_bytes()


@pytest.mark.parametrize("part", ["methods", "recovery", "quality", "rates", "adherence"])
def test_every_table_of_a_comparison_comes_as_csv_and_parquet(put_in, part):
    client, _, job, _ = put_in
    path = f"/v1/comparisons/{job.comparison_id}/tables/{part}"
    csv = pd.read_csv(io.BytesIO(client.table(path, "text/csv")))
    parquet = pd.read_parquet(io.BytesIO(client.table(path, "application/vnd.apache.parquet")))
    assert len(csv) == len(parquet) > 0
    assert list(csv.columns) == list(parquet.columns)


def test_the_report_is_one_page(put_in):
    client, _, job, _ = put_in
    page = client.report(job.comparison_id)
    assert page.lower().startswith("<!doctype html>")
    assert "Magnesium" in page


def test_the_client_tells_how_far_the_import_is(put_in):
    *_, told = put_in
    assert [number for _, number, _ in told] == list(range(1, 45))
    assert {total for *_, total in told} == {44}


def test_recovery_of_one_recording_equals_the_comparisons_rows(put_in, by_command_line):
    client, study, _, _ = put_in
    recording = next(client.recordings(study.id))
    table = client.recovery(recording.id)
    rows = [row for row in by_command_line["recovery"] if row["session"] == recording.name]
    assert table.columns["residual_hr"] == [row["residual_hr"] for row in rows]
    assert table.units["residual_hr"] == "bpm"
