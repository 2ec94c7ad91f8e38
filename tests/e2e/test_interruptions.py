"""What comes in the way of a run: nothing is left running, nothing recorded is lost, and it can go on."""

from __future__ import annotations

import contextlib
import os
import random
import shlex
import signal
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project, Regoose

TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
SLOW = "import time\n" + TEST.replace("    assert", "    time.sleep(0.5)\n    assert")
BUG: dict[str, str | bytes] = {"calc.py": "def add(a, b):\n    return a - b\n", "tests/test_calc.py": TEST}
ROOT = os.geteuid() == 0
ONCE = pytest.mark.parametrize("account", ["normal" if ROOT else "self"], indirect=True)
"""For what does not depend on who runs it."""


def gone_on(regoose: Regoose, project: Project, run_id: str) -> None:
    """Check that the run goes on to the one result, with one branch."""
    document = regoose("runs", "resume", "--json").proves()
    assert document["run_id"] == run_id
    assert "+    return a + b" in document["patch"]
    assert project.branches() == [document["branch"]]
    assert project.changed(document["branch"]) == ["calc.py"]
    assert document["evidence"]["green"] == ["tests/test_calc.py::test_add"]


def vanished(regoose: Regoose, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while (left := regoose.residue()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def test_ctrl_c(everywhere: Regoose) -> None:
    project = everywhere.project(BUG)
    with project.untouched():
        running = everywhere.begin("fix", "--json", cwd=project.root)
        running.until("✓ baseline")
        time.sleep(0.3)
        running.signal(signal.SIGINT)
        ran = running.end()
    run_id = ran.document["run_id"]
    ran.fails(130, "Interrupted", "resumable", f"regoose runs resume {run_id}")
    vanished(everywhere)
    (listed,) = everywhere("runs", "list", "--json").document["runs"]
    assert listed["state"] == "interrupted"
    gone_on(everywhere, project, run_id)


@ONCE
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_told_to_end(regoose: Regoose, project: Project, number: signal.Signals) -> None:
    with project.untouched():
        ours = signal.signal(number, signal.SIG_DFL)  # what these tests ignore (under nohup), Regoose would ignore
        running = regoose.begin("fix", cwd=project.root)
        signal.signal(number, ours)
        running.until("✓ prepare")
        os.kill(running.process.pid, number)
        ran = running.end()
    assert (ran.code, ran.out) == (130, "")
    assert "error: interrupted; resumable" in ran.err
    vanished(regoose)
    (listed,) = regoose("runs", "list", "--json").document["runs"]
    gone_on(regoose, project, listed["run_id"])


@ONCE
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment(regoose: Regoose, project: Project, seed: int) -> None:
    draw = random.Random(seed)
    with project.untouched():
        running = regoose.begin("fix", "--json", cwd=project.root)
        running.until("✓ " + ("prepare", "baseline", "search", "prove 1")[seed])
        time.sleep(draw.uniform(0, 1))
        running.process.kill()
        running.end()
        (listed,) = regoose("runs", "list", "--json").document["runs"]
        assert listed["state"] in {"interrupted", "finished"}
        if listed["state"] == "interrupted":
            gone_on(regoose, project, listed["run_id"])
        assert len(project.branches()) == 1
        if listed["state"] == "finished":  # killed while it tidied up: what it left is the next run's to remove
            regoose.fix(project).proves()


@ONCE
def test_the_sandbox_dies_once_and_for_good(everywhere: Regoose) -> None:
    project = everywhere.project({**BUG, "tests/test_calc.py": SLOW})
    with project.untouched():
        running = everywhere.begin("fix", "--json", cwd=project.root)
        running.until("✓ prepare")
        deaths = 0
        while deaths < 40 and running.process.poll() is None:
            for number in everywhere.agents():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
                    deaths += 1
            time.sleep(0.1)
        ran = running.end()
        assert deaths
        ran.fails(1, "SandboxDied", "sandbox", "regoose runs resume")
        vanished(everywhere)
        running = everywhere.begin("runs", "resume", "--json")
        running.until("↻ prepare")
        while not (found := everywhere.agents()):
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.kill(found[0], signal.SIGKILL)
        document = running.end().proves()
    assert project.branches() == [document["branch"]]


@ONCE
def test_two_at_once(regoose: Regoose, project: Project) -> None:
    with project.untouched():
        both = [regoose.begin("fix", "--json", cwd=project.root) for _ in range(2)]
        first, second = (running.end().proves() for running in both)
    assert first["patch"] == second["patch"]
    assert project.branches() == sorted([first["branch"], second["branch"]])


@ONCE
def test_nobody_reads_the_result(regoose: Regoose, project: Project) -> None:
    command = f"{shlex.quote(str(regoose.account.python))} -m regoose"
    script = f"{command} fix | true; {command} fix --json | head -1; {command} runs list | true"
    process = regoose.start("bash", "-c", script, cwd=project.root)
    _, err = process.communicate()
    assert "BrokenPipe" not in err
    assert "Traceback" not in err
    assert "error" not in err
    assert len(project.branches()) == 2


@pytest.fixture
def small_disk(regoose: Regoose) -> Generator[Path]:
    """Give a file system of 64 KiB where the private trees go."""
    place = regoose.directory("workspaces")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("account", ["root", "normal"] if ROOT else [], indirect=True)
def test_no_room_for_the_workspace(regoose: Regoose, project: Project, small_disk: Path) -> None:
    project.write({"notes.md": "x" * 200_000})
    project.commit()
    with project.untouched():
        ran = regoose.fix(project)
        ran.fails(4, "SizeLimit", "no space is left", "'notes.md'", "WORKSPACE_BASE_PATH", "regoose runs resume")
    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    gone_on(regoose, project, ran.document["run_id"])


def test_a_test_that_fills_the_disk(everywhere: Regoose) -> None:
    fill = "def test_fill():\n    file = open('big', 'wb')\n    while file.write(b'x' * 2**20):\n        pass\n"
    project = everywhere.project({**BUG, "tests/test_fill.py": fill})
    with project.untouched():
        document = everywhere.fix(
            project, "--test", "tests/test_calc.py::test_add", env={"MAX_WORKSPACE_SIZE": "30MB"}
        ).proves()
    assert document["evidence"]["suite"]["after"] == {"passed": 1, "failed": 1, "errors": 0, "skipped": 0}
