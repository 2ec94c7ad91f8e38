from __future__ import annotations

from pathlib import Path

import pytest

from regoose.errors import PolicyRefused, UsageError
from regoose.workspace.artifacts import PATCH, RESULT, Artifacts


def test_files_are_written_whole_read_back_and_removed(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    place = artifacts.write("run-1", RESULT, b"{}")
    assert artifacts.write("run-1", RESULT, b"{1}") == place == tmp_path / "runs/run-1/result.json"
    assert [path.name for path in place.parent.iterdir()] == [RESULT]
    assert (artifacts.read("run-1", RESULT), artifacts.read("run-1", PATCH), artifacts.read("no", PATCH)) == (
        b"{1}",
        None,
        None,
    )
    artifacts.remove("run-1")
    artifacts.remove("run-1")
    assert artifacts.read("run-1", RESULT) is None


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "x" * 200, "a\n"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    artifacts = Artifacts(tmp_path / "state")
    with pytest.raises(UsageError):
        artifacts.write("run-1", name, b"")
    with pytest.raises(UsageError):
        artifacts.write(name, RESULT, b"")
    assert artifacts.read("run-1", name) is None
    artifacts.remove(name)
    assert tmp_path.is_dir()


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "state")
    (tmp_path / "outside").write_text("mine")
    (artifacts.directory("run-1") / RESULT).symlink_to(tmp_path / "outside")
    with pytest.raises(PolicyRefused):
        artifacts.write("run-1", RESULT, b"{}")
    with pytest.raises(PolicyRefused):
        artifacts.read("run-1", RESULT)
    assert (tmp_path / "outside").read_text() == "mine"
