from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.errors import DirtyTree, NotARepository, PolicyRefused, SizeLimit, UsageError
from regoose.workspace.checkout import Workspace, WorkspaceLimits, Workspaces
from regoose.workspace.git import find_repository

if TYPE_CHECKING:
    from workspace.conftest import Checkout

WHEN = 1_700_000_000


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "base")


def content(workspace: Workspace) -> dict[str, bytes | str]:
    """What stands in the private tree: bytes of files, targets of links."""
    return {
        os.fsencode(path.relative_to(workspace.tree)).decode("utf-8", "surrogateescape"): (
            str(path.readlink()) if path.is_symlink() else path.read_bytes()
        )
        for path in workspace.tree.rglob("*")
        if path.is_symlink() or path.is_file()
    }


async def test_the_tree_holds_the_base_commit_byte_for_byte(checkout: Checkout, workspaces: Workspaces) -> None:
    binary = bytes(range(256)) * 500
    files: dict[str, bytes | str] = {
        "binary.bin": binary,
        "crlf.txt": b"a\r\nb\r\n",
        "empty": b"",
        "with space/ümlaut 日本.py": b"x = 1\n",
        'tab\tquote".py': b"y = 2\n",
        "new\nline.txt": b"odd\n",
        "not-utf8-\udcff.txt": b"bytes\n",
    }
    for path, data in files.items():
        checkout.write(path, data)
    (checkout.root / "link").symlink_to("/etc/passwd")
    files["link"] = "/etc/passwd"
    checkout.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    head = checkout.commit_all()
    async with await workspaces.create(checkout.root, "r", when=WHEN) as workspace:
        assert workspace.base_commit == head
        assert workspace.notes == ()
        found = content(workspace)
        assert {path: found.get(path) for path in files} == files
        assert len(found) == len(files) + 4
        assert (workspace.tree / "run.sh").stat().st_mode & 0o777 == 0o755
        assert (workspace.tree / "binary.bin").stat().st_mode & 0o777 == 0o644
        with pytest.raises(PolicyRefused):
            workspace.read("link")
        with pytest.raises(PolicyRefused):
            workspace.read("../../x")
    assert not workspace.tree.parent.exists()
    assert checkout.status() == ""


async def test_line_ending_settings_of_the_user_change_nothing(checkout: Checkout, workspaces: Workspaces) -> None:
    checkout.write("a.py", "x = 1\ny = 2\n")
    head = checkout.commit_all()
    checkout.git("config", "core.autocrlf", "true")
    (checkout.root / "a.py").unlink()
    checkout.git("checkout", "--", ".")
    assert (checkout.root / "a.py").read_bytes() == b"x = 1\r\ny = 2\r\n"
    async with await workspaces.create(checkout.root, "r", when=WHEN) as workspace:
        assert workspace.base_commit == head
        assert workspace.read("a.py") == "x = 1\ny = 2\n"


async def test_uncommitted_work_counts_and_the_checkout_stays_as_it_is(
    checkout: Checkout, workspaces: Workspaces
) -> None:
    head = checkout.head()
    checkout.write(".gitignore", "ignored/\n")
    checkout.write("gone.py", "x\n")
    head = checkout.commit_all()
    checkout.write("tests/test_new.py", "def test_new():\n    assert False\n")
    checkout.write("tests/data/case.json", "{}")
    checkout.write("pkg/calc.py", "def add(a, b):\n    return a * b\n")
    checkout.write("staged.txt", "staged\n")
    checkout.git("add", "staged.txt")
    (checkout.root / "gone.py").unlink()
    for path in ("ignored/x.py", "notes.txt", ".env", "tests/server.key", "tests/.env.local"):
        checkout.write(path, "secret\n")
    before, index = checkout.status(), (checkout.root / ".git" / "index").read_bytes()
    async with await workspaces.create(checkout.root, "r", when=WHEN) as workspace:
        found = content(workspace)
        again = await workspaces.create(checkout.root, "r2", when=WHEN)
    assert found["tests/test_new.py"] == b"def test_new():\n    assert False\n"
    assert found["tests/data/case.json"] == b"{}"
    assert found["pkg/calc.py"] == b"def add(a, b):\n    return a * b\n"
    assert found["staged.txt"] == b"staged\n"
    assert not {"gone.py", "ignored/x.py", "notes.txt", ".env", "tests/server.key", "tests/.env.local"} & found.keys()
    assert checkout.git("rev-parse", f"{workspace.base_commit}^").decode().strip() == head
    assert again.base_commit == workspace.base_commit
    assert "5 uncommitted files" in workspace.notes[0]
    assert (checkout.status(), (checkout.root / ".git" / "index").read_bytes()) == (before, index)
    assert checkout.git("branch", "--list", "--all").split() == [b"*", b"main"]


