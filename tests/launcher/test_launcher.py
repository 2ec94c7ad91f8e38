"""
The launcher on machines of every kind: what it sets up, what it says, and what it leaves when it cannot.

It serves a small checkout here: the same files as the project's own, with next to nothing in them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "readlink", "cksum", "awk", "id", "rm", "mv", "cat", "flock", "printf", "env", "sleep")
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "regoose"
version = "0"

[tool.hatch.build.targets.wheel]
packages = ["src/regoose"]
"""
MAIN = "import sys\nprint('ran', sys.argv[1:], 'isolated' if sys.flags.isolated else 'exposed')\n"


@dataclass(frozen=True)
class Checkout:
    """A checkout with the launcher, and a PATH that holds the tools it needs and nothing else."""

    path: Path
    bin: Path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the launcher is given; the user's index settings stay."""
        keep = {key: value for key, value in os.environ.items() if key.startswith(("UV_", "PIP_", "SSL_"))}
        home = os.environ["HOME"]
        return {**keep, "HOME": home, "PATH": str(self.bin), "LC_ALL": "C", **(extra or {})}

    def run(
        self, *arguments: str, extra: Mapping[str, str] | None = None, launcher: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the launcher to its end."""
        return subprocess.run(
            [launcher or self.path / "regoose", *arguments],
            env=self.environment(extra),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            timeout=240,
            check=False,
        )

    def add_tool(self, name: str, script: str) -> None:
        """Put a script on the PATH."""
        tool = self.bin / name
        tool.unlink(missing_ok=True)
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)

    def add_python(self, name: str = "python3") -> None:
        """Put the base interpreter of this test run on the PATH."""
        (self.bin / name).symlink_to(base_python())


def base_python() -> Path:
    """Interpreter that this test run's environment was made from."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


@pytest.fixture
def make_checkout(tmp_path: Path) -> Callable[[str], Checkout]:
    """Return a function that makes a checkout in a directory of the given name."""

    def make(name: str) -> Checkout:
        path, tools = tmp_path / name, tmp_path / "bin"
        (path / "src" / "regoose").mkdir(parents=True)
        (path / "requirements").mkdir()
        tools.mkdir()
        shutil.copy(ROOT / "regoose", path / "regoose")
        shutil.copy(ROOT / "requirements" / "build.txt", path / "requirements" / "build.txt")
        (path / "requirements" / "run.txt").write_text("")
        (path / "pyproject.toml").write_text(PYPROJECT)
        (path / "src" / "regoose" / "__init__.py").write_text("")
        (path / "src" / "regoose" / "__main__.py").write_text(MAIN)
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                (tools / tool).symlink_to(found)
        (tools / "uv").symlink_to(find_uv_bin())
        return Checkout(path, tools)

    return make


@pytest.fixture
def checkout(make_checkout: Callable[[str], Checkout]) -> Checkout:
    """A checkout under a path with a space and a letter outside ASCII, and a Python on the PATH."""
    made = make_checkout("a chéckout")
    made.add_python()
    return made


def test_first_start_sets_up_and_later_starts_are_silent(checkout: Checkout) -> None:
    first = checkout.run("runs", "list")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "ran ['runs', 'list'] isolated\n"
    assert "installing the locked packages" in first.stderr
    second = checkout.run("--help")
    assert (second.stdout, second.stderr) == ("ran ['--help'] isolated\n", "")


def test_answers_through_a_chain_of_symbolic_links(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(checkout.path / "regoose")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "two").symlink_to("../one")
    ran = checkout.run("x", launcher=tmp_path / "elsewhere" / "two")
    assert ran.stdout == "ran ['x'] isolated\n", ran.stderr
    assert (checkout.path / ".venv" / "regoose-ready").exists()


def test_arguments_and_exit_code_pass_through(checkout: Checkout) -> None:
    (checkout.path / "src" / "regoose" / "__main__.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(41)\n")
    ran = checkout.run("a b", "", "*", "$HOME")
    assert (ran.returncode, ran.stdout) == (41, "['a b', '', '*', '$HOME']\n")


def test_an_interrupted_first_start_is_not_trusted(checkout: Checkout) -> None:
    assert checkout.run().returncode == 0
    venv = checkout.path / ".venv"
    (venv / "regoose-ready").rename(venv / "regoose-started")
    (venv / "left-over").touch()
    assert checkout.run().returncode == 0
    assert not (venv / "left-over").exists()
    assert not (venv / "regoose-started").exists()


def test_a_venv_that_is_only_begun_is_made_anew(checkout: Checkout) -> None:
    (checkout.path / ".venv" / "bin").mkdir(parents=True)
    (checkout.path / ".venv" / "bin" / "python").write_text("half a file")
    assert checkout.run().stdout == "ran [] isolated\n"


def test_a_changed_lock_is_installed(checkout: Checkout) -> None:
    checkout.run()
    (checkout.path / "requirements" / "run.txt").write_text("# another lock\n")
    again = checkout.run()
    assert "installing the locked packages" in again.stderr
    assert checkout.run().stderr == ""


def test_a_moved_checkout_is_set_up_where_it_stands(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run()
    moved = Checkout(checkout.path.rename(tmp_path / "moved"), checkout.bin)
    assert moved.run().stdout == "ran [] isolated\n"
    assert str(moved.path) in (moved.path / ".venv" / "regoose-ready").read_text()


def test_two_first_starts_at_once(checkout: Checkout) -> None:
    both = [
        subprocess.Popen(
            [checkout.path / "regoose", str(number)],
            env=checkout.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    ended = [(process.communicate(timeout=240), process.returncode) for process in both]
    assert [(text[0], code) for text, code in ended] == [(f"ran ['{n}'] isolated\n", 0) for n in range(2)]
    said = [text[1] for text, _ in ended]
    assert sum("installing the locked packages" in text for text in said) == 1


def test_no_suitable_python(make_checkout: Callable[[str], Checkout], tmp_path: Path) -> None:
    checkout = make_checkout("repository")
    checkout.add_tool("python3", "exit 1")  # a Python that is too old answers so
    nowhere = {"HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path), "UV_PYTHON_INSTALL_DIR": str(tmp_path)}
    ran = checkout.run("--help", extra=nowhere)
    assert ran.returncode == 3
    assert ran.stdout == ""
    assert "error: no Python 3.11 or later was found" in ran.stderr
    assert "hint: install one" in ran.stderr


def test_a_python_named_by_the_user_must_be_usable(checkout: Checkout) -> None:
    ran = checkout.run(extra={"REGOOSE_PYTHON": "/bin/false"})
    assert ran.returncode == 3
    assert "REGOOSE_PYTHON is '/bin/false'" in ran.stderr


def test_the_newest_python_is_taken(checkout: Checkout) -> None:
    checkout.add_tool("python3.14", "exit 127")  # what a pyenv shim of a version that is not there does
    checkout.add_tool("python3.13", f'echo "asked 3.13" >&2; exec {checkout.bin / "python3"} "$@"')
    assert checkout.run().returncode == 0


def test_no_network(checkout: Checkout, tmp_path: Path) -> None:
    extra = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty")}
    ran = checkout.run("--help", extra=extra)
    assert ran.returncode == 3
    assert "error: the locked packages could not be installed" in ran.stderr
    assert "check the network" in ran.stderr
    assert checkout.run("--help").returncode == 0, "the next start goes on"


def test_a_checkout_that_cannot_be_written(make_checkout: Callable[[str], Checkout]) -> None:
    checkout = make_checkout("repository")
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        copy = Checkout(place / "repository", place / "bin")
        checkout.path.rename(copy.path)
        checkout.bin.rename(copy.bin)
        for path in [copy.path, *copy.path.rglob("*")]:
            path.chmod(0o555 if path.is_dir() or path.name == "regoose" else 0o444)
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
        command = [*drop, str(copy.path / "regoose"), "--help"]
        environment = {**copy.environment(), "PATH": f"{copy.bin}:/usr/bin:/bin", "HOME": "/"}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        copy.path.chmod(0o755)
    assert ran.returncode == 3
    assert "cannot be written" in ran.stderr
    assert "uv tool install" in ran.stderr


def test_installs_a_sandbox_as_root_where_there_is_none(checkout: Checkout, tmp_path: Path) -> None:
    checkout.add_tool("id", "echo 0")
    checkout.add_tool("apt-get", f'echo "$@" >>"{tmp_path}/apt"')
    ran = checkout.run("fix", ".")
    assert ran.stdout == "ran ['fix', '.'] isolated\n"
    assert "installing bubblewrap with apt-get, because this machine has no sandbox" in ran.stderr
    assert (tmp_path / "apt").read_text().split("\n")[0].endswith("bubblewrap")


def test_names_the_command_for_a_sandbox_to_a_normal_user(checkout: Checkout, tmp_path: Path) -> None:
    checkout.add_tool("id", "echo 1000")
    checkout.add_tool("apt-get", f'touch "{tmp_path}/apt"')
    ran = checkout.run("demo")
    assert "apt-get install bubblewrap" in ran.stderr
    assert not (tmp_path / "apt").exists()


def test_asks_for_no_sandbox_where_none_is_needed(checkout: Checkout, tmp_path: Path) -> None:
    checkout.add_tool("id", "echo 0")
    checkout.add_tool("apt-get", f'touch "{tmp_path}/apt"')
    for arguments in (["--help"], ["fix", "--help"], ["doctor"], ["runs", "list"]):
        assert "no sandbox" not in checkout.run(*arguments).stderr
    assert not (tmp_path / "apt").exists()


def test_a_sandbox_that_is_there_is_enough(checkout: Checkout, tmp_path: Path) -> None:
    checkout.add_tool("id", "echo 0")
    checkout.add_tool("apt-get", f'touch "{tmp_path}/apt"')
    checkout.add_tool("bwrap", ":")
    checkout.run("fix")
    assert not (tmp_path / "apt").exists()
