"""REDCap by REST: a look beforehand, then the rows; the next export adds only what is new."""

import httpx
import pytest

from api.client import ServiceError
from api.schemas.logs import Dose, Outcome
from api.schemas.redcap import MappingIn
from api.schemas.studies import StudyIn

HEAD = "record_id,visit_date,gad7_total,form_complete,dose_date,dose_mg,dosing_complete"
ROWS = ["P01,2026-03-02,9,2,2026-03-02,300,2", "P02,2026-03-02,50,2,,,", "P03,2026-03-03,4,2,,,"]


@pytest.fixture
def export(tmp_path):
    def write(*rows):
        path = tmp_path / "project.csv"
        path.write_text("\n".join((HEAD, *rows)))
        return path

    return write


def test_nothing_is_stored_by_looking_and_what_is_shown_is_what_comes(client, study, export):
    file = export(*ROWS)
    seen = client.preview_redcap(study.id, file)
    assert list(client.entries(study.id, Outcome)) == []
    assert (seen.outcomes, seen.doses, seen.people) == ({"gad7": 2}, 0, ["P03"])
    assert [(r.line, r.why) for r in seen.refused] == [
        (3, "GAD-7 total 50 is outside 0 to 21 points; mend the value or its unit")
    ]
    dose = seen.mapping.doses[0].model_copy(update={"substance": "magnesium"})
    wanted = seen.mapping.model_copy(update={"doses": [dose]})
    assert client.preview_redcap(study.id, file, wanted).doses == 1
    taken = client.import_redcap(study.id, file, wanted)
    assert (taken.outcomes, taken.doses, taken.people) == (2, 1, ["P03"])
    assert {(o.subject, o.value, o.unit) for o in client.entries(study.id, Outcome)} == {
        ("P01", 9.0, "points"), ("P03", 4.0, "points"),
    }  # fmt: skip
    (dose,) = client.entries(study.id, Dose)
    assert (dose.amount, dose.unit, dose.basis, dose.status) == (300.0, "mg", "unknown", "taken")


def test_the_next_export_adds_what_is_new_and_refuses_what_changed(client, study, export):
    none = MappingIn(
        record="record_id",
        outcomes=[{"column": "gad7_total", "name": "gad7", "time": "visit_date"}],
    )
    client.import_redcap(study.id, export(*ROWS[:1]), none)
    again = client.import_redcap(study.id, export(*ROWS), none)
    assert (again.outcomes, again.known) == (1, 1)
    changed = client.import_redcap(study.id, export("P01,2026-03-02,10,2,,,"), none)
    assert (changed.outcomes, changed.refused_count) == (0, 1)
    assert "the study has 9 at this moment" in changed.refused[0].why


def test_a_mapping_that_is_none_and_a_study_without_zone_are_refused(client, study, export):
    url = f"{client._http.base_url}/v1/studies/{study.id}/redcap/preview"
    answer = httpx.post(url, data={"mapping": "{"}, files={"file": export(*ROWS).read_bytes()})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("mapping, ")
    zoneless = client.create_study(StudyIn(title="no zone"))
    with pytest.raises(ServiceError, match="give the study its tz first"):
        client.preview_redcap(zoneless.id, export(*ROWS))
