"""Open what a recording needs: for one strap or a roster, the source and the journal of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hrv.errors import InputError
from ingest.ble.post import Post
from ingest.journal.writer import JournalWriter
from ingest.roster import Roster, Seat, check_seats, past_of
from ingest.sources import RecordSource

Opener = Callable[[str], RecordSource]
"""Opens a source by its URI."""


def open_post(
    uri: str, path: Path, opener: Opener, *, person: str = "", session: str = "",
    append: bool = False,
) -> Post:  # fmt: skip
    """Open one source and its journal; a journal that was cut off is continued.

    Parameters
    ----------
    uri : str
        Source, see `ingest.sources`.
    path : Path
        Journal to create or continue.
    opener : callable
        Opens the source.
    person, session : str
        Whom it is worn by and in which session.
    append : bool
        Continue a finished recording, too.

    Raises
    ------
    InputError
        If the source is wrong; if the journal belongs to another person or is finished.
    """
    source = opener(uri)
    past = past_of(path)
    if past.person and person and past.person != person:
        raise InputError(
            f"{path.name} belongs to {past.person}, not to {person}; choose another file"
        )
    if past.finished and not append:
        raise InputError(
            f"{path.name} holds a finished recording; choose another --out, or go on in it "
            "with --append"
        )
    said = {"person": person or past.person, "title": session, "source": uri}
    journal = JournalWriter(path, session={k: v for k, v in said.items() if v})
    post = Post(source, journal, person=person or past.person, session=session)
    post.past = past
    return post


def open_roster(
    roster: Roster, folder: Path, opener: Opener, *, append: bool = False
) -> list[Post]:
    """Open every seat of a roster; journals lie in `folder`, one a seat.

    Raises
    ------
    InputError
        As for `open_post`; nothing is left open then.
    """
    check_seats(roster.seats, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}") from None
    posts: list[Post] = []
    try:
        for seat in roster.seats:
            posts.append(
                open_post(
                    uri_of(seat), folder / seat.file_name, opener,
                    person=seat.person, session=seat.session, append=append,
                )
            )  # fmt: skip
    except BaseException:
        for post in posts:
            if post.journal is not None:
                post.journal.close("another seat could not be opened")
        raise
    return posts


def uri_of(seat: Seat) -> str:
    """Source URI of a seat: its strap, or what plays one in a rehearsal."""
    return seat.strap if seat.plays else f"ble:{seat.strap}"
