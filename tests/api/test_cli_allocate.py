"""`hrv plan --design two-arm`: people go to arms in codes, and the key lies elsewhere."""

import json

import pandas as pd
import pytest

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
        *COMMON, "--design", "crossover", "--roster", people, "--key", tmp_path / "key.json",
        "--out", tmp_path / "lab", "--seed", 4, "--format", "json",
    )  # fmt: skip
    told = json.loads(done.out)
    assert told["sizes"] == {"A-B": 7, "B-A": 7}
    assert told["method"] == "crossover"


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
