"""`kill -9` before, inside and after every step of a run: it goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regoose.domain.run import RunState
from regoose.durable.journal import Journal
from tests.forks import forking

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DRIVER = Path(__file__).with_name("driver.py")
STEPS = ("prepare", "baseline", "search", "prove 1", "deliver", "report")
TEST_STEPS = ("prepare", "recall", "plan", "baseline", "write stats", "judge stats", "deliver", "report")
SOLVE_STEPS = (
    *("models", "prepare", "baseline", "map", "planner 1", "planner 1.1 read", "planner 2", "planner 2.1 finish"),
    *("tester 1", "tester 1.1 create", "tester 2", "tester 2.1 finish", "red 1"),
    *("coder 1", "coder 1.1 edit", "coder 2", "coder 2.1 finish", "prove 1", "reviewer 1", "reviewer 1.1 finish"),
    *("deliver", "report"),
)
FILES = {
    "stats.py": "def mean(values):\n    return sum(values) / (len(values) - 1)\n",
    "tests/test_stats.py": "from stats import mean\n\n\ndef test_mean():\n    assert mean([1, 2, 3]) == 2\n",
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
}


def git(root: Path, *argv: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    return subprocess.run(["git", *argv], cwd=root, check=True, capture_output=True, env=env).stdout.decode()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "start")
    return root


Drive = Callable[..., int]
"""`(home, repository, verb, kill_at, kind="fix")` → how the process ended."""


@pytest.fixture(scope="module")
def drive(target: Path) -> Iterator[Drive]:
    with forking(DRIVER, TARGET=str(target)) as fork:

        def run(home: Path, repository: Path, verb: str, kill_at: int, kind: str = "fix") -> int:
            code, _, err = fork(verb, home, repository, kill_at, kind)
            assert code in {0, -signal.SIGKILL}, err
            return code

        yield run


async def test_killed_at_every_point_in_turn_it_ends_as_if_nothing_had_happened(
    tmp_path: Path, repository: Path, drive: Drive
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    journal = Journal(home / "state")
    verb = "start"
    recorded: list[str] = []
    for step in STEPS:
        for place in (1, 2, 3):  # before, inside after its effect, after it was recorded
            assert drive(home, repository, verb, place) == -signal.SIGKILL
            verb = "resume"
            (summary,) = await journal.list()
            assert summary.state is RunState.INTERRUPTED
            _, steps = await journal.show(summary.run_id)
            recorded = [one.name for one in steps]
            assert recorded == [*STEPS[: STEPS.index(step)], *([step] if place == 3 else [])]
    assert drive(home, repository, "resume", 0) == 0

    effects = Counter((home / "effects").read_text().splitlines())
    assert effects == dict.fromkeys(STEPS, 2), "once lost before it was recorded, once recorded, never again"
    (summary,) = await journal.list()
    assert summary.state is RunState.FINISHED
    assert len(git(repository, "for-each-ref", "refs/heads/regoose/").splitlines()) == 1
    assert git(repository, "status", "--porcelain") == ""

    whole = tmp_path / "whole"
    whole.mkdir()
    assert drive(whole, repository, "start", 0) == 0
    ends = [json.loads((place / "result.json").read_text()) for place in (home, whole)]
    for end in ends:
        for varying in ("run_id", "branch", "commit", "seconds", "report"):
            del end[varying]
        del end["evidence"]["reproduce"]
        for check in end["evidence"]["checks"]:
            del check["seconds"]
    assert ends[0] == ends[1]
    trees = git(repository, "for-each-ref", "--format=%(tree)", "refs/heads/regoose/").split()
    assert len(trees) == 2
    assert len(set(trees)) == 1


async def test_a_run_of_test_whose_steps_go_side_by_side_ends_as_if_nothing_had_happened(
    tmp_path: Path, repository: Path, drive: Drive
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    verb, kills = "start", 0
    for place in (1, 2, 3, *[5] * 20):  # before a step, after its effect, after one of two side by side was recorded
        if drive(home, repository, verb, place, "test") == 0:
            break
        verb, kills = "resume", kills + 1
    assert kills >= len(TEST_STEPS) - 2, "two steps may both be recorded before the end"
    assert Counter((home / "effects").read_text().splitlines()).keys() == set(TEST_STEPS)
    (summary,) = await Journal(home / "state").list()
    assert (summary.kind, summary.state) == ("test", RunState.FINISHED)
    assert len(git(repository, "for-each-ref", "refs/heads/regoose/").splitlines()) == 1
    assert git(repository, "status", "--porcelain") == ""

    whole = tmp_path / "whole"
    whole.mkdir()
    assert drive(whole, repository, "start", 0, "test") == 0
    assert _told(home) == _told(whole)


async def test_a_run_of_solve_pays_for_no_answer_twice(tmp_path: Path, repository: Path, drive: Drive) -> None:
    home = tmp_path / "home"
    home.mkdir()
    verb, kills = "start", 0
    # Each process ends the step before, and dies in the next one: all was done there, and nothing is recorded of it.
    for place in (2, *[5] * 40):
        if drive(home, repository, verb, place, "solve") == 0:
            break
        verb, kills = "resume", kills + 1
    else:
        pytest.fail("it never ended")
    assert kills >= len(SOLVE_STEPS) - 1
    assert set((home / "effects").read_text().splitlines()) == set(SOLVE_STEPS)
    bill = Counter((home / "bill").read_text().splitlines())
    assert bill == dict.fromkeys(bill, 1)
    assert len(bill) == 7
    assert len(git(repository, "for-each-ref", "refs/heads/regoose/").splitlines()) == 1
    assert git(repository, "status", "--porcelain") == ""

    whole = tmp_path / "whole"
    whole.mkdir()
    assert drive(whole, repository, "start", 0, "solve") == 0
    ends = [json.loads((place / "result.json").read_text()) for place in (home, whole)]
    one, other = ([end[key] for key in ("status", "patch", "cost", "plan", "review", "attempts")] for end in ends)
    assert one == other
    assert ends[0]["status"] == "proven"


def _told(home: Path) -> dict[str, object]:
    """Return what a result says of the tests: nothing of the run, of times and of places."""
    found = json.loads((home / "result.json").read_text())
    return {key: found[key] for key in ("status", "targets", "files", "branch_coverage", "mutation", "dropped")}
