"""Sessions over the service's own Bluetooth: bleak's Linux backend as it is, without a radio."""

import shutil
import sys

import pytest

pytest.importorskip("dbus_fast", reason="dbus-fast, bleak's way to BlueZ, is Linux only")
if not sys.platform.startswith("linux") or shutil.which("dbus-daemon") is None:
    pytest.skip("needs the program dbus-daemon (Debian package dbus)", allow_module_level=True)

import strap_bluez as rig
from live_rig import heard, of_kind, study_of
from server_process import ServerProcess
from strap_room import Room

from api.client import Client, ServiceError
from hrv.types import Flag
from ingest.ble.measurement import decode
from ingest.journal import Kind, records


@pytest.fixture(autouse=True)
def _bus(monkeypatch):
    with rig.private_bus(monkeypatch):
        yield


def packets(client, recording_id, folder):
    path = folder / "kept.hrvj"
    path.write_bytes(client.file(recording_id))
    return [r.payload for r in records(path) if r.kind is Kind.NOTIFICATION]


def after(count):
    """True for vitals that tell of so many packets."""
    return lambda e: e.kind == "vitals" and e.data["packets"] >= count


def test_a_strap_is_found_recorded_through_a_drop_and_kept_bit_for_bit(tmp_path):
    with (
        Room(rig.H10, rig.TICKR) as room,
        ServerProcess(tmp_path / "store", workers=0) as server,
        Client(server.url) as client,
    ):
        assert {s.name for s in client.straps(1.0)} == {rig.H10[0], rig.TICKR[0]}
        study = study_of(client)
        live = client.start_session(study.id, "P01", "ble:H10")
        heard(client, live.recording_id, after(30))
        with pytest.raises(ServiceError, match="being recorded already"):
            client.start_session(study.id, "P01", "ble:H10")
        room.on_loop(room.bluez.device.drop)
        events = heard(client, live.recording_id, lambda e: e.data.get("event") == "lost")
        count = of_kind(events, "vitals")[-1]["packets"]
        heard(client, live.recording_id, after(count + 30))
        recording = client.stop_live(live.recording_id)
        received = packets(client, recording.id, tmp_path)
        sent = room.sent[room.bluez.device.address]
        assert [p for p in sent if p in set(received)] == received
        beats = client.beats(recording.id).columns
        ticks = [t for packet in received for t in decode(packet).rr_ticks]
        assert beats["rr_ms"] == [t * 1000 / 1024 for t in ticks]
        assert any(flag & Flag.GAP for flag in beats["flag"])
        assert recording.provenance.device == rig.H10[0]


def test_a_killed_server_looks_for_the_strap_again_and_the_time_between_is_a_gap(tmp_path):
    with Room(rig.H10) as room:
        with ServerProcess(tmp_path / "store", workers=0) as server, Client(server.url) as client:
            study = study_of(client)
            live = client.start_session(study.id, "P01", "ble:H10")
            heard(client, live.recording_id, after(40))
            server.process.kill()
            server.process.wait()
        room.on_loop(room.bluez.device.drop)
        with ServerProcess(tmp_path / "store", workers=0) as server, Client(server.url) as client:
            events = heard(client, live.recording_id, after(70))
            assert "resumed" in [state["event"] for state in of_kind(events, "state")]
            recording = client.stop_live(live.recording_id)
            received = packets(client, recording.id, tmp_path)
            ticks = [t for packet in received for t in decode(packet).rr_ticks]
            beats = client.beats(recording.id).columns
            assert beats["rr_ms"] == [t * 1000 / 1024 for t in ticks]
            assert any(flag & Flag.GAP for flag in beats["flag"][1:])
