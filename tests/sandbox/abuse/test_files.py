"""The tree inside, what is put beside it and what comes back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from regoose.errors import PolicyRefused, SizeLimit
from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import MIB, OUT, Command, Limits
from regoose.sandbox.choice import ProbedBackend

Script = Callable[..., Command]
Open = Callable[..., AbstractAsyncContextManager[AgentSandbox]]

LIST = """
    import os
    for top, directories, files in os.walk(b"/work"):
        for name in directories + files:
            path = os.path.join(top, name)
            kind = "l" if os.path.islink(path) else "d" if os.path.isdir(path) else "f"
            print(kind, ascii(os.fsdecode(path)), os.access(path, os.X_OK) if kind == "f" else "")
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a tree with every oddity that a repository may have."""
    top = tmp_path / "tree with spaces, and a comma"
    (top / "package" / "deep").mkdir(parents=True)
    (top / "package" / "module.py").write_text("answer = 42\n")
    (top / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (top / "run.sh").chmod(0o755)
    (top / "out").symlink_to("/etc/shadow")
    (top / "up").symlink_to("../../..")
    (top / "linked").symlink_to("package")
    (top / "new\nline 'quoted' ü").write_text("x")
    Path(os.fsdecode(os.fsencode(top) + b"/not-\xff-utf8")).write_text("x")
    (top / "private").write_text("x")
    (top / "private").chmod(0o600)
    os.mkfifo(top / "pipe")
    (top / ".git" / "hooks").mkdir(parents=True)
    (top / ".git" / "config").write_text("[core]\n")
    (top / "package" / ".git").write_text("gitdir: elsewhere\n")
    return top


async def test_the_tree_is_copied_as_it_is_without_its_repository(
    backend: ProbedBackend, enter: Open, script: Script, tree: Path
) -> None:
    async with enter(backend, tree) as sandbox:
        lines = (await sandbox.run(script(LIST))).stdout.decode().splitlines()
    assert {line.rstrip() for line in lines} >= {
        "d '/work/package'",
        "d '/work/package/deep'",
        "f '/work/package/module.py' False",
        "f '/work/run.sh' True",
        "l '/work/out'",
        "l '/work/up'",
        "l '/work/linked'",
        "f \"/work/new\\nline 'quoted' \\xfc\" False",
        "f '/work/not-\\udcff-utf8' False",
        "f '/work/private' False",
    }
    assert not [line for line in lines if "/.git'" in line or "/.git/" in line or "/pipe'" in line]


async def test_what_leads_out_of_the_tree_leads_nowhere(
    backend: ProbedBackend, enter: Open, script: Script, tree: Path
) -> None:
    async with enter(backend, tree) as sandbox:
        result = await sandbox.run(script("print(open('/work/out').read())"))
    assert result.exit_code == 1


async def test_the_host_tree_stays_as_it_is(backend: ProbedBackend, enter: Open, tree: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in tree.rglob("*")}
    async with enter(backend, tree) as sandbox:
        await sandbox.run(Command(argv=("/bin/sh", "-c", "rm -rf /work/* /lower/*; echo x > run.sh; mkdir .git")))
    assert {path: path.lstat().st_mtime_ns for path in tree.rglob("*")} == before


async def test_a_reset_restores_everything(backend: ProbedBackend, enter: Open, script: Script, tree: Path) -> None:
    damage = f"""
        import os
        os.remove("/work/run.sh")
        open("/work/package/module.py", "w").write("answer = 43")
        os.makedirs("/work/package/x/y")
        os.chmod("/work/package/x", 0)
        os.chmod("/work/package", 0)
        open("/tmp/left", "w")
        open("{OUT}/left", "w")
        os.chdir("/work")
        for _ in range(1500):
            os.mkdir("deeper-and-deeper")
            os.chdir("deeper-and-deeper")
    """
    async with enter(backend, tree) as sandbox:
        first = (await sandbox.run(script(LIST))).stdout
        assert (await sandbox.run(script(damage))).exit_code == 0
        assert sorted((await sandbox.run(script(LIST, reset=True))).stdout.splitlines()) == sorted(first.splitlines())
        result = await sandbox.run(Command(argv=("/bin/sh", "-c", "ls /tmp /tmp/regoose; cat package/module.py")))
    assert b"left" not in result.stdout
    assert result.stdout.endswith(b"answer = 42\n")


async def test_a_root_owned_private_file_can_be_used(
    backend: ProbedBackend, enter: Open, script: Script, tree: Path
) -> None:
    async with enter(backend, tree) as sandbox:
        result = await sandbox.run(script("print(open('/work/private').read())", reset=True))
    assert result.stdout == b"x\n"


async def test_a_tree_that_does_not_fit_is_refused_with_its_size(
    backend: ProbedBackend, enter: Open, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(24 * MIB))
    with pytest.raises(SizeLimit, match=r"24\.0 MiB.*16 MiB"):
        async with enter(backend, tmp_path, Limits(disk_bytes=16 * MIB)):
            pass


async def test_files_are_put_in_and_brought_back(backend: ProbedBackend, enter: Open, tree: Path) -> None:
    large = os.urandom(3 * MIB)
    command = Command(
        argv=("/bin/sh", "-c", f"cat package/new/file.txt > {OUT}/copy; cat > {OUT}/stdin; ls"),
        stdin=large,
        writes={"/work/package/new/file.txt": b"new", "/work/run.sh": None, "/work/absent": None, f"{OUT}/e": b""},
        reads=("/work/package/new/file.txt", f"{OUT}/copy", f"{OUT}/stdin", f"{OUT}/e", "/work/none"),
    )
    async with enter(backend, tree) as sandbox:
        result = await sandbox.run(command)
    new = {"/work/package/new/file.txt": b"new", f"{OUT}/copy": b"new", f"{OUT}/stdin": large, f"{OUT}/e": b""}
    assert result.files == new
    assert b"run.sh" not in result.stdout


async def test_python_never_takes_stale_bytecode_for_a_written_file(
    backend: ProbedBackend, enter: Open, script: Script
) -> None:
    seen: list[bytes] = []
    async with enter(backend) as sandbox:
        for number in range(4):
            command = script(
                "import sys; sys.path.insert(0, '/work'); import m; print(m.x)",
                writes={"/work/m.py": b"x = %d" % number},
            )
            seen.append((await sandbox.run(command)).stdout)
    assert seen == [b"0\n", b"1\n", b"2\n", b"3\n"]


@pytest.mark.parametrize("path", ["/work/link/file", "/etc/passwd", "/work/../etc/passwd", "/tmp/other", "/work"])
async def test_writing_elsewhere_or_through_a_link_is_refused(backend: ProbedBackend, enter: Open, path: str) -> None:
    async with enter(backend) as sandbox:
        await sandbox.run(Command(argv=("/bin/ln", "-s", "/tmp", "/work/link")))
        with pytest.raises(PolicyRefused, match=path):
            await sandbox.run(Command(argv=("/bin/true",), writes={path: b"x"}))
        assert (await sandbox.run(Command(argv=("/bin/echo", "alive")))).stdout == b"alive\n"


async def test_a_planted_link_is_replaced_not_followed(backend: ProbedBackend, enter: Open) -> None:
    async with enter(backend) as sandbox:
        await sandbox.run(Command(argv=("/bin/ln", "-s", "/tmp/target", "/work/file")))
        result = await sandbox.run(
            Command(argv=("/bin/ls", "/tmp"), writes={"/work/file": b"x"}, reads=("/work/file",))
        )
    assert b"target" not in result.stdout
    assert result.files == {"/work/file": b"x"}


async def test_only_regular_files_of_bounded_size_come_back(
    backend: ProbedBackend, enter: Open, script: Script
) -> None:
    code = f"""
        import os
        os.symlink("/etc/passwd", "/work/link")
        os.symlink("/etc", "/work/directory")
        os.mkfifo("/work/pipe")
        os.mkdir("/work/real")
        with open("/work/sparse", "wb") as file:
            file.truncate(24 << 20)
        open("{OUT}/small", "w").write("x")
        os.rename("{OUT}", "/tmp/moved")
        os.symlink("/etc", "{OUT}")
    """
    names = ("/work/link", "/work/directory/passwd", "/work/pipe", "/work/real", "/work/sparse", f"{OUT}/passwd")
    async with enter(backend) as sandbox:
        result = await sandbox.run(script(code, reads=(*names, "/etc/passwd"), read_bytes=MIB))
        assert result.exit_code == 0, result
        assert result.files == {}
        assert result.truncated
        after = await sandbox.run(script(f"open('{OUT}/x', 'w').write('x')", reset=True, reads=(f"{OUT}/x",)))
    assert after.files == {f"{OUT}/x": b"x"}


async def test_an_interpreter_below_the_temporary_directory_survives_a_reset(
    backend: ProbedBackend, tmp_path: Path
) -> None:
    from regoose.sandbox.base import Mount, Spec  # noqa: PLC0415 - used here alone

    extra = tmp_path / "library"
    extra.mkdir()
    (extra / "module.py").write_text("")
    interpreter = Path(shutil.which("python3") or "/usr/bin/python3")
    spec = Spec(tree=None, interpreter=interpreter, mounts=(Mount(extra, "/tmp/here/library"),))
    async with await backend.open(spec) as sandbox:
        command = Command(argv=("/bin/ls", "/tmp/here/library"), reset=True)
        for _ in range(2):
            assert (await sandbox.run(command)).stdout == b"module.py\n"
