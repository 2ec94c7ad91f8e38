"""What ends before anything is run: the wrong place, the wrong options, the wrong settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project, Regoose


def test_not_a_repository(regoose: Regoose) -> None:
    regoose("fix", "--json", regoose.directory("plain")).fails(
        2, "NotARepository", "not inside a git checkout", "git init"
    )
    regoose("fix", "--json", regoose.place / "absent").fails(2, "NotARepository", "absent' is not a directory")


def test_a_repository_without_a_commit_and_one_without_a_tree(regoose: Regoose, project: Project) -> None:
    project.git("init", "-q", regoose.directory("empty"))
    regoose("fix", "--json", regoose.place / "empty").fails(2, "NotARepository", "no commit yet", "git commit")
    project.git("clone", "-q", "--bare", project.root, regoose.directory("bare"))
    regoose("fix", "--json", regoose.place / "bare").fails(2, "NotARepository", "bare repository", "Clone it")


@pytest.mark.parametrize(
    ("file", "text", "code", "kind", "words"),
    [
        ("regoose.toml", "tests = [", 2, "InvalidSetting", ("regoose.toml cannot be read", "expected TOML")),
        ("regoose.toml", "test = 'a'\n", 2, "InvalidSetting", ("'test'", "did you mean 'tests'?")),
        ("regoose.toml", "sandbox = 'none'\n", 5, "PolicyRefused", ("'sandbox'", "may not set", "REGOOSE_SANDBOX")),
        ("pyproject.toml", "[tool.regoose]\nsandbox = 'none'\n", 5, "PolicyRefused", ("'sandbox'", "may not set")),
    ],
    ids=["broken", "unknown", "forbidden", "forbidden in pyproject"],
)
def test_a_bad_settings_file(
    regoose: Regoose, file: str, text: str, code: int, kind: str, words: tuple[str, ...]
) -> None:
    project = regoose.project({file: text})
    with project.untouched():
        regoose.fix(project).fails(code, kind, *words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sandbox", "dokcer"), ("'dokcer'", "'auto', 'podman', 'docker', 'bubblewrap' or 'landlock'")),
        (("--sandbox", "none"), ("'none'", "should be 'auto'")),
        (("--budget", "0"), ("--budget", "greater")),
        (("--choose", "0"), ("--choose", "greater")),
        (("--frobnicate",), ("--frobnicate",)),
        (("--branch", "a..b"), ("'a..b'", "branch")),
        (("--branch", "main"), ("'main'", "already exists", "--branch")),
    ],
    ids=["sandbox", "none", "budget", "choose", "unknown", "branch name", "branch taken"],
)
@pytest.mark.parametrize("account", ["root" if os.geteuid() == 0 else "self"], indirect=True)
def test_an_option_that_cannot_be(
    regoose: Regoose, project: Project, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    with project.untouched():
        ran = regoose.fix(project, *options)
    assert ran.code == 2
    assert "search" not in ran.err
    text = str(ran.document["error"])
    assert not [word for word in words if word not in text], text


def test_a_state_directory_that_cannot_be_written(regoose: Regoose, project: Project) -> None:
    file = regoose.place / "file"
    file.write_text("in the way")
    ran = regoose.fix(project, env={"REGOOSE_STATE_DIR": str(file / "state")})
    ran.fails(3, "MachineError", str(file / "state"), "REGOOSE_STATE_DIR")
    ran = regoose("runs", "list", "--json", env={"REGOOSE_STATE_DIR": "/proc/regoose"})
    assert ran.code in {0, 3}


def test_the_same_words_for_people(regoose: Regoose) -> None:
    ran = regoose("fix", regoose.directory("plain"))
    assert (ran.code, ran.out) == (2, "")
    first, second = ran.err.splitlines()
    assert first.startswith(f"error: '{regoose.place / 'plain'}' is not inside a git checkout")
    assert second.startswith("hint: Run `git init")


def test_no_run_to_go_on_with(regoose: Regoose) -> None:
    regoose("runs", "resume", "--json").fails(2, "UnknownRun", "nothing to resume")
    regoose("runs", "show", "x-1", "--json").fails(2, "UnknownRun", "x-1", "regoose runs list")
