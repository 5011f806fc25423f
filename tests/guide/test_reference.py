"""Nothing public is without a word of its own, links lead somewhere, and words are spelt right."""

import dataclasses
import doctest
import importlib
import re
import shlex
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
import pages_reference  # noqa: E402
import pages_words  # noqa: E402

NOT_OF_SERVICE = {"HRV_KEY", "HRV_SCREENSHOTS", "HRV_RMSSD", "HRV_SDNN"}
"""Variables that an example and a test read, and columns of NeuroKit2."""


def test_every_name_command_option_route_metric_and_setting_is_documented():
    assert pages.undocumented() == []


def test_what_is_not_documented_is_found(monkeypatch):
    """The check can fail, for each kind: one of it without a word is planted."""
    words = pages_words.beside()
    words["metrics"].pop("rmssd")
    words["metrics"]["phlogiston"] = {"tex": "x", "limit": "gone"}
    monkeypatch.setattr(pages_words, "beside", lambda: words)
    import hrv

    def quiet(beats):
        return beats

    monkeypatch.setattr(hrv, "detect", quiet)
    found = pages.undocumented()
    assert "metrics: rmssd has no limit" in found
    assert "metrics: phlogiston is gone" in found
    assert "hrv.detect has no docstring" in found
    assert "hrv.detect does not say what beats is" in found


def test_a_planted_option_command_route_or_setting_is_found(monkeypatch):
    import typer

    import api.app
    import api.cli
    from api import settings

    build_app, create_app = api.cli.build_app, api.app.create_app

    def with_a_command():
        app = build_app()

        @app.command()
        def phlogiston(much: str = typer.Option("")):
            pass

        return app

    def with_a_route(*given, **named):
        app = create_app(*given, **named)

        def get_phlogiston(much: int = 0):
            pass

        app.add_api_route("/v1/phlogiston", get_phlogiston)
        return app

    @dataclasses.dataclass(frozen=True)
    class WithASetting(settings.Settings):
        phlogiston: int = 0

    monkeypatch.setattr(api.cli, "build_app", with_a_command)
    monkeypatch.setattr(api.app, "create_app", with_a_route)
    monkeypatch.setattr(settings, "Settings", WithASetting)
    found = pages.undocumented()
    assert "hrv phlogiston has no help" in found
    assert "hrv phlogiston: --much has no help" in found
    assert "GET /v1/phlogiston: much has no description" in found
    assert "GET /v1/phlogiston has no description" in found
    assert "setting phlogiston has no help" in found


@pytest.fixture(scope="module")
def written():
    return pages.pages()


def test_the_reference_names_everything(written):
    import hrv
    from api.settings import Settings
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
    for name, command in pages_reference.every_command():
        assert f"## `hrv {name}`" in written["reference/commands.md"]
        for option in pages_reference.options(command):
            assert f"`{pages_reference.spelled_option(option)}`" in written["reference/commands.md"]
    for method, path, _, _ in pages_reference.operations():
        assert f"## `{method.upper()} {path}`" in written["reference/routes.md"]
    for setting in dataclasses.fields(Settings):
        assert f"`HRV_{setting.name.upper()}`" in written["reference/settings.md"]


def test_the_examples_of_every_command_s_help_are_understood():
    commands = dict(pages_reference.every_command())
    seen = 0
    for command in commands.values():
        whole = re.sub(r"\\\n\s*", "", command.help or "")  # a line that goes on
        for line in re.findall(r"^ *((?:[A-Z_]+=\S+ )?hrv .*)$", whole, re.M):
            words = shlex.split(re.sub(r"^[A-Z_]+=\S+ ", "", line).split("   ")[0], comments=True)[
                1:
            ]
            size = 2 if " ".join(words[:2]) in commands else 1
            called = commands[" ".join(words[:size])]
            context = called.context_class(called, info_name=words[0])
            called.make_parser(context).parse_args(
                args=words[size:]
            )  # an unknown option is an error
            seen += 1
    assert seen > 50


@pytest.mark.parametrize("name", ["hrv", "hrv.plan.substances", "hrv.plan.looks"])
def test_the_examples_of_docstrings_print_what_they_say(name):
    done = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert done.attempted
    assert not done.failed


def test_every_variable_that_the_code_reads_is_a_setting(written):
    from api.settings import OF_LIBRARY, Settings

    read = {
        name
        for package in ("hrv", "ingest", "api")
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(r"[\"'](HRV_[A-Z_]+)[\"']", path.read_text(encoding="utf-8"))
    }
    assert "HRV_KERNELS" in read
    assert read <= {f"HRV_{each.name.upper()}" for each in dataclasses.fields(Settings)} | {
        *OF_LIBRARY
    }
    for name in OF_LIBRARY:
        assert f"`{name}`" in written["reference/settings.md"]


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


def pages_by_hand():
    generated = pages.pages()
    for path in documents():
        name = path.relative_to(ROOT).as_posix()
        if name.removeprefix("docs/") not in generated and name != "CHANGELOG.md":
            yield name, path.read_text(encoding="utf-8")


def test_every_route_option_and_setting_that_a_page_names_is_there():
    from api.settings import OF_LIBRARY, Settings

    routes = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for method, path, _, _ in pages_reference.operations()
    }
    options = {"--help", "--version"}
    for _, command in pages_reference.every_command():
        options |= {o for p in command.params for o in [*p.opts, *p.secondary_opts]}
    variables = {f"HRV_{each.name.upper()}" for each in dataclasses.fields(Settings)} | {
        *OF_LIBRARY
    }
    wrong = []
    for name, text in pages_by_hand():
        for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/v1/[\w{}/-]+)", text):
            if (method, re.sub(r"\{\w+\}", "{}", path)) not in routes:
                wrong.append(f"{name}: {method} {path}")
        for line in re.findall(r"\bhrv [a-z][^`\n]*", text):
            wrong += [
                f"{name}: {option}"
                for option in re.findall(r"(?<![\w-])(--[a-z][a-z-]*)", line)
                if option not in options
            ]
        for variable in set(re.findall(r"\bHRV_[A-Z_]+\b", text)) - variables - NOT_OF_SERVICE:
            wrong.append(f"{name}: {variable}")
    assert not wrong
