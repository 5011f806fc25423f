"""`hrv evaluate-detector` on simulated people, on marked recordings and with wrong input."""

import json

import hrv
from ingest import write_text


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text


def test_simulated_people_give_three_detectors_and_two_sentences(hrv_command):
    done = hrv_command("evaluate-detector", "--people", 2, "--days", 3)
    assert done.code == 0
    for word in ("heart rate and RMSSD", "heart rate only", "random", "precision", "recall",
                 "false alarms a day", "latency s"):  # fmt: skip
        assert word in done.out
    assert "heart rate alone" in done.out
    assert "within 5 min" in done.out


def test_stress_predict_prints_every_detector_and_says_it_is_no_better(hrv_command, shared_data):
    files = sorted((shared_data / "stress_predict").glob("*_IBI.csv"))
    events = shared_data / "stress_predict" / "phases.csv"
    done = hrv_command("evaluate-detector", *files, "--events", events, "--format", "json")
    result = json.loads(done.out)
    assert [row["detector"] for row in result["detectors"]] == [
        "heart rate and RMSSD", "heart rate only", "random",
    ]  # fmt: skip
    assert all(row["events"] == 21 for row in result["detectors"])
    assert result["sentences"][0].startswith("The detector is no better than heart rate alone")
    assert [row["what"] for row in result["not_judged"]] == ["subject S02"]


def test_marked_recordings_are_matched_to_subjects_by_name(hrv_command, tmp_path):
    made = hrv.simulate(1, duration="2h", stress=[(3600, 4000)])
    with (tmp_path / "P7_day.txt").open("w") as file:
        write_text(made.series, file)
    events = tmp_path / "events.csv"
    events.write_text("subject,phase,kind,start,end\nP7,x,stress,3600,4000\nP8,x,stress,1,9\n")
    done = hrv_command(
        "evaluate-detector", tmp_path / "P7_day.txt", "--events", events, "-f", "csv"
    )
    assert done.code == 0
    assert "P7,heart rate and RMSSD,1.5,-1.0,1.0" in done.out
    other = tmp_path / "day.txt"
    other.write_bytes((tmp_path / "P7_day.txt").read_bytes())
    failed = hrv_command("evaluate-detector", other, "--events", events)
    assert failed.code == 2
    assert "its name must hold one subject" in one_line(failed.err)


def test_files_and_events_belong_together(hrv_command, tmp_path):
    alone = hrv_command("evaluate-detector", "day.txt")
    assert (alone.code, "--events" in one_line(alone.err)) == (2, True)
    without = hrv_command("evaluate-detector", "--events", "events.csv")
    assert (without.code, "name their files" in one_line(without.err)) == (2, True)
    few = hrv_command("evaluate-detector", "--days", 2)
    assert (few.code, "run-in" in one_line(few.err)) == (2, True)
