"""Environments with real interpreters and real wheels. What runs here runs in the test, never in the product."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from regoose.errors import EnvironmentUnavailable
from regoose.sandbox.base import WORK
from regoose.workspace.environment import Environments, TargetEnvironment
from regoose.workspace.interpreters import Interpreter, choose, find_interpreters
from regoose.workspace.project import read_project

HOME = Path.home()
SEARCH = [Path(place) for place in os.environ["PATH"].split(":")]
FOUND = {item.minor: item for item in find_interpreters(HOME, SEARCH) if item.minor <= 13}

SCRIPT = """
import importlib.metadata as m, json, sys
import demo
print(json.dumps({
    "file": demo.__file__, "version": m.version("demo-project"), "minor": sys.version_info[1],
    "command": [e.value for e in m.entry_points().get("console_scripts", [])
                if e.name == "demo"] if sys.version_info < (3, 10)
               else [e.value for e in m.entry_points(group="console_scripts", name="demo")],
    "pytest": bool(m.version("pytest")),
}))
"""
PYPROJECT = """
[project]
name = "demo-project"
version = "1.2.3"
dependencies = ["iniconfig"]
[project.scripts]
demo = "demo:main"
[project.optional-dependencies]
test = ["pytest-mock"]
docs = ["no-such-distribution-at-all"]
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"
"""


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    return Environments(tmp_path_factory.mktemp("cache"), {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"})


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    def make(where: str) -> Path:
        root = tmp_path / where
        (root / "src/demo").mkdir(parents=True)
        (root / "src/demo/__init__.py").write_text("import iniconfig\n\n\ndef main():\n    print('ran', __file__)\n")
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "test_demo.py").write_text("import demo\n\n\ndef test_demo(mocker):\n    assert demo.main\n")
        return root

    return make


def run(target: TargetEnvironment, tree: Path, *argv: str) -> str:
    """Run as in a sandbox, with the tree in the place of its directory."""
    env = {**target.env, "PYTHONPATH": target.env["PYTHONPATH"].replace(WORK, str(tree)), "LC_ALL": "C.UTF-8"}
    argv = tuple(str(target.python) if part == "python" else part for part in argv)
    done = subprocess.run(argv, cwd=tree, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("minor", sorted(FOUND))
async def test_wheels_for_each_interpreter(
    minor: int, environments: Environments, project: Callable[[str], Path]
) -> None:
    tree = project("tree")
    target = await environments.provide(tree, tree, python=f"3.{minor}")
    assert target.version == f"3.{minor}"
    facts = json.loads(run(target, tree, "python", "-c", SCRIPT))
    assert facts == {
        "file": str(tree / "src/demo/__init__.py"),
        "version": "1.2.3",
        "minor": minor,
        "command": ["demo:main"],
        "pytest": True,
    }
    assert "1 passed" in run(target, tree, "python", "-m", "pytest", "-p", "no:cacheprovider")
    command = next(place for place in target.env["PATH"].split(":") if (Path(place) / "demo").exists())
    assert "ran" in run(target, tree, f"{command}/demo")
    mounted = [mount.source for mount in target.mounts]
    assert all(
        any(Path(part).is_relative_to(place) for place in mounted) for part in (target.python.resolve(), command)
    )
    assert not any(note for note in target.notes if "docs" in note)
    library = next(target.python.parent.parent.glob("lib/python3.*/site-packages"))
    assert list(library.glob(f"_pytest/__pycache__/*.cpython-3{minor}.pyc")), "a sandbox could not keep bytecode"
    again = await environments.provide(tree, tree, python=f"3.{minor}")
    assert again == target


@pytest.mark.parametrize("style", ["finder", "pth", "egg-link"])
async def test_an_editable_environment_of_the_checkout_serves_the_private_tree(
    style: str, environments: Environments, project: Callable[[str], Path]
) -> None:
    repository, tree = project("repository"), project("tree")
    made = await environments.provide(tree, tree)
    root = repository / ".venv"
    base = FOUND[int(made.version.removeprefix("3."))]
    subprocess.run([base.program, "-m", "venv", "--without-pip", root], check=True)
    site = next(root.glob("lib/python3.*/site-packages"))
    installed = next(made.python.parent.parent.glob("lib/python3.*/site-packages"))
    for path in installed.iterdir():
        if path.suffix != ".pth" and path.name != "_virtualenv.py":
            (site / path.name).symlink_to(path)
    info = site / "demo_project-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo-project\nVersion: 1.2.3\n")
    if style == "finder":
        mapping = {"demo": str(repository / "src/demo")}
        (site / "__editable___demo_project_1_2_3_finder.py").write_text(
            f"import sys\nfrom importlib.machinery import PathFinder\nMAPPING: dict[str, str] = {mapping!r}\n"
            "class F:\n    @classmethod\n    def find_spec(cls, name, path=None, target=None):\n"
            "        from importlib.util import spec_from_file_location\n"
            "        if name in MAPPING:\n"
            "            return spec_from_file_location(name, MAPPING[name] + '/__init__.py')\n"
            "def install():\n    sys.meta_path.append(F)\n"
        )
        line = "import __editable___demo_project_1_2_3_finder as f; f.install()\n"
        (site / "__editable__.demo_project-1.2.3.pth").write_text(line)
    elif style == "pth":
        (site / "_demo_project.pth").write_text(f"{repository / 'src'}\n")
    else:
        (site / "demo-project.egg-link").write_text(f"{repository / 'src'}\n../")
        (site / "easy-install.pth").write_text(f"{repository / 'src'}\n")
    plain = subprocess.run(
        [root / "bin/python", "-c", "import demo; print(demo.__file__)"], capture_output=True, check=True
    )
    assert Path(plain.stdout.decode().strip()) == repository / "src/demo/__init__.py"

    target = await environments.provide(tree, repository)

    assert target.python == root / "bin/python"
    assert f"{WORK}/src" in target.env["PYTHONPATH"].split(":")
    found = run(target, tree, "python", "-c", "import demo; print(demo.__file__)")
    assert Path(found.strip()) == tree / "src/demo/__init__.py"
    assert {mount.source for mount in target.mounts} >= {root, base.prefix}
    assert not any(mount.source in {repository, repository / "src"} for mount in target.mounts)


async def test_environments_that_cannot_serve_are_named(
    environments: Environments, project: Callable[[str], Path], tmp_path: Path
) -> None:
    tree, repository = project("tree"), project("repository")
    base = next(iter(FOUND.values()))
    subprocess.run([base.program, "-m", "venv", "--without-pip", repository / ".venv"], check=True)
    (repository / "venv").mkdir()
    (repository / "venv/pyvenv.cfg").write_text("home = /nonexistent\n")
    (tree / "env").mkdir()
    target = await environments.provide(tree, repository)
    notes = "\n".join(target.notes)
    assert "has no pytest" in notes
    assert "no working interpreter" in notes
    assert "env is committed" in notes
    assert not target.python.is_relative_to(repository)
    for wrong in (str(tmp_path / "missing"), str(repository / "venv"), "3.42"):
        with pytest.raises(EnvironmentUnavailable):
            await environments.provide(tree, repository, python=wrong)


async def test_a_planted_environment_shows_no_host_directory(
    environments: Environments, project: Callable[[str], Path], tmp_path: Path
) -> None:
    tree, repository = project("tree"), project("repository")
    secret = tmp_path / "home"
    (secret / ".ssh").mkdir(parents=True)
    (secret / "code.py").write_text("")
    (secret / "bin").mkdir()
    (secret / "bin/python3").write_text("#!/bin/sh\ntouch /tmp/never\n")
    site = repository / ".venv/lib/python3.12/site-packages"
    (site / "pytest-8.0.dist-info").mkdir(parents=True)
    (site / "evil.pth").write_text(f"{secret}\n/\n/etc\n{repository.parent}\n")
    (repository / ".venv/bin").mkdir()
    (repository / ".venv/bin/python").symlink_to(secret / "bin/python3")
    (repository / ".venv/pyvenv.cfg").write_text(f"home = {secret}/bin\n")
    first = await environments.provide(tree, repository)
    (repository / ".venv/bin/python").unlink()
    (repository / ".venv/bin/python").symlink_to(FOUND[max(FOUND)].program)
    second = await environments.provide(tree, repository)
    assert second.python == repository / ".venv/bin/python"
    for target in (first, second):
        shown = [mount.source for mount in target.mounts]
        assert not [place for place in shown if secret.is_relative_to(place) or place.is_relative_to(secret)]
        assert not {Path("/"), Path("/etc"), repository, repository.parent} & set(shown)


async def test_what_cannot_be_installed_is_named(environments: Environments, project: Callable[[str], Path]) -> None:
    tree = project("tree")
    (tree / "requirements-dev.txt").write_text("pytest-mock\nno-such-distribution-at-all==1\n-e .\ngit+https://x/y\n")
    target = await environments.provide(tree, tree)
    assert [note for note in target.notes if "no-such-distribution-at-all" in note and "requirements-dev.txt" in note]
    assert "1 passed" in run(target, tree, "python", "-m", "pytest", "-p", "no:cacheprovider")
    (tree / "pyproject.toml").write_text(PYPROJECT.replace('"iniconfig"', '"no-such-distribution-at-all"'))
    with pytest.raises(EnvironmentUnavailable, match="no-such-distribution-at-all"):
        await environments.provide(tree, tree)


async def test_undeclared_needs_are_inferred_and_noted(environments: Environments, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "calc.py").write_text("import six\n")
    (tree / "test_calc.py").write_text("import calc, json\n\n\ndef test_calc(mocker):\n    assert calc.six\n")
    target = await environments.provide(tree, tree)
    assert "1 passed" in run(target, tree, "python", "-m", "pytest", "-p", "no:cacheprovider")
    assert {"six", "pytest-mock"} <= set(" ".join(target.notes).replace(",", " ").split())


def test_the_interpreter_a_project_was_written_for(tmp_path: Path) -> None:
    found = [Interpreter(Path(f"/x/bin/python3.{minor}"), minor) for minor in (14, 13, 12, 11, 10, 9)]

    def chosen(**files: str) -> int | None:
        for path in tmp_path.iterdir():
            path.unlink()
        for name, text in files.items():
            (
                tmp_path / {"pyproject": "pyproject.toml", "setup": "setup.py", "pin": ".python-version"}[name]
            ).write_text(text)
        choice = choose(read_project(tmp_path), found)
        return choice and choice.minor

    new = '[project]\nname = "x"\nrequires-python = "{}"\nclassifiers = [{}]\n'
    assert chosen() == 13
    assert chosen(pyproject=new.format(">=3.9", "")) == 13
    assert chosen(pyproject=new.format(">=3.9,<3.12", "")) == 11
    assert chosen(pyproject=new.format(">=3.8", '"Programming Language :: Python :: 3.10"')) == 10
    assert chosen(pyproject=new.format(">=3.8", ""), pin="3.10.4\n") == 10
    assert chosen(pyproject=new.format(">=3.11", ""), pin="3.10.4\n") == 13
    assert chosen(pyproject=new.format(">=3.14", "")) is None
    assert chosen(setup="from setuptools import setup\nsetup(name='x')\n") == 9
    assert chosen(setup="setup(name='x', classifiers=['Programming Language :: Python :: 3.4'])\n") == 9
