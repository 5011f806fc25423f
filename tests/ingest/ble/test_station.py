"""A station: one hand over several straps; markers, phases and the signal check."""

import asyncio

import journal_rig as rig
import pytest

from hrv.errors import InputError
from ingest.ble.faults import Fault, StrapError
from ingest.ble.markers import Marker
from ingest.ble.measurement import Contact
from ingest.ble.post import Post
from ingest.ble.seats import open_post, open_roster
from ingest.ble.station import Station
from ingest.journal import JournalWriter, Kind, records, verify
from ingest.journal.record import of_fields
from ingest.protocol import Phase, Protocol
from ingest.replay import Replay
from ingest.roster import Roster, Seat
from ingest.sources import open_source


class Broken:
    label = "broken"

    def __init__(self, error):
        self.error = error

    async def records(self):
        raise self.error
        yield

    def stop(self):
        pass

    def now(self):
        return (0, 0)


def played(seconds, path=None, *, seed=1, spoil=None, person="", before=()):
    items = rig.recording(seconds, seed=seed)
    items = [*before, *(items if spoil is None else spoil(items))]
    journal = None if path is None else JournalWriter(path)
    return Post(Replay(f"p{seed}", items, speed=None), journal, person=person)


def run(station, *actions):
    """Run the station; each action is (second, function) done once that time has come."""
    waiting, told = list(actions), []
    station.on_news = told.append

    def due(_):
        while waiting and station.now_s >= waiting[0][0]:
            waiting.pop(0)[1]()

    station.on_packet = due
    asyncio.run(station.run())
    return told


def markers(path):
    return [
        (r.fields["phase"], r.fields["edge"], r.mono_ns, r.fields["origin"])
        for r in records(path) if r.kind is Kind.MARKER
    ]  # fmt: skip


def texts(told):
    return [news.text for news in told]


def test_a_marker_goes_to_every_strap_and_is_told_once(tmp_path):
    paths = [tmp_path / f"{n}.hrvj" for n in range(3)]
    station = Station([played(60, path, seed=n) for n, path in enumerate(paths)])
    told = run(station, (20, lambda: station.take(Marker("stroop", "stress", "start"))))
    for path in paths:
        ((phase, edge, at_ns, origin),) = markers(path)
        assert (phase, edge, origin) == ("stroop", "start", "task program")
        first = next(r.mono_ns for r in records(path) if r.kind is Kind.NOTIFICATION)
        assert 18e9 < at_ns - first < 22e9
        assert verify(path).closed
    assert texts(told).count("stroop begins") == 1


def test_a_marker_that_was_under_way_stands_where_it_happened(tmp_path):
    path = tmp_path / "a.hrvj"
    post, pressed = played(60, path), []
    station = Station([post])

    def press():
        pressed.append(post.now_ns)
        station.mark("x", ago_s=2.5)

    run(station, (30, press))
    (marker,) = [r for r in records(path) if r.kind is Kind.MARKER]
    assert marker.mono_ns == pressed[0] - 2_500_000_000
    assert marker.wall_ns - marker.mono_ns == rig.WALL_NS


def test_before_the_first_beat_a_marker_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="no beat was heard yet"):
        Station([played(10)]).mark("x")


PLAN = Protocol("test", (
    Phase("baseline", 60.0), Phase("stroop", 30.0, "stress", "Name the colours.", check=True),
    Phase("recovery", 45.0),
))  # fmt: skip


def test_phases_mark_themselves_at_their_very_times_and_end_the_recording(tmp_path):
    paths = [tmp_path / f"{n}.hrvj" for n in range(2)]
    station = Station([played(600, path, seed=n) for n, path in enumerate(paths)], PLAN)
    told = run(station)
    for path in paths:
        marks = [(phase, edge) for phase, edge, *_ in markers(path)]
        assert marks == [
            (p, e) for p in ("baseline", "stroop", "recovery") for e in ("start", "end")
        ]
        first_ns = next(r.mono_ns for r in records(path) if r.kind is Kind.NOTIFICATION)
        at = {(phase, edge): at_ns for phase, edge, at_ns, _ in markers(path)}
        begin, end = at["stroop", "start"], at["stroop", "end"]
        assert end - begin == pytest.approx(30e9, abs=2)
        assert begin - first_ns == pytest.approx(60e9, abs=3e9)
        last = [r for r in records(path) if r.kind is Kind.NOTIFICATION][-1]
        assert last.mono_ns - first_ns < 145e9
    assert "stroop begins: Name the colours." in texts(told)
    assert texts(told)[-1] == "the protocol is over"


def lost_contact(items):
    return [
        rig.notification(r.mono_ns, [800], contact=Contact.LOST) if 80 < i < 120 else r
        for i, r in enumerate(items)
    ]


def test_a_phase_with_a_check_waits_for_a_good_signal(tmp_path):
    path = tmp_path / "a.hrvj"
    plan = Protocol("t", (Phase("base", 85.0), Phase("stroop", 20.0, "stress", check=True)))
    station = Station([played(400, path, spoil=lost_contact)], plan)
    told = run(station)
    begin = next(at for p, e, at, _ in markers(path) if (p, e) == ("stroop", "start"))
    first = next(r.mono_ns for r in records(path) if r.kind is Kind.NOTIFICATION)
    assert 148e9 < begin - first < 155e9  # 30 s after contact came back
    assert any(t.startswith("stroop waits: skin contact was lost") for t in texts(told))


