"""The reference: commands, names of the packages, routes, settings and tables, from themselves."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import click
import typer
from pages_words import NOTE, body_of, cell, linked, table

PUBLIC = ("hrv", "ingest", "hrv.plots", "hrv.plots.data", "hrv.simulate", "api.client")


def commands() -> str:
    """Each command with its help, arguments and options."""
    parts = [
        NOTE + "# Commands\n",
        "What reads a recording takes files or `-`; what answers prints a table for people and "
        "`--format csv|json|parquet` for programs. Every command exits with 0 (done), 1 (nothing "
        "could be computed) or 2 (bad usage or input).\n",
    ]
    for name, command in every_command():
        parts.append(f"(command-{name.replace(' ', '-')})=\n## `hrv {name}`\n")
        parts.append(_help(command.help or "") + "\n")
        rows = [
            (f"`{spelled_option(p)}`", _given(p), _coded(getattr(p, "help", "") or ""))
            for p in options(command)
        ]
        if rows:
            parts.append(table(("option", "default", "what"), rows))
    return "\n".join(parts)


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Give every command with the name it is called by."""
    from api.cli import build_app

    def walk(prefix: str, group: Any) -> Iterator[tuple[str, click.Command]]:
        for name, command in group.commands.items():
            spelled = f"{prefix} {name}".strip()
            if hasattr(command, "commands"):
                yield from walk(spelled, command)
            else:
                yield spelled, command

    yield from walk("", typer.main.get_command(build_app()))


def options(command: click.Command) -> list[Any]:
    """Return arguments and options of a command."""
    return [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]


def spelled_option(parameter: Any) -> str:
    """Return an argument or option as it is typed."""
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


def _coded(text: str) -> str:
    """Text with its options as code: the guide would set two hyphens as a dash."""
    return re.sub(r"(?<![`\w-])(--?[a-z][\w-]*)", r"`\1`", text)


def _help(text: str) -> str:
    """Help as Markdown: what follows a backspace mark stands as it is."""
    parts = []
    for block in inspect.cleandoc(text).split("\n\n"):
        if block.startswith("\b"):
            parts.append("```text\n" + block.lstrip("\b\n") + "\n```")
        else:
            parts.append(_coded(" ".join(block.split())))
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


def operations() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Give every operation of the service: method, path, what is said of it, the document."""
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
    for method, path, operation, document in operations():
        parts.append(f"## `{method.upper()} {path}`\n\n{linked(sentence(operation))}\n")
        given = [resolved(p, document) for p in operation.get("parameters", [])]
        rows = [
            (f"`{p['name']}`", p["in"], "yes" if p.get("required") else "", meaning(p))
            for p in given
        ]
        if rows:
            parts.append(table(("parameter", "in", "needed", "what"), rows))
        answers = ", ".join(f"{code}" for code in operation["responses"])
        parts.append(f"Answers: {answers}.\n")
    return "\n".join(parts)


def resolved(parameter: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter itself, where it stands elsewhere in the document."""
    found: Any = parameter
    if "$ref" in parameter:
        found = document
        for key in parameter["$ref"].removeprefix("#/").split("/"):
            found = found[key]
    return dict(found)


def meaning(parameter: dict[str, Any]) -> str:
    """Return what is said of a parameter."""
    return str(parameter.get("description") or parameter.get("schema", {}).get("description", ""))


def sentence(operation: dict[str, Any]) -> str:
    """Return what is said of an operation."""
    summary = str(operation.get("summary", ""))
    if summary == operation.get("operationId", "").replace("_", " ").title():
        summary = ""  # nobody wrote it: FastAPI makes one of the function's name
    return str(operation.get("description", "") or summary).strip()


def settings() -> str:
    """Each setting of the service."""
    from api.settings import OF_LIBRARY, PREFIX, Settings

    below = [(f"`{name}`", f"`{given}`", said) for name, (given, said) in OF_LIBRARY.items()]
    rows = []
    for each in dataclasses.fields(Settings):
        default = each.default if each.name != "store" else "~/.local/share/hrv-recovery"
        shown = f"`{default}`" if default not in ("", None) else ""
        rows.append((f"`{PREFIX}{each.name.upper()}`", shown, each.metadata.get("help", "")))
    return (
        NOTE + "# Settings of the service\n\nEach is read from the environment; what "
        "[`hrv serve`](commands.md#command-serve) is given on the command line wins.\n\n"
        + table(("variable", "default", "what"), rows)
        + "\n## Of every command\n\nRead from the environment by the packages themselves.\n\n"
        + table(("variable", "default", "what"), below)
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
