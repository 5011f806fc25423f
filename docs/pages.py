"""Pages of the guide that are written from the tables, docstrings and routes themselves.

`pages()` gives them all as text; `conf.py` writes them before the site is built, and the tests ask
`undocumented()` for whatever has no word of its own.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer

HERE = Path(__file__).resolve().parent
NOTE = "<!-- written by docs/pages.py from the code: change it there -->\n\n"
PUBLIC = ("hrv", "ingest", "hrv.plots", "hrv.plots.data", "hrv.simulate", "api.client")


def pages() -> dict[str, str]:
    """Return every generated page: path below ``docs/`` to Markdown."""
    return {
        "reference/commands.md": commands(),
        "reference/python.md": python(),
        "reference/routes.md": routes(),
        "reference/settings.md": settings(),
        "reference/catalogue.md": catalogue(),
        "science/metrics.md": metrics(),
        "science/recovery.md": measures(),
        "science/comparison.md": methods(),
        "science/artefacts.md": cleaners(),
    }


def beside() -> dict[str, Any]:
    """Formulas and limits that stand beside the tables."""
    return tomllib.loads((HERE / "science" / "formulas.toml").read_text(encoding="utf-8"))


def cell(text: object) -> str:
    """Text fit for a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)]) + "\n"


def linked(source: str) -> str:
    """Turn each DOI of a source into a link."""
    return re.sub(r"doi:(10\.[^\s,;]+[^\s,;.)])", r"[doi:\1](https://doi.org/\1)", source)


def notes_of(function: Any) -> str:
    """Return what a numpydoc docstring has under ``Notes``, as Markdown."""
    text = inspect.getdoc(function) or ""
    found = re.search(r"Notes\n-+\n(.*?)(?=\n\n[A-Z]\w+\n-+\n|\Z)", text, re.S)
    return linked(found[1].strip()) if found else ""


def body_of(text: str) -> str:
    """Return a docstring without its parameters, as Markdown."""
    return linked(re.split(r"\n(?:Parameters|Returns|Raises|Notes)\n-+\n", text)[0].strip())


# science -----------------------------------------------------------------------------------------


def metrics() -> str:
    """Each metric with formula, definition, rules of refusal, source and limits."""
    import hrv

    words = beside()["metrics"]
    rows = [(f"[`{m.name}`](#{m.name})", m.unit, _length(m.min_s), m.summary) for m in hrv.METRICS]
    parts = [
        NOTE + "# Metrics\n",
        f"All {len(hrv.METRICS)} metrics take normal-to-normal intervals only. A window shorter "
        "than the metric's least length is refused (`--force` computes it and says so), as is one "
        "that beats cover by less than 80 % or of which more than 10 % were corrected.\n",
        table(("metric", "unit", "least length", "what"), rows),
    ]
    family = None
    for m in hrv.METRICS:
        parts.append(f"({m.name})=\n## `{m.name}`\n\n{m.summary[:1].upper()}{m.summary[1:]}.\n")
        parts.append(f"$$\n{words[m.name]['tex']}\n$$\n")
        facts = [f"Unit: {m.unit}", f"at least {_length(m.min_s)} and {m.min_beats} "]
        facts[1] += "joined pairs" if m.pairs else "intervals"
        parts.append(". ".join(facts).replace(". at", "; at") + ".\n")
        if m.family is not family:
            parts.append(notes_of(m.family) + "\n")
            family = m.family
        parts.append(f"**Limits.** {words[m.name]['limit']}\n\n**Source.** {linked(m.source)}.\n")
    return "\n".join(parts)


