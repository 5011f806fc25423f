"""Nothing public is without a word of its own, links lead somewhere, and words are spelt right."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "Makefile").is_file():
    pytest.skip("runs in a checkout, not on the built wheel", allow_module_level=True)
sys.path.insert(0, str(ROOT / "docs"))
import pages  # noqa: E402


def test_every_name_command_option_route_metric_and_setting_is_documented():
    assert pages.undocumented() == []


def test_what_is_not_documented_is_found(monkeypatch):
    """The check can fail: a metric without a formula and a function without a docstring."""
    words = pages.beside()
    words["metrics"].pop("rmssd")
    words["metrics"]["phlogiston"] = {"tex": "x", "limit": "gone"}
    monkeypatch.setattr(pages, "beside", lambda: words)
    import hrv

    def quiet(beats):
        return beats

    monkeypatch.setattr(hrv, "detect", quiet)
    found = pages.undocumented()
    assert "metrics: rmssd has no limit" in found
    assert "metrics: phlogiston is gone" in found
    assert "hrv.detect has no docstring" in found
    assert "hrv.detect does not say what beats is" in found


@pytest.fixture(scope="module")
def written():
    return pages.pages()


def test_the_reference_names_everything(written):
    import hrv
    from hrv.recovery import MEASURES
    from ingest import FORMATS

    for metric in hrv.METRICS:
        assert f"## `{metric.name}`" in written["science/metrics.md"]
    for measure in MEASURES:
        assert f"## `{measure.name}`" in written["science/recovery.md"]
    for method in hrv.METHODS:
        assert f"## `{method.name}`" in written["science/comparison.md"]
    for one in FORMATS:
        assert f"[`{one.name}`]" in written["reference/catalogue.md"]
    for name in hrv.__all__:
        assert f"### `hrv.{name}`" in written["reference/python.md"]
    assert "--washin" in written["reference/commands.md"]
    assert "`GET /v1/recordings/{recording_id}/windows`" in written["reference/routes.md"]
    assert "`HRV_STORE`" in written["reference/settings.md"]


def documents():
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted(p for p in found if "_build" not in p.parts)


def anchors(text):
    """Anchors of a Markdown page, as GitHub and the guide make them."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    made = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}
    return made | set(re.findall(r"^\(([\w-]+)\)=$", text, re.M))


def test_links_lead_somewhere(written):
    wrong = []
    texts = {p.relative_to(ROOT): p.read_text(encoding="utf-8") for p in documents()}
    texts |= {Path("docs") / name: text for name, text in written.items()}
    for path, text in texts.items():
        plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", plain)):
            if re.match(r"https?:|mailto:", target):
                continue
            file, _, anchor = target.partition("#")
            where = (ROOT / path.parent / file).resolve() if file else ROOT / path
            known = where.relative_to(ROOT) if where.is_relative_to(ROOT) else where
            if not where.exists() and known not in texts:
                wrong.append(f"{path}: {target}")
            elif anchor and known in texts and anchor not in anchors(texts[known]):
                wrong.append(f"{path}: no heading {target}")
    assert not wrong


def test_words_are_spelt_right():
    if shutil.which("codespell") is None:
        pytest.skip("codespell is not installed")
    known = "te,nd,fo,ue,sur,fpr,ois,infarction"
    names = [str(p) for p in documents()]
    names += [str(p) for p in (ROOT / "docs" / "notebooks").glob("*.ipynb")]
    done = subprocess.run(
        ["codespell", "--config", "/dev/null", "--ignore-words-list", known, *names],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
