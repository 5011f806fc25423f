"""Send a strap's beats to Lab Streaming Layer, for labs that record everything there.

    python lsl_outlet.py ble:H10                        a strap
    python lsl_outlet.py "sim:?seed=1" --name try       no strap at hand

Needs the extra: pip install "hrv-recovery[lsl]".  One irregular stream of one channel (RR, ms);
each sample is stamped with the time of the beat itself, not of its packet.  A beat is sent about
5 s after it happened, when its place is certain; what was lost stays lost, nothing is filled in.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import pylsl

from ingest.ble.clock import Lookahead
from ingest.ble.stream import BeatStream
from ingest.sources import open_source


async def send(uri: str, name: str, most: int | None = None) -> int:
    """Send beats until the source ends, or `most` of them; return how many were sent."""
    source = open_source(uri)
    info = pylsl.StreamInfo(name, "RR", 1, pylsl.IRREGULAR_RATE, pylsl.cf_double64, f"hrv-{uri}")
    channel = info.desc().append_child("channels").append_child("channel")
    for key, value in (("label", "RR"), ("unit", "ms"), ("type", "RR")):
        channel.append_child_value(key, value)
    outlet = pylsl.StreamOutlet(info)
    beats, sent = BeatStream(Lookahead.LIVE), 0
    async for record in source.records():
        for beat in beats.feed(record):
            ago_s = (time.monotonic_ns() - beat.t_ns) / 1e9
            outlet.push_sample([beat.rr_ticks * 1000 / 1024], pylsl.local_clock() - ago_s)
            sent += 1
        if most is not None and sent >= most:
            source.stop()
    return sent


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="ble:NAME-or-ADDRESS, replay:FILE or sim:")
    parser.add_argument("--name", default="hrv", help="name of the LSL stream")
    parser.add_argument("--beats", type=int, help="stop after so many")
    asked = parser.parse_args()
    print(f"{asyncio.run(send(asked.source, asked.name, asked.beats))} beats sent")