async def test_private_git_directories_of_killed_processes_are_swept(workspaces: Workspaces) -> None:
    dead = await asyncio.create_subprocess_exec("true")
    await dead.wait()
    base = Path(tempfile.gettempdir())
    old, new, ours = (base / f"regoose-git-{name}-swept" for name in (dead.pid, f"{dead.pid}-new", os.getpid()))
    for left in (old, new, ours):
        left.mkdir()
        (left / "refs").symlink_to(base)
    try:
        for left in (old, ours):
            os.utime(left, (0, 0))
        await workspaces.sweep()
        assert [left.exists() for left in (old, new, ours)] == [False, True, True]
    finally:
        for left in (old, new, ours):
            shutil.rmtree(left, ignore_errors=True)


async def test_a_resumed_run_gets_the_same_tree_after_the_checkout_moved_on(
    checkout: Checkout, workspaces: Workspaces
) -> None:
    checkout.write("pkg/calc.py", "uncommitted\n")
    first = await workspaces.create(checkout.root, "r", when=WHEN)
    checkout.write("pkg/calc.py", "later\n")
    checkout.commit_all()
    again = await workspaces.create(checkout.root, "r", when=WHEN, commit=first.base_commit)
    assert content(again) == content(first)
    assert again.read("pkg/calc.py") == "uncommitted\n"


async def test_uncommitted_work_can_be_left_out(checkout: Checkout, workspaces: Workspaces) -> None:
    checkout.write("pkg/calc.py", "uncommitted\n")
    made = await workspaces.create(checkout.root, "r", when=WHEN, committed_only=True)
    assert made.base_commit == checkout.head()


async def test_a_racily_touched_file_is_no_change(checkout: Checkout, workspaces: Workspaces) -> None:
    os.utime(checkout.root / "pkg/calc.py", (1, 1))
    (checkout.root / "pkg/calc.py").chmod(0o755)
    made = await workspaces.create(checkout.root, "r", when=WHEN)
    assert made.base_commit == checkout.head()


async def test_large_file_pointers_are_left_alone(checkout: Checkout, workspaces: Workspaces) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    checkout.write("model.bin", pointer)
    head = checkout.commit_all()
    checkout.write("model.bin", b"\0real\0")
    made = await workspaces.create(checkout.root, "r", when=WHEN)
    assert (made.base_commit, made.read("model.bin")) == (head, pointer)


async def test_a_tracked_file_swapped_for_a_link_out_of_the_tree_is_not_read(
    checkout: Checkout, workspaces: Workspaces, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (checkout.root / "pkg/calc.py").unlink()
    (checkout.root / "pkg/calc.py").symlink_to(tmp_path / "secret.txt")
    (checkout.root / "tests/test_calc.py").unlink()
    (checkout.root / "tests").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "test_calc.py").write_text("secret")
    (checkout.root / "tests").symlink_to(tmp_path / "elsewhere")
    made = await workspaces.create(checkout.root, "r", when=WHEN)
    found = content(made)
    assert found["pkg/calc.py"] == str(tmp_path / "secret.txt")
    assert "secret" not in {value for value in found.values() if isinstance(value, bytes)}
    assert "tests/test_calc.py" not in found


async def test_a_submodule_is_left_empty_and_named(
    checkout: Checkout, make_checkout: Callable[[str], Checkout], workspaces: Workspaces
) -> None:
    inner = make_checkout("inner")
    inner.write("inner.py", "x\n")
    inner.commit_all()
    checkout.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "lib/inner")
    head = checkout.commit_all()
    made = await workspaces.create(checkout.root, "r", when=WHEN)
    assert made.base_commit == head
    assert list((made.tree / "lib" / "inner").iterdir()) == []
    assert made.notes == ("The submodule lib/inner is left empty.",)


async def test_sizes_are_limited(checkout: Checkout, tmp_path: Path) -> None:
    checkout.write("huge.bin", b"\0" * 3_000_000)
    checkout.write("big.bin", b"\0" * 900_000)
    checkout.commit_all()
    limits = WorkspaceLimits(total_bytes=1_000_000, file_bytes=2_000_000)
    made = await Workspaces(tmp_path / "a", limits).create(checkout.root, "r", when=WHEN)
    assert not (made.tree / "huge.bin").exists()
    assert made.notes == ("huge.bin (3 MiB) is left out of the workspace.",)
    tight = Workspaces(tmp_path / "b", WorkspaceLimits(total_bytes=800_000))
    with pytest.raises(SizeLimit, match=r"MAX_WORKSPACE_SIZE.*huge\.bin"):
        await tight.create(checkout.root, "r", when=WHEN)
    assert list((tmp_path / "b").glob("*")) == []


