"""The workflow `fix` on real repositories in a real sandbox, with a search that finds what it is told to find."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.domain.evidence import Answer, Difference, Verdict
from regoose.domain.repair import RepairReport
from regoose.domain.run import FixResult, RunState
from regoose.domain.task import FixTask, ProofTask, TaskLimits
from regoose.errors import (
    CollectionFailed,
    DirtyTree,
    EnvironmentUnavailable,
    NotARepository,
    NoTests,
    NothingToFix,
    RegooseError,
    SandboxDied,
    TimeLimit,
    UsageError,
)
from regoose.sandbox.base import Command, LineObserver, Probe, Result, Spec
from regoose.sandbox.pool import Living, Opener
from regoose.search.repair import repair
from regoose.testing.search import Replacement, ScriptedSearch
from regoose.workflows.prove import prove_commits
from regoose.workflows.site import Chosen, Equipment

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

pytestmark = pytest.mark.slow

RIGHT = Replacement("stats.py", "(len(values) - 1)", "len(values)")
USELESS = Replacement("stats.py", "sum(values)", "max(values)")
MEDIAN = Replacement("stats.py", "sum(values) / (len(values) - 1)", "sorted(values)[len(values) // 2]", behaviour=2)
HARMFUL = Replacement(
    "stats.py",
    "(len(values) - 1)\n\n\ndef spread(values):\n    return max(values)",
    "len(values)\n\n\ndef spread(values):\n    return min(values)",
)
FEW = TaskLimits(repeats=2, search_seconds=5, suite_seconds=60, run_seconds=120)


async def test_a_patch_is_proven_and_delivered_as_a_branch_with_nothing_but_the_edit(
    machine: Machine, repository: Repository
) -> None:
    before = repository.state()
    result = await machine.fix(repository, RIGHT)
    assert result.status is Verdict.PROVEN
    assert result.evidence.summary.startswith("Proven: 1 test red on base for an assertion, green 2 times")
    assert [case.id for case in result.evidence.red] == ["tests/test_stats.py::test_mean"]
    assert result.evidence.green == ("tests/test_stats.py::test_mean",)
    assert (result.evidence.before.failed, result.evidence.after.failed) == (1, 0)
    assert (result.evidence.changed_lines, result.evidence.changed_lines_covered) == (1, 1)

    assert repository.state() == before
    assert result.branch is not None
    assert repository.branches() == [result.branch]
    assert result.branch == f"regoose/stats-{result.run_id.rpartition('-')[2]}"
    assert repository.git("rev-parse", f"{result.branch}^").strip() == repository.base == result.base_commit
    assert repository.git("diff", "--stat", repository.base, result.branch).splitlines()[-1].strip() == (
        "1 file changed, 1 insertion(+), 1 deletion(-)"
    )
    message = repository.git("log", "-1", "--format=%B", result.branch)
    assert "tests/test_stats.py::test_mean" in message
    assert result.run_id in message
    assert machine.leftovers() == []


async def test_the_steps_are_told_and_journalled(machine: Machine, repository: Repository) -> None:
    result = await machine.fix(repository, RIGHT)
    told = [event.step for event in machine.events if event.kind == "finished"]
    assert told == ["prepare", "baseline", "search", "prove 1", "deliver", "report"]
    async with machine.service(machine.equip(ScriptedSearch([]))) as service:
        summary, steps = await service.show(result.run_id)
        assert (summary.state, summary.verdict) == (RunState.FINISHED, Verdict.PROVEN)
        assert [step.name for step in steps] == told
        assert await service.result(result.run_id) == result


async def test_the_rerun_command_proves_it_again_in_a_fresh_clone(
    machine: Machine, repository: Repository, tmp_path: Path
) -> None:
    result = await machine.fix(repository, RIGHT)
    clone = tmp_path / "clone"
    repository.git("clone", "-q", str(repository.root), str(clone))
    words = shlex.split(result.reproduce)
    assert words[:2] == ["regoose", "prove"]
    given = dict(zip(words[2::2], words[3::2], strict=True))
    task = ProofTask(
        repository=str(clone), base=given["--base"], head=given["--head"], tests=(given["--test"],), limits=FEW
    )
    proof = await prove_commits(machine.equip(ScriptedSearch([])), task, machine.events.append)
    assert proof.evidence.verdict is Verdict.PROVEN
    assert proof.head_commit == result.commit
    assert proof.patch == result.patch


async def test_what_does_not_hold_is_left_for_the_next(machine: Machine, repository: Repository) -> None:
    result = await machine.fix(repository, USELESS, HARMFUL, RIGHT)
    assert result.status is Verdict.PROVEN
    assert result.patch is not None
    assert "/ len(values)" in result.patch.diff()
    assert "max(values)" in (result.patch.edits[0].after or "")


async def test_where_nothing_holds_the_report_says_where_the_fault_seems_to_be(
    machine: Machine, repository: Repository
) -> None:
    result = await machine.fix(repository, USELESS, HARMFUL)
    assert result.status is Verdict.UNPROVEN
    assert (result.patch, result.branch, result.commit, result.reproduce) == (None, None, None, "")
    assert [suspect.function for suspect in result.suspects] == ["mean"]
    assert result.evidence.summary.startswith("Not proven: ")
    assert repository.branches() == []
    assert result.report is not None
    assert "Not proven" in Path(result.report).read_text()


async def test_where_nothing_was_found_the_red_tests_are_shown(machine: Machine, repository: Repository) -> None:
    result = await machine.fix(repository)
    assert result.status is Verdict.UNPROVEN
    assert [case.id for case in result.evidence.red] == ["tests/test_stats.py::test_mean"]


async def test_attempts_bound_the_proofs(machine: Machine, repository: Repository) -> None:
    result = await machine.fix(repository, USELESS, RIGHT, limits=replace(FEW, attempts=1))
    assert result.status is Verdict.UNPROVEN


async def test_surviving_behaviours_are_counted_shown_and_chosen(machine: Machine, repository: Repository) -> None:
    difference = Difference("mean([1, 5])", "6.0", (Answer((1,), "3.0"), Answer((2,), "5")))
    search = ScriptedSearch([RIGHT, MEDIAN], (difference,))
    task = FixTask(repository=str(repository.root), limits=FEW, choose=2)
    async with machine.service(machine.equip(search)) as service:
        result = await service.follow(await service.start(task))
    assert isinstance(result, FixResult)
    assert result.evidence.alternatives == 2
    assert result.evidence.differences == (difference,)
    assert [one.number for one in result.alternatives] == [1, 2]
    assert result.patch == result.alternatives[1].patch
    assert "2 behaviours" in result.evidence.summary

    with pytest.raises(UsageError, match="no proven alternative 3; there is 1, 2"):
        await machine.fix(repository, RIGHT, MEDIAN, choose=3)


async def test_a_behaviour_that_is_not_proven_does_not_count(machine: Machine, repository: Repository) -> None:
    result = await machine.fix(repository, RIGHT, replace(HARMFUL, behaviour=2))
    assert result.evidence.alternatives == 1
    assert [one.number for one in result.alternatives] == [1]


async def test_applying_changes_the_working_tree_alone(machine: Machine, repository: Repository) -> None:
    result = await machine.fix(repository, RIGHT, apply=True, branch="mended")
    assert result.applied
    assert repository.git("status", "--porcelain").split() == ["M", "stats.py"]
    assert "/ len(values)" in (repository.root / "stats.py").read_text()
    assert repository.git("diff", "mended") == ""


async def test_applying_to_what_is_dirty_is_refused(machine: Machine, repository: Repository) -> None:
    mine = repository.read("stats.py") + "# my note\n"
    repository.write("stats.py", mine)
    with pytest.raises(DirtyTree, match=r"stats\.py"):
        await machine.fix(repository, RIGHT, apply=True)
    assert repository.read("stats.py") == mine


async def test_uncommitted_work_is_part_of_the_base(machine: Machine, repository: Repository) -> None:
    tests = repository.read("tests/test_stats.py")
    repository.write("tests/test_stats.py", tests + "\n\ndef test_one():\n    assert mean([4]) == 4\n")
    result = await machine.fix(repository, RIGHT)
    assert len(result.evidence.red) == 2
    assert result.branch is not None
    assert repository.git("log", "--format=%H", result.branch).split()[-1] == repository.base
    assert "1 uncommitted file" in " ".join(result.notes)


@pytest.mark.parametrize(
    ("files", "kind", "words"),
    [
        (
            {"stats.py": "def mean(values):\n    return sum(values) / len(values)\n\n\nspread = max\n"},
            NothingToFix,
            "all 2 tests pass",
        ),
        ({"tests/test_stats.py": "", "tests/other.py": ""}, NoTests, "no test"),
        ({"tests/test_stats.py": "from stats import\n"}, CollectionFailed, "SyntaxError"),
    ],
)
async def test_what_cannot_be_fixed_is_said_in_words(
    machine: Machine, repository: Repository, files: dict[str, str], kind: type[RegooseError], words: str
) -> None:
    for path, content in files.items():
        repository.write(path, content)
    repository.commit()
    with pytest.raises(kind, match=words):
        await machine.fix(repository, RIGHT)
    assert machine.leftovers() == []


async def test_a_test_that_is_none_is_named(machine: Machine, repository: Repository) -> None:
    with pytest.raises(UsageError, match=r"'tests/test_stats\.py::test_maen' is not a test") as caught:
        await machine.fix(repository, RIGHT, tests=("tests/test_stats.py::test_maen",))
    assert "tests/test_stats.py::test_mean" in caught.value.hint


async def test_a_test_that_passes_is_nothing_to_fix(machine: Machine, repository: Repository) -> None:
    with pytest.raises(NothingToFix):
        await machine.fix(repository, RIGHT, tests=("tests/test_stats.py::test_spread",))


async def test_outside_of_a_repository_there_is_no_run(machine: Machine, tmp_path: Path) -> None:
    async with machine.service(machine.equip(ScriptedSearch([]))) as service:
        with pytest.raises(NotARepository):
            await service.start(FixTask(repository=str(tmp_path)))
        assert await service.list() == ()


async def test_two_runs_on_one_repository_at_once(machine: Machine, repository: Repository) -> None:
    async with machine.service(machine.equip(ScriptedSearch([RIGHT]))) as service:
        task = FixTask(repository=str(repository.root), limits=FEW)
        ids = [await service.start(task) for _ in range(2)]
        results = await asyncio.gather(*(service.follow(run_id) for run_id in ids))
    fixed = [result for result in results if isinstance(result, FixResult)]
    assert [result.status for result in fixed] == [Verdict.PROVEN, Verdict.PROVEN]
    assert sorted(repository.branches()) == sorted(str(result.branch) for result in fixed)
    assert len(set(ids)) == 2


class Mortal:
    """A backend whose next `deaths` sandboxes die under their first command."""

    def __init__(self, backend: Opener, deaths: int) -> None:
        self._backend = backend
        self.deaths = deaths
        self.name = "mortal"

    async def open(self, spec: Spec) -> Living:
        sandbox = await self._backend.open(spec)
        if self.deaths <= 0:
            return sandbox
        self.deaths -= 1
        return Dying(sandbox)


class Dying:
    """A sandbox that dies under its first command."""

    def __init__(self, sandbox: Living) -> None:
        self._sandbox = sandbox

    @property
    def backend(self) -> str:
        return self._sandbox.backend

    @property
    def alive(self) -> bool:
        return False

    async def run(self, command: Command, on_line: LineObserver | None = None) -> Result:
        del command, on_line
        await self._sandbox.close()
        raise SandboxDied("the sandbox ended")

    async def close(self) -> None:
        await self._sandbox.close()


@dataclass(frozen=True)
class Picked:
    """A backend that was chosen."""

    backend: Opener
    probe: Probe


def mortal(equipment: Equipment, deaths: int) -> tuple[Equipment, Callable[[], int]]:
    """Equip with sandboxes of which the next `deaths` die; also return how many of those are left."""
    made: list[Mortal] = []

    async def pick(setting: str) -> Picked:
        chosen = await equipment.choose(setting)
        if not made:
            made.append(Mortal(chosen.backend, deaths))
        return Picked(made[0], chosen.probe)

    return replace(equipment, choose=pick), lambda: made[0].deaths


async def test_a_sandbox_that_dies_is_replaced_once(machine: Machine, repository: Repository) -> None:
    equipment, left = mortal(machine.equip(ScriptedSearch([RIGHT])), 1)
    async with machine.service(equipment) as service:
        result = await service.follow(await service.start(FixTask(repository=str(repository.root), limits=FEW)))
    assert isinstance(result, FixResult)
    assert result.status is Verdict.PROVEN
    assert left() == 0


async def test_sandboxes_that_keep_dying_leave_the_run_resumable(machine: Machine, repository: Repository) -> None:
    equipment, _ = mortal(machine.equip(ScriptedSearch([RIGHT])), 50)
    async with machine.service(equipment) as service:
        run_id = await service.start(FixTask(repository=str(repository.root), limits=FEW))
        with pytest.raises(SandboxDied):
            await service.follow(run_id)
    async with machine.service(machine.equip(ScriptedSearch([RIGHT]))) as service:
        assert [run.state for run in await service.list()] == [RunState.INTERRUPTED]
        assert await service.resume() == run_id
        result = await service.follow(run_id)
    assert isinstance(result, FixResult)
    assert result.status is Verdict.PROVEN
    assert len(repository.branches()) == 1


async def test_a_run_out_of_time_is_resumable(machine: Machine, repository: Repository) -> None:
    async def endless(*_: object, **__: object) -> RepairReport:
        await asyncio.Event().wait()
        raise AssertionError

    async with machine.service(machine.equip(endless)) as service:
        limits = replace(FEW, run_seconds=8)
        run_id = await service.start(FixTask(repository=str(repository.root), limits=limits))
        with pytest.raises(TimeLimit, match="more than its 8 s"):
            await service.follow(run_id)
        assert (await service.list())[0].state is RunState.INTERRUPTED
    assert machine.leftovers() == []


async def test_interrupted_by_hand_it_cleans_up_and_goes_on(machine: Machine, repository: Repository) -> None:
    reached = asyncio.Event()

    async def endless(*_: object, **__: object) -> RepairReport:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def interrupted() -> None:
        async with machine.service(machine.equip(endless)) as service:
            await service.follow(await service.start(FixTask(repository=str(repository.root), limits=FEW)))

    task = asyncio.create_task(interrupted())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert machine.leftovers() == []
    async with machine.service(machine.equip(ScriptedSearch([RIGHT]))) as service:
        result = await service.follow(await service.resume(), machine.events.append)
    assert isinstance(result, FixResult)
    assert result.status is Verdict.PROVEN
    assert [event.step for event in machine.events if event.kind == "replayed"] == ["prepare", "baseline"]


async def test_the_built_in_search_repairs_it(machine: Machine, repository: Repository) -> None:
    async with machine.service(machine.equip(repair)) as service:
        limits = replace(FEW, search_seconds=30)
        result = await service.follow(await service.start(FixTask(repository=str(repository.root), limits=limits)))
    assert isinstance(result, FixResult)
    assert result.status is Verdict.PROVEN


async def test_a_run_goes_on_in_the_place_that_it_was_given(machine: Machine, repository: Repository) -> None:
    asked: list[str] = []
    equipment = machine.equip(ScriptedSearch([RIGHT]))
    choose = equipment.choose

    async def note(setting: str) -> Chosen:
        asked.append(setting)
        return await choose(setting)

    async def stopping(*_: object, **__: object) -> RepairReport:
        raise SandboxDied("the sandbox ended")

    task = FixTask(repository=str(repository.root), limits=FEW, sandbox="bubblewrap", python=str(machine.target))
    equipment = replace(equipment, choose=note, python=None)
    async with machine.service(replace(equipment, search=stopping)) as service:
        with pytest.raises(SandboxDied):
            await service.follow(await service.start(task))
    async with machine.service(equipment) as service:
        result = await service.follow(await service.resume())
    assert isinstance(result, FixResult)
    assert (result.status, asked) == (Verdict.PROVEN, ["bubblewrap", "bubblewrap"])


async def test_a_run_does_not_go_on_in_another_environment(machine: Machine, repository: Repository) -> None:
    async def stopping(*_: object, **__: object) -> RepairReport:
        raise SandboxDied("the sandbox ended")

    other = machine.home / "other"
    machine.home.mkdir()
    other.symlink_to(machine.target)
    task = FixTask(repository=str(repository.root), limits=FEW)
    equipment = machine.equip(ScriptedSearch([RIGHT]))
    async with machine.service(replace(equipment, search=stopping)) as service:
        with pytest.raises(SandboxDied):
            await service.follow(await service.start(task))
    async with machine.service(replace(equipment, python=str(other))) as service:
        with pytest.raises(EnvironmentUnavailable, match="the run began with Python"):
            await service.follow(await service.resume())
