"""Nothing planted in a repository runs on the host. Each danger is shown to bite plain git first."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.patch import FileEdit, Patch
from regoose.errors import GitFailed
from regoose.workspace.checkout import Workspaces
from regoose.workspace.delivery import apply_patch, commit_patch
from regoose.workspace.git import CommitText, Identity, open_git

if TYPE_CHECKING:
    from workspace.conftest import Checkout

TEXT = CommitText(message="Fix add\n", author=Identity("R", "r@example.org"), when=1_700_000_000)
HOOKS = (
    "pre-commit",
    "post-commit",
    "commit-msg",
    "prepare-commit-msg",
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "post-merge",
    "pre-auto-gc",
    "post-rewrite",
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "fsmonitor-watchman",
    "query-watchman",
    "update",
    "pre-receive",
    "post-receive",
    "pre-push",
)


@dataclass(frozen=True)
class Trap:
    """A checkout in which a planted program writes `mark` when it runs."""

    checkout: Checkout
    mark: Path

    def script(self, tail: str = "exit 0") -> Path:
        path = self.checkout.root.parent / "evil.sh"
        path.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(self.mark))}\n{tail}\n")
        path.chmod(0o755)
        return path

    def config(self, **values: str) -> None:
        for key, value in values.items():
            self.checkout.git("config", key.replace("__", "."), value)

    def sprung(self) -> bool:
        if self.mark.exists():
            self.mark.unlink()
            return True
        return False


def hooks(trap: Trap) -> None:
    script = trap.script("exit 0")
    folder = trap.checkout.root / ".git" / "hooks"
    folder.mkdir(exist_ok=True)
    for name in HOOKS:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(script)


def hooks_elsewhere(trap: Trap) -> None:
    folder = trap.checkout.root / "githooks"
    folder.mkdir()
    for name in HOOKS:
        (folder / name).symlink_to(trap.script())
    trap.config(core__hooksPath=str(folder))


def attributes(trap: Trap, line: str) -> None:
    trap.checkout.write(".gitattributes", line + "\n")
    trap.checkout.commit_all("attributes")
    trap.checkout.write(".git/info/attributes", line + "\n")


def clean(trap: Trap) -> None:
    attributes(trap, "* filter=evil")
    trap.config(filter__evil__clean=str(trap.script("cat")), filter__evil__required="true")


def smudge(trap: Trap) -> None:
    attributes(trap, "* filter=evil")
    trap.config(filter__evil__smudge=str(trap.script("cat")))


def process(trap: Trap) -> None:
    attributes(trap, "* filter=evil")
    trap.config(filter__evil__process=str(trap.script()))


def textconv(trap: Trap) -> None:
    attributes(trap, "* diff=evil")
    trap.config(diff__evil__textconv=str(trap.script('cat "$1"')))


def diff_command(trap: Trap) -> None:
    attributes(trap, "* diff=evil")
    trap.config(diff__evil__command=str(trap.script()))


def merge_driver(trap: Trap) -> None:
    attributes(trap, "* merge=evil")
    trap.checkout.git("checkout", "-q", "-b", "other")
    trap.checkout.write("pkg/calc.py", "def add(a, b):\n    return a * b\n")
    trap.checkout.commit_all("other")
    trap.checkout.git("checkout", "-q", "main")
    trap.checkout.write("pkg/calc.py", "def add(a, b):\n    return a - b - 0\n")
    trap.checkout.commit_all("mine")
    trap.config(merge__evil__driver=f"{trap.script()} %O %A %B")


def include(trap: Trap) -> None:
    trap.checkout.write(".git/more", f"[core]\n\tfsmonitor = {trap.script()}\n")
    trap.config(include__path="more")


Arm = Callable[[Trap], None]
DANGERS: dict[str, tuple[Arm, list[str]]] = {
    "hooks": (hooks, ["commit", "--allow-empty", "-m", "x"]),
    "hook on a ref": (hooks, ["update-ref", "refs/heads/x", "HEAD"]),
    "hook on the index": (hooks, ["read-tree", "HEAD"]),
    "hooks elsewhere": (hooks_elsewhere, ["update-ref", "refs/heads/x", "HEAD"]),
    "file system monitor": (lambda trap: trap.config(core__fsmonitor=str(trap.script())), ["status"]),
    "clean filter": (clean, ["add", "-A"]),
    "clean filter in a comparison": (clean, ["diff"]),
    "smudge filter": (smudge, ["checkout", "HEAD~1", "--", "pkg/calc.py"]),
    "process filter": (process, ["add", "-A"]),
    "text conversion": (textconv, ["diff"]),
    "diff command": (diff_command, ["diff"]),
    "external diff": (lambda trap: trap.config(diff__external=str(trap.script())), ["diff"]),
    "merge driver": (merge_driver, ["merge", "other"]),
    "alias": (lambda trap: trap.config(alias__evil=f"!{trap.script()}"), ["evil"]),
    "ssh command": (
        lambda trap: trap.config(core__sshCommand=str(trap.script())),
        ["fetch", "ssh://nowhere.invalid/x"],
    ),
    "external transport": (
        lambda trap: trap.config(protocol__ext__allow="always"),
        ["fetch", "ext::sh -c {script}"],
    ),
    "included configuration": (include, ["status"]),
    "editor": (lambda trap: trap.config(core__editor=str(trap.script())), ["commit", "--allow-empty"]),
    "signing program": (
        lambda trap: trap.config(commit__gpgSign="true", gpg__program=str(trap.script())),
        ["commit", "--allow-empty", "-m", "x"],
    ),
    "credential helper": (
        lambda trap: trap.config(credential__helper=str(trap.script())),
        ["credential", "fill"],
    ),
}


@pytest.fixture
def trap(checkout: Checkout, tmp_path: Path) -> Trap:
    checkout.write("pkg/more.py", "1\n")
    checkout.commit_all("more")
    return Trap(checkout, tmp_path / "mark")


async def whole_way(checkout: Checkout, base: Path) -> None:
    """Everything that touches the user's repository: snapshot, checkout, tag, commit, apply."""
    async with await Workspaces(base).create(checkout.root / "pkg", "run-1", when=5) as workspace:
        path = "pkg/more.py"
        before = workspace.read(path)
        patch = Patch((FileEdit(path, before, "2\n"), FileEdit("new.py", None, "3\n")))
        assert any(workspace.tree.iterdir())
        async with open_git(workspace.repository) as git:
            await git.nearest_tag(workspace.repository.head)
        await commit_patch(workspace.repository, workspace.base_commit, patch, "regoose/x-1", TEXT)
        await apply_patch(workspace.repository, patch)
    assert (checkout.root / path).read_text() == "2\n"


