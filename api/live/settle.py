"""The end of a session: every beat in the store, the recording closed, its journal kept beside."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from api.live.fold import Fold
from api.store import Store
from api.store import recordings as stored
from api.store import sessions as rows
from api.store.live import MOST_BATCH, Batch, LiveWriter, UnknownRecordingError
from api.store.models import Recording, Upload
from api.store.types import new_id


async def settle(
    store: Store, writer: LiveWriter, recording_id: UUID, path: Path, state: str, says: str,
    fold: Fold | None,
) -> None:  # fmt: skip
    """Close a recording; repeated after a crash it does what is left to do.

    Parameters
    ----------
    store, writer : Store, LiveWriter
        Where it goes.
    recording_id : UUID
        Which.
    path : Path
        Its journal; kept as the recording's file, then removed here.
    state, says : str
        How the session ended.
    fold : Fold or None
        What the journal holds, where the store may miss some of it.
    """
    try:
        if fold is not None:
            await _complete(writer, recording_id, fold)
        await asyncio.wrap_future(writer.finish(recording_id))
    except UnknownRecordingError:  # deleted meanwhile, and so is its journal
        path.unlink(missing_ok=True)
        return
    await asyncio.to_thread(_attach, store, recording_id, path, state, says)


async def _complete(writer: LiveWriter, recording_id: UUID, fold: Fold) -> None:
    step = fold.take()
    beats = step.beats
    await asyncio.wrap_future(
        writer.also(recording_id, lambda s: rows.keep(s, recording_id, step.entries))
    )
    for lo in range(0, len(beats), MOST_BATCH):
        part = beats.part(lo, lo + MOST_BATCH)
        batch = Batch(recording_id, step.first + lo, part.rr_ms, laid=part)
        await asyncio.wrap_future(writer.append(batch))


def _attach(store: Store, recording_id: UUID, path: Path, state: str, says: str) -> None:
    """Keep the journal byte for byte, and say how the session ended, in one transaction."""
    with store.write() as session:
        recording = session.get(Recording, recording_id)
        if recording is not None and recording.upload_id is None and path.is_file():
            with path.open("rb") as file:
                size, sha256 = stored.hashed(file)
                upload = Upload(
                    id=new_id(), study_id=recording.study_id, name=f"{recording.name}.hrvj",
                    size=size, sha256=sha256,
                )  # fmt: skip
                identity = upload.id
                stored.add_upload(session, upload, file)
            recording = session.get_one(Recording, recording_id)
            recording.upload_id = identity
        rows.change(session, recording_id, state, says)
    path.unlink(missing_ok=True)
