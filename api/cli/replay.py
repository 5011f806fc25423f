"""`hrv replay`: a journal, or any recording, played as if it were a strap."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat
from api.cli.record import EveryOption


def replay(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Journal or any recording; or a source URI.")
    ],
    speed: Annotated[
        str, typer.Option(metavar="N", help="1 as recorded, 10 ten times as fast, or max.")
    ] = "1",
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop after so long of the recording.")
    ] = None,
    every: EveryOption = "10s",
    form: opt.FormatOption = OutputFormat.TABLE,
) -> None:
    """Play a recording by the very path of a strap, and show it live; nothing is written.

    \b
    hrv replay p01.hrvj --speed 10
    hrv replay session.txt --speed max
    hrv record "replay:p01.hrvj?speed=max" --out again.hrvj      play into a new journal
    """
    from api.cli._outcome import emit_outcome
    from api.cli._sitting import sit
    from hrv._units import seconds
    from hrv.errors import NotComputableError
    from ingest.ble.post import Post
    from ingest.ble.station import Station
    from ingest.sources import open_source

    uri = file if file.startswith(("sim:", "replay:")) else f"replay:{file}?speed={speed}"
    post = Post(open_source(uri))
    duration_s = None if duration is None else seconds(duration, "--duration")

    async def opening() -> Station:
        return Station([post], duration_s=duration_s)

    station = sit(
        opening, form=form, title=f"hrv replay · {post.source.label}",
        every_s=seconds(every, "--every"),
    )  # fmt: skip
    if not emit_outcome(station, form):
        raise NotComputableError(f"{file}: no RR interval was played")
