"""Bombs, crooked names, injected lines, slow patterns and sources that reach elsewhere."""

import gzip
import io
import json
import re
import struct
import time
import tracemalloc
import zipfile
import zlib

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from recordings import samples
from refusals import refused
from serving import serving

import ingest
from api.client import Client
from api.schemas.logs import EventIn
from api.schemas.studies import StudyIn
from hrv.errors import HRVError
from ingest.ble.measurement import decode
from ingest.formats.base import Source
from ingest.sources import parse

MOST_MB = 350
"""A bomb may make the process grow by so much and no more."""


def peak_mb(work) -> float:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def gzip_bomb() -> bytes:
    part = gzip.compress(b"800\n" * 2**20, 9)
    return part * 150  # 600 MB in 600 kB


def zip_bomb(name="export.xml") -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w") as file,
    ):
        for _ in range(600):
            file.write(bytes(2**20))
    return out.getvalue()


def lying_zip() -> bytes:
    """A member that says it is small and is not."""
    data = bytearray(zip_bomb("apple_health_export/export.xml"))
    for signature, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.find(signature)
        struct.pack_into("<I", data, place + at, 1000)
    return bytes(data)


def entities() -> bytes:
    lines = ['<!ENTITY a0 "aaaaaaaaaa">']
    lines += [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)]
    return (
        '<?xml version="1.0"?><!DOCTYPE HealthData [' + "".join(lines) + "]>"
        "<HealthData><x>&a9;</x></HealthData>"
    ).encode()


def outside(path="/etc/passwd") -> bytes:
    return (
        f'<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY x SYSTEM "file://{path}">]>'
        "<HealthData locale='&x;'><x>&x;</x></HealthData>"
    ).encode()


def parquet_bomb() -> bytes:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    out = io.BytesIO()
    table = pa.table({"rr_ms": pa.array([800.0] * 10)})
    with pq.ParquetWriter(out, table.schema, compression="zstd") as writer:
        big = pa.table({"rr_ms": pa.array([800.0]).take(pa.array([0] * 1_000_000))})
        for _ in range(100):
            writer.write_table(big)
    return out.getvalue()


BOMBS = {
    "gzip": ("a.txt.gz", gzip_bomb),
    "zip": ("export.zip", zip_bomb),
    "a zip that lies about its size": ("export.zip", lying_zip),
    "XML entities": ("export.xml", entities),
    "an XML entity of a file": ("export.xml", outside),
    "Parquet": ("a.parquet", parquet_bomb),
    "nested JSON": ("a.json", lambda: b"[" * 200_000),
    "nested JSON objects": ("a.json", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "one line": ("a.txt", lambda: b"8" * 5_000_000),
    "quotes": ("a.csv", lambda: b'"' * 2_000_001),
}


@pytest.mark.parametrize(("name", "made"), BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_in_bounded_memory(name, made):
    content = made()

    def read():
        with pytest.raises(HRVError) as refused:
            ingest.open_recording(Source(name, content=content))
        assert "\n" not in str(refused.value)
        assert "root:" not in str(refused.value)

    begin = time.monotonic()
    assert peak_mb(read) < MOST_MB
    assert time.monotonic() - begin < 120


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile-input")
    with serving(str(folder / "store")) as url, Client(url, tries=1) as client:
        study = client.create_study(StudyIn(title="t", tz="UTC"))
        client.create_subject(study.id, "P01")
        yield url, client, study, folder


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"title":' * 50_000, b'{"title": "' + b"a" * 3_000_000 + b'"}',
             b'{"seed": ' + b"9" * 100_000 + b"}", b"\xff\xfe{", b'{"title": "\\ud800"}'],
)  # fmt: skip
def test_hostile_json_is_a_problem_and_not_a_crash(service, body):
    url, *_ = service
    answer = httpx.post(f"{url}/v1/studies", content=body, timeout=60,
                        headers={"Content-Type": "application/json"})  # fmt: skip
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


CROOKED = [
    "../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\x.txt", "a/../../b.txt",
    "con.txt", "a\u202etxt.exe", "%2e%2e%2fpasswd", "..", ".",
]  # fmt: skip


