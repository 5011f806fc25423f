"""Attacks beyond the matrix: tampering with the audit chain, other origins, answers misread."""

import random
import re
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from serving import serving

from api.access import keys
from api.store import audit

TAMPERINGS = 10_000


def chain(count):
    """Rows as the log holds them."""
    rows, previous = [], audit.FIRST
    begin = datetime(2026, 3, 4, 8, tzinfo=UTC)
    for number in range(1, count + 1):
        row = {
            "number": number, "time": begin + timedelta(seconds=number), "who": f"key:{number % 3}",
            "action": "get_recording", "kind": "read", "study_id": uuid.UUID(int=number % 4),
            "detail": f'{{"recording_id":"{uuid.UUID(int=number)}"}}', "previous": previous,
        }  # fmt: skip
        row["digest"] = previous = audit.digest_of(row)
        rows.append(row)
    return rows


def flipped(text, rng):
    at = rng.randrange(len(text))
    other = rng.choice([c for c in "0123456789abcdefkey:_" if c != text[at]])
    return text[:at] + other + text[at + 1 :]


def change_text(rows, rng):
    row, field = rng.choice(rows), rng.choice(["who", "action", "kind", "detail", "digest",
                                               "previous"])  # fmt: skip
    row[field] = flipped(row[field], rng)


def change_time(rows, rng):
    rng.choice(rows)["time"] += timedelta(microseconds=rng.randint(1, 10**9))


def change_study(rows, rng):
    row = rng.choice(rows)
    row["study_id"] = rng.choice([None, uuid.UUID(int=rng.getrandbits(128))])


def take_out(rows, rng):
    del rows[rng.randrange(len(rows))]


def swap(rows, rng):
    i, j = rng.sample(range(len(rows)), 2)
    rows[i]["number"], rows[j]["number"] = rows[j]["number"], rows[i]["number"]
    rows.sort(key=lambda row: row["number"])


def put_in(rows, rng):
    at = rng.randrange(len(rows))
    forged = {**rows[at], "who": "key:evil"}
    forged["digest"] = audit.digest_of(forged)
    rows.insert(at, forged)


def change_and_hash_again(rows, rng):
    row = rng.choice(rows)
    row["who"] = flipped(row["who"], rng)
    row["digest"] = audit.digest_of(row)


def forge_all_that_follows(rows, rng):
    """Only the head that was noted elsewhere (a backup notes it) tells of this one."""
    at = rng.randrange(len(rows))
    rows[at]["who"] = flipped(rows[at]["who"], rng)
    previous = rows[at]["previous"]
    for row in rows[at:]:
        row["previous"] = previous
        row["digest"] = previous = audit.digest_of(row)


def cut_off(rows, rng):
    del rows[rng.randrange(len(rows)) :]


WAYS = (change_text, change_time, change_study, take_out, swap, put_in, change_and_hash_again,
        forge_all_that_follows, cut_off)  # fmt: skip


def test_ten_thousand_tamperings_of_the_chain_are_all_found(monkeypatch):
    rng, whole = random.Random(12), chain(25)
    monkeypatch.setattr(audit, "entries", lambda session: iter(session))
    head, broken = audit.verify(whole)
    assert broken == []
    missed = []
    for trial in range(TAMPERINGS):
        rows = [dict(row) for row in whole]
        way = WAYS[trial % len(WAYS)]
        way(rows, rng)
        found_head, broken = audit.verify(rows)
        if not broken and found_head == head:
            missed.append((trial, way.__name__))
    assert missed == []


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serving(str(tmp_path_factory.mktemp("attacked"))) as url:
        yield url


@pytest.mark.parametrize("path", ["/v1/studies", "/openapi.json", "/nothing", "/healthz", "/"])
def test_every_answer_is_guarded_against_being_misread(url, path):
    said = httpx.get(url + path).headers
    assert said["x-content-type-options"] == "nosniff"
    assert said["x-frame-options"] == "DENY"
    policy = said["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "referrer-policy" in said


def test_no_page_has_a_script_or_style_in_line(url):
    page = httpx.get(url, follow_redirects=True).text
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
def test_other_origins_may_read_nothing(url, origin):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (
        httpx.options(f"{url}/v1/studies", headers=asked),
        httpx.get(f"{url}/v1/studies", headers={"Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    sent = httpx.post(f"{url}/v1/studies", json={"title": "t"},
                      headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"})  # fmt: skip
    assert sent.status_code == 403


def test_a_key_is_looked_up_by_its_hash_so_that_time_tells_nothing_of_it():
    """No byte of the secret itself is compared: half a guess is as wrong as none."""
    one, other = keys.digest("hrv_" + "a" * 43), keys.digest("hrv_" + "a" * 42 + "b")
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 20
