from __future__ import annotations

from pathlib import Path

import pytest

from regoose.errors import PolicyRefused, UsageError
from regoose.workspace.artifacts import PATCH, RESULT, Artifacts


def test_files_are_written_whole_and_read_back(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "state/runs/run-1")
    assert artifacts.read(RESULT) is None
    place = artifacts.write(RESULT, b"{}")
    assert artifacts.write(RESULT, b"{1}") == place == tmp_path / "state/runs/run-1/result.json"
    assert [path.name for path in place.parent.iterdir()] == [RESULT]
    assert (artifacts.read(RESULT), artifacts.read(PATCH)) == (b"{1}", None)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "x" * 200, "a\n"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    artifacts = Artifacts(tmp_path / "run-1")
    with pytest.raises(UsageError):
        artifacts.write(name, b"")
    with pytest.raises(UsageError):
        artifacts.read(name)
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "run-1")
    artifacts.write(PATCH, b"")
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "run-1" / RESULT).symlink_to(tmp_path / "outside")
    with pytest.raises(PolicyRefused):
        artifacts.write(RESULT, b"{}")
    with pytest.raises(PolicyRefused):
        artifacts.read(RESULT)
    assert (tmp_path / "outside").read_text() == "mine"
