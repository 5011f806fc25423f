"""The simulated sample study as the value that `hrv.analyse` takes."""

from dataclasses import replace

from hrv.compare.base import CompareSettings
from hrv.simulate import sample_study
from hrv.study import Session, Study

SETTINGS = CompareSettings(washin_days=2.0, direction="lower", swc=1.0, start_reason="planned")


def simulated_study(seed: int = 1, **drawn) -> tuple[Study, dict[str, float]]:
    """The sample study drawn from `seed`, and its true effects."""
    made = sample_study(seed, **drawn)
    study = Study(
        title="simulated",
        sessions=tuple(Session(s.subject, s.name, s.rr, s.episodes) for s in made.sessions),
        phases=made.phases,
        doses=made.doses,
        outcomes=made.outcomes,
        primary="residual_hr",
        settings=SETTINGS,
        randomisation=made.orders,
    )
    return study, made.effects


def with_labels_swapped(study: Study) -> Study:
    """The same study with on called off and off called on."""
    other = {"on": "off", "off": "on"}
    return replace(
        study,
        phases=study.phases.assign(condition=study.phases["condition"].map(other)),
        randomisation=tuple(tuple(other[c] for c in o) for o in study.randomisation or ()),
    )