@pytest.mark.parametrize("name", CROOKED)
def test_a_crooked_name_of_an_upload_reaches_no_path(service, name):
    url, _client, study, folder = service
    before = set(folder.rglob("*"))
    content = "".join(f"{800 + i % 50}\n" for i in range(300)).encode()
    answer = httpx.post(
        f"{url}/v1/studies/{study.id}/recordings",
        files={"file": (name, content)}, data={"subject": "P01"}, timeout=60,
    )  # fmt: skip
    assert answer.status_code in (201, 409, 422)
    if answer.status_code == 201:
        said = answer.json()
        assert "/" not in said["name"]
        back = httpx.get(f"{url}/v1/recordings/{said['id']}/file")
        assert back.headers["content-disposition"] == "attachment"
    made = set(folder.rglob("*")) - before
    assert all(p.parent == folder / "store" for p in made)


@pytest.mark.parametrize("name", [*CROOKED, "ok/../../../x.txt", "\\\\server\\share\\x.txt"])
def test_a_crooked_name_inside_a_zip_leaves_no_folder(tmp_path, name):
    from ingest.folder import import_folder

    archive = tmp_path / "in" / "export.zip"
    archive.parent.mkdir()
    lines = "".join(f"{800 + i % 50}\n" for i in range(300))
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(zipfile.ZipInfo(name), lines)
        out.writestr("good.txt", lines.replace("810", "811"))
    import_folder(archive, tmp_path / "study", tz="UTC")
    inside = {p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("*")}
    assert inside == {"in", "study"}


EVIL = ["a\r\nSet-Cookie: x=1", "a\nb", "a\x00b", "a\x1b[31mred", "a\x7f"]


@pytest.mark.parametrize("evil", EVIL)
def test_no_control_character_passes_into_names_headers_or_problems(service, evil):
    url, _client, study, _ = service
    for path, body in (
        (f"/v1/studies/{study.id}/subjects", {"name": evil}),
        ("/v1/studies", {"title": evil}),
        (f"/v1/studies/{study.id}/events", {"subject": "P01", "phase": evil, "kind": "stress"}),
        (f"/v1/studies/{study.id}/live", {"subject": "P01", "name": evil}),
    ):
        answer = httpx.post(url + path, json=body)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
        assert evil not in answer.text
    answer = httpx.get(f"{url}/v1/studies/{study.id}/recordings", params={"name": evil})
    assert "set-cookie" not in answer.headers
    for header in ("Idempotency-Key", "Last-Event-ID", "If-Match"):
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"{url}/v1/studies", json={"title": "t"}, headers={header: "a\r\nx: y"})


@pytest.mark.parametrize("evil", [*EVIL, "\x1b]0;owned\x07", "a\u2028b"])
def test_a_file_of_an_evil_name_gives_one_line_of_error(tmp_path, evil):
    """What a log or a terminal shows of somebody's file stays on its line."""
    with pytest.raises(HRVError) as refused:
        ingest.open_recording(Source(evil, content=b"no recording at all, only words\n" * 3))
    assert len(str(refused.value).splitlines()) == 1


def slow_strings():
    yield from ("a" * 10_000, " " * 10_000, "1" * 10_000, "1," * 5_000, "-" * 10_000)
    yield from (":" * 10_000, "0:" * 5_000, "T" * 10_000, "." * 10_000, "'" * 10_000)
    yield from ("1.1." * 2_500, "e1" * 5_000, "\t \t" * 3_333, "[" * 10_000, "%41" * 3_333)
    yield from ("a@" * 5_000, "=" * 10_000, "１" * 10_000, "1 " * 5_000 + "x", "0" * 9_999 + "x")


METHODS = {"sub": "search", "finditer": "search", "findall": "search", "split": "search"}


