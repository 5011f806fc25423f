"""A study made by REST leaves out practice sessions as one from a file does."""

from datetime import UTC, datetime

import pytest

from api.schemas.studies import DesignIn, Endpoint
from api.store import models
from api.store.studies import build_study


@pytest.mark.parametrize(
    ("said", "primary", "phased", "left_out"),
    [
        (None, "residual_hr", True, 3),
        (None, "ln_tau_hr_s", True, 3),
        (None, "residual_hr", False, 0),
        (None, "gad7", True, 0),
        (0, "residual_hr", True, 0),
        (5, "gad7", False, 5),
    ],
)
def test_practice_sessions_are_left_out_where_stress_tests_are_repeated(
    store, said, primary, phased, left_out
):
    declared = {
        **Endpoint(primary=primary).model_dump(),
        **DesignIn(familiarisation=said).model_dump(),
        "cleaner": "none",
        "seed": 0,
    }
    with store.write() as session:
        study = models.Study(title="s", declared=declared)
        session.add(study)
        session.flush()
        subject = models.Subject(study_id=study.id, name="P01")
        session.add(subject)
        session.flush()
        if phased:
            start, stop = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 8))
            session.add(
                models.Phase(
                    study_id=study.id, subject_id=subject.id, condition="off", start=start,
                    stop=stop,
                )
            )  # fmt: skip
        session.flush()
        assert build_study(session, study).familiarisation == left_out
