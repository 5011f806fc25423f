"""Study files, protocols, rosters, plans and marks that somebody spoilt: read, or refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import refused

from api.store.backup import read_manifest
from ingest.ble.markers import parse_marker
from ingest.protocol import load_protocol
from ingest.registration import declared_by
from ingest.roster import load_roster
from ingest.study import load_study

TOML = st.one_of(
    st.text(max_size=200),
    st.builds(
        lambda section, key, value: f"[{section}]\n{key} = {value}\n",
        st.sampled_from(["endpoint", "design", "clean", "data", "components.x", "report"]),
        st.sampled_from(
            ["primary", "direction", "swc", "washin", "recordings", "method", "phases",
             "conditions", "covariates", "events", "subject", "kind", "half_life"]
        ),
        st.sampled_from(
            ["1", "-1", "nan", "inf", '"x"', "[]", "{}", "true", '["a", 1]', "1979-05-27",
             '"../../etc/passwd"', '"' + "a" * 300 + '"', "9" * 30, "[[[[]]]]", '"**/*"'],
        ),
    ),
)  # fmt: skip


@given(text=TOML)
@settings(max_examples=150)
def test_any_study_file_is_read_or_refused_in_a_sentence(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("toml")
    path = folder / "study.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused(lambda: load_study(path))


DEEP_TOML = [b"a = " + b"[" * 5000, b"a = " + b"{a = " * 5000, b"a = " + b"9" * 5000, b"\xff"]


@pytest.mark.parametrize("read", [load_study, load_protocol, load_roster])
@pytest.mark.parametrize("content", DEEP_TOML, ids=["lists", "tables", "digits", "no text"])
def test_toml_that_the_parser_gives_up_on_is_refused_in_a_sentence(tmp_path, read, content):
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    assert refused(lambda: read(path))


@pytest.mark.parametrize("deep", ['{"a":' * 5000, "[" * 5000])
def test_json_that_is_nested_too_deeply_is_refused_in_a_sentence(tmp_path, deep):
    path = tmp_path / "plan.json"
    path.write_text(deep)
    assert refused(lambda: declared_by(path))
    assert refused(lambda: read_manifest(tmp_path))
    assert refused(lambda: parse_marker(deep))


@pytest.mark.parametrize("value", ["1.0", "true", "[]", "{}", "1979-05-27"])
def test_a_zone_or_a_subject_that_is_no_text_is_refused_in_a_sentence(tmp_path, value):
    path = tmp_path / "study.toml"
    for text in (f"tz = {value}", f"[data]\nsubject = {value}", f"[data]\nunit = {value}"):
        path.write_text(text)
        assert "must be text in quotes" in refused(lambda: load_study(path))


@pytest.mark.parametrize("pattern", ["a" * 300, "", "/etc/*", "x/" + "b" * 300 + "/*.txt"])
def test_a_pattern_that_no_file_can_match_is_refused_in_a_sentence(tmp_path, pattern):
    path = tmp_path / "study.toml"
    path.write_text(f'[data]\nrecordings = "{pattern}"\n')
    assert "recordings" in refused(lambda: load_study(path))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe,", b'file\n"', b"file,file\na,b,c,d\n"])
def test_a_list_of_recordings_that_is_no_table_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    path = tmp_path / "study.toml"
    path.write_text('[data]\nrecordings = "list.csv"\n')
    assert refused(lambda: load_study(path))
