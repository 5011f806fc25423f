"""`hrv inspect` and `hrv convert` as their user runs them."""

import json

import numpy as np
import pytest
from recordings import hrm
from recordings_apps import HRV_LOGGER_EVENTS, hrv_logger
from two_devices import two_files

import ingest
from ingest.inspect import duplicate_share


@pytest.fixture
def walk(tmp_path):
    path = tmp_path / "walk.txt"
    rows = [str(800 + (i * 37) % 90 + 100 * (i // 300)) for i in range(1500)]
    path.write_text("\n".join([*rows, ""]))
    return path


def test_inspect_says_what_is_in_a_file_and_what_it_is_good_for(hrv_command, walk):
    done = hrv_command("inspect", walk)
    assert done.code == 0
    for word in ("format", "unit", "clock", "beats", "gaps", "artefacts", "duplicates", "use"):
        assert f"  {word}" in done.out
    assert "no clock" in done.out
    assert "five-minute windows" in done.out
    assert "▁" in done.out.split("tachogram")[1].splitlines()[0]
    assert "sum of RR" in done.out


def test_inspect_as_json_is_one_object_with_numbers(hrv_command, walk):
    found = json.loads(hrv_command("inspect", walk, "--format", "json").out)
    assert found["format"] == "text"
    assert found["intervals"] == 1500
    assert found["gaps"] == 0
    assert found["start"] is None


def test_inspect_of_several_files_names_copies_and_overlaps(hrv_command, tmp_path):
    (tmp_path / "a.csv").write_bytes(hrv_logger())
    (tmp_path / "b.csv").write_bytes(hrv_logger())
    done = hrv_command("inspect", tmp_path / "a.csv", tmp_path / "b.csv")
    assert "the same beats: a.csv, b.csv" in done.out
    assert "a.csv and b.csv overlap by 4 s; 100 % of the beats there are the same" in done.out


def test_inspect_goes_on_after_a_bad_file_and_says_so_at_the_end(hrv_command, walk, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_text("Dear diary\n")
    done = hrv_command("inspect", bad, walk)
    assert done.code == 2
    assert "1500 intervals" in done.out
    assert "bad.txt" in done.err
    assert "1 of 2 files" in done.err


def test_inspect_of_a_file_without_beats_says_what_it_holds(hrv_command, tmp_path):
    path = tmp_path / "2025-3-15_Events_me.csv"
    path.write_bytes(HRV_LOGGER_EVENTS)
    done = hrv_command("inspect", path)
    assert done.code == 0
    assert "1 events" in done.out


def test_inspect_names_options_as_the_command_line_spells_them(hrv_command, tmp_path):
    path = tmp_path / "2017-07-19 07-50-42.txt"
    path.write_text("812\n790\n805\n")
    done = hrv_command("inspect", path)
    assert "--tz gives the zone" in done.out
    assert "tz=" not in done.out


@pytest.mark.parametrize("name", ["gone.txt", "."])
def test_inspect_of_nothing_is_one_sentence(hrv_command, name):
    done = hrv_command("inspect", name)
    assert done.code == 2
    assert done.err.count("\n") == 1


def test_beats_sent_twice_show_as_a_share():
    beats = [800 + (i * 37) % 90 for i in range(300)]
    doubled = beats[:150] + beats[140:150] + beats[150:]
    assert duplicate_share(np.array(doubled)) == pytest.approx(10 / 310)
    assert duplicate_share(np.array(beats)) == 0
    assert duplicate_share(np.array([800] * 300)) == 0  # a pacemaker repeats itself


def test_convert_writes_and_says_what_is_lost(hrv_command, tmp_path):
    (tmp_path / "a.hrm").write_bytes(hrm((812, 790, 805)))
    done = hrv_command("convert", tmp_path / "a.hrm", tmp_path / "a.txt", "--to", "kubios",
                       "--tz", "Europe/Paris")  # fmt: skip
    assert done.code == 0
    assert done.out.strip().endswith("a.txt")
    assert "not in the file: the moment of the first beat" in done.err
    assert (tmp_path / "a.txt").read_text() == "0.812\n0.79\n0.805\n"


def test_convert_tells_of_events_and_writes_them_where_asked(hrv_command, tmp_path):
    (tmp_path / "s_RR.csv").write_bytes(hrv_logger())
    (tmp_path / "s_Events.csv").write_bytes(HRV_LOGGER_EVENTS)
    done = hrv_command("convert", tmp_path / "s_RR.csv", tmp_path / "a.txt", "--to", "text")
    assert "1 events; --events" in done.err
    events = tmp_path / "events.csv"
    done = hrv_command("convert", tmp_path / "s_RR.csv", tmp_path / "b.txt", "--to", "text",
                       "--events", events)  # fmt: skip
    assert "events;" not in done.err
    assert ingest.read_events(events)["phase"].tolist() == ["Start Ruhe"]


def test_convert_to_standard_output(hrv_command, walk):
    done = hrv_command("convert", walk, "-", "--to", "kubios")
    assert done.code == 0
    assert done.out.startswith("0.8\n0.837\n")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--to", "word"), "choose from text, kubios"),
        (("--to", "hrv_logger"), "needs a clock"),
        (("--to", "text", "--start", "noon"), "is not a time such as"),
        ((), "does not say which format"),
    ],
)
def test_convert_with_wrong_words_is_one_sentence(hrv_command, walk, tmp_path, args, says):
    done = hrv_command("convert", walk, tmp_path / "b.xyz", *args)
    assert done.code == 2
    assert says in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "b.xyz").exists()


def test_convert_puts_a_second_device_on_the_clock_of_the_first(hrv_command, tmp_path):
    first, second = two_files(tmp_path)
    done = hrv_command("convert", second, tmp_path / "c.txt", "--to", "text", "--align-to", first)
    assert done.code == 0
    assert "residual" in done.err
    moved = ingest.read(tmp_path / "c.txt").start - ingest.read(second).start
    assert moved.total_seconds() == pytest.approx(-4.0, abs=0.2)
