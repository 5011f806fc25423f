"""Traces for a collector (OpenTelemetry), where one is named; needs the extra `otel`."""

from __future__ import annotations

from typing import Any

from api.settings import Settings
from hrv.errors import MissingExtraError


class Traces:
    """Spans on their way to a collector.

    Parameters
    ----------
    endpoint : str
        Where OTLP over HTTP is taken, such as ``http://127.0.0.1:4318/v1/traces``.

    Raises
    ------
    MissingExtraError
        If the extra is not installed.
    """

    def __init__(self, endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise MissingExtraError("otel", "send traces") from None
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "hrv-recovery"}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        self.tracer: Any = self._provider.get_tracer("hrv-recovery")

    def stop(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def traces_of(settings: Settings) -> Traces | None:
    """Begin to trace if a collector is named."""
    return Traces(settings.otel_endpoint) if settings.otel_endpoint else None
