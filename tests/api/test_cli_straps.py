"""`hrv scan` and `hrv record ble:` as users run them: bleak's own Linux backend, no radio."""

import json
import shutil
import signal
import sys

import pytest

pytest.importorskip("dbus_fast", reason="dbus-fast, bleak's way to BlueZ, is Linux only")
if not sys.platform.startswith("linux") or shutil.which("dbus-daemon") is None:
    pytest.skip("needs the program dbus-daemon (Debian package dbus)", allow_module_level=True)

import strap_bluez as rig
from command_rig import started, until
from strap_room import Room

import ingest
from ingest.journal import Kind, records, verify


@pytest.fixture(autouse=True)
def _bus(monkeypatch):
    with rig.private_bus(monkeypatch):
        yield


def finished(process, code=0):
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, (out, err)
    return out, err


def packets(path):
    return [r.payload for r in records(path) if r.kind is Kind.NOTIFICATION]


def test_scan_lists_what_is_in_sight_and_what_the_roster_misses(tmp_path):
    roster = tmp_path / "group.toml"
    roster.write_text(
        f'[[strap]]\nstrap = "{rig.H10[1]}"\nperson = "P01"\n'
        '[[strap]]\nstrap = "Polar H10 9999"\nperson = "P02"\n'
    )
    with Room(rig.H10, rig.TICKR):
        out, err = finished(
            started("scan", "--duration", "1s", "--roster", roster, "--format", "json")
        )
        found = {row["name"]: row for row in json.loads(out)}
        assert found["Polar H10 SIM0001"]["person"] == "P01"
        assert found["TICKR 1234"]["rssi_dbm"] == -50
        assert "Polar H10 9999 of P02 is not in sight" in err
        assert "TICKR 1234 (A0:9E:1A:00:00:02) is in sight but on no line" in err
        out, _ = finished(started("scan", "--duration", "1s"))
        assert "ble:Polar H10 SIM0001" in out


def test_a_strap_is_recorded_through_a_drop_and_ends_with_ctrl_c(tmp_path):
    path = tmp_path / "a.hrvj"
    with Room(rig.H10) as room:
        process = started("record", "ble:H10", "--out", path, "--every", "1s")
        until(path, 60, process)
        room.on_loop(room.bluez.device.drop)
        heard = len(packets(path))
        until(path, heard + 60, process)
        process.send_signal(signal.SIGINT)
        out, _ = finished(process)
        received = packets(path)
        sent = room.sent[room.bluez.device.address]
        assert [p for p in sent if p in set(received)] == received
    assert "warning: The connection to Polar H10 SIM0001 was lost" in out
    assert "contact held  battery 87 %" in out
    assert verify(path).closed
    assert ingest.read(path).provenance.device == "Polar H10 SIM0001"


def test_a_group_of_straps_is_recorded_each_into_its_own_journal(tmp_path):
    roster, folder = tmp_path / "group.toml", tmp_path / "day"
    roster.write_text("".join(
        f'[[strap]]\nstrap = "{strap[1]}"\nperson = "P{n}"\n'
        for n, strap in enumerate((rig.H10, rig.TICKR), 1)
    ))  # fmt: skip
    with Room(rig.H10, rig.TICKR, ("Polar H9 77", "A0:9E:1A:00:00:09")) as room:
        process = started("record", "--roster", roster, "--out", folder)
        for n in (1, 2):
            until(folder / f"P{n}.hrvj", 40, process)
        process.send_signal(signal.SIGINT)
        _, err = finished(process)
        assert "warning: Polar H9 77 (A0:9E:1A:00:00:09) is in sight but on no line" in err
        for n, device in enumerate(room.bluez.devices[:2], 1):
            received, sent = packets(folder / f"P{n}.hrvj"), room.sent[device.address]
            assert received == sent[: len(received)]
            assert len(received) >= 40


def silent(bluez):
    bluez.device.visible = False


def off(bluez):
    bluez.adapter.powered = False


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(silent, "stays invisible"), (off, "Bluetooth is switched off")],
    ids=["strap taken or away", "adapter off"],
)
def test_what_keeps_a_strap_away_is_one_line_with_the_mend(tmp_path, spoil, why):
    with Room(rig.H10) as room:
        room.on_loop(spoil, room.bluez)
        _, err = finished(started("scan", "--duration", "0.5s"), code=1 if spoil is silent else 2)
        assert why in err
        assert err.count("\n") == 1


def test_a_machine_without_bluez_is_told(tmp_path):
    with Room(start=False):
        out, err = finished(started("record", "ble:", "--out", tmp_path / "a.hrvj"), code=2)
    assert "hrv: " in err
    assert "bluez" in err or "adapter" in err
    assert "Traceback" not in out + err
