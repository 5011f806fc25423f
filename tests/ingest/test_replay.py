"""Replay: the very same records, in their time, by the same path; any recording as a strap."""

import asyncio
from datetime import UTC, datetime, timedelta

import journal_rig as rig
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest
from hrv.clean import clean
from hrv.errors import InputError
from hrv.types import Flag, RRSeries
from hrv.windows import windows
from ingest import replay, sources
from ingest.ble.measurement import decode
from ingest.ble.recorder import Recorder
from ingest.ble.series import SeriesBuilder
from ingest.ble.stream import BeatStream
from ingest.formats import journal as journal_format
from ingest.formats.base import ReadOptions, Source
from ingest.journal import JournalWriter, Kind, records


def play(source):
    async def scenario():
        return [record async for record in source.records()]

    return asyncio.run(scenario())


def record(source, path, **options):
    """Record `source` into a journal, as the command does."""

    async def scenario():
        with JournalWriter(path, time=rig.StillTime()) as writer:
            recorder = Recorder(source, writer, **options)
            await recorder.run()
            recorder.finish()

    asyncio.run(scenario())
    return path


def read_journal(path):
    return journal_format.read(Source("a.hrvj", path), ReadOptions()).rr


def journal_of(path, items):
    with JournalWriter(path, time=rig.StillTime()) as writer:
        for item in items:
            writer.append(item)
    return path


def contents(path):
    return [r for r in records(path) if r.kind not in (Kind.SESSION, Kind.CLOSE)]


def test_a_journal_plays_back_the_very_same_records(tmp_path):
    sent = [*rig.recording(30), rig.event(10**12, "lost"), rig.marker(10**12, "x", "now")]
    path = journal_of(tmp_path / "a.hrvj", sent)
    assert play(replay.Replay("a", replay.journal_records(path), speed=None)) == sent


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_records_come_in_their_time(tmp_path, speed):
    time, sent = rig.StillTime(), rig.recording(30)
    path = journal_of(tmp_path / "a.hrvj", sent)
    source = replay.Replay("a", replay.journal_records(path), speed=speed, time=time)

    async def scenario():
        return [(time.now_ns, r.mono_ns) async for r in source.records()]

    times = np.array(asyncio.run(scenario()), dtype=float)
    passed, recorded = (times - times[0]).T
    assert np.allclose(passed * speed, recorded, atol=1e3)


def test_a_restart_hours_later_is_not_waited_for(tmp_path):
    path = tmp_path / "a.hrvj"
    journal_of(path, rig.recording(10))
    later = [rig.notification(r.mono_ns + 10**15, [800]) for r in rig.recording(10)]
    journal_of(path, later)
    time = rig.StillTime()
    out = play(replay.Replay("a", replay.journal_records(path), time=time))
    assert [r.kind for r in out].count(Kind.SESSION) == 1
    assert time.now_ns < 60e9


def test_replayed_and_recorded_again_the_windows_are_identical_to_the_byte(tmp_path):
    sent = rig.recording(600)
    broken = [*sent[:200], rig.event(sent[200].mono_ns, "lost"), *sent[220:]]
    first = journal_of(tmp_path / "a.hrvj", broken)
    source = sources.open_source(f"replay:{first}?speed=max")
    again = record(source, tmp_path / "b.hrvj")
    assert contents(again) == broken
    tables = []
    for path in (first, again):
        rr = read_journal(path)
        table = windows(clean(rr), width="1min", step="10s", metrics=["rmssd", "mean_hr"])
        tables.append(table.to_csv().encode())
    assert tables[0] == tables[1]
    assert read_journal(first).start == read_journal(again).start


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(300, 2000), min_size=2, max_size=200), st.booleans())
def test_a_series_in_ticks_survives_the_synthetic_strap_exactly(tmp_path_factory, ticks, clock):
    start = datetime(2026, 3, 1, 9, tzinfo=UTC) if clock else None
    series = RRSeries.from_ms([t * 1000 / 1024 for t in ticks], start=start)
    path = tmp_path_factory.mktemp("j") / "a.hrvj"
    out = list(replay.synthetic_records(series, wall_ns=10**18))
    rr = read_journal(journal_of(path, out))
    assert (rr.rr_ms * 1.024).tolist() == ticks
    assert not (rr.flag & Flag.GAP).any()
    if clock:
        assert abs(rr.start - start) < timedelta(seconds=1.2)
    assert all(len(r.payload) <= 512 for r in out if r.kind is Kind.NOTIFICATION)


def test_gaps_of_a_recording_stay_gaps():
    rr_ms = np.full(200, 820.0)
    t_s = np.cumsum(rr_ms) / 1000
    t_s[80:] += 30.0
    t_s[150:] += 0.4
    series = RRSeries.from_ms(rr_ms, t_s=t_s)
    stream, builder = BeatStream(), SeriesBuilder()
    for item in replay.synthetic_records(series, wall_ns=0):
        for beat in stream.feed(item):
            builder.add(beat)
    for beat in stream.finish():
        builder.add(beat)
    flags = np.array([int(i.flag) for i in builder.intervals])
    assert np.flatnonzero(flags & Flag.GAP).tolist() == [80, 150]
    assert abs(builder.intervals[80].t_s - builder.intervals[79].t_s - 30.82) < 0.5


