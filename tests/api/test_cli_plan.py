"""`hrv plan`: what it writes is a study that `hrv compare` takes, sealed until its end."""

import csv
import json
from datetime import UTC, datetime, timedelta

import icalendar
import numpy as np
import pandas as pd
import pytest

from api.cli import _clock
from ingest.study import load_study

DECLARED = ("--direction", "higher", "--start-reason", "planned", "--start", "2026-12-07")
PLACE = ("--tz", "Europe/Berlin", "--simulations", "20")
END = datetime(2027, 2, 5, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """Set what time the command line believes it is."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr(_clock, "now", lambda: moment)

    at(datetime(2026, 12, 1, tzinfo=UTC))
    return at


@pytest.fixture
def planned(hrv_command, clock, tmp_path):
    """Plan a study of a daily score (so that no recording is needed) and return its folder."""

    def make(*more: object, name: str = "study"):
        folder = tmp_path / name
        done = hrv_command(
            "plan", "ashwagandha", *DECLARED, *PLACE, "--endpoint", "calm", "--out", folder,
            "--seed", 3, *more,
        )  # fmt: skip
        assert done.code == 0, done.err
        return folder

    return make


def fill(folder, effect=2.0, *, until=None, on="on"):
    """Enter one score a day, higher by `effect` with the substance."""
    phases = pd.read_csv(folder / "phases.csv")
    rng = np.random.default_rng(4)
    rows = []
    for phase in phases.itertuples():
        start, stop = datetime.fromisoformat(phase.start), datetime.fromisoformat(phase.stop)
        day = start
        while day < stop and (until is None or day < until):
            value = 10 + effect * (phase.condition == on) + rng.normal()
            rows.append((phase.subject, (day + timedelta(hours=18)).isoformat(), "calm", value))
            day += timedelta(days=1)
    table = pd.DataFrame(rows, columns=["subject", "time", "name", "value"])
    table.to_csv(folder / "outcomes.csv", index=False)


def compared(hrv_command, folder, *more):
    done = hrv_command("compare", folder, "--format", "json", *more)
    return done, json.loads(done.out)


def test_what_is_written_is_a_study_before_anything_is_measured(planned, hrv_command):
    folder = planned()
    study = load_study(folder)
    assert study.primary == "calm"
    assert study.familiarisation == 4
    assert len(study.phases) == 8
    assert len(study.randomisation) == 34
    done = hrv_command("compare", folder)
    assert done.code == 1
    assert "sealed until 5 February 2027, the planned end" in done.err
    assert done.err.count("\n") == 1


def test_the_effect_is_sealed_until_the_end_and_then_found(planned, hrv_command, clock):
    folder = planned()
    fill(folder)
    clock(END - timedelta(days=1))
    done, result = compared(hrv_command, folder)
    assert done.code == 1
    assert result["estimate"] is None
    assert [m["p_value"] for m in result["methods"]] == [None]
    assert result["exploratory"] == []
    clock(END)
    done, result = compared(hrv_command, folder)
    assert done.code == 0
    assert result["low"] < 2.0 < result["high"]
    assert result["details"]["registration"]["as_registered"]
    drawn = {m["method"]: m for m in result["methods"]}["randomisation"]
    assert drawn["p_value"] < 0.1


def test_declared_looks_open_with_their_own_level_and_nothing_later(planned, hrv_command, clock):
    folder = planned("--looks", "4,6")
    fill(folder)
    clock(datetime(2027, 1, 12, tzinfo=UTC))  # between the look after block 4 and that after 6
    _, result = compared(hrv_command, folder)
    look = result["details"]["look"]
    assert (look["number"], look["of"]) == (1, 3)
    assert result["settings"]["level"] == pytest.approx(0.99695, abs=2e-4)
    assert max(result["details"]["days"]["date"]) < "2027-01-08"
    drawn = {m["method"]: m for m in result["methods"]}["randomisation"]
    assert drawn["verdict"] == "refused"  # the randomisation test waits for the end
    assert any("look 1 of 3" in flag for flag in result["flags"])


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ('washin = "2d"', 'washin = "1d"', "the wash-in was registered as 2 and is 1"),
        ('primary = "calm"', 'primary = "calm2"', "primary endpoint was registered as calm"),
        ('method = "default"', 'method = "block_means"', "estimator was registered as default"),
        ("familiarisation = 4", "familiarisation = 0", "tests left out was registered as 4"),
        ('direction = "higher"', 'direction = "lower"', "direction of benefit was registered"),
        ('method = "lipponen_tarvainen"', 'method = "none"', "artefact handling was registered"),
    ],
)
def test_what_is_changed_after_registration_is_exploratory(
    planned, hrv_command, clock, line, instead, told
):
    folder = planned()
    fill(folder)
    text = (folder / "study.toml").read_text()
    assert line in text
    (folder / "study.toml").write_text(text.replace(line, instead))
    if instead == 'primary = "calm2"':
        scores = (folder / "outcomes.csv").read_text()
        (folder / "outcomes.csv").write_text(scores.replace(",calm,", ",calm2,"))
    clock(END)
    _, result = compared(hrv_command, folder)
    assert any("exploratory, not confirmatory" in f and told in f for f in result["flags"])
    assert not result["details"]["registration"]["as_registered"]


def test_a_plan_file_that_was_edited_no_longer_counts_as_registered(planned, hrv_command, clock):
    folder = planned()
    fill(folder)
    for name in ("plan.json", "study.toml"):
        path = folder / name
        text = path.read_text().replace('"washin_days": 2.0', '"washin_days": 1.0')
        path.write_text(text.replace('washin = "2d"', 'washin = "1d"'))
    clock(END)
    _, result = compared(hrv_command, folder)
    assert "no longer has the content that its hash was made of" in result["flags"][0]


def test_a_schedule_drawn_afterwards_registers_nothing(planned, hrv_command, clock):
    clock(END)
    folder = planned()
    fill(folder)
    _, result = compared(hrv_command, folder)
    assert "drawn after the first block had begun" in result["flags"][0]


def test_a_blinded_study_is_analysed_in_codes_and_unblinded_by_its_key(
    planned, hrv_command, clock, tmp_path
):
    key = tmp_path / "key.json"
    folder = planned("--comparator", "placebo", "--key", key)
    codes = json.loads(key.read_text())["codes"]
    on = next(code for code, name in codes.items() if name == "on")
    everything = "".join(p.read_text() for p in folder.iterdir() if p.is_file())
    assert json.loads(key.read_text())["nonce"] not in everything
    fill(folder, on=on)
    clock(END)
    _, blind = compared(hrv_command, folder)
    assert blind["settings"]["conditions"] == ["A", "B"]
    assert blind["settings"]["direction"] == "none"
    _, seen = compared(hrv_command, folder, "--key", key)
    assert seen["settings"]["conditions"] == ["placebo", "on"]
    assert seen["details"]["registration"]["as_registered"]
    assert seen["estimate"] == pytest.approx((1 if on == "B" else -1) * blind["estimate"], abs=1e-9)
    assert seen["low"] < 2 < seen["high"]


def test_another_key_is_refused(planned, hrv_command, tmp_path):
    key = tmp_path / "key.json"
    folder = planned("--comparator", "placebo", "--key", key)
    content = json.loads(key.read_text())
    content["codes"] = {"A": content["codes"]["B"], "B": content["codes"]["A"]}
    key.write_text(json.dumps(content))
    done = hrv_command("compare", folder, "--key", key)
    assert done.code == 2
    assert "not the one that was registered" in done.err


def test_the_key_stays_out_of_the_study_folder(hrv_command, clock, tmp_path):
    done = hrv_command(
        "plan", "x", *DECLARED, *PLACE, "--comparator", "placebo", "--out", tmp_path / "s",
        "--key", tmp_path / "s" / "key.json",
    )  # fmt: skip
    assert done.code == 2
    assert "must lie outside" in done.err
    assert not (tmp_path / "s").exists()


def test_nothing_is_overwritten_unsaid_and_the_first_hash_stays_on_record(planned, hrv_command):
    folder = planned()
    first = json.loads((folder / "plan.json").read_text())["sha256"]
    again = ("plan", "ashwagandha", *DECLARED, *PLACE, "--endpoint", "calm", "--out", folder)
    done = hrv_command(*again)
    assert done.code == 2
    assert "already holds study.toml" in done.err
    assert json.loads((folder / "plan.json").read_text())["sha256"] == first
    assert hrv_command(*again, "--overwrite").code == 0
    assert json.loads((folder / "plan.json").read_text())["replaces"] == [first]
    fill(folder)
    done = hrv_command(*again, "--overwrite")
    assert done.code == 2
    assert "holds entries that a new plan would lose" in done.err


def test_a_dry_run_writes_and_draws_nothing(hrv_command, clock, tmp_path):
    done = hrv_command("plan", "magnesium", *DECLARED, *PLACE, "--out", tmp_path / "s", "--dry-run")
    assert done.code == 0
    assert "nothing was drawn or written" in done.out
    assert "SHA-256" not in done.out
    assert not (tmp_path / "s").exists()


def test_the_table_says_what_the_design_can_detect_and_how_long_it_takes(hrv_command, tmp_path):
    done = hrv_command(
        "plan", "magnesium", *DECLARED, *PLACE, "--endpoint", "ln_rmssd", "--dry-run"
    )
    assert "8 blocks of 14 days" in done.out
    assert "drawn from 34" in " ".join(done.out.split())
    assert "116 in all" in done.out
    assert "It takes 116 days" in done.out
    row = next(line for line in done.out.splitlines() if "(this plan)" in line)
    assert " % " in row


def test_a_run_in_puts_the_plan_in_the_persons_own_units(hrv_command, sample_data):
    done = hrv_command(
        "plan", "magnesium", *DECLARED, *PLACE, "--run-in", sample_data, "--dry-run",
        "--format", "json",
    )  # fmt: skip
    told = json.loads(done.out)
    assert told["variation"]["known_unit"]
    assert told["variation"]["missing"] < 0.3  # of all days, not of those between the days off
    assert 15 <= told["variation"]["days"] <= 30  # only the days off are a run-in
    assert 0.5 < told["designs"][0]["mde80"] < 6  # bpm


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--start", "soon"), "--start 'soon' is not a day"),
        (("--pairwise",), "only 16 possible orders"),
        (("--tz", "Mars/Base"), "no time zone is called"),
        (("--dose", "a spoonful"), "is not AMOUNT UNIT"),
        (("--looks", "4;6"), "not a list of blocks"),
        (("--washin", "long"), "not a length of time"),
        (("--run-in", "gone.csv"), "gone.csv"),
        (("--simulations", "3"), "give 20 to 100000"),
        (("--format", "csv"), "table or json"),
        (("--test-time", "late"), "is not a time of day"),
    ],
)
def test_wrong_input_gets_one_sentence_and_writes_nothing(hrv_command, tmp_path, arguments, told):
    done = hrv_command("plan", "magnesium", *DECLARED, *PLACE, "--out", tmp_path / "s", *arguments)
    assert done.code == 2
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("missing", ["--direction", "--start-reason", "--start"])
def test_what_must_be_declared_has_no_default(hrv_command, missing):
    at = DECLARED.index(missing)
    done = hrv_command("plan", "magnesium", *DECLARED[:at], *DECLARED[at + 2 :])
    assert done.code == 2
    assert missing in done.err


def test_the_calendar_holds_every_block_dose_and_test(planned):
    folder = planned("--dose", "300 mg")
    calendar = icalendar.Calendar.from_ical((folder / "calendar.ics").read_bytes())
    events = calendar.walk("VEVENT")
    titles = [str(event["summary"]) for event in events]
    assert sum(title.startswith("Block ") for title in titles) == 8
    assert sum(title.startswith("Take ashwagandha, 300 mg") for title in titles) == 4
    tests = [event for event in events if "test" in str(event["summary"]).lower()]
    repeated = [event["rrule"]["count"][0] for event in tests if "rrule" in event]
    assert sum(repeated) == 4 + 8 * 7
    assert all(event.walk("VALARM") for event in tests)
    assert calendar.walk("VTIMEZONE")[0]["tzid"] == "Europe/Berlin"
    assert len({str(event["uid"]) for event in events}) == len(events)
    assert all(len(line) <= 75 for line in (folder / "calendar.ics").read_bytes().split(b"\r\n"))
    assert "Open the result" in titles


def test_the_dose_log_is_prepared_and_read_back(planned):
    folder = planned("--dose", "300 mg elemental", "--product", "Brand, lot 7")
    rows = list(csv.DictReader((folder / "doses.csv").read_text().splitlines()))
    assert len(rows) == 4 * 7
    assert {row["status"] for row in rows} == {"planned"}
    assert {row["basis"] for row in rows} == {"elemental"}
    assert len(load_study(folder).doses) == 28


def test_everyone_of_a_group_has_an_order_a_calendar_and_a_sheet(planned, hrv_command, clock):
    folder = planned("--people", "12")
    assert len(list(folder.glob("calendar-P*.ics"))) == 12
    assert len(list(folder.glob("sheet-P*.html"))) == 12
    fill(folder, 1.0)
    clock(END)
    done, result = compared(hrv_command, folder)
    assert done.code == 0
    assert result["low"] < 1.0 < result["high"]
    assert result["details"]["registration"]["as_registered"]
