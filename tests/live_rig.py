"""What tests of live sessions share: a study to record in, and listening to events."""

import numpy as np

import hrv
from api.schemas.studies import StudyIn


def study_of(client, *people):
    """Make a study with these people."""
    study = client.create_study(StudyIn(title="Live", tz="Europe/Berlin"))
    for name in people or ("P01",):
        client.create_subject(study.id, name)
    return study


def heard(client, recording_id, until, last=""):
    """Events of a recording up to and with the first for which `until` holds."""
    out = []
    for event in client.follow(recording_id, last):
        out.append(event)
        if until(event):
            break
    return out


def of_kind(events, kind):
    """What events of one kind say."""
    return [event.data for event in events if event.kind == kind]


def simulated_rr_ms(count, **said):
    """Intervals that ``sim:`` sends: rounded to ticks at the beats, so that nothing adds up."""
    series = hrv.simulate(**said).series
    beats = np.concatenate([[0.0], np.cumsum(series.rr_ms[:count])])
    return np.diff(np.rint(beats * 1024 / 1000)) * 1000 / 1024
