"""Server-sent events as an answer."""

from __future__ import annotations

from starlette.responses import StreamingResponse

UNCACHED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Headers of a stream of events: nobody on the way keeps or gathers it."""


class Events(StreamingResponse):
    """A stream of events; FastAPI's own, of a generator, fails aloud when a listener hangs up."""

    media_type = "text/event-stream"
