"""Start Polar's own streams on a connection: features, settings, start; refusals are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ingest.ble import polar
from ingest.ble.faults import Fault, StrapError
from ingest.ble.radio import PMD_CONTROL, PMD_DATA, Link

ANSWER_S = 5.0
ECG_HZ = 130


async def start_streams(
    link: Link, streams: Sequence[polar.Stream], put: Callable[[int, bytes], object]
) -> dict[polar.Stream, dict[polar.Setting, int]]:
    """Start `streams`; every packet goes to ``put(channel, bytes)`` the moment it arrives.

    Parameters
    ----------
    link : Link
        A connection that is up.
    streams : sequence of Stream
        What to start.
    put : callable
        Takes channel number and bytes of every notification and indication.

    Returns
    -------
    dict
        The settings each stream was started with.

    Raises
    ------
    StrapError
        If the strap has no such stream, refuses it or does not answer.
    """
    features = await link.read(PMD_CONTROL)
    if features is None:
        raise StrapError(Fault.REFUSED, detail="it has no Polar measurement service")
    missing = [s.name for s in streams if s not in polar.decode_features(features)]
    if missing:
        raise StrapError(Fault.REFUSED, detail=f"it has no {' and no '.join(missing)}")
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    def on_control(packet: bytes) -> None:
        put(PMD_CONTROL, packet)
        answers.put_nowait(packet)

    def on_data(packet: bytes) -> None:
        put(PMD_DATA, packet)

    await link.subscribe(PMD_CONTROL, on_control)
    await link.subscribe(PMD_DATA, on_data)
    used: dict[polar.Stream, dict[polar.Setting, int]] = {}
    for stream in streams:
        settings: dict[polar.Setting, int] = {}
        if stream is not polar.Stream.PPI:  # it has nothing to negotiate
            offered = await _ask(link, polar.ask_settings(stream), answers)
            wanted_hz = ECG_HZ if stream is polar.Stream.ECG else None
            settings = polar.choose(offered.settings, wanted_hz)
        await _ask(link, polar.start(stream, settings), answers)
        used[stream] = settings
    return used


async def _ask(link: Link, command: bytes, answers: asyncio.Queue[bytes]) -> polar.Response:
    """Write a command and wait for its own answer."""
    await link.write(PMD_CONTROL, command)
    try:
        async with asyncio.timeout(ANSWER_S):
            while True:
                response = polar.decode_response(await answers.get())
                if (response.command, response.stream) == (command[0], command[1]):
                    break
    except TimeoutError:
        raise StrapError(Fault.REFUSED, detail="Polar's control point did not answer") from None
    if response.status:
        name = polar.Stream(command[1]).name
        raise StrapError(Fault.REFUSED, detail=f"{name}: {response.says}")
    return response