async def test_what_is_no_checkout_is_refused(
    make_checkout: Callable[[str], Checkout], workspaces: Workspaces, tmp_path: Path
) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(NotARepository, match="not inside a git checkout"):
        await workspaces.create(tmp_path / "plain", "r", when=WHEN)
    with pytest.raises(NotARepository, match="not a directory"):
        await workspaces.create(tmp_path / "missing", "r", when=WHEN)
    empty = make_checkout("empty")
    with pytest.raises(NotARepository, match="no commit yet"):
        await workspaces.create(empty.root, "r", when=WHEN)
    with pytest.raises(NotARepository, match="git checkout"):
        await workspaces.create(empty.root / ".git", "r", when=WHEN)
    empty.git("init", "-q", "--bare", str(tmp_path / "bare"))
    with pytest.raises(NotARepository, match="bare"):
        await workspaces.create(tmp_path / "bare", "r", when=WHEN)


async def test_an_unknown_base_is_refused(checkout: Checkout, workspaces: Workspaces) -> None:
    for revision in ("nowhere", "--all", "HEAD:pkg"):
        with pytest.raises(UsageError, match="names no commit"):
            await workspaces.create(checkout.root, "r", when=WHEN, commit=revision)


async def test_an_unfinished_merge_is_refused(checkout: Checkout, workspaces: Workspaces) -> None:
    checkout.git("checkout", "-q", "-b", "other")
    checkout.write("pkg/calc.py", "other\n")
    checkout.commit_all()
    checkout.git("checkout", "-q", "main")
    checkout.write("pkg/calc.py", "mine\n")
    checkout.commit_all()
    with pytest.raises(subprocess.CalledProcessError):
        checkout.git("merge", "other")
    with pytest.raises(DirtyTree, match=r"pkg/calc\.py.*conflict"):
        await workspaces.create(checkout.root, "r", when=WHEN)


@pytest.mark.parametrize("kind", ["linked", "detached", "shallow", "sparse", "subdirectory", "split index", "sha256"])
async def test_every_kind_of_checkout(kind: str, checkout: Checkout, workspaces: Workspaces, tmp_path: Path) -> None:
    place = checkout.root
    if kind == "linked":
        place = tmp_path / "line d ünked"
        checkout.git("worktree", "add", "-q", "-b", "side", str(place))
    elif kind == "detached":
        checkout.git("checkout", "-q", "--detach")
    elif kind == "shallow":
        checkout.commit_all("second")
        place = tmp_path / "shallow"
        checkout.git("clone", "-q", "--depth=1", f"file://{checkout.root}", str(place))
    elif kind == "sparse":
        checkout.git("sparse-checkout", "set", "--no-cone", "/pkg/")
        assert not (checkout.root / "tests").exists()
    elif kind == "subdirectory":
        place = checkout.root / "pkg"
    elif kind == "split index":
        checkout.git("update-index", "--split-index")
    else:
        place = tmp_path / "long"
        place.mkdir()
        checkout.git("init", "-q", "--object-format=sha256", str(place))
        other = type(checkout)(place)
        other.write("pkg/calc.py", "def add(a, b):\n    return a - b\n")
        other.write("tests/test_calc.py", "")
        other.commit_all()
    made = await workspaces.create(place, "r", when=WHEN)
    head = type(checkout)(place).head()
    assert made.base_commit == head
    assert made.read("pkg/calc.py") == "def add(a, b):\n    return a - b\n"
    assert made.read("tests/test_calc.py") is not None
    assert (await find_repository(place)).head == head


async def test_sweeping_removes_what_dead_processes_left_and_nothing_else(
    checkout: Checkout, workspaces: Workspaces, tmp_path: Path
) -> None:
    alive = await workspaces.create(checkout.root, "alive", when=WHEN)
    code = (
        "import asyncio, os, sys\nfrom pathlib import Path\nfrom regoose.workspace.checkout import Workspaces\n"
        "asyncio.run(Workspaces(Path(sys.argv[1])).create(Path(sys.argv[2]), 'dead', when=1))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "base"), str(checkout.root)]
    assert subprocess.run(argv, check=False, timeout=120).returncode == -9
    assert len(list((tmp_path / "base").glob("run-dead-*"))) == 1
    (tmp_path / "base" / "run-half").mkdir()
    assert await workspaces.sweep() == 1
    assert sorted(path.name for path in (tmp_path / "base").iterdir()) == sorted([alive.tree.parent.name, "run-half"])
    assert await Workspaces(tmp_path / "nothing").sweep() == 0


async def test_two_runs_at_once_on_one_repository_are_independent(checkout: Checkout, workspaces: Workspaces) -> None:
    checkout.write("tests/test_more.py", "x\n")
    made = await asyncio.gather(*(workspaces.create(checkout.root, "same", when=WHEN) for _ in range(4)))
    assert len({workspace.tree for workspace in made}) == 4
    assert len({workspace.base_commit for workspace in made}) == 1
    await made[0].close()
    await made[0].close()
    assert made[1].read("tests/test_more.py") == "x\n"
