"""A study: what goes in, and the one pure call that turns it into answers."""

from hrv.study.types import Session, Study, StudyResult

__all__ = ["Session", "Study", "StudyResult"]
