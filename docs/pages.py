"""Pages of the guide that are written from the tables, docstrings and routes themselves.

`pages()` gives them all as text; `conf.py` writes them before the site is built, and the tests ask
`undocumented()` for whatever has no word of its own.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator

import pages_reference as reference
import pages_science as science
import pages_words as words


def pages() -> dict[str, str]:
    """Return every generated page: path below ``docs/`` to Markdown."""
    return {
        "reference/commands.md": reference.commands(),
        "reference/python.md": reference.python(),
        "reference/routes.md": reference.routes(),
        "reference/settings.md": reference.settings(),
        "reference/catalogue.md": reference.catalogue(),
        "science/metrics.md": science.metrics(),
        "science/recovery.md": science.measures(),
        "science/comparison.md": science.methods(),
        "science/artefacts.md": science.cleaners(),
    }


def undocumented() -> list[str]:
    """Name whatever is public and has no description."""
    return [
        *_undescribed_tables(), *_undescribed_entries(), *_undescribed_names(),
        *_undescribed_commands(), *_undescribed_routes(),
    ]  # fmt: skip


def _undescribed_tables() -> Iterator[str]:
    import hrv
    from api.settings import Settings
    from hrv.recovery import MEASURES

    said = words.beside()
    for kind, entries, needed in (
        ("metrics", hrv.METRICS, {"tex", "limit"}),
        ("measures", MEASURES, {"tex", "limit"}),
        ("methods", hrv.METHODS, {"tex", "limit"}),
        ("cleaners", hrv.CLEANERS, {"limit"}),
    ):
        names = {entry.name for entry in entries}
        for name in names:
            lacking = needed - said[kind].get(name, {}).keys()
            yield from (f"{kind}: {name} has no {what}" for what in sorted(lacking))
        yield from (f"{kind}: {name} is gone" for name in said[kind].keys() - names)
    for each in dataclasses.fields(Settings):
        if not each.metadata.get("help"):
            yield f"setting {each.name} has no help"


def _undescribed_entries() -> Iterator[str]:
    from hrv.instruments import INSTRUMENTS
    from hrv.metrics.presets import PRESETS
    from ingest import FORMATS, WRITERS

    for kind, entries, needed in (
        ("format", FORMATS, "summary"),
        ("writer", WRITERS, "summary"),
        ("preset", PRESETS, "summary"),
        ("instrument", INSTRUMENTS, "label"),
    ):
        for entry in entries:
            if not getattr(entry, needed):
                yield f"{kind} {entry.name} has no {needed}"


def _undescribed_names() -> Iterator[str]:
    for package in reference.PUBLIC:
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            text = inspect.getdoc(value) or ""
            if not text:
                yield f"{package}.{name} has no docstring"
            if inspect.isfunction(value):
                for given in inspect.signature(value).parameters:
                    if not re.search(rf"(?<!\w)\*{{0,2}}{given}(?!\w)", text):
                        yield f"{package}.{name} does not say what {given} is"
            else:
                yield from _undescribed_members(f"{package}.{name}", value, text)


def _undescribed_members(name: str, value: type, text: str) -> Iterator[str]:
    for member, what in vars(value).items():
        function = what.__func__ if isinstance(what, classmethod | staticmethod) else what
        if member.startswith("_") or not (
            inspect.isfunction(function) or isinstance(what, property)
        ):
            continue
        if not inspect.getdoc(function):
            yield f"{name}.{member} has no docstring"
    for each in dataclasses.fields(value) if dataclasses.is_dataclass(value) else ():
        if not each.name.startswith("_") and not re.search(rf"(?<!\w){each.name}(?!\w)", text):
            yield f"{name} does not say what {each.name} is"


def _undescribed_commands() -> Iterator[str]:
    for name, command in reference.every_command():
        if not command.help:
            yield f"hrv {name} has no help"
        for parameter in reference.options(command):
            if not getattr(parameter, "help", ""):
                yield f"hrv {name}: {reference.spelled_option(parameter)} has no help"


def _undescribed_routes() -> Iterator[str]:
    for method, path, operation, document in reference.operations():
        if not reference.sentence(operation):
            yield f"{method.upper()} {path} has no description"
        for parameter in operation.get("parameters", []):
            whole = reference.resolved(parameter, document)
            if not reference.meaning(whole) and whole["in"] != "path":
                yield f"{method.upper()} {path}: {whole['name']} has no description"


if __name__ == "__main__":
    for path, text in pages().items():
        target = words.HERE / path
        target.parent.mkdir(exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
