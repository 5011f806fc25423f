"""Rosters bind strap, person and session, and say what does not match."""

from pathlib import Path

import journal_rig as rig
import pytest

from hrv.errors import FormatError, InputError
from ingest import roster
from ingest.ble.radio import Found
from ingest.journal import JournalWriter, Kind
from ingest.journal.record import of_fields

H10 = Found("A0:9E:1A:00:00:01", "Polar H10 0001", -50)
TICKR = Found("B0:00:00:00:00:02", "TICKR", -60)
TEXT = """
title = "Day 3"
[[strap]]
strap = "a0:9e:1a:00:00:01"
person = "P01"
session = "day 3"
[[strap]]
strap = "TICKR"
person = "P02"
"""


@pytest.fixture
def ours(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(TEXT)
    return roster.load_roster(path)


def test_seats_are_found_by_address_or_name(ours):
    assert ours.title == "Day 3"
    assert ours.seat_of(H10).person == "P01"
    assert ours.seat_of(TICKR).person == "P02"
    assert ours.seat_of(Found("X", "Polar")) is None
    assert [s.file_name for s in ours.seats] == ["P01_day-3.hrvj", "P02.hrvj"]


def test_what_a_scan_and_the_roster_disagree_on_is_said(ours):
    assert ours.mismatches([H10, TICKR]) == ()
    missing, stranger = ours.mismatches([H10, Found("X", "Polar Sense")])
    assert missing.startswith("TICKR of P02 is not in sight")
    assert stranger.startswith("Polar Sense (X) is in sight but on no line")


def test_a_journal_of_another_person_or_strap_is_noticed(tmp_path, ours):
    path, seat = tmp_path / "P01.hrvj", ours.seats[0]
    assert roster.journal_mismatch(path, seat, H10) == ""
    with JournalWriter(path, session={"person": "P01"}, time=rig.StillTime()) as journal:
        journal.append(of_fields(Kind.DEVICE, 0, 0, address=H10.address.lower()))
    assert roster.journal_mismatch(path, seat, H10) == ""
    assert "swapped straps?" in roster.journal_mismatch(path, seat, TICKR)
    assert "belongs to P01, not to P02" in roster.journal_mismatch(path, ours.seats[1], H10)


def test_two_seats_never_share_a_file(ours):
    roster.check_seats(ours.seats, Path("out"))
    with pytest.raises(InputError, match=r"P01_day-3\.hrvj"):
        roster.check_seats([ours.seats[0], ours.seats[0]], Path("out"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x", "is no TOML"),
        ("straps = 1", "does not know 'straps'"),
        ("title = 'x'", "at least one"),
        ("strap = [1]", "strap 1: is no table"),
        ("[[strap]]\nperson = 'P'", "needs strap = and person ="),
        ("[[strap]]\nstrap = 'A'\nperson = '../x'", "cannot name a file"),
        ("[[strap]]\nstrap = 'A'\nperson = 'P'\nage = 3", "does not know 'age'"),
        ("[[strap]]\nstrap='A'\nperson='P'\n[[strap]]\nstrap='a'\nperson='Q'", "strap 'a' stands"),
        ("[[strap]]\nstrap='A'\nperson='P'\n[[strap]]\nstrap='B'\nperson='P'", "person 'P' stands"),
    ],
)
def test_a_wrong_roster_is_one_clear_sentence(tmp_path, text, why):
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(FormatError, match=why):
        roster.load_roster(path)