def patterns():
    """Every compiled pattern of the modules that read what others wrote, with how it is used."""
    import importlib
    import inspect
    import pkgutil

    import api
    import hrv

    found = {}
    for package in (ingest, api, hrv):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if any(part in info.name for part in (".migrations.", "strap", "_fast")):
                continue
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern):
                    used = re.findall(rf"\b{name}\.(\w+)", inspect.getsource(module))
                    methods = {METHODS.get(method, method) for method in used} or {"fullmatch"}
                    found[f"{module.__name__}.{name}"] = (value, methods & set(dir(value)))
    return found


def test_no_pattern_is_slow_on_ten_kilobytes_of_anything():
    slow, tried = {}, patterns()
    assert len(tried) > 30
    for name, (pattern, methods) in tried.items():
        for text in slow_strings():
            given_text = text if isinstance(pattern.pattern, str) else text.encode()
            for method in methods:
                begin = time.process_time()
                getattr(pattern, method)(given_text)
                took_s = time.process_time() - begin
                if took_s > 0.3:
                    slow[name] = max(slow.get(name, 0.0), took_s)
    assert slow == {}


SOURCES = [
    "replay:/etc/passwd", "replay:../../etc/passwd", "replay:file:///etc/passwd",
    "replay:http://127.0.0.1:1/x", "replay:\\\\server\\share", "http://127.0.0.1:1/",
    "file:///etc/passwd", "ftp://127.0.0.1/", "replay:store.sqlite3", "replay:~/.ssh/id_rsa",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_over_rest_reaches_no_file_and_no_host(service, source):
    """`replay:` over REST names an uploaded recording of the same study, nothing else."""
    url, _client, study, _ = service
    body = {"subject": "P01", "source": source}
    answer = httpx.post(f"{url}/v1/live", json={**body, "study_id": str(study.id)}, timeout=30)
    assert 400 <= answer.status_code < 500
    assert "root:" not in answer.text
    answer = httpx.post(f"{url}/v1/studies/{study.id}/live", json=body, timeout=30)
    assert 400 <= answer.status_code < 500


@given(st.text(max_size=60) | st.from_regex(r"(ble|replay|sim):[^\n]{0,40}", fullmatch=True))
@settings(max_examples=300)
def test_any_source_name_is_parsed_or_refused_in_a_sentence(text):
    refused(lambda: parse(text))


@given(st.binary(max_size=40))
@settings(max_examples=500)
def test_any_packet_is_decoded_or_refused(packet):
    found = []
    if not refused(lambda: found.append(decode(packet))):
        assert all(0 <= tick <= 0xFFFF for tick in found[0].rr_ticks)


@given(
    st.dictionaries(
        st.sampled_from(["subject", "phase", "kind", "start", "end", "start_s", "end_s", "note"]),
        st.none()
        | st.text(max_size=20)
        | st.floats()
        | st.integers()
        | st.just("2026-01-01T00:00Z"),
    )
)
@settings(max_examples=300)
def test_any_event_is_taken_or_refused(values):
    refused(lambda: json.loads(EventIn(**values).model_dump_json()), ValidationError)


def test_a_compressed_body_is_not_unfolded(service):
    """The service takes no Content-Encoding: a bomb in a request stays as small as it came."""
    url, *_ = service
    bomb = zlib.compress(b'{"title": "' + b"a" * 50_000_000 + b'"}')
    answer = httpx.post(f"{url}/v1/studies", content=bomb, timeout=60, headers={
        "Content-Type": "application/json", "Content-Encoding": "deflate"})  # fmt: skip
    assert 400 <= answer.status_code < 500


def test_a_source_whose_name_no_file_could_have_is_refused_in_a_sentence():
    assert "no source is called" in refused(lambda: parse("x" * 5000))


@pytest.mark.parametrize("blank", [b"\x0c", b"\x0b\n", "\u00a0".encode(), b"\n \t"])
def test_a_file_of_blanks_alone_is_refused_by_every_reader(blank):
    """A form feed once reached the parser of whole numbers, which looked at the first row."""
    for sample in samples():
        source = Source(sample.name, content=blank, beside=sample.beside)
        options = {"format": sample.format, **sample.options}
        assert refused(lambda s=source, o=options: ingest.open_recording(s, **o)), sample
