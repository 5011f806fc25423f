"""Record in children that are killed (-9) at random moments; print what each acknowledged.

Run as a program: ``kill_rig.py JOURNAL ROUNDS SEED``.  A child acknowledges a notification on a
pipe only after the journal took it.
"""

import asyncio
import json
import os
import random
import select
import signal
import sys
import time

import journal_rig

from ingest.ble.recorder import Recorder
from ingest.journal.record import Kind
from ingest.journal.writer import JournalWriter


class Counting:
    """A source of endless notifications, each telling its own number."""

    label = "counting"

    def __init__(self, begin):
        self.number = begin

    async def records(self):
        while True:
            at_ns = 10**12 + self.number * 10**9
            yield journal_rig.notification(
                at_ns, [1 + self.number % 65535, 1 + self.number // 65535]
            )
            self.number += 1
            if self.number % 10 == 0:
                await asyncio.sleep(0.001)

    def stop(self):
        raise AssertionError("nobody stops it: it is killed")

    def now(self):
        return (0, 0)


def child(path, begin, pipe):
    def acknowledge(record, _):
        if record.kind is Kind.NOTIFICATION:
            os.write(pipe, record.payload + b"\n")

    async def run():
        with JournalWriter(path, session={"person": "P01"}) as journal:
            await Recorder(Counting(begin), journal, acknowledge).run()

    asyncio.run(run())


def main(path, rounds, seed):
    rng, acknowledged, killed = random.Random(seed), [], 0
    for _ in range(rounds):
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            child(path, len(acknowledged), write_end)
            os._exit(1)
        os.close(write_end)
        if rng.random() < 0.8:  # else it is killed while it opens the journal, or soon after
            select.select([read_end], [], [], 10)
        time.sleep(rng.uniform(0, 0.02))
        os.kill(pid, signal.SIGKILL)
        with os.fdopen(read_end, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(pid, 0)
        killed += os.WIFSIGNALED(status)
        acknowledged += [data[i : i + 6].hex() for i in range(0, len(data), 7)]
    json.dump({"killed": killed, "acknowledged": acknowledged}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
