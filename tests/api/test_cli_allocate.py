"""`hrv plan --design two-arm`: people go to arms in codes, and the key lies elsewhere."""

import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from hrv.study import analyse
from ingest.study import load_study

COMMON = (
    "plan", "sertraline", "--direction", "lower", "--start-reason", "planned",
    "--start", "2026-12-07",
)  # fmt: skip


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    lines = [f"P{k:02d},{'fm'[k % 2]},{k}" for k in range(14)]
    path.write_text("\n".join(["subject,sex,phone", *lines]) + "\n")
    return path


def test_an_allocation_is_written_in_codes_with_its_hash(hrv_command, tmp_path, people):
    done = hrv_command(
        *COMMON, "--design", "two-arm", "--roster", people, "--strata", "sex",
        "--key", tmp_path / "key.json", "--out", tmp_path / "lab",
    )  # fmt: skip
    assert done.code == 0, done.err
    table = pd.read_csv(tmp_path / "lab" / "allocation.csv")
    assert list(table.columns) == ["subject", "sex", "arm"]
    assert set(table["arm"]) == {"A", "B"}
    plan = json.loads((tmp_path / "lab" / "plan.json").read_text())
    assert plan["sha256"] in (tmp_path / "lab" / "registration.txt").read_text()
    key = json.loads((tmp_path / "key.json").read_text())
    assert sorted(key["codes"].values()) == ["off", "on"]
    assert key["nonce"] not in json.dumps(plan)
    assert "phone" not in json.dumps(plan)


def test_a_crossover_gives_everyone_a_sequence(hrv_command, tmp_path, people):
    done = hrv_command(
        "plan", "magnesium", *COMMON[2:], "--design", "crossover", "--roster", people,
        "--key", tmp_path / "key.json", "--out", tmp_path / "lab", "--seed", 4, "--format", "json",
    )  # fmt: skip
    told = json.loads(done.out)
    assert told["sizes"] == {"A-B": 7, "B-A": 7}
    assert told["method"] == "crossover"


def planned(hrv_command, folder, people, substance, *more):
    done = hrv_command(
        "plan", substance, *COMMON[2:], "--roster", people, "--key", folder / "key.json",
        "--out", folder / "lab", "--endpoint", "ln_rmssd", "--tz", "Europe/Berlin",
        "--period-days", 14, *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return done


def furnished(folder, change):
    """Record everybody at each session; `change` is added under the substance, in ln RMSSD."""
    codes = json.loads((folder / "key.json").read_text())["codes"]
    visits = json.loads((folder / "lab" / "plan.json").read_text())["record"]["visits"]
    rows, rng = ["file,subject,period,start"], np.random.default_rng(3)
    for person in pd.read_csv(folder / "lab" / "allocation.csv").to_dict(orient="records"):
        own = rng.normal(0, 0.2)
        for period, day in visits:
            order = person.get("sequence", "").split("-")
            code = person["arm"] if "arm" in person else order[int(period) - 1]
            treated = period != "baseline" and codes[code] == "on"
            rmssd = 30 * np.exp(own + change * treated + rng.normal(0, 0.02))
            rr = 900 + rmssd / np.sqrt(2) * rng.normal(size=1600)
            name = f"recordings/{person['subject']}_{period}.txt"
            (folder / "lab" / name).write_text("\n".join(f"{v:.3f}" for v in rr) + "\n")
            rows.append(f"{name},{person['subject']},{period},{day}T12:00:00+01:00")
    (folder / "lab" / "recordings.csv").write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("design", ["two-arm", "crossover"])
def test_the_folder_is_a_study_that_opens_at_its_end_and_with_its_key(
    hrv_command, tmp_path, people, design
):
    washout = () if design == "two-arm" else ("--washin", "7d")
    substance = {"two-arm": "sertraline", "crossover": "magnesium"}[design]
    planned(hrv_command, tmp_path, people, substance, "--design", design, *washout)
    lab = tmp_path / "lab"
    calendar = (lab / "calendar.ics").read_text()
    assert "SUMMARY:Open the result" in calendar
    assert ("SUMMARY:Wash-out" in calendar) == (design == "crossover")
    furnished(tmp_path, change=-0.5)
    end = datetime.fromisoformat(
        json.loads((lab / "plan.json").read_text())["record"]["looks"][0]["time"]
    )
    closed = analyse(load_study(lab), now=end - timedelta(hours=1))
    assert closed.sealed
    assert "sealed until" in closed.headline.sentence
    codes = analyse(load_study(lab), now=end).headline
    assert abs(codes.estimate) == pytest.approx(0.5, abs=0.15)  # A against B: no direction yet
    opened = analyse(load_study(lab, key=tmp_path / "key.json"), now=end)
    assert opened.headline.high < -0.3
    assert opened.headline.details["registration"]["as_registered"]


def test_who_was_moved_after_the_draw_makes_it_exploratory(hrv_command, tmp_path, people):
    planned(hrv_command, tmp_path, people, "sertraline", "--design", "two-arm")
    furnished(tmp_path, change=0.0)
    path = tmp_path / "lab" / "allocation.csv"
    table = pd.read_csv(path)
    table.loc[0, "arm"] = {"A": "B", "B": "A"}[table.loc[0, "arm"]]
    table.to_csv(path, index=False)
    changed = load_study(tmp_path / "lab").registration.changed
    assert changed == ("'P00' is not where the registered allocation put them",)


def test_a_crossover_of_what_does_not_come_and_go_is_refused(hrv_command, tmp_path, people):
    done = hrv_command(
        *COMMON, "--design", "crossover", "--roster", people, "--key", tmp_path / "k.json",
        "--out", tmp_path / "s",
    )  # fmt: skip
    assert done.code == 2
    assert "nobody can cross over; plan two parallel arms" in done.err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "list them in a CSV, --roster FILE"),
        (("--roster", "gone.csv"), "gone.csv: the roster cannot be read"),
    ],
)
def test_wrong_input_gets_one_sentence(hrv_command, tmp_path, more, told):
    done = hrv_command(
        *COMMON, "--design", "two-arm", "--key", tmp_path / "k.json", "--out", tmp_path / "s", *more
    )
    assert done.code == 2
    assert told in done.err
    assert not (tmp_path / "s").exists()


def test_an_allocation_without_a_key_elsewhere_is_not_concealed(hrv_command, tmp_path, people):
    given = (*COMMON, "--design", "two-arm", "--roster", people, "--out", tmp_path / "s")
    assert "give --key FILE" in hrv_command(*given).err
    inside = hrv_command(*given, "--key", tmp_path / "s" / "key.json")
    assert "must lie outside" in inside.err


def test_a_medicine_points_to_two_arms(hrv_command):
    done = hrv_command(*COMMON)
    assert done.code == 2
    assert "two parallel arms (--design two-arm)" in done.err
