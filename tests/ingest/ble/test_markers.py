"""Markers over TCP: a line each, answered; nothing else leaves one."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv.errors import InputError
from ingest.ble.markers import LOOPBACK, Marker, MarkerServer, parse_marker


def talk(*sent):
    """Send bytes in one connection each; return (answers, markers)."""
    got = []

    async def one(port, data):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(data)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer.decode().splitlines()

    async def scenario():
        async with asyncio.timeout(5), MarkerServer(got.append) as server:
            return [await one(server.port, data) for data in sent]

    return asyncio.run(scenario()), got


def test_markers_arrive_in_order_and_are_answered():
    (answers,), got = talk(b'start stress stroop\nnow tag dose taken\n{"phase":"x","note":"y"}\n')
    assert answers == ["ok"] * 3
    assert got == [
        Marker("stroop", "stress", "start"), Marker("dose taken", "tag", "now"),
        Marker("x", "tag", "now", "y"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nstart stress x\n",
        b"POST / HTTP/1.1\nstart stress x\n",
        b"\xff\xfe\nstart stress x\n",
        b"start stress\nstart stress x\n",
        b"{]\nstart stress x\n",
        b'{"phase": 1}\nstart stress x\n',
        b"x" * 10_000 + b"\nstart stress x\n",
    ],
)
def test_what_is_no_marker_is_refused_and_ends_the_connection(data):
    (answers,), got = talk(data)
    assert got == []
    assert len(answers) == 1
    assert answers[0].startswith("error: ")


def test_half_a_line_is_no_marker():
    (answers,), got = talk(b"start stress stroop")
    assert (answers, got) == ([], [])


def test_several_programs_may_talk():
    answers, got = talk(b"start stress a\n", b"end stress a\n")
    assert answers == [["ok"], ["ok"]]
    assert [m.edge for m in got] == ["start", "end"]


def test_a_taken_port_is_told():
    async def scenario():
        async with MarkerServer(print) as first:
            with pytest.raises(InputError, match="choose another"):
                async with MarkerServer(print, first.port):
                    pass

    asyncio.run(scenario())


def test_an_open_connection_does_not_keep_the_server_alive():
    async def scenario():
        async with asyncio.timeout(2):
            async with MarkerServer(print) as server:
                _, writer = await asyncio.open_connection(LOOPBACK, server.port)
                await asyncio.sleep(0.02)
            writer.close()

    asyncio.run(scenario())


@given(st.text(max_size=80))
def test_any_line_is_a_marker_or_one_sentence(line):
    try:
        marker = parse_marker(line)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert marker.edge in ("start", "end", "now")
        assert marker.phase
