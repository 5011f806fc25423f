"""What an operator sees of the service: metrics, one log line a request, spans; nobody's data."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.settings import Settings

LEVELS = ("debug", "info", "warning", "error")
_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
_log = logging.getLogger("api.requests")


class Metrics:
    """Counters of one service, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        make: dict[str, Any] = {"registry": self.registry}
        labels = ("operation", "status")
        self.requests = Counter("hrv_requests", "Requests answered", labels, **make)
        self.seconds = Histogram(
            "hrv_request_seconds", "Time to the first byte of an answer", ("operation",),
            buckets=_BUCKETS_S, **make,
        )  # fmt: skip
        self.running = Gauge("hrv_requests_running", "Requests under way", **make)
        self.turned_away = Counter(
            "hrv_turned_away", "Requests without a valid key, or too many", ("why",), **make
        )
        self.live_beats = Counter("hrv_live_beats", "Beats that straps sent", **make)
        self.open_recordings = Gauge("hrv_open_recordings", "Recordings being made", **make)
        self.running_jobs = Gauge("hrv_running_jobs", "Comparisons under way", **make)
        self.audit_entries = Gauge("hrv_audit_entries", "Entries of the audit log", **make)


class Watch:
    """ASGI middleware, the outermost: counts, times and logs what passes.

    Parameters
    ----------
    app : ASGIApp
        What it watches.
    metrics : Metrics
        Where it counts.
    tracer : opentelemetry.trace.Tracer or None
        Where spans go.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, tracer: Any = None) -> None:
        self.app, self._metrics, self._tracer = app, metrics, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin, seen = time.perf_counter(), {"status": 0, "after_s": 0.0}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                seen["after_s"] = time.perf_counter() - begin
            await send(message)

        tracer = self._tracer
        span: Any = nullcontext() if tracer is None else tracer.start_as_current_span("request")
        self._metrics.running.inc()
        with span as current:
            try:
                await self.app(scope, receive, noting)
            finally:
                self._metrics.running.dec()
                self._note(scope, int(seen["status"]), seen["after_s"], current)

    def _note(self, scope: Scope, status: int, after_s: float, span: Any) -> None:
        asked = scope.get("state", {}).get("asked")
        # the name of the operation, never the path: a path may hold anything
        operation = asked.action if asked is not None and asked.action else "none"
        self._metrics.requests.labels(operation, status).inc()
        self._metrics.seconds.labels(operation).observe(after_s)
        said = {
            "method": scope["method"], "operation": operation, "status": status,
            "ms": round(after_s * 1000, 2), "who": None if asked is None else asked.who.name,
        }  # fmt: skip
        if _log.isEnabledFor(logging.INFO):
            _log.info("request", extra={"said": said})
        if span is not None:
            span.update_name(f"{scope['method']} {operation}")
            span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("http.response.status_code", status)
            span.set_attribute("hrv.operation", operation)


class JsonLines(logging.Formatter):
    """One JSON object a line.

    Of an exception: its type and where it came from, not its message, which may quote a value.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "said", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)
            said["error"] = type(error).__name__
            said["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(said, ensure_ascii=False)


def set_up_logs(settings: Settings) -> None:
    """Send the service's own logs, and the server's, to standard error as JSON lines."""
    level = (settings.log_level or ("warning" if settings.local else "info")).upper()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("api", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
    # at `debug` uvicorn would name every connection's address
    logging.getLogger("uvicorn").setLevel(max(logging.getLogger("uvicorn").level, logging.WARNING))
