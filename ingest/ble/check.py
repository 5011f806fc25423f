"""Go or no-go before a stressor: contact, packets and artefacts over the last 30 s."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ingest.ble.measurement import HEART_RATE_MEASUREMENT, Contact, PacketError, decode
from ingest.journal.record import Kind, Record

SPAN_S = 30.0
SILENCE_S = 3.0
ARTEFACT_LIMIT = 0.05
DEVIATION = 0.20
"""An interval this far from the median of its 5 neighbours on each side counts as an artefact."""
SHORTEST_MS, LONGEST_MS = 300.0, 2000.0


@dataclass(frozen=True)
class Signal:
    """State of the signal.

    Parameters
    ----------
    go : bool
        True if a stressor may begin.
    reasons : tuple of str
        What stands against it, one sentence each; empty when `go`.
    beats : int
        Intervals in the span.
    artefact_share : float
        Share of them that look wrong, 0 to 1; NaN without any.
    contact : Contact
        As last told.
    """

    go: bool
    reasons: tuple[str, ...]
    beats: int
    artefact_share: float
    contact: Contact


@dataclass(slots=True)
class SignalCheck:
    """Watches a strap's records; constant memory.

    Parameters
    ----------
    span_s : float
        How much of the past counts, s.
    """

    span_s: float = SPAN_S
    _heard: deque[tuple[int, tuple[int, ...], Contact | None]] = field(default_factory=deque)
    _first_ns: int | None = None

    def feed(self, record: Record) -> None:
        """Take the next record; everything but heart rate is passed over."""
        lost = record.kind is Kind.EVENT and record.fields.get("event") in ("lost", "stalled")
        if lost or record.kind is Kind.SESSION:  # a new run has another clock
            self._heard.clear()
            self._first_ns = None
        if record.kind is not Kind.NOTIFICATION or record.channel != HEART_RATE_MEASUREMENT:
            return
        self._first_ns = record.mono_ns if self._first_ns is None else self._first_ns
        try:
            value = decode(record.payload)
        except PacketError:
            self._heard.append((record.mono_ns, (), None))
        else:
            self._heard.append((record.mono_ns, value.rr_ticks, value.contact))
        self._forget(record.mono_ns)

    def verdict(self, now_ns: int) -> Signal:
        """Judge the span that ends at `now_ns` on the records' monotonic clock."""
        self._forget(now_ns)
        ticks = [t for _, packet, _ in self._heard for t in packet]
        share = artefact_share(np.array(ticks, dtype=np.float64) / 1.024)
        contacts = [c for _, _, c in self._heard if c is not None]
        contact = contacts[-1] if contacts else Contact.UNSUPPORTED
        reasons = tuple(self._reasons(now_ns, contacts, len(ticks), share))
        return Signal(not reasons, reasons, len(ticks), share, contact)

    def _reasons(self, now_ns: int, contacts: list[Contact], beats: int, share: float) -> list[str]:
        if not self._heard or self._first_ns is None:
            return ["no packet was heard; is the strap connected?"]
        reasons = []
        silent_s = (now_ns - self._heard[-1][0]) / 1e9
        if silent_s > SILENCE_S:
            reasons.append(f"no packet for {silent_s:.0f} s; come closer to the computer")
        if Contact.LOST in contacts:
            reasons.append("skin contact was lost; wet the electrodes and tighten the strap")
        if any(contact is None for _, _, contact in self._heard):
            reasons.append("a packet did not decode; see the journal")
        watched_s = (now_ns - self._first_ns) / 1e9
        if watched_s < self.span_s:
            reasons.append(f"watched for {watched_s:.0f} s only; wait for {self.span_s:g} s")
        elif beats < self.span_s * 0.5:
            reasons.append(f"{beats} beats in {self.span_s:g} s; the strap does not see the heart")
        if share > ARTEFACT_LIMIT:
            reasons.append(
                f"{share:.0%} of the intervals look wrong (limit {ARTEFACT_LIMIT:.0%}); sit "
                "still, wet the electrodes"
            )
        return reasons

    def _forget(self, now_ns: int) -> None:
        while self._heard and now_ns - self._heard[0][0] > self.span_s * 1e9:
            self._heard.popleft()


def artefact_share(rr_ms: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Share of intervals out of range or far from their neighbours; NaN for none.

    A quick look for a go/no-go decision only; analysis uses `hrv.clean`.
    """
    if rr_ms.size == 0:
        return float("nan")
    wrong = (rr_ms < SHORTEST_MS) | (rr_ms > LONGEST_MS)
    for i, value in enumerate(rr_ms):
        middle = float(np.median(rr_ms[max(i - 5, 0) : i + 6]))
        wrong[i] |= abs(float(value) - middle) > DEVIATION * middle
    return float(wrong.mean())