def test_attended_it_waits_for_a_key_as_well(tmp_path):
    path = tmp_path / "a.hrvj"
    plan = Protocol("t", (Phase("base", 40.0), Phase("stroop", 20.0, "stress", check=True)))
    station = Station([played(200, path)], plan, attended=True)
    told = run(station, (70, station.go))
    begin = next(at for p, e, at, _ in markers(path) if (p, e) == ("stroop", "start"))
    first = next(r.mono_ns for r in records(path) if r.kind is Kind.NOTIFICATION)
    assert begin - first == pytest.approx(70e9, abs=2e9)
    assert "next: stroop; space begins it" in texts(told)


def test_a_stressor_is_refused_on_a_bad_signal_unless_asked_for_again(tmp_path):
    path = tmp_path / "a.hrvj"
    station = Station([played(300, path, spoil=lost_contact)])
    told = run(station, (60, station.stress), (75, station.stress), (100, station.stress),
               (104, station.stress), (125, station.stress))  # fmt: skip
    fields = [r.fields for r in records(path) if r.kind is Kind.MARKER]
    assert [f["edge"] for f in fields] == ["start", "end", "start", "end"]
    assert fields[0]["note"] == "signal: go"
    assert "against the signal check: skin contact was lost" in fields[2]["note"]
    assert "s again to begin all the same" in texts(told)


def test_stopping_ends_what_runs_so_that_the_episode_is_whole(tmp_path):
    path = tmp_path / "a.hrvj"
    station = Station([played(300, path)])
    run(station, (60, station.stress), (90, station.stop))
    assert [edge for _, edge, *_ in markers(path)] == ["start", "end"]
    path = tmp_path / "b.hrvj"
    station = Station([played(100, path)], PLAN)
    told = run(station)
    assert [(p, e) for p, e, *_ in markers(path)][-1] == ("recovery", "end")
    assert "the protocol ends early" in texts(told)


def test_the_duration_counts_from_the_first_packet(tmp_path):
    path = tmp_path / "a.hrvj"
    run(Station([played(300, path)], duration_s=45))
    stamps = [r.mono_ns for r in records(path) if r.kind is Kind.NOTIFICATION]
    assert 45e9 <= stamps[-1] - stamps[0] < 47e9


def test_one_strap_that_fails_is_told_and_stops_none_of_the_others(tmp_path):
    lost = StrapError(Fault.NOT_FOUND, "H10", seconds=10)
    bad = Post(Broken(lost), JournalWriter(tmp_path / "bad.hrvj"), person="P2")
    good = played(60, tmp_path / "good.hrvj", person="P1")
    told = run(Station([bad, good]))
    assert (told[0].who, told[0].text, told[0].level) == ("P2", str(lost), "warning")
    assert good.watch.heard
    assert verify(tmp_path / "bad.hrvj").closed
    with pytest.raises(StrapError, match="H10 was not heard"):
        run(Station([Post(Broken(lost))]))


def test_a_full_disk_is_raised_after_the_others_have_ended(tmp_path):
    full = Post(Broken(OSError(28, "No space left on device")))
    good = played(60, tmp_path / "good.hrvj")
    with pytest.raises(OSError, match="No space left"):
        run(Station([full, good]))
    assert verify(tmp_path / "good.hrvj").notifications == len(rig.recording(60))


def test_the_same_trouble_again_is_told_once():
    troubles = [rig.event(n, "fault", says="not heard") for n in range(1, 5)]
    told = run(Station([played(20, before=troubles)]))
    assert texts(told).count("not heard") == 1


def test_another_strap_than_the_journal_began_with_is_told(tmp_path):
    path = tmp_path / "a.hrvj"

    def device(address):
        return of_fields(Kind.DEVICE, 1, 1 + rig.WALL_NS, name="H10", address=address)

    def opener(address):
        items = [device(address), *rig.recording(30)]
        return lambda _: Replay("p", items, speed=None)

    run(Station([open_post("x", path, opener("A0"), person="P1")]))
    with pytest.raises(InputError, match="finished recording"):
        open_post("x", path, opener("A0"))
    with pytest.raises(InputError, match="belongs to P1, not to P2"):
        open_post("x", path, opener("A0"), person="P2", append=True)
    told = run(Station([open_post("x", path, opener("B1"), append=True)]))
    assert any("recorded with the strap A0, now B1 is worn" in t for t in texts(told))
    (first, second) = [r.fields for r in records(path) if r.kind is Kind.SESSION]
    assert first["session"] == second["session"]
    assert second["person"] == "P1"


def test_a_recording_without_a_beat_or_cut_off_may_be_begun_again(tmp_path):
    path = tmp_path / "a.hrvj"
    JournalWriter(path).close()
    JournalWriter(path).abandon()
    post = open_post("x", path, lambda _: Replay("p", rig.recording(5), speed=None))
    run(Station([post]))
    assert verify(path).runs == 3


def test_a_roster_opens_a_journal_a_seat_or_none_at_all(tmp_path):
    roster = Roster("r", (Seat("sim:?seed=1", "P1", "day"), Seat("sim:?seed=2", "P2", "day")))
    posts = open_roster(roster, tmp_path / "g", open_source)
    assert [post.path.name for post in posts] == ["P1_day.hrvj", "P2_day.hrvj"]
    for post in posts:
        post.journal.close()
    wrong = Roster("r", (Seat("sim:?seed=1", "P1", "day"), Seat("replay:none", "P3", "day")))
    with pytest.raises(InputError, match="does not exist"):
        open_roster(wrong, tmp_path / "g", open_source)
    open_roster(roster, tmp_path / "g", open_source)[0].journal.close()
