"""Checkouts of every shape: the branch holds the edit alone, and the checkout stays as it was."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project, Regoose

ADD = "def add(a, b):\n    return a - b\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
ONCE = pytest.mark.parametrize("account", ["root" if os.geteuid() == 0 else "self"], indirect=True)
"""For what does not depend on who runs it."""


def test_the_proof_is_seen_again_in_a_fresh_clone(everywhere: Regoose) -> None:
    project = everywhere.project({"calc.py": ADD, "tests/test_calc.py": TEST})
    with project.untouched():
        document = everywhere.fix(project).proves()
    assert project.branches() == [document["branch"]]
    assert project.git("rev-parse", document["branch"]).strip() == document["commit"]
    assert project.changed(document["branch"]) == ["calc.py"]
    assert Path(document["report"]).read_text().startswith("<!doctype html>")

    clone = everywhere.place / "clone"
    project.git("clone", "-q", "--no-local", project.root, clone)
    command = shlex.split(document["evidence"]["reproduce"])
    again = everywhere(*command[1:], "--json", cwd=clone).proves()
    assert again["patch"] == document["patch"]
    assert again["evidence"]["red"] == again["evidence"]["green"] == ["tests/test_calc.py::test_add"]


@ONCE
def test_uncommitted_work_counts_and_stays(regoose: Regoose) -> None:
    project = regoose.project({"calc.py": ADD.replace("-", "+"), "notes.txt": "one\n"})
    project.write({"calc.py": ADD, "tests/test_calc.py": TEST, "notes.txt": "two\n"})
    with project.untouched():
        document = regoose.fix(project).proves()
    assert project.git("diff", "--name-only", f"{document['base_commit']}..{document['commit']}").split() == ["calc.py"]
    assert any("uncommitted" in note for note in document["notes"])


def test_apply_writes_the_patch_and_refuses_where_the_file_is_dirty(regoose: Regoose, project: Project) -> None:
    with project.untouched(but=("calc.py",)):
        document = regoose.fix(project, "--apply").proves()
    assert document["applied"] is True
    assert (project.root / "calc.py").read_text() == ADD.replace("-", "+")

    project.write({"calc.py": ADD + "\n\n# unfinished\n"})
    with project.untouched():
        regoose.fix(project, "--apply").fails(
            2, "DirtyTree", "'calc.py' has uncommitted changes", "git cherry-pick regoose/"
        )
    assert len(project.branches()) == 2  # the proven patch is not lost


NAMES = {
    "größe/été mañana/расчёт.py": ADD,
    "größe/été mañana/test_ünï cøde.py": (
        "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n"
        "from расчёт import add\nimport pytest\n\n\n"
        "@pytest.mark.parametrize(('a', 'want'), [(1, 3)], ids=['ключ [1] a b::c'])\n"
        "def test_сумма(a, want):\n    assert add(a, 2) == want\n"
    ),
}


@ONCE
def test_spaces_brackets_and_other_scripts(everywhere: Regoose) -> None:
    project = everywhere.project(NAMES, name="mé [dépôt], a'b $HOME")
    with project.untouched():
        document = everywhere.fix(project).proves()
    assert project.changed(document["branch"]) == ["größe/été mañana/расчёт.py"]
    if everywhere.environment["REGOOSE_SANDBOX"] != "bubblewrap":
        return  # the command is the same
    command = shlex.split(document["evidence"]["reproduce"])
    everywhere(*command[1:], "--json", cwd=project.root).proves()


@ONCE
def test_links_out_of_the_tree(regoose: Regoose) -> None:
    outside = regoose.directory("outside")
    for name, text in {"secret.py": "KEY = 'hunter2'\n", "calc.py": ADD, "conftest.py": "import os\n"}.items():
        (outside / name).write_text(text)
    project = regoose.project(
        {
            "real.py": ADD.replace("add", "plus"),
            "tests/test_real.py": TEST.replace("calc", "real").replace("add", "plus"),
        }
    )
    for name in ("secret.py", "conftest.py"):
        (project.root / name).symlink_to(outside / name)
    (project.root / "vendor").symlink_to(outside)
    project.commit()
    with project.untouched():
        document = regoose.fix(project).proves()
    assert project.changed(document["branch"]) == ["real.py"]


@ONCE
def test_the_file_at_fault_is_a_link_out_of_the_tree(regoose: Regoose) -> None:
    outside = regoose.directory("outside")
    (outside / "calc.py").write_text(ADD)
    project = regoose.project({"tests/test_calc.py": TEST})
    (project.root / "calc.py").symlink_to(outside / "calc.py")
    project.commit()
    with project.untouched():
        ran = regoose.fix(project)
    assert ran.code in {2, 3}, ran
    assert "calc" in ran.document["error"]["message"]
    assert (outside / "calc.py").read_text() == ADD


def test_nothing_planted_runs(regoose: Regoose, project: Project) -> None:
    trap = regoose.place / "trapped"
    plant = f"#!/bin/sh\ntouch {trap}\ncat\n"
    project.write({".gitattributes": "*.py filter=trap diff=trap\n", "trap.sh": plant})
    project.commit()
    for hook in ("post-checkout", "pre-commit", "post-commit", "reference-transaction", "post-index-change"):
        project.write({f".git/hooks/{hook}": plant})
        (project.root / ".git" / "hooks" / hook).chmod(0o755)
    project.write({"trap.sh": plant})
    (project.root / "trap.sh").chmod(0o755)
    settings = {
        "core.fsmonitor": "./trap.sh",
        "core.hooksPath": ".git/hooks",
        "filter.trap.clean": "./trap.sh",
        "filter.trap.smudge": "./trap.sh",
        "filter.trap.process": "./trap.sh",
        "diff.trap.textconv": "./trap.sh",
        "core.pager": "./trap.sh",
        "core.sshCommand": "./trap.sh",
        "core.editor": "./trap.sh",
        "gpg.program": "./trap.sh",
        "commit.gpgSign": "true",
        "include.path": "../.gitconfig",
    }
    for name, value in settings.items():
        with (project.root / ".git" / "config").open("a") as file:
            section, _, key = name.rpartition(".")
            head, _, sub = section.partition(".")
            file.write(f"[{head}{f' {chr(34)}{sub}{chr(34)}' if sub else ''}]\n\t{key} = {value}\n")
    trap.unlink(missing_ok=True)
    with project.untouched(but=("calc.py",)):
        regoose.fix(project, "--apply").proves()
    assert not trap.exists()


@ONCE
def test_binary_and_huge_files(regoose: Regoose, project: Project) -> None:
    project.write({"blob.bin": bytes(range(256)) * 64, "tests/data.bin": b"\0" * 1000})
    huge = project.root / "huge.dat"
    with huge.open("wb") as file:
        file.truncate(200 * 2**20)
    project.commit()
    with project.untouched():
        document = regoose.fix(project).proves()
    assert any("huge.dat (200 MiB) is left out" in note for note in document["notes"])
    with project.untouched():
        regoose.fix(project, env={"MAX_WORKSPACE_SIZE": "10KB"}).fails(4, "SizeLimit", "MAX_WORKSPACE_SIZE", "blob.bin")


@ONCE
def test_line_ends_of_windows_stay(regoose: Regoose) -> None:
    project = regoose.project(
        {"calc.py": ADD.replace("\n", "\r\n").encode(), "test_calc.py": TEST.replace("\n", "\r\n")}
    )
    with project.untouched(but=("calc.py",)):
        document = regoose.fix(project, "--apply").proves()
    assert (project.root / "calc.py").read_bytes() == ADD.replace("-", "+").replace("\n", "\r\n").encode()
    assert project.git("diff", "--stat", "HEAD", document["branch"]).splitlines()[-1].split(",")[1:] == [
        " 1 insertion(+)",
        " 1 deletion(-)",
    ]


@ONCE
def test_a_linked_worktree_a_shallow_clone_and_a_submodule(regoose: Regoose, project: Project) -> None:
    project.commit()
    worktree, shallow = regoose.place / "worktree", regoose.place / "shallow"
    project.git("worktree", "add", "-q", worktree, "-b", "side")
    regoose("fix", "--json", worktree).proves()
    assert len(project.branches()) == 1

    project.git("clone", "-q", "--depth=1", f"file://{project.root}", shallow)
    regoose("fix", "--json", shallow).proves()

    library = regoose.project({"lib.py": "X = 1\n"}, name="library")
    project.git("submodule", "--quiet", "add", library.root, "lib")
    project.commit()
    with project.untouched():
        document = regoose.fix(project).proves()
    assert "The submodule lib is left empty." in document["notes"]


@ONCE
def test_a_choice_that_is_not_there(regoose: Regoose, project: Project) -> None:
    with project.untouched():
        regoose.fix(project, "--choose", "7").fails(
            2, "UsageError", "no proven alternative 7", "there is 1", "--choose"
        )
    assert not project.branches()


@pytest.mark.parametrize("account", ["normal" if os.geteuid() == 0 else "self"], indirect=True)
def test_a_repository_that_cannot_be_written(regoose: Regoose, project: Project) -> None:
    closed = [project.root / ".git" / name for name in ("objects", "refs/heads", "refs", "")]
    closed += [path for path in (project.root / ".git" / "objects").iterdir() if path.is_dir()]
    for path in closed:
        path.chmod(0o555)
    try:
        with project.untouched():
            ran = regoose.fix(project)
    finally:
        for path in closed:
            path.chmod(0o755)
    ran.fails(1, "GitFailed", "permission", "writable", "regoose runs resume")


@ONCE
def test_a_project_in_a_subdirectory(regoose: Regoose) -> None:
    """The project that the directory belongs to is meant: its packages are importable, its tests are repaired."""
    project = regoose.project(
        {
            "README.md": "many\n",
            "one/pyproject.toml": "[project]\nname = 'one'\nversion = '1'\n[tool.pytest.ini_options]\n",
            "one/src/one/__init__.py": ADD,
            "one/tests/test_one.py": TEST.replace("calc", "one"),
            "two/pyproject.toml": "[project]\nname = 'two'\nversion = '1'\n",
            "two/tests/test_two.py": "def test_two():\n    assert False\n",
        }
    )
    with project.untouched():
        document = regoose("fix", "--json", project.root / "one" / "src").proves()
    assert project.changed(document["branch"]) == ["one/src/one/__init__.py"]
    command = shlex.split(document["evidence"]["reproduce"])
    regoose(*command[1:], "--json", cwd=project.root).proves()
