"""`hrv compare` explains: assumptions, checklists, FHIR."""

import json

from fhir.resources.R4B.bundle import Bundle


def test_the_table_says_what_was_assumed_and_what_the_data_say(hrv_command, sample_data):
    done = hrv_command("compare", sample_data)
    assert "What was assumed, and what the data say of it" in done.out
    assert "without any one day the difference lies between" in " ".join(done.out.split())


def test_the_checklists_are_printed_and_stand_in_the_json(hrv_command, sample_data):
    done = hrv_command("compare", sample_data, "--checklist", "--format", "json")
    items = json.loads(done.out)
    assert {i["standard"] for i in items} == {"CENT 2015", "SCRIBE 2016"}
    whole = json.loads(hrv_command("compare", sample_data, "--format", "json").out)
    assert whole["checklist"] == items


def test_a_bundle_is_written_beside_the_answer(hrv_command, sample_data, tmp_path):
    done = hrv_command("compare", sample_data, "--fhir", tmp_path / "bundle.json")
    assert done.code == 0
    assert "bundle.json" in done.err
    Bundle.model_validate_json((tmp_path / "bundle.json").read_text())
