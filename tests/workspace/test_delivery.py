from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regoose.domain.patch import FileEdit, Patch
from regoose.errors import DirtyTree, GitFailed, PolicyRefused, UsageError
from regoose.workspace.delivery import apply_patch, commit_patch
from regoose.workspace.git import CommitText, Identity, find_repository

if TYPE_CHECKING:
    from workspace.conftest import Checkout

TEXT = CommitText(message="Fix add\n\nBödy\n", author=Identity("Regoose Ü", "r@example.org"), when=1_700_000_000)
OLD = "def add(a, b):\n    return a - b\n"
NEW = "def add(a, b):\n    return a + b\n"
EDIT = Patch((FileEdit("pkg/calc.py", OLD, NEW),))
BRANCH = "regoose/fix-add-1"


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


async def test_the_branch_holds_the_edit_and_nothing_else(checkout: Checkout) -> None:
    checkout.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    head = checkout.commit_all()
    checkout.write("pkg/__init__.py", "uncommitted = 1\n")
    status, repository = checkout.status(), await find_repository(checkout.root)
    patch = Patch((*EDIT.edits, FileEdit("run.sh", "#!/bin/sh\n", "#!/bin/sh -e\n"), FileEdit("a b/n.py", None, "x")))
    commit = await commit_patch(repository, head, patch, BRANCH, TEXT)
    assert checkout.git("rev-parse", BRANCH, f"{BRANCH}^").decode().split() == [commit, head]
    changed = checkout.git("diff-tree", "-r", "--name-status", "-z", head, commit).decode().split("\0")
    assert changed == ["A", "a b/n.py", "M", "pkg/calc.py", "M", "run.sh", ""]
    assert checkout.git("ls-tree", commit, "run.sh").startswith(b"100755 ")
    assert checkout.show(commit, "a b/n.py") == b"x"
    text = checkout.git("show", "-s", "--format=%an|%ae|%cn|%at|%ct|%B", commit).decode()
    assert text == "Regoose Ü|r@example.org|Regoose Ü|1700000000|1700000000|Fix add\n\nBödy\n\n"
    assert (checkout.head(), checkout.status()) == (head, status)
    checkout.git("fsck", "--strict")


async def test_the_same_run_gives_the_same_commit_again(checkout: Checkout) -> None:
    repository = await find_repository(checkout.root)
    first = await commit_patch(repository, repository.head, EDIT, BRANCH, TEXT)
    assert await commit_patch(repository, repository.head, EDIT, BRANCH, TEXT) == first
    checkout.git("branch", "-D", BRANCH)
    assert await commit_patch(repository, repository.head, EDIT, BRANCH, TEXT) == first


async def test_somebody_elses_branch_is_not_overwritten(checkout: Checkout) -> None:
    checkout.git("branch", BRANCH)
    repository = await find_repository(checkout.root)
    with pytest.raises(UsageError, match="already exists"):
        await commit_patch(repository, repository.head, EDIT, BRANCH, TEXT)
    assert checkout.git("rev-parse", BRANCH).decode().strip() == repository.head
    with pytest.raises(GitFailed, match="cannot lock ref"):
        await commit_patch(repository, repository.head, EDIT, f"{BRANCH}/below", TEXT)


