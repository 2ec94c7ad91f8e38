"""Files and refs belong to the user whose checkout it is, whoever runs Regoose."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.patch import FileEdit, Patch
from regoose.errors import GitFailed
from regoose.workspace.artifacts import REPORT, Artifacts
from regoose.workspace.checkout import Workspaces
from regoose.workspace.delivery import apply_patch, commit_patch
from regoose.workspace.git import CommitText, Identity

if TYPE_CHECKING:
    from workspace.conftest import Checkout

TEXT = CommitText(message="Fix add\n", author=Identity("R", "r@example.org"), when=1_700_000_000)
SOMEBODY = 12345
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act on another user's checkout")


@pytest.fixture
def shared(checkout: Checkout) -> Iterator[Checkout]:
    """A checkout in a place that every user reaches, with a file of its own mode."""
    place = Path(tempfile.mkdtemp(prefix="regoose-test-"))
    place.chmod(0o755)
    shutil.copytree(checkout.root, place / "project", symlinks=True)
    (place / "project/pkg/calc.py").chmod(0o640)
    yield type(checkout)(place / "project")
    shutil.rmtree(place)


def owned(root: Path, uid: int) -> None:
    for path in (root.parent, root, *root.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def owners(root: Path) -> set[tuple[int, int]]:
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in (root, *root.rglob("*"))}


async def deliver(root: Path, base: Path) -> str:
    async with await Workspaces(base).create(root, "r", when=5) as workspace:
        before = workspace.read("pkg/calc.py")
        patch = Patch((FileEdit("pkg/calc.py", before, "fixed\n"), FileEdit("new/file.py", None, "x\n")))
        commit = await commit_patch(workspace.repository, workspace.base_commit, patch, "regoose/x-1", TEXT)
        await apply_patch(workspace.repository, patch)
        return commit


@needs_root
async def test_root_leaves_everything_to_the_owner_of_the_checkout(shared: Checkout, tmp_path: Path) -> None:
    shared.write("tests/test_uncommitted.py", "x\n")
    owned(shared.root, SOMEBODY)
    count = len(list((shared.root / ".git").rglob("*")))
    commit = await deliver(shared.root, tmp_path / "base")
    assert len(list((shared.root / ".git").rglob("*"))) > count + 5
    assert owners(shared.root) == {(SOMEBODY, SOMEBODY)}
    assert (shared.root / "pkg/calc.py").stat().st_mode & 0o777 == 0o640
    shared.git("config", "--global", "safe.directory", "*", env={"GIT_CONFIG_GLOBAL": str(tmp_path / "config")})
    found = shared.git("rev-parse", "regoose/x-1", env={"GIT_CONFIG_GLOBAL": str(tmp_path / "config")})
    assert found.decode().strip() == commit


@needs_root
async def test_root_cannot_be_led_out_of_the_checkout_by_planted_links_in_git(shared: Checkout, tmp_path: Path) -> None:
    target = tmp_path / "roots"
    target.mkdir(mode=0o755)
    (shared.root / ".git/refs/heads/regoose").symlink_to(target)
    owned(shared.root, SOMEBODY)
    with pytest.raises(GitFailed, match="cannot lock ref"):
        await deliver(shared.root, tmp_path / "base")
    assert list(target.iterdir()) == []


def as_somebody(root: Path, base: Path) -> None:
    os.setgroups([])
    os.setgid(SOMEBODY)
    os.setuid(SOMEBODY)
    asyncio.run(deliver(root, base))


@needs_root
def test_a_normal_user_needs_nothing_more(shared: Checkout) -> None:
    owned(shared.root, SOMEBODY)
    child = multiprocessing.get_context("fork").Process(
        target=as_somebody, args=(shared.root, shared.root.parent / "cache" / "base")
    )
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert owners(shared.root) == {(SOMEBODY, SOMEBODY)}
    assert (shared.root / ".git/refs/heads/regoose/x-1").is_file()
    assert (shared.root / "pkg/calc.py").read_text() == "fixed\n"


@needs_root
def test_a_runs_files_belong_to_the_owner_of_their_place(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, SOMEBODY, SOMEBODY)
    artifacts = Artifacts(state / "runs" / "run-1")
    artifacts.write(REPORT, b"<html>")
    assert artifacts.write(REPORT, b"<html>2").read_bytes() == b"<html>2"
    assert owners(state) == {(SOMEBODY, SOMEBODY)}
