"""Rules of the house that an import contract cannot say: who may read the environment, start processes, name hosts."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "regoose"
STARTERS = {"system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "execv", "execve", "execvp", "execvpe"}
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "deb." + "debian.org")


def _names(path: Path) -> Iterator[str]:
    """Dotted names that a module uses or imports."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _users(*names: str) -> set[str]:
    """Modules, relative to the package, that use one of the names."""
    return {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(used == name or used.startswith(f"{name}.") for used in _names(path) for name in names)
    }


def test_only_settings_reads_the_environment() -> None:
    assert _users("os.environ", "os.environb", "os.getenv") <= {"settings/layers.py"}


def test_only_the_sandbox_room_starts_processes() -> None:
    starters = _users(
        *(f"os.{name}" for name in STARTERS), *(f"asyncio.create_subprocess_{how}" for how in ("exec", "shell"))
    )
    assert {path for path in starters if not path.startswith("sandbox/")} == set()


def test_only_the_workspace_asks_for_host_processes() -> None:
    users = {path for path in _users("regoose.sandbox.process") if not path.startswith("sandbox/")}
    assert users <= {"workspace/git.py", "workspace/made.py"}


def test_one_event_loop_is_started_in_one_place() -> None:
    assert {path for path in _users("asyncio.run", "asyncio.Runner") if not path.startswith("cli/")} == set()


def test_no_package_registry_is_named() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name]
    named = {
        str(path.relative_to(ROOT))
        for path in files
        if path.is_file() and any(host.encode() in path.read_bytes() for host in REGISTRIES)
    }
    assert named == set()