@pytest.mark.parametrize("branch", ["a..b", "-x", "", "x.lock", "a b", "@{", "../../HEAD"])
async def test_impossible_branch_names_are_refused(checkout: Checkout, branch: str) -> None:
    repository = await find_repository(checkout.root)
    with pytest.raises(UsageError, match="name of a branch"):
        await commit_patch(repository, repository.head, EDIT, branch, TEXT)


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (FileEdit("pkg/calc.py", "something else\n", NEW), UsageError),
        (FileEdit("pkg/missing.py", "x", "y"), UsageError),
        (FileEdit("pkg/calc.py", None, "new"), UsageError),
        (FileEdit("pkg", None, "new"), UsageError),
        (FileEdit("pkg/calc.py/below", None, "new"), UsageError),
        (FileEdit("../outside.py", None, "new"), PolicyRefused),
        (FileEdit(".git/hooks/pre-commit", None, "new"), PolicyRefused),
        (FileEdit("pkg/.GIT/config", None, "new"), PolicyRefused),
        (FileEdit("/etc/cron.d/x", None, "new"), PolicyRefused),
        (FileEdit("link", "/etc/passwd", "new"), PolicyRefused),
    ],
)
async def test_a_patch_that_does_not_fit_changes_nothing(
    checkout: Checkout, edit: FileEdit, error: type[Exception]
) -> None:
    (checkout.root / "link").symlink_to("/etc/passwd")
    checkout.commit_all()
    repository = await find_repository(checkout.root)
    with pytest.raises(error):
        await commit_patch(repository, repository.head, Patch((*EDIT.edits, edit)), BRANCH, TEXT)
    assert checkout.git("branch", "--list", BRANCH) == b""
    with pytest.raises((error, DirtyTree, PolicyRefused)):
        await apply_patch(repository, Patch((*EDIT.edits, edit)))
    assert checkout.status() == ""


