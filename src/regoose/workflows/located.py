"""Where a task is to be carried out: from the paths a user gives to the repository and the project in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from regoose.domain.generation import GenerateTask
from regoose.domain.kinds import Task
from regoose.domain.solve import SolveTask
from regoose.errors import UsageError
from regoose.workspace.git import find_repository
from regoose.workspace.project import project_directory

T = TypeVar("T", bound=Task)

LONGEST_REQUIREMENT = 50_000
"""Characters. A longer one would fill a model's window before the work begins."""


async def located(task: T) -> T:
    """
    Return the task with the repository's top as its repository, and its project and targets relative to that.

    Raises `NotARepository`, and `UsageError` where nothing is named to test or a target is outside the repository.
    """
    if isinstance(task, GenerateTask) and not task.targets and task.since is None:
        raise UsageError(
            "nothing to test is named",
            hint="Name a file, a directory, a module or a function, or what a branch changed with `--diff BASE`.",
        )
    if isinstance(task, SolveTask):
        task = replace(task, requirement=check_requirement(task.requirement))
    place = Path(task.repository)
    root = (await find_repository(place)).root
    within = project_directory(root, place)
    task = replace(task, repository=str(root), within=within)
    if isinstance(task, GenerateTask):
        targets = tuple(_inside(root, one) for one in task.targets)
        task = replace(task, targets=targets, started_in=_below(root, place))
    return task


def check_requirement(text: str) -> str:
    """Return a requirement without blanks around it; raises `UsageError` for none and for one that is too long."""
    text = text.strip()
    if not text:
        raise UsageError("the requirement is empty", hint='Say what is to be done: `regoose solve "Add …"`.')
    if len(text) > LONGEST_REQUIREMENT:
        raise UsageError(
            f"the requirement has {len(text):,} characters; at most {LONGEST_REQUIREMENT:,} are taken",
            hint="Put long material into a file of the repository, and name it in the requirement.",
        )
    return text


def _below(root: Path, place: Path) -> str:
    below = place.resolve().relative_to(root.resolve()).as_posix()
    return "" if below == "." else below


def _inside(root: Path, target: str) -> str:
    """Return a target that is an absolute path relative to the repository's top; any other as it is."""
    path, separator, member = target.partition("::")
    if not Path(path).is_absolute():
        return target
    place = Path(path).resolve()
    if not place.is_relative_to(root.resolve()):
        raise UsageError(
            f"{path!r} lies outside the repository {str(root)!r}",
            hint="Give a path inside it, or name its repository with --repo.",
        )
    return place.relative_to(root.resolve()).as_posix() + separator + member
