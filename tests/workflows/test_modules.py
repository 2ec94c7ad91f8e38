"""Names of what tests are to be written for."""

from __future__ import annotations

from pathlib import Path

import pytest

from regoose.errors import UsageError
from regoose.workflows.modules import Modules

CODE = "class Shelf:\n    def put(self):\n        pass\n\n\ndef grade():\n    return 1\n"


def tree(root: Path, *paths: str, text: str = CODE) -> Path:
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    tree(tmp_path, "pkg/__init__.py", text="")
    return tree(tmp_path, "pkg/shelf.py", "pkg/deep/grade.py", "pkg/tests/test_shelf.py", "setup.py", "one.py")


def paths(modules: Modules, *named: str, started_in: str = "") -> list[str]:
    return [target.path for target in modules.find(named, started_in)]


@pytest.mark.parametrize("name", ["pkg/shelf.py", "./pkg/shelf.py", "pkg.shelf"])
def test_one_module(flat: Path, name: str) -> None:
    (target,) = Modules(flat).find([name])
    assert (target.path, target.module, target.only) == ("pkg/shelf.py", "pkg.shelf", ())


@pytest.mark.parametrize("name", ["pkg/shelf.py::Shelf.put", "pkg/shelf.py::Shelf::put", "pkg.shelf.Shelf.put"])
def test_one_method(flat: Path, name: str) -> None:
    (target,) = Modules(flat).find([name])
    assert (target.path, target.only) == ("pkg/shelf.py", ("Shelf.put",))


def test_a_directory_without_its_tests(flat: Path) -> None:
    assert paths(Modules(flat), "pkg") == ["pkg/deep/grade.py", "pkg/shelf.py"]


def test_what_no_import_reaches_is_left_out_of_a_directory_and_refused_alone(flat: Path) -> None:
    tree(flat, "pkg/make-it.py", "tools/run-it.py")
    assert paths(Modules(flat), "pkg") == ["pkg/deep/grade.py", "pkg/shelf.py"]
    with pytest.raises(UsageError, match="no Python identifier"):
        Modules(flat).find(["tools"])


def test_a_path_from_where_the_command_runs(flat: Path) -> None:
    assert paths(Modules(flat), "shelf.py", started_in="pkg") == ["pkg/shelf.py"]


def test_names_of_one_module_are_joined(flat: Path) -> None:
    modules = Modules(flat)
    (both,) = modules.find(["pkg.shelf.grade", "pkg.shelf.Shelf"])
    (whole,) = modules.find(["pkg.shelf.grade", "pkg/shelf.py"])
    assert (both.only, whole.only) == (("grade", "Shelf"), ())


def test_modules_of_a_src_layout(tmp_path: Path) -> None:
    tree(tmp_path, "src/pkg/__init__.py", "src/pkg/shelf.py")
    (target,) = Modules(tmp_path).find(["pkg.shelf"])
    assert (target.path, target.module) == ("src/pkg/shelf.py", "pkg.shelf")
    assert [one.module for one in Modules(tmp_path).all()] == ["pkg", "pkg.shelf"]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("pkg/shelv.py", "no file 'pkg/shelv.py'", "pkg/shelf.py"),
        ("pkg.shelv", "'pkg.shelv' is no", "pkg.shelf"),
        ("pkg/shelf.py::Shelf.putt", "no 'Shelf.putt'", "Shelf.put"),
        ("notes.txt", "not a Python file", ".py"),
        ("empty", "no Python module to test", ""),
        ("pkg::Shelf", "is a directory", "FILE.py::NAME"),
        ("/etc", "outside the repository", "inside it"),
        ("../", "outside the repository", "inside it"),
        ("no-name.py", "cannot be imported by name", "Rename"),
    ],
)
def test_what_is_no_module_is_refused(flat: Path, name: str, message: str, hint: str) -> None:
    (flat / "notes.txt").write_text("notes")
    (flat / "empty").mkdir()
    tree(flat, "no-name.py")
    with pytest.raises(UsageError) as caught:
        Modules(flat).find([name])
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_link_out_of_the_tree_is_refused(flat: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tree(tmp_path_factory.mktemp("outside"), "other.py")
    (flat / "linked.py").symlink_to(outside / "other.py")
    with pytest.raises(UsageError, match="outside the repository"):
        Modules(flat).find(["linked.py"])


def test_a_file_that_cannot_be_parsed_is_a_target(flat: Path) -> None:
    tree(flat, "pkg/broken.py", text="def broken(:\n")
    assert "pkg/broken.py" in paths(Modules(flat), "pkg")


def test_a_module_behind_a_package_of_its_name_cannot_be_meant(tmp_path: Path) -> None:
    for path in ("shelf.py", "shelf/__init__.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("def add():\n    pass\n")
    modules = Modules(tmp_path)
    with pytest.raises(UsageError, match=r"the package 'shelf/__init__\.py' of the same name"):
        modules.find(["shelf.py"])
    assert [one.path for one in modules.find(["shelf"])] == ["shelf/__init__.py"]
    assert [one.path for one in modules.find(["."])] == ["shelf/__init__.py"]