def _length(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"


def measures() -> str:
    """Each recovery measure with formula, definition, source and limits."""
    from hrv.recovery import MEASURES, settings

    words = beside()["measures"]
    known = inspect.getdoc(settings.RecoverySettings) or ""
    defaults = [
        (f"`{f.name}`", f.default, _said(known, f.name))
        for f in dataclasses.fields(settings.RecoverySettings)
    ]
    parts = [
        NOTE + "# Stress recovery\n",
        "Heart rate is `60000 / mean NN` of 10 s windows every 5 s; ln RMSSD of 60 s windows "
        "every 10 s. $y_B$ is the median of the baseline's windows and $s_B$ 1.4826 times their "
        "median absolute deviation. *Gated* measures need a response (heart rate up by 3 bpm or "
        "2 $s_B$); *censored* ones say 'at least' where the recording ends first.\n",
        "## What every measure shares\n\n" + table(("setting", "default", "what"), defaults),
    ]
    for m in MEASURES:
        marks = [w for w, on in (("gated", m.gated), ("censored", m.censors)) if on]
        unit = f" ({m.unit})" if m.unit else ""
        parts.append(
            f"({m.name})=\n## `{m.name}`: {m.label}{unit}\n\n"
            f"{linked(inspect.getdoc(m.compute) or '')}\n".replace("Notes\n-----\n", "")
        )
        parts.append(f"$$\n{words[m.name]['tex']}\n$$\n")
        parts.append(
            (f"*{', '.join(marks)}*. " if marks else "")
            + f"**Limits.** {words[m.name]['limit']}\n\n**Source.** {linked(m.source)}.\n"
        )
    return "\n".join(parts)


def methods() -> str:
    """Each method of comparison with its model, source and limits."""
    import hrv

    words = beside()["methods"]
    parts = [
        NOTE + "# Comparing before with after\n",
        "One question, several ways to answer it; [the calibration](../calibration.md) counts how "
        "often each is wrong on studies whose truth is known. A t test of windows or days is not "
        "offered: it finds an effect in a quarter to a half of studies without one.\n",
    ]
    for m in hrv.METHODS:
        module = inspect.getdoc(inspect.getmodule(m.run)) or ""
        text = body_of(re.sub(r"^Method `\w+`: ", "", module))
        parts.append(
            f"(method-{m.name})=\n## `{m.name}`\n\n{m.summary[:1].upper()}{m.summary[1:]}."
        )
        parts.append(f"\n$$\n{words[m.name]['tex']}\n$$\n\n{text[:1].upper()}{text[1:]}\n")
        parts.append(f"**Limits.** {words[m.name]['limit']}\n\n**Source.** {linked(m.source)}.\n")
    return "\n".join(parts)


def cleaners() -> str:
    """Each cleaner with its rule, source and limits."""
    import hrv

    words = beside()["cleaners"]
    parts = [
        NOTE + "# Artefacts\n",
        "A cleaner flags intervals and removes none from the recording: raw values stay. "
        "[Cleaners](../cleaners.md) has what each finds on known truth.\n",
    ]
    for c in hrv.CLEANERS:
        module = inspect.getdoc(inspect.getmodule(c.apply)) or ""
        text = notes_of(c.apply) or body_of("\n\n".join(module.split("\n\n")[1:]))
        source = f"\n\n**Source.** {linked(c.source)}." if c.source else ""
        parts.append(
            f"(cleaner-{c.name})=\n## `{c.name}`\n\n{c.summary[:1].upper()}{c.summary[1:]}."
        )
        parts.append(f"\n{text}\n\n**Limits.** {words[c.name]['limit']}{source}\n")
    return "\n".join(parts)


# reference ---------------------------------------------------------------------------------------


def commands() -> str:
    """Each command with its help, arguments and options."""
    parts = [
        NOTE + "# Commands\n",
        "Every command takes a file or `-`, prints a table for people and "
        "`--format csv|json|parquet` for programs, and exits with 0 (done), 1 (nothing could be "
        "computed) or 2 (bad usage or input).\n",
    ]
    for name, command in _commands():
        parts.append(f"(command-{name.replace(' ', '-')})=\n## `hrv {name}`\n")
        parts.append(_help(command.help or "") + "\n")
        rows = [
            (f"`{_spelled(p)}`", _given(p), getattr(p, "help", "") or "") for p in _shown(command)
        ]
        if rows:
            parts.append(table(("option", "default", "what"), rows))
    return "\n".join(parts)


def _commands() -> Iterator[tuple[str, click.Command]]:
    from api.cli import build_app

    def walk(prefix: str, group: Any) -> Iterator[tuple[str, click.Command]]:
        for name, command in group.commands.items():
            spelled = f"{prefix} {name}".strip()
            if hasattr(command, "commands"):
                yield from walk(spelled, command)
            else:
                yield spelled, command

    yield from walk("", typer.main.get_command(build_app()))


def _shown(command: click.Command) -> list[Any]:
    return [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return (parameter.metavar or parameter.name or "").upper()
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _given(parameter: Any) -> str:
    default = parameter.default
    if parameter.required:
        return "needed"
    if default is None or callable(default) or default in ((), "", False):
        return ""
    return f"`{getattr(default, 'value', default)}`"


def _help(text: str) -> str:
    """Help as Markdown: what follows a backspace mark stands as it is."""
    parts = []
    for block in inspect.cleandoc(text).split("\n\n"):
        if block.startswith("\b"):
            parts.append("```text\n" + block.lstrip("\b\n") + "\n```")
        else:
            parts.append(re.sub(r"(?<!`)(--?[a-z][\w-]*)", r"`\1`", " ".join(block.split())))
    return "\n\n".join(parts)


def python() -> str:
    """Every public name of the packages, from its docstring."""
    parts = [NOTE + "# Python\n"]
    for package in PUBLIC:
        module = importlib.import_module(package)
        parts.append(
            f"## `{package}`\n\n{body_of((inspect.getdoc(module) or '').split('>>>')[0])}\n"
        )
        for name in module.__all__:
            parts.append(_name(package, name, getattr(module, name)))
    return "\n".join(parts)


def _name(package: str, name: str, value: Any) -> str:
    head = f"### `{package}.{name}`\n\n"
    if inspect.ismodule(value):
        return head + f"{inspect.getdoc(value)}\n"
    if not (inspect.isclass(value) or inspect.isfunction(value) or isinstance(value, tuple)):
        return head + f"`{cell(value)}`\n"
    if isinstance(value, tuple):
        listed = ", ".join(f"`{getattr(entry, 'name', entry)}`" for entry in value)
        return head + f"The table of {len(value)}: {listed}.\n"
    # several packages give the same thing out: one of them is where it is described
    kind = "autoclass" if inspect.isclass(value) else "autofunction"
    members = "   :members:\n" if kind == "autoclass" else ""
    again = "   :no-index:\n"
    return head + f"```{{eval-rst}}\n.. {kind}:: {package}.{name}\n{members}{again}```\n"


def _operations() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    from api.app import create_app
    from api.settings import Settings

    document = create_app(Settings(store=":memory:", local=True)).openapi()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                yield method, path, operation, document


def routes() -> str:
    """Each route with its parameters and statuses, from the OpenAPI document."""
    parts = [
        NOTE + "# Routes\n",
        "From the service's own `/openapi.json`, which has the bodies' every field; "
        "[the service](../service.md) says what all of them share.\n",
    ]
    for method, path, operation, document in _operations():
        parts.append(f"## `{method.upper()} {path}`\n\n{linked(_sentence(operation))}\n")
        given = [_resolved(p, document) for p in operation.get("parameters", [])]
        rows = [
            (f"`{p['name']}`", p["in"], "yes" if p.get("required") else "", _meaning(p))
            for p in given
        ]
        if rows:
            parts.append(table(("parameter", "in", "needed", "what"), rows))
        answers = ", ".join(f"{code}" for code in operation["responses"])
        parts.append(f"Answers: {answers}.\n")
    return "\n".join(parts)


def _resolved(parameter: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    found: Any = parameter
    if "$ref" in parameter:
        found = document
        for key in parameter["$ref"].removeprefix("#/").split("/"):
            found = found[key]
    return dict(found)


def _meaning(parameter: dict[str, Any]) -> str:
    return str(parameter.get("description") or parameter.get("schema", {}).get("description", ""))


def _sentence(operation: dict[str, Any]) -> str:
    return str(operation.get("description") or operation.get("summary", ""))


def settings() -> str:
    """Each setting of the service."""
    from api.settings import PREFIX, Settings

    rows = []
    for each in dataclasses.fields(Settings):
        default = each.default if each.name != "store" else "~/.local/share/hrv-recovery"
        shown = f"`{default}`" if default not in ("", None) else ""
        rows.append((f"`{PREFIX}{each.name.upper()}`", shown, each.metadata.get("help", "")))
    return (
        NOTE + "# Settings of the service\n\nEach is read from the environment; what "
        "[`hrv serve`](commands.md#command-serve) is given on the command line wins.\n\n"
        + table(("variable", "default", "what"), rows)
    )


def catalogue() -> str:
    """List the tables: formats read and written, instruments, presets."""
    from hrv.instruments import INSTRUMENTS
    from hrv.metrics.presets import PRESETS
    from ingest import FORMATS, WRITERS

    read = [(f"[`{f.name}`](../formats/{f.name}.md)", " ".join(f.suffixes), f.summary)
            for f in FORMATS]  # fmt: skip
    written = [(f"`{w.name}`", w.summary) for w in WRITERS]
    asked = [(f"`{i.name}`", i.label, i.unit) for i in INSTRUMENTS]
    named = [(f"`{p.name}`", p.summary) for p in PRESETS]
    return (
        NOTE + "# Catalogue\n\nWhat `hrv catalogue` lists, from the same tables. "
        "[Metrics](../science/metrics.md), [recovery measures](../science/recovery.md), "
        "[methods](../science/comparison.md) and [cleaners](../science/artefacts.md) have pages of "
        "their own.\n\n## Formats that are read\n\n"
        + table(("format", "endings", "what"), read)
        + "\n## Formats that are written\n\n" + table(("format", "what"), written)
        + "\n## Outcomes beside heart rate variability\n\n"
        + table(("name", "what", "unit"), asked)
        + "\n## Presets\n\n" + table(("name", "what"), named)
    )  # fmt: skip


# what has no word of its own ---------------------------------------------------------------------


def _said(docstring: str, name: str) -> str:
    """Return what a numpydoc docstring says of a parameter; empty if nothing."""
    found = re.search(
        rf"^ *(?:[\w*]+, )*\*{{0,2}}{re.escape(name)}(?:, [\w*]+)*(?: :[^\n]*)?\n"
        r"((?: {4,}[^\n]*\n?)+)",
        docstring + "\n", re.M,
    )  # fmt: skip
    return textwrap.dedent(found[1]).strip() if found else ""


def undocumented() -> list[str]:
    """Name whatever is public and has no description."""
    return [*_undescribed_tables(), *_undescribed_names(), *_undescribed_commands(),
            *_undescribed_routes()]  # fmt: skip


def _undescribed_tables() -> Iterator[str]:
    import hrv
    from api.settings import Settings
    from hrv.recovery import MEASURES

    words = beside()
    for kind, entries, needed in (
        ("metrics", hrv.METRICS, {"tex", "limit"}),
        ("measures", MEASURES, {"tex", "limit"}),
        ("methods", hrv.METHODS, {"tex", "limit"}),
        ("cleaners", hrv.CLEANERS, {"limit"}),
    ):
        names = {entry.name for entry in entries}
        for name in names:
            lacking = needed - words[kind].get(name, {}).keys()
            yield from (f"{kind}: {name} has no {what}" for what in sorted(lacking))
        yield from (f"{kind}: {name} is gone" for name in words[kind].keys() - names)
    for each in dataclasses.fields(Settings):
        if not each.metadata.get("help"):
            yield f"setting {each.name} has no help"


def _undescribed_names() -> Iterator[str]:
    for package in PUBLIC:
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
            if inspect.isclass(value):
                for member, what in vars(value).items():
                    public = not member.startswith("_") and inspect.isfunction(what)
                    if public and not inspect.getdoc(what):
                        yield f"{package}.{name}.{member} has no docstring"


def _undescribed_commands() -> Iterator[str]:
    for name, command in _commands():
        if not command.help:
            yield f"hrv {name} has no help"
        for parameter in _shown(command):
            if not getattr(parameter, "help", ""):
                yield f"hrv {name}: {_spelled(parameter)} has no help"


def _undescribed_routes() -> Iterator[str]:
    for method, path, operation, document in _operations():
        if not _sentence(operation):
            yield f"{method.upper()} {path} has no description"
        for parameter in operation.get("parameters", []):
            whole = _resolved(parameter, document)
            if not _meaning(whole) and whole["in"] != "path":
                yield f"{method.upper()} {path}: {whole['name']} has no description"


if __name__ == "__main__":
    for path, text in pages().items():
        target = HERE / path
        target.parent.mkdir(exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
