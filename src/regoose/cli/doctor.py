"""`regoose doctor`: what this machine can do, and which settings are in force."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from regoose import __version__
from regoose.cli.models import models_document, show_models
from regoose.cli.repair import Json
from regoose.cli.shell import Shell, shell_of
from regoose.cli.summary import columns
from regoose.reports.json import Document, Value
from regoose.sandbox.base import Guarantee, Probe
from regoose.settings import Loaded

UNFIT = 3


def doctor(
    context: typer.Context,
    *,
    settings: Annotated[
        bool, typer.Option("--settings", help="Show each setting, its value and where it came from.")
    ] = False,
    models: Annotated[
        bool, typer.Option("--models", help="Try each model that is set: two small calls of each, for cents.")
    ] = False,
    repository: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Read the settings of this repository, too.")
    ] = None,
    json: Json = False,  # noqa: ARG001 - read before the command line is parsed
) -> None:
    """
    Show what this machine can do: sandboxes and what each enforces, tools, directories.

    Each sandbox is tried for real. Exit code 0: there is one to work with; 3: there is none. With --models: 0 where
    each model has all that the work needs, 3 where one lacks something.
    """
    shell = shell_of(context)
    if models:
        shell.run(_try_models(shell, repository))
        return

    async def work() -> int:
        async with shell.connect(repository, {}) as services:
            loaded = services.loaded
            probes = () if settings else await services.probes()
        document = settings_document(loaded) if settings else machine_document(loaded, probes)
        if shell.terminal.as_json:
            shell.terminal.document(document)
        elif settings:
            _show_settings(shell.terminal.out, loaded)
        else:
            _show_machine(shell.terminal.out, loaded, probes)
        return 0 if settings or any(probe.available for probe in probes) else UNFIT

    shell.run(work())


async def _try_models(shell: Shell, repository: Path | None) -> int:
    async with shell.connect(repository, {}) as services:
        found = await services.preflight()
    if shell.terminal.as_json:
        shell.terminal.document(models_document(found))
    else:
        show_models(shell.terminal.out, found)
    return 0 if all(one.suitable for one in found) else UNFIT


def machine_document(loaded: Loaded, probes: tuple[Probe, ...]) -> Document:
    """Return what the machine can do."""
    tools: dict[str, Value] = {name: shutil.which(name) for name in ("git", "uv")}
    return {
        "regoose": __version__,
        "python": {"version": platform.python_version(), "path": sys.executable},
        "system": platform.platform(),
        "sandboxes": [
            {
                "name": probe.backend,
                "available": probe.available,
                "version": probe.version,
                "enforced": [guarantee.value for guarantee in Guarantee if guarantee in probe.enforced],
                "not_enforced": [guarantee.value for guarantee in probe.not_enforced] if probe.available else [],
                "reason": probe.reason,
                "remedy": probe.remedy,
            }
            for probe in probes
        ],
        "tools": tools,
        "state_dir": str(loaded.settings.state_dir),
        "cache_dir": str(loaded.settings.cache_dir),
    }


def settings_document(loaded: Loaded) -> Document:
    """Return each setting with its origin."""
    return {
        "settings": [
            {
                "name": line.name,
                "variable": line.variable,
                "value": line.value,
                "source": line.source.value,
                "where": line.where,
                "acts": line.acts,
                "description": line.description,
            }
            for line in loaded.provenance
        ],
        "ignored": list(loaded.ignored),
    }


def _show_machine(out: Console, loaded: Loaded, probes: tuple[Probe, ...]) -> None:
    out.print(Text(f"regoose {__version__}, Python {platform.python_version()}, {platform.platform()}"))
    out.print()
    width = max((len(probe.backend) for probe in probes), default=0)
    for probe in probes:
        name = (probe.backend.ljust(width), "bold")
        if not probe.available:
            out.print(Text.assemble(("✗ ", "red"), name, f"  not available: {probe.reason}"))
            if probe.remedy:
                out.print(Text.assemble("  ", " " * width, "  ", ("hint: ", "bold cyan"), probe.remedy))
            continue
        missing = ", ".join(guarantee.value for guarantee in probe.not_enforced)
        says = f"enforces everything but: {missing}" if missing else f"enforces all {len(Guarantee)} guarantees"
        version = probe.version.removeprefix(probe.backend).strip()
        out.print(
            Text.assemble(
                ("✓ ", "green"), name, f"  {version + '  ' if version else ''}", (says, "yellow" if missing else "")
            )
        )
        if probe.reason:
            out.print(Text(f"  {' ' * width}  {probe.reason}"))
    out.print()
    rows = [[name, shutil.which(name) or "not found"] for name in ("git", "uv")]
    rows += [["state", str(loaded.settings.state_dir)], ["cache", str(loaded.settings.cache_dir)]]
    for line in columns(rows):
        out.print(Text(line))
    _show_ignored(out, loaded)


def _show_settings(out: Console, loaded: Loaded) -> None:
    rows = [["setting", "value", "from", ""]]
    for line in loaded.provenance:
        origin = line.where or line.source.value
        rows.append([line.variable, line.value or "-", origin, "" if line.acts == "acts" else line.acts])
    for text in columns(rows):
        out.print(Text(text))
    _show_ignored(out, loaded)


def _show_ignored(out: Console, loaded: Loaded) -> None:
    for sentence in loaded.ignored:
        out.print(Text.assemble(("ignored: ", "bold yellow"), sentence))
