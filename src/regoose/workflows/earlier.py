"""What earlier runs of `test` kept, by what was asked: for the same code and environment the answer is the same."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from regoose import __version__
from regoose.domain.budget import Budget
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.task import TaskLimits
from regoose.durable.codec import dumps, from_json, loads, to_json
from regoose.sandbox.bytecode import digest_guest
from regoose.workspace.artifacts import Artifacts
from regoose.workspace.checkout import Workspace
from regoose.workspace.environment import TargetEnvironment
from regoose.workspace.git import open_git


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A result, and the state of code and environment that it is for."""

    fingerprint: str
    result: GenerateResult


class Earlier:
    """The newest result of each question, in files of a directory of the cache. What cannot be read is not there."""

    def __init__(self, folder: Path) -> None:
        self._files = Artifacts(folder)

    def find(self, task: GenerateTask) -> Entry | None:
        """Return the newest result for this question."""
        try:
            content = self._files.read(_name(task))
            return None if content is None else from_json(loads(content.decode()), Entry)  # pyright: ignore[reportArgumentType] - checked there
        except (OSError, ValueError):
            return None

    def keep(self, task: GenerateTask, entry: Entry) -> None:
        """Keep a result as the newest for this question."""
        self._files.write(_name(task), dumps(to_json(entry, Entry)).encode())


def _name(task: GenerateTask) -> str:
    """Name a question: all of a task but how its result is delivered."""
    asked = replace(
        task, branch=None, apply=False, fresh=False, budget=Budget(), limits=TaskLimits(repeats=task.limits.repeats)
    )
    return hashlib.sha256(json.dumps(to_json(asked, GenerateTask), sort_keys=True).encode()).hexdigest()[:32] + ".json"


async def fingerprint(
    workspace: Workspace, environment: TargetEnvironment, task: GenerateTask, writer: str = ""
) -> str:
    """
    Identify the tree, the commit compared with, the environment's packages and this Regoose, search included.

    `writer` is the model that may be asked; empty where none is.
    """
    async with open_git(workspace.repository) as git:
        tree = await git.tree_of(workspace.base_commit)
        since = "" if task.since is None else await git.resolve(task.since)
    packages = await asyncio.to_thread(lambda: tuple(_packages(environment.python)))
    facts = [
        __version__,
        await asyncio.to_thread(digest_guest),
        tree,
        since,
        environment.version,
        str(environment.python),
        writer,
        *packages,
    ]
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogateescape")).hexdigest()


def _packages(python: Path) -> Iterator[str]:
    """Yield the names of the distributions beside an interpreter, which hold their versions."""
    for pattern in ("*.dist-info", "*.egg-info"):
        yield from sorted(path.name for path in python.parent.parent.glob(f"lib/python3.*/site-packages/{pattern}"))
