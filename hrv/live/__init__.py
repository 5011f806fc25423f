"""The streaming twin: beats in one at a time, windows out, with the numbers of batch."""

from hrv.live.stream import Row, Stream
from hrv.live.waiting import Refused

__all__ = ["Refused", "Row", "Stream"]
