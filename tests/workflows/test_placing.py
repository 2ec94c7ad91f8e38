"""Where generated tests go."""

from __future__ import annotations

from pathlib import Path

import pytest

from regoose.domain.generation import Target
from regoose.errors import UsageError
from regoose.workflows.placing import Places

SHELF = Target(path="pkg/shelf.py", module="pkg.shelf")


def touch(root: Path, *paths: str) -> Path:
    for path in paths:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return root


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), "tests/test_shelf.py"),
        (("test/test_other.py",), "test/test_shelf.py"),
        (("pkg/tests/test_other.py",), "pkg/tests/test_shelf.py"),
        (("tests/test_shelf.py",), "tests/test_pkg_shelf.py"),
        (("elsewhere/test_shelf.py",), "tests/test_pkg_shelf.py"),
        (("tests/test_shelf.py", "tests/test_pkg_shelf.py"), "tests/test_shelf_generated.py"),
        (
            ("tests/test_shelf.py", "tests/test_pkg_shelf.py", "tests/test_shelf_generated.py"),
            "tests/test_shelf_generated_2.py",
        ),
    ],
)
def test_beside_the_tests_and_never_over_one(tmp_path: Path, there: tuple[str, ...], expected: str) -> None:
    assert Places(touch(tmp_path, *there)).give(SHELF) == expected


def test_where_pytest_is_configured_to_look(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = checks more\n")
    touch(tmp_path, "checks/test_other.py", "tests/test_other2.py")
    assert Places(tmp_path).give(SHELF) == "checks/test_shelf.py"


def test_two_modules_of_one_name_get_two_files(tmp_path: Path) -> None:
    places = Places(tmp_path)
    other = Target(path="pkg/deep/shelf.py", module="pkg.deep.shelf")
    assert [places.give(SHELF), places.give(other)] == ["tests/test_shelf.py", "tests/test_pkg_deep_shelf.py"]


def test_a_private_module(tmp_path: Path) -> None:
    assert Places(tmp_path).give(Target(path="pkg/_timers.py", module="pkg._timers")) == "tests/test_timers.py"


def test_in_a_project_of_a_larger_repository(tmp_path: Path) -> None:
    touch(tmp_path, "tests/test_all.py", "one/pyproject.toml")
    target = Target(path="one/pkg/shelf.py", module="pkg.shelf")
    assert Places(tmp_path, "one").give(target) == "one/tests/test_shelf.py"


def test_where_it_is_asked_for(tmp_path: Path) -> None:
    assert Places(tmp_path, output="made").give(SHELF) == "made/test_shelf.py"


@pytest.mark.parametrize("output", ["..", "/tmp", "file.txt"])
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, output: str) -> None:
    touch(tmp_path, "file.txt")
    with pytest.raises(UsageError, match="--output"):
        Places(tmp_path, output=output)


def test_the_file_that_is_there_already(tmp_path: Path) -> None:
    places = Places(touch(tmp_path, "tests/test_shelf.py"))
    assert places.existing(SHELF) == "tests/test_shelf.py"
    assert places.existing(Target(path="pkg/desk.py", module="pkg.desk")) is None
