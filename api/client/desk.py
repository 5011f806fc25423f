"""What a researcher does at the desk, by REST: roster, keys, folders of files, plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import UUID

from api.client.transport import Transport, form_of
from api.schemas.folders import FolderTaken, InspectionOut
from api.schemas.plans import Planned, PlannedIn, Proposal, ProposalIn
from api.schemas.redcap import MappingIn, RedcapTaken, RedcapUnderstood
from api.schemas.results import KeyIn
from api.schemas.roster import (
    Allocation,
    AllocationIn,
    Disclosed,
    Disclosure,
    DisclosureIn,
    PlaceIn,
    PlaceOut,
    WithdrawalIn,
)
from api.schemas.studies import Subject


class Desk(Transport):
    """The desk's part of `Client`."""

    # -- the roster ----------------------------------------------------------------------------

    def draw_allocation(self, study_id: UUID, allocation: AllocationIn) -> Allocation:
        """Draw a concealed list of places, before anybody is enrolled."""
        return self._create(f"/v1/studies/{study_id}/allocation", allocation, Allocation)

    def allocation(self, study_id: UUID) -> Allocation:
        """Read how the list was drawn and how many places are given."""
        return self._get(f"/v1/studies/{study_id}/allocation", Allocation)

    def allocate(self, subject_id: UUID, strata: Mapping[str, str] | None = None) -> PlaceOut:
        """Give somebody who is enrolled the next place of their stratum."""
        body = PlaceIn(strata=dict(strata or {}))
        return self._create(f"/v1/subjects/{subject_id}/allocation", body, PlaceOut)

    def withdraw(self, subject_id: UUID, at: datetime, reason: str = "") -> Subject:
        """Write down that somebody left; their data stays."""
        body = WithdrawalIn(at=at, reason=reason)
        return self._create(f"/v1/subjects/{subject_id}/withdrawal", body, Subject)

    def delete_data(self, subject: Subject) -> None:
        """Delete everything measured or noted of somebody who withdrew."""
        self._delete(f"/v1/subjects/{subject.id}/data", subject.version)

    def key(self, study_id: UUID) -> KeyIn:
        """Read what the codes of a blinded study mean, once its planned end has come."""
        return self._get(f"/v1/studies/{study_id}/key", KeyIn)

    def disclose_key(self, study_id: UUID, told: str, reason: str) -> Disclosed:
        """Open the key before its time; who is told and why stays on record."""
        body = DisclosureIn(told=told, reason=reason)
        return self._create(f"/v1/studies/{study_id}/disclosures", body, Disclosed)

    def disclosures(self, study_id: UUID) -> Iterator[Disclosure]:
        """Everyone who was told."""
        return self._pages(f"/v1/studies/{study_id}/disclosures", Disclosure)

    # -- folders of files ----------------------------------------------------------------------

    def import_folder(
        self, study_id: UUID, files: Mapping[str, str | PathLike[str]], **said: Any
    ) -> FolderTaken:
        """Bring files into a study as ``hrv import`` would.

        Parameters
        ----------
        study_id : UUID
            Where they belong.
        files : mapping of str to path
            Files by their place in the folder, such as ``"Elite HRV/2026-03-04.txt"``.
        **said
            ``subject`` or ``subject_pattern``, and ``tz``.
        """
        parts = [("files", (name, Path(path).read_bytes())) for name, path in files.items()]
        data = {k: form_of(v) for k, v in said.items() if v is not None}
        url = f"/v1/studies/{study_id}/folder"
        answer = self._sent(lambda: self._http.post(url, data=data, files=parts), repeat=True)
        return FolderTaken.model_validate_json(answer.content)

    def inspection(self, recording_id: UUID) -> InspectionOut:
        """Say what was understood of a recording, in the words of ``hrv inspect``."""
        return self._get(f"/v1/recordings/{recording_id}/inspection", InspectionOut)

    def preview_redcap(
        self, study_id: UUID, path: str | PathLike[str], mapping: MappingIn | None = None
    ) -> RedcapUnderstood:
        """Say what a REDCap export holds and what would be taken from it."""
        answer = self._redcap(f"/v1/studies/{study_id}/redcap/preview", path, mapping)
        return RedcapUnderstood.model_validate_json(answer)

    def import_redcap(
        self, study_id: UUID, path: str | PathLike[str], mapping: MappingIn | None = None
    ) -> RedcapTaken:
        """Take outcomes and doses from a REDCap export; what cannot be taken is listed."""
        answer = self._redcap(f"/v1/studies/{study_id}/redcap", path, mapping)
        return RedcapTaken.model_validate_json(answer)

    def _redcap(self, url: str, path: str | PathLike[str], mapping: MappingIn | None) -> bytes:
        part = (Path(path).name, Path(path).read_bytes(), "text/csv")
        data = {} if mapping is None else {"mapping": mapping.model_dump_json()}
        send = lambda: self._http.post(url, data=data, files={"file": part})  # noqa: E731
        return self._sent(send, repeat=True).content

    def tidy(self, study_id: UUID, **said: Any) -> bytes:
        """Export a study as long tables with a codebook (a zip file); ``beats`` false: without."""
        return self._read(f"/v1/studies/{study_id}/tidy", **said).content

    # -- plans ---------------------------------------------------------------------------------

    def propose_plan(self, plan: ProposalIn) -> Proposal:
        """Say what a design asks of people and what it can detect; nothing is drawn."""
        return self._create("/v1/plans/proposal", plan, Proposal)

    def draw_plan(self, plan: PlannedIn) -> Planned:
        """Draw a plan, register it, and make the study it becomes."""
        return self._create("/v1/plans", plan, Planned)

    def plan_file(self, plan_id: UUID, name: str) -> bytes:
        """Return a file that goes with a plan: calendar, sheet, registration."""
        return self._read(f"/v1/plans/{plan_id}/files/{name}").content
