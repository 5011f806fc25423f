"""What every refusal owes to whoever reads it: one sentence, on one line, without secrets."""

from hrv.errors import HRVError


def refused(work, kind=HRVError) -> str:
    """Do it; if it is refused, return the sentence, which must be one line without secrets."""
    try:
        work()
    except kind as error:
        said = str(error)
    else:
        return ""
    assert said
    assert kind is not HRVError or len(said.splitlines()) == 1
    assert "root:" not in said
    return said
