"""Every supported Python as a guest, with and without kept bytecode."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from regoose.errors import MachineError
from regoose.sandbox.base import GUEST, Command, Result, Spec
from regoose.sandbox.choice import make_backends
from regoose.workspace.interpreters import find_interpreters

SEARCH = [Path(place) for place in os.environ.get("PATH", "").split(":") if place.startswith("/")]
PROGRAMS: Mapping[str, Path] = {str(found.minor): found.program for found in find_interpreters(Path.home(), SEARCH)} | {
    str(sys.version_info.minor): Path(sys.executable)
}
LOADED = f"""
import os, sys
sys.path.insert(0, {GUEST!r})
from regoose_guest import agent
print(sys.version_info[1], os.path.exists(agent.__cached__), os.getpid() > 1)
"""


async def run(program: Path, cache: Path | None) -> Result:
    (backend,) = make_backends(("bubblewrap",), {}, cache)
    async with await backend.open(Spec(tree=None, interpreter=program)) as sandbox:
        assert sandbox.ready.filtered
        return await sandbox.run(Command(argv=(str(program), "-I", "-c", LOADED)))


@pytest.mark.parametrize("minor", sorted(PROGRAMS))
async def test_every_python_is_a_guest_and_its_bytecode_is_kept(minor: str, tmp_path: Path) -> None:
    result = await run(PROGRAMS[minor], tmp_path)
    assert result.stdout == f"{minor} True True\n".encode(), result
    (kept,) = (tmp_path / "guest").iterdir()
    before = {path: path.stat().st_mtime_ns for path in kept.rglob("*")}
    assert (await run(PROGRAMS[minor], tmp_path)).stdout == result.stdout
    assert [kept] == list((tmp_path / "guest").iterdir())
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*")} == before


@pytest.mark.parametrize("name", ["landlock", "none"])
async def test_bytecode_is_used_without_a_container_too(name: str, tmp_path: Path) -> None:
    (backend,) = make_backends((name,), {}, tmp_path)
    for _ in range(2):
        async with await backend.open(Spec(tree=None, interpreter=Path(sys.executable))) as sandbox:
            assert (await sandbox.run(Command(argv=(sys.executable, "-I", "-c", LOADED)))).exit_code == 0
    assert len(list((tmp_path / "guest").iterdir())) == 1


async def test_without_a_cache_the_package_is_mounted_as_it_is() -> None:
    assert (await run(Path(sys.executable), None)).exit_code == 0


async def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert (await run(Path(sys.executable), tmp_path / "file")).exit_code == 0


@pytest.mark.parametrize("closed", ["", "lib", "pyvenv.cfg"])
async def test_an_environment_for_its_owner_only_is_refused_with_the_remedy(closed: str, tmp_path: Path) -> None:
    place = tmp_path / "environment"
    venv.create(place, with_pip=False)
    (place / closed).chmod(0o600 if closed == "pyvenv.cfg" else 0o700)
    spec = Spec(tree=None, interpreter=place / "bin" / "python")
    names = ("podman",) if os.geteuid() else ("podman", "bubblewrap")
    for backend in make_backends(names, {}):
        with pytest.raises(MachineError, match=str(place)) as caught:
            await backend.open(spec)
        assert f"chmod -R o+rX {place}" in str(caught.value.hint)
    subprocess.run(["/bin/chmod", "-R", "o+rX", str(place)], check=True)
    for backend in make_backends(names, {}):
        async with await backend.open(spec) as sandbox:
            assert (await sandbox.run(Command(argv=(str(spec.interpreter), "-c", "print(1)")))).stdout == b"1\n"
