"""Live sessions over the client: begin, steer, mark, follow, or send beats oneself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from api.client.events import LiveEvent, read_events
from api.client.transport import Transport
from api.schemas.live import ActionIn, LiveDoseIn, Mark, SessionIn, Strap, Straps
from api.schemas.logs import Dose
from api.schemas.recordings import BeatsIn, BeatsTaken, Live, LiveIn, MarkIn, Recording


class LiveCalls(Transport):
    """What `api.client.Client` can do while a recording is made."""

    def start_live(self, study_id: UUID, subject: str, **said: Any) -> Live:
        """Open a recording to send beats to (``name``, ``condition``, ``start``, ``device``)."""
        return self._create(f"/v1/studies/{study_id}/live", LiveIn(subject=subject, **said), Live)

    def live(self, recording_id: UUID) -> Live:
        """Read where a live session stands."""
        return self._get(f"/v1/live/{recording_id}", Live)

    def send_beats(
        self, recording_id: UUID, first: int, rr_ms: Sequence[float], begin_s: float | None = None
    ) -> BeatsTaken:
        """Send beats; they are on the disk when this returns.  Safe to repeat."""
        body = BeatsIn(first=first, rr_ms=list(rr_ms), begin_s=begin_s)
        return self._create(f"/v1/live/{recording_id}/beats", body, BeatsTaken)

    def start_session(self, study_id: UUID, subject: str, source: str, **said: Any) -> Live:
        """Have the service record: ``ble:H10``, ``sim:?seed=1`` or ``replay:RECORDING``.

        ``protocol`` (`api.schemas.live.ProtocolIn` or the like), ``duration``, ``name``,
        ``condition`` and ``attended`` as in `api.schemas.live.SessionIn`.
        """
        body = SessionIn(study_id=study_id, subject=subject, source=source, **said)
        return self._create("/v1/live", body, Live)

    def straps(self, seconds: float = 8.0) -> list[Strap]:
        """Straps in sight of the service's Bluetooth."""
        return self._get("/v1/live/straps", Straps, seconds=seconds).straps

    def act(self, recording_id: UUID, action: str) -> Live:
        """Steer a session: ``"go"``, ``"skip"``, ``"check"`` or ``"stress"``."""
        body = ActionIn.model_validate({"action": action})
        return self._create(f"/v1/live/{recording_id}/actions", body, Live)

    def follow(
        self, recording_id: UUID, last_event_id: str = "", **said: Any
    ) -> Iterator[LiveEvent]:
        """Events of a live recording until it is closed, the connection breaks or one stops.

        Parameters
        ----------
        recording_id : UUID
            Which.
        last_event_id : str
            Id of the last event that is known; "" begins at the first beat.
        **said
            ``width`` and ``step`` of the windows.
        """
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"/v1/live/{recording_id}/events"
        with self._stream(path, headers, **said) as lines:
            yield from read_events(lines, last_event_id)

    def mark(self, recording_id: UUID, phase: str, **said: Any) -> Mark:
        """Set a mark while a session runs (``kind``, ``edge``, ``start``, ``end``, ``note``)."""
        return self._create(f"/v1/live/{recording_id}/marks", MarkIn(phase=phase, **said), Mark)

    def dose(self, recording_id: UUID, substance: str, **said: Any) -> Dose:
        """Log a dose taken while a session runs (``amount``, ``unit``, ``time`` …)."""
        body = LiveDoseIn(substance=substance, **said)
        return self._create(f"/v1/live/{recording_id}/doses", body, Dose)

    def stop_live(self, recording_id: UUID) -> Recording:
        """End a live session."""
        return self._create(f"/v1/live/{recording_id}/stop", None, Recording)
