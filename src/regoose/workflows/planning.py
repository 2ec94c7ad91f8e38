"""The plan of a run of `test`: which modules, where the tests of each go, and in what style they are written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from regoose.domain.generation import GenerateTask, Target
from regoose.search.testgen import Style, detect
from regoose.verify.tamper import is_test_file
from regoose.workflows.modules import Modules
from regoose.workflows.placing import Places
from regoose.workspace.checkout import Workspace
from regoose.workspace.comparison import changed_lines

_IMITATED = 10
"""Test files of the repository whose calls are looked at for one module."""
_LARGEST = 500_000
"""Bytes of such a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One module, where its tests go, and the test files that speak of it already."""

    target: Target
    test_path: str
    append_to: str | None = None
    """File that is there already, where the tests are to be added to it."""
    existing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a run is to do."""

    modules: tuple[Planned, ...]
    style: Style
    notes: tuple[str, ...] = ()


async def plan_targets(workspace: Workspace, task: GenerateTask) -> Plan:
    """
    Find what `task` means in the run's tree.

    Raises `UsageError` for targets that mean nothing, an output outside the tree and an unknown commit.
    """
    changed = None
    if task.since is not None:
        changed = await changed_lines(workspace.repository, task.since, workspace.base_commit)
    return await asyncio.to_thread(_plan, workspace.tree, task, changed)


def _plan(tree: Path, task: GenerateTask, changed: Mapping[str, tuple[int, ...]] | None) -> Plan:
    modules = Modules(tree, task.within)
    targets = modules.find(task.targets, task.started_in) if task.targets else modules.all()
    notes: tuple[str, ...] = ()
    if changed is not None:
        targets = tuple(replace(one, lines=changed[one.path]) for one in targets if one.path in changed)
        if not targets:
            notes = (f"No module that is meant has changed since {task.since}: there is nothing to do.",)
    places = Places(tree, task.within, task.output)
    tests = dict(_tests(tree)) if targets else {}
    planned = tuple(
        Planned(
            target=one,
            test_path=places.give(one),
            append_to=places.existing(one) if task.append else None,
            existing=tuple(_speaking_of(one, tests)),
        )
        for one in targets
    )
    return Plan(modules=planned, style=detect(tree / task.within), notes=notes)


def _tests(tree: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(tree.rglob("*.py")):
        name = path.relative_to(tree).as_posix()
        if is_test_file(name) and path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST:
            yield name, path.read_text(encoding="utf-8", errors="replace")


def _speaking_of(target: Target, tests: Mapping[str, str]) -> list[str]:
    """Return the test files that name the module, those first that are named after it."""
    name = target.module.rpartition(".")[2]
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    found = [path for path, text in tests.items() if pattern.search(text)]
    return sorted(found, key=lambda path: name.strip("_") not in path)[:_IMITATED]
