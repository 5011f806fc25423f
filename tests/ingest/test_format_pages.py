"""Every format has its page, the pages are listed, and what they show can be read."""

import re
from pathlib import Path

import pytest

import ingest
from ingest.formats.base import Source
from ingest.reading import sniffed

PAGES = Path(__file__).resolve().parents[2] / "docs" / "formats"
pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the docs are not beside the tests")
each = pytest.mark.parametrize("entry", ingest.FORMATS, ids=lambda entry: entry.name)


def page(entry) -> str:
    return (PAGES / f"{entry.name}.md").read_text(encoding="utf-8")


@each
def test_every_format_has_a_page_that_names_it_and_is_listed(entry):
    assert f"Format `{entry.name}`" in page(entry)
    listed = (PAGES / "README.md").read_text(encoding="utf-8")
    assert f"[{entry.name}]({entry.name}.md)" in listed
    assert entry.summary in listed


def test_there_is_no_page_without_a_format():
    assert {path.stem for path in PAGES.glob("*.md")} == {
        "README", *(entry.name for entry in ingest.FORMATS)
    }  # fmt: skip


@each
def test_the_example_of_a_page_is_a_file_of_that_format(entry):
    text = page(entry)
    found = re.search(r"```text\n(.*?)```", text, re.S)
    if found is None:
        return  # a binary format, or too long to print
    name = re.search(r"for example `([^`]+)`", text)[1]
    data = found[1].encode()
    assert [format_.name for format_ in sniffed(data, name)] == [entry.name]
    recording = ingest.open_recording(Source(name, content=data), tz="Europe/Berlin")
    assert recording.rr is not None or len(recording.outcomes)


def test_links_between_pages_lead_somewhere():
    for path in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+\.md)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).is_file(), f"{path.name}: {target}"


@pytest.mark.parametrize("writer", ingest.WRITERS, ids=lambda writer: writer.name)
def test_every_writer_is_told_of_on_the_page_of_its_format(writer):
    text = re.sub(r"\s+", " ", (PAGES / f"{writer.format}.md").read_text(encoding="utf-8"))
    assert f"--to {writer.name}`" in text