def test_rounding_to_ticks_never_adds_up():
    rr_ms = [801.0, 803.0, 807.0] * 2000
    out = replay.synthetic_records(RRSeries.from_ms(rr_ms), wall_ns=0)
    ticks = [t for r in out if r.kind is Kind.NOTIFICATION for t in decode(r.payload).rr_ticks]
    assert np.abs(np.cumsum(ticks) / 1.024 - np.cumsum(rr_ms)).max() < 1
    assert np.abs(np.array(ticks) / 1.024 - rr_ms).max() < 1


def test_any_recorded_file_plays_as_a_strap(tmp_path):
    file = tmp_path / "rr.txt"
    file.write_text("\n".join(["812", "790", "805", "830"] * 20))
    out = play(sources.open_source(f"replay:{file}?speed=max"))
    ticks = [t for r in out if r.kind is Kind.NOTIFICATION for t in decode(r.payload).rr_ticks]
    assert len(ticks) == 80
    assert np.abs(np.array(ticks) / 1.024 - [812, 790, 805, 830] * 20).max() < 1


def test_the_simulator_plays_its_beats_and_its_stressors(tmp_path):
    uri = "sim:?seed=1&duration=4min&stress=60s-120s&speed=max"
    out = play(sources.open_source(uri, time=rig.StillTime()))
    assert out == play(sources.open_source(uri, time=rig.StillTime()))
    marks = [r.fields for r in out if r.kind is Kind.MARKER]
    assert [m["edge"] for m in marks] == ["start", "end"]
    path = record(sources.open_source(uri, time=rig.StillTime()), tmp_path / "a.hrvj")
    recording = journal_format.read(Source("a.hrvj", path), ReadOptions())
    assert len(recording.rr) > 200
    (event,) = recording.events.to_dict("records")
    assert (event["kind"], (event["end"] - event["start"]).total_seconds()) == ("stress", 60)


def test_a_simulated_heart_can_respond_without_saying_so():
    uri = "sim:?seed=1&duration=4min&stress=60s-120s&speed=max"
    told = play(sources.open_source(uri, time=rig.StillTime()))
    silent = play(sources.open_source(f"{uri}&marked=no", time=rig.StillTime()))
    beats = [r.payload for r in told if r.kind is Kind.NOTIFICATION]
    assert beats == [r.payload for r in silent if r.kind is Kind.NOTIFICATION]
    assert not any(r.kind is Kind.MARKER for r in silent)


def test_stopping_and_duration_end_a_recording_cleanly(tmp_path):
    source = replay.Replay("a", rig.recording(60), speed=None)

    async def scenario():
        recorder = Recorder(source)
        await recorder.run(duration_s=20)
        return recorder.stream.packets

    due = [r for r in rig.recording(60) if r.mono_ns - rig.recording(60)[0].mono_ns < 20e9]
    assert asyncio.run(scenario()) == len(due) + 1


def test_the_listener_sees_a_record_only_after_the_journal_has_it(tmp_path):
    path, seen = tmp_path / "a.hrvj", []

    def listener(item, beats):
        seen.extend(beats)
        assert list(records(path))[-1] == item

    record(replay.Replay("a", rig.recording(20), speed=None), path, on_record=listener)
    assert len(seen) > 10


def test_a_marker_is_in_line_with_what_is_played():
    source = replay.Replay("a", rig.recording(20), speed=None)

    async def scenario():
        recorder = Recorder(source)
        async for _ in source.records():
            pass
        return recorder.mark("stroop", kind="stress", edge="start", note="second try")

    marker = asyncio.run(scenario())
    assert marker.mono_ns == rig.recording(20)[-1].mono_ns
    assert marker.fields["note"] == "second try"
    for wrong in ({"phase": "x", "edge": "begin"}, {"phase": ""}):
        with pytest.raises(InputError, match="a marker needs"):
            Recorder(source).mark(**wrong)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("nowhere", "no source is called 'nowhere'"),
        ("http://x", "no source is called"),
        ("replay:", "names no file"),
        ("replay:?speed=2", "names no file"),
        ("replay:missing.txt", "does not exist"),
        ("sim:?speed=0", "positive number or max"),
        ("sim:?speed=fast", "positive number or max"),
        ("sim:?seed=-1", "whole number"),
        ("sim:?seeds=1", "has no option 'seeds'"),
        ("sim:?seed", "not of the form"),
        ("sim:?seed=1&seed=2", "an option twice"),
        ("sim:x?seed=1", "takes options only"),
        ("sim:?stress=5min", "BEGIN-END"),
        ("sim:?stress=1min-2min&marked=maybe", "must be yes or no"),
    ],
)
def test_a_wrong_source_is_one_clear_sentence(uri, why):
    with pytest.raises(InputError, match=why) as caught:
        sources.open_source(uri)
    assert "\n" not in str(caught.value)


def test_a_bare_file_name_is_answered_with_the_right_form(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rr.txt").write_text("800\n810\n")
    with pytest.raises(InputError, match=r"replay:rr\.txt"):
        sources.open_source("rr.txt")


def test_a_strap_is_named_with_any_characters():
    assert sources.parse("ble:Polar H10 1234?").target == "Polar H10 1234?"
    assert sources.parse("ble:A0:9E:1A:00:00:01").target == "A0:9E:1A:00:00:01"
    assert sources.parse("ble:").target == ""
    assert sources.parse("replay:a?b.txt?speed=2") == sources.SourceName(
        "replay", "a?b.txt", {"speed": "2"}
    )
    assert ingest.sources is sources