FILES = st.dictionaries(
    st.text(st.sampled_from("ab -\"'\\\tü\udcfe"), min_size=1, max_size=5).map(lambda name: f"d/{name}"),
    st.tuples(
        st.none() | st.text(st.sampled_from("a\n\r\0é\udcff")), st.none() | st.text(st.sampled_from("b\n\r\0é\udcff"))
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(files=FILES)
async def test_reading_the_branch_gives_the_patchs_bytes(
    checkout: Checkout, files: dict[str, tuple[str | None, str | None]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        own = type(checkout)(Path(name))
        own.git("init", "-q")
        own.git("config", "core.autocrlf", "true")
        (own.root / "d").mkdir()
        lines: list[bytes] = []
        for path, (before, _) in files.items():
            if before is not None:
                blob = own.git("hash-object", "-w", "--stdin", "--no-filters", stdin=encode(before)).strip()
                lines.append(b"100644 " + blob + b"\t" + encode(path) + b"\0")
        own.git("update-index", "-z", "--index-info", stdin=b"".join(lines))
        own.git("commit", "-q", "--allow-empty", "-m", "base")
        repository = await find_repository(own.root)
        patch = Patch(tuple(FileEdit(path, before, after) for path, (before, after) in files.items()))
        commit = await commit_patch(repository, repository.head, patch, BRANCH, TEXT)
        listed = own.git("ls-tree", "-r", "-z", commit).split(b"\0")[:-1]
        found = {line.partition(b"\t")[2]: own.git("cat-file", "blob", line.split()[2].decode()) for line in listed}
        assert found == {encode(path): encode(after) for path, (_, after) in files.items() if after is not None}


async def test_apply_writes_the_working_tree_and_keeps_modes(checkout: Checkout) -> None:
    checkout.write("run.sh", "a\n").chmod(0o750)
    checkout.write("old/gone.py", "x\n")
    checkout.commit_all()
    repository = await find_repository(checkout.root)
    edits = (
        FileEdit("run.sh", "a\n", "b\n"),
        FileEdit("old/gone.py", "x\n", None),
        FileEdit("new dir/ü.py", None, "n\n"),
    )
    await apply_patch(repository, Patch((*EDIT.edits, *edits)))
    assert (checkout.root / "pkg/calc.py").read_text() == NEW
    assert (checkout.root / "run.sh").read_text() == "b\n"
    assert (checkout.root / "run.sh").stat().st_mode & 0o7777 == 0o750
    assert (checkout.root / "new dir/ü.py").read_text() == "n\n"
    assert not (checkout.root / "old").exists()
    assert checkout.git("diff", "--cached", "--name-only") == b""
    assert not list(checkout.root.rglob(".regoose-*"))


async def test_apply_refuses_uncommitted_changes_where_it_writes(checkout: Checkout) -> None:
    repository = await find_repository(checkout.root)
    checkout.write("pkg/other.py", "untracked\n")
    checkout.write("tests/test_calc.py", "edited elsewhere\n")
    with pytest.raises(DirtyTree, match=r"pkg/other\.py"):
        await apply_patch(repository, Patch((*EDIT.edits, FileEdit("pkg/other.py", None, "x"))))
    assert (checkout.root / "pkg/calc.py").read_text() == OLD
    await apply_patch(repository, EDIT)
    assert (checkout.root / "pkg/calc.py").read_text() == NEW
    with pytest.raises(DirtyTree, match=r"pkg/calc\.py"):
        await apply_patch(repository, EDIT)


async def test_apply_refuses_a_file_changed_before_the_run_even_where_the_patch_fits(checkout: Checkout) -> None:
    checkout.write("pkg/calc.py", OLD + "# mine\n")
    repository = await find_repository(checkout.root)
    with pytest.raises(DirtyTree):
        await apply_patch(repository, Patch((FileEdit("pkg/calc.py", OLD + "# mine\n", NEW),)))


async def test_apply_keeps_crlf_where_the_checkout_has_it(checkout: Checkout) -> None:
    checkout.git("config", "core.autocrlf", "true")
    (checkout.root / "pkg/calc.py").unlink()
    checkout.git("checkout", "--", ".")
    assert b"\r\n" in (checkout.root / "pkg/calc.py").read_bytes()
    await apply_patch(await find_repository(checkout.root), EDIT)
    assert (checkout.root / "pkg/calc.py").read_bytes() == NEW.replace("\n", "\r\n").encode()


async def test_apply_never_follows_a_link(checkout: Checkout, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "calc.py").write_text(OLD)
    repository = await find_repository(checkout.root)
    (checkout.root / "pkg").rename(tmp_path / "moved")
    (checkout.root / "pkg").symlink_to(outside)
    with pytest.raises(PolicyRefused, match="symbolic link"):
        await apply_patch(repository, EDIT)
    with pytest.raises(PolicyRefused, match="symbolic link"):
        await apply_patch(repository, Patch((FileEdit("pkg/new.py", None, "x"),)))
    assert [path.name for path in outside.iterdir()] == ["calc.py"]
    assert (outside / "calc.py").read_text() == OLD
    (checkout.root / "pkg").unlink()
    (tmp_path / "moved").rename(checkout.root / "pkg")
    (checkout.root / "pkg/calc.py").unlink()
    (checkout.root / "pkg/calc.py").symlink_to(outside / "calc.py")
    with pytest.raises(PolicyRefused, match="symbolic link"):
        await apply_patch(repository, EDIT)
    assert (outside / "calc.py").read_text() == OLD


async def test_apply_undoes_what_it_wrote_where_a_later_file_fails(checkout: Checkout) -> None:
    repository = await find_repository(checkout.root)
    a_file, below_it = FileEdit("pkg/new", None, "x"), FileEdit("pkg/new/inner.py", None, "x")
    with pytest.raises(PolicyRefused, match="'new' leads"):
        await apply_patch(repository, Patch((*EDIT.edits, a_file, below_it)))
    assert (checkout.root / "pkg/calc.py").read_text() == OLD
    assert checkout.status() == ""


async def test_a_reflog_is_kept_for_the_branch(checkout: Checkout) -> None:
    repository = await find_repository(checkout.root)
    await commit_patch(repository, repository.head, EDIT, BRANCH, TEXT)
    assert b"regoose: created" in checkout.git("reflog", "show", BRANCH)
    assert list(Path(tempfile.gettempdir()).glob(f"regoose-git-{os.getpid()}-*")) == []
    assert subprocess.run(["git", "status"], cwd=checkout.root, check=True, capture_output=True).returncode == 0
