"""Guided protocols: phases follow to the second, checks wait, files are refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv.errors import FormatError, InputError
from ingest.protocol import Guide, Phase, Protocol, load_protocol

THREE = Protocol(
    "t", (Phase("rest", 300), Phase("sums", 120, "stress", "count"), Phase("after", 600))
)


def cues(guide):
    return [(cue.at_s, cue.phase.name, cue.edge) for cue in guide.cues]


def test_phases_follow_each_other_at_their_very_times():
    guide = Guide(THREE).begin(10.0)
    assert cues(guide) == [(10.0, "rest", "start")]
    assert guide.left_s(100.0) == 210.0
    guide = guide.tick(309.9)
    assert (guide.phase.name, cues(guide)) == ("rest", [])
    guide = guide.tick(311.3)  # late, but the phase changes when it was due
    assert cues(guide) == [(310.0, "rest", "end"), (310.0, "sums", "start")]
    guide = guide.tick(5000.0)
    assert cues(guide) == [
        (430.0, "sums", "end"), (430.0, "after", "start"), (1030.0, "after", "end"),
    ]  # fmt: skip
    assert guide.done
    assert (guide.phase, guide.left_s(6000), guide.waiting) == (None, 0.0, False)
    assert THREE.duration_s == 1020


@given(st.lists(st.floats(0, 2000), max_size=30))
def test_how_often_one_looks_changes_nothing(looks):
    guide, seen = Guide(THREE).begin(0.0), []
    for now_s in [*sorted(looks), 2000.0]:
        guide = guide.tick(now_s)
        seen += cues(guide)
    assert seen == cues(Guide(THREE).begin(0.0).tick(2000.0))
    assert guide.done


def test_a_phase_with_a_check_waits_for_go():
    protocol = Protocol("t", (Phase("rest", 10), Phase("sums", 20, "stress", check=True)))
    guide = Guide(protocol).begin(0).tick(60)
    assert cues(guide) == [(10, "rest", "end")]
    assert guide.waiting
    assert guide.left_s(60) == 20
    assert cues(guide.tick(90)) == []
    guide = guide.begin(95)
    assert cues(guide) == [(95, "sums", "start")]
    assert cues(guide.tick(120)) == [(115, "sums", "end")]
    with pytest.raises(InputError, match="no phase waits"):
        guide.begin(96)


def test_skipping_and_giving_up_end_the_phase_now():
    guide = Guide(THREE).begin(0)
    skipped = guide.skip(42)
    assert cues(skipped) == [(42, "rest", "end"), (42, "sums", "start")]
    assert skipped.tick(161).phase.name == "sums"
    over = skipped.abort(50)
    assert cues(over) == [(50, "sums", "end")]
    assert over.done
    assert cues(Guide(THREE).abort(1)) == []
    assert cues(Guide(THREE).skip(1)) == []
    assert Guide(THREE).left_s(0) == 300


def test_a_protocol_is_read_from_its_file(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text(
        'title = "Sums"\n[[phase]]\nname = "rest"\nduration = "5min"\n'
        '[[phase]]\nname = "sums"\nkind = "stress"\nduration = 90\nsay = "go"\ncheck = true\n'
    )
    assert load_protocol(path) == Protocol(
        "Sums", (Phase("rest", 300.0), Phase("sums", 90.0, "stress", "go", check=True))
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("title = ", "p.toml: is no TOML"),
        ("title = 'x'", "at least one"),
        ("phase = []", "at least one"),
        ("phase = [1]", "p.toml, phase 1: is no table"),
        ("phases = 1", "does not know 'phases'"),
        ("[[phase]]\nduration = 5", "phase 1: has no name"),
        ("[[phase]]\nname = 'a'", "has no duration"),
        ("[[phase]]\nname = 'a'\nduration = true", "has no duration"),
        ("[[phase]]\nname = 'a'\nduration = 0", "longer than nothing"),
        ("[[phase]]\nname = 'a'\nduration = 'soon'", "phase 1.*soon"),
        ("[[phase]]\nname = 'a'\nduration = 1\ncheck = 'yes'", "true or false"),
        ("[[phase]]\nname = 'a'\nduration = 1\nlength = 2", "does not know 'length'"),
        ("[[phase]]\nname='a'\nduration=1\n[[phase]]\nname='a'\nduration=1", "called 'a'"),
    ],
)
def test_a_wrong_protocol_is_one_clear_sentence(tmp_path, text, why):
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(FormatError, match=why):
        load_protocol(path)


def test_a_missing_protocol_is_named(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_protocol(tmp_path / "p.toml")
