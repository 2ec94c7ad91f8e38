"""How a proven patch reaches the user: the branch, what its commit says, the command that reruns the proof."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from regoose.domain.patch import Patch
from regoose.domain.solve import WrittenChange
from regoose.errors import DirtyTree, PolicyRefused
from regoose.workspace.beneath import Beneath
from regoose.workspace.delivery import apply_patch, commit_patch
from regoose.workspace.git import CommitText, Identity, Repository

_SUBJECT = 72
_QUOTED = 2000
"""Characters of a requirement that a commit quotes."""
_NAMED = 20
"""Tests or modules that are named. A command that names more is not one that a person would paste."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where the patch is now."""

    branch: str
    commit: str
    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is delivered and how."""

    base_commit: str
    patch: Patch
    branch: str
    message: str
    author: Identity
    when: int
    apply: bool


async def deliver(repository: Repository, order: Order) -> Delivery:
    """
    Make the branch and, where asked for, write the patch into the working tree. Doing it again changes nothing.

    Raises `UsageError` for a branch that exists with other content, `DirtyTree` where the patch cannot be applied.
    """
    text = CommitText(message=order.message, author=order.author, when=order.when)
    commit = await commit_patch(repository, order.base_commit, order.patch, order.branch, text)
    if order.apply and not _is_applied(repository.root, order.patch):
        try:
            await apply_patch(repository, order.patch)
        except DirtyTree as error:
            raise DirtyTree(
                f"{error.message}; the patch is on the branch {order.branch} and not in the working tree",
                hint=f"Commit or stash the changes, then take the patch over: `git cherry-pick {order.branch}`.",
            ) from None
    return Delivery(branch=order.branch, commit=commit, applied=order.apply)


def branch_name(run_id: str, path: str, prefix: str = "") -> str:
    """Name a branch after the file that a run is about: `regoose/<prefix><slug>-<id>`."""
    return branch_named(run_id, PurePosixPath(path).stem, prefix)


def branch_named(run_id: str, words: str, prefix: str = "") -> str:
    """Name a branch by words that say what it is about."""
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "change"
    return f"regoose/{prefix}{slug[:40].rstrip('-')}-{run_id.rpartition('-')[2]}"


def message_of_fix(run_id: str, description: str, targets: Sequence[str]) -> str:
    """Write the message of a repair: what changed, which tests it repairs, which run it comes from."""
    reason = "These tests fail without this change and pass with it:"
    return f"{_subject(description)}\n\n{reason}\n\n{_list(targets)}\n\nRegoose-Run: {run_id}\n"


def message_of_solve(run_id: str, change: WrittenChange, requirement: str, targets: Sequence[str]) -> str:
    """Write the message of a change: what it does, what was asked for, which tests it makes pass."""
    asked = requirement if len(requirement) <= _QUOTED else f"{requirement[:_QUOTED].rstrip()} […]"
    quoted = "\n".join(f"> {line}".rstrip() for line in asked.splitlines())
    parts = [
        _subject(change.subject),
        change.summary,
        f"Asked for:\n\n{quoted}",
        f"These tests come with it; they fail without the change and pass with it:\n\n{_list(targets)}",
        f"Regoose-Run: {run_id}",
    ]
    return "\n\n".join(parts) + "\n"


def message_of_tests(run_id: str, modules: Sequence[str], count: int) -> str:
    """Write the message of generated tests: for which modules, and what they record."""
    named = modules[0] if len(modules) == 1 else f"{len(modules)} modules"
    reason = f"{count} tests that record what the code does now, each seen green in random order. They cover:"
    return f"{_subject(f'Add tests for {named}')}\n\n{reason}\n\n{_list(modules)}\n\nRegoose-Run: {run_id}\n"


def _subject(text: str) -> str:
    subject = text.rstrip(".").replace("\n", " ")
    return subject if len(subject) <= _SUBJECT else subject[: _SUBJECT - 1].rstrip() + "…"


def _list(items: Sequence[str]) -> str:
    shown = [f"- {item}" for item in items[:_NAMED]]
    if len(items) > _NAMED:
        shown.append(f"- and {len(items) - _NAMED} more")
    return "\n".join(shown)


def reproduce_command(base: str, head: str, targets: Sequence[str], *, are_all_red: bool, within: str = "") -> str:
    """
    Return the command that reruns the proof in a clone of the repository.

    Without `--test` it takes every test that is red on the base, so the names can be left out where they are those.
    """
    tests = [] if are_all_red and len(targets) > _NAMED else [part for test in targets for part in ("--test", test)]
    return shlex.join(["regoose", "prove", "--base", base, "--head", head, *tests, *([within] if within else [])])


def _is_applied(root: Path, patch: Patch) -> bool:
    """Whether the working tree holds the patch already: the run was ended between writing it and recording that."""
    try:
        with Beneath(root) as tree:
            return all(tree.read(edit.path) == _bytes(edit.after) for edit in patch.edits)
    except (OSError, PolicyRefused):
        return False


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")