@pytest.mark.parametrize("name", DANGERS)
async def test_planted_programs_do_not_run(name: str, trap: Trap, tmp_path: Path) -> None:
    arm, trigger = DANGERS[name]
    arm(trap)
    trap.sprung()
    trap.checkout.write("pkg/calc.py", "def add(a, b):\n    return a - b  # edited\n")
    if name == "merge driver":
        trap.checkout.git("checkout", "-q", "--", "pkg/calc.py")
    trap.sprung()

    await whole_way(trap.checkout, tmp_path / "base")

    assert not trap.sprung()
    trap.checkout.write("pkg/calc.py", "def add(a, b):\n    return a - b  # edited again\n")
    if name == "merge driver":
        trap.checkout.git("checkout", "-q", "--", ".")
    run_plainly(trap, [part.format(script=trap.script()) for part in trigger])
    assert trap.sprung(), "the control did not bite: the test shows nothing"


def run_plainly(trap: Trap, argv: list[str]) -> None:
    """Whatever git makes of the planted program's answer, it was asked."""
    with contextlib.suppress(subprocess.CalledProcessError):
        trap.checkout.git(*argv, stdin=b"protocol=https\nhost=nowhere.invalid\n\n")


async def test_a_missing_object_is_not_fetched_by_a_planted_transport(trap: Trap, tmp_path: Path) -> None:
    checkout = trap.checkout
    blob = checkout.git("rev-parse", "HEAD:pkg/more.py").decode().strip()
    (checkout.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    trap.config(
        core__repositoryFormatVersion="1",
        extensions__partialClone="origin",
        remote__origin__promisor="true",
        remote__origin__url=f"ext::{trap.script()}",
        protocol__ext__allow="always",
    )

    with pytest.raises(GitFailed, match=r"pkg/more\.py"):
        await Workspaces(tmp_path / "base").create(checkout.root, "run-1", when=5)

    assert not trap.sprung()
    run_plainly(trap, ["cat-file", "-p", blob])
    assert trap.sprung()


async def test_substitutions_of_git_archive_do_not_happen(checkout: Checkout, tmp_path: Path) -> None:
    checkout.write(".gitattributes", "stamp.txt export-subst\nhidden.txt export-ignore\n* text eol=crlf\n*.py ident\n")
    checkout.write("stamp.txt", "$Format:%H$\n")
    checkout.write("hidden.txt", "here\n")
    checkout.write("ident.py", "# $Id$\n")
    checkout.commit_all()
    assert checkout.head().encode() in checkout.git("archive", "--format=tar", "HEAD", "stamp.txt")
    async with await Workspaces(tmp_path / "base").create(checkout.root, "r", when=5) as workspace:
        assert workspace.read("stamp.txt") == "$Format:%H$\n"
        assert workspace.read("hidden.txt") == "here\n"
        assert workspace.read("ident.py") == "# $Id$\n"


async def test_nothing_of_git_is_in_the_private_tree(checkout: Checkout, tmp_path: Path) -> None:
    async with await Workspaces(tmp_path / "base").create(checkout.root, "r", when=5) as workspace:
        assert not [path for path in workspace.tree.parent.rglob("*") if path.name.lower().startswith(".git")]
