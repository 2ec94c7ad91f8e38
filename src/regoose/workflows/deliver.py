"""How a proven patch reaches the user: the branch, what its commit says, the command that reruns the proof."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from regoose.domain.patch import Patch
from regoose.domain.repair import Candidate
from regoose.errors import DirtyTree, PolicyRefused
from regoose.workspace.beneath import Beneath
from regoose.workspace.delivery import apply_patch, commit_patch
from regoose.workspace.git import CommitText, Identity, Repository

_SUBJECT = 72
_NAMED_TESTS = 20
"""A command that names more is not one that a person would paste."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where the patch is now."""

    branch: str
    commit: str
    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is delivered and how."""

    run_id: str
    base_commit: str
    when: int
    author: Identity
    candidate: Candidate
    targets: tuple[str, ...]
    branch: str | None
    apply: bool


async def deliver(repository: Repository, order: Order) -> Delivery:
    """
    Make the branch and, where asked for, write the patch into the working tree. Doing it again changes nothing.

    Raises `UsageError` for a branch that exists with other content, `DirtyTree` where the patch cannot be applied.
    """
    patch = order.candidate.patch
    branch = order.branch or branch_name(order.run_id, patch)
    text = CommitText(message=commit_message(order), author=order.author, when=order.when)
    commit = await commit_patch(repository, order.base_commit, patch, branch, text)
    if order.apply and not _is_applied(repository.root, patch):
        try:
            await apply_patch(repository, patch)
        except DirtyTree as error:
            raise DirtyTree(
                f"{error.message}; the patch is on the branch {branch} and not in the working tree",
                hint=f"Commit or stash the changes, then take the patch over: `git cherry-pick {branch}`.",
            ) from None
    return Delivery(branch=branch, commit=commit, applied=order.apply)


def branch_name(run_id: str, patch: Patch) -> str:
    """Name the branch after the file that changes and the run: `regoose/<slug>-<id>`."""
    stem = PurePosixPath(patch.edits[0].path).stem if patch.edits else "fix"
    slug = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "fix"
    return f"regoose/{slug[:40].rstrip('-')}-{run_id.rpartition('-')[2]}"


def commit_message(order: Order) -> str:
    """Write the message: what changed, which tests it repairs, which run it comes from."""
    subject = order.candidate.description.rstrip(".").replace("\n", " ")
    if len(subject) > _SUBJECT:
        subject = subject[: _SUBJECT - 1].rstrip() + "…"
    shown = [f"- {test}" for test in order.targets[:_NAMED_TESTS]]
    if len(order.targets) > _NAMED_TESTS:
        shown.append(f"- and {len(order.targets) - _NAMED_TESTS} more")
    tests = "\n".join(shown)
    reason = "These tests fail without this change and pass with it:"
    return f"{subject}\n\n{reason}\n\n{tests}\n\nRegoose-Run: {order.run_id}\n"


def reproduce_command(base: str, head: str, targets: Sequence[str], *, are_all_red: bool, within: str = "") -> str:
    """
    Return the command that reruns the proof in a clone of the repository.

    Without `--test` it takes every test that is red on the base, so the names can be left out where they are those.
    """
    tests = (
        [] if are_all_red and len(targets) > _NAMED_TESTS else [part for test in targets for part in ("--test", test)]
    )
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
