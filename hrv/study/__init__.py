"""A study: what goes in, and the one pure call that turns it into answers."""

from hrv.study.analysis import analyse, usual_familiarisation
from hrv.study.session import SessionResult, analyse_session
from hrv.study.types import Session, Study, StudyLog, StudyResult

__all__ = [
    "Session", "SessionResult", "Study", "StudyLog", "StudyResult", "analyse", "analyse_session",
    "usual_familiarisation",
]  # fmt: skip
