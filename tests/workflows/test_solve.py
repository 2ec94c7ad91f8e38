"""A requirement becomes a proven change, with scripted models and everything else real."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from regoose.domain.approval import Approval
from regoose.domain.evidence import CheckStatus, Verdict
from regoose.domain.json import Json
from regoose.domain.solve import SolveResult, SolveTask
from regoose.errors import ApprovalNeeded, NoModel, PolicyRefused, UsageError
from regoose.testing.models import call, say

from .scripted import FEW, MEDIAN, MEDIAN_TESTS, PLAN, SPREAD, run, script, scripted, service, step

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository


async def test_a_requirement_becomes_a_proven_change(machine: Machine, repository: Repository) -> None:
    state = repository.state()
    result = await run(machine, repository, scripted(script()))
    assert result.status is Verdict.PROVEN
    assert repository.branches() == [result.branch]
    assert repository.state() == state
    assert repository.git("diff", "--stat", f"{result.base_commit}..{result.branch}").count("|") == 2
    assert result.cost.calls == 9
    assert result.review is not None
    message = repository.git("log", "-1", "--format=%B", str(result.branch))
    assert message.startswith("Add median\n\nThe middle of sorted values.\n\nAsked for:\n\n> Add a median to stats.")


async def test_tests_that_show_nothing_go_back_to_their_writer(machine: Machine, repository: Repository) -> None:
    scripts = script()
    useless = "from stats import spread\n\n\ndef test_spread_again():\n    assert spread([1, 2]) == 2\n"
    scripts["tester"] = [
        call("create", path="tests/test_median.py", text=useless),
        call("finish", summary="The median."),
        call("create", path="tests/test_median.py", text=MEDIAN_TESTS),
        call("finish", summary="The median."),
    ]
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    assert step(machine, "red 1") == "0 red for the right reason; 1 to mend"
    assert step(machine, "red 2") == "2 red for the right reason"


async def test_what_does_not_hold_goes_back_to_the_coder(machine: Machine, repository: Repository) -> None:
    scripts = script()
    wrong = MEDIAN.replace("ordered[-1 - middle]) / 2", "ordered[middle]) / 2")
    scripts["coder"] = [
        call("edit", path="stats.py", search=SPREAD, replace=wrong),
        call("finish", subject="Add median", summary="The middle."),
        call("edit", path="stats.py", search="ordered[middle]) / 2", replace="ordered[-1 - middle]) / 2"),
        call("finish", subject="Add median", summary="The middle of sorted values."),
    ]
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    assert result.attempts == 2
    assert step(machine, "prove 1") == "does not hold"


async def test_what_never_holds_is_not_delivered_and_not_lost(machine: Machine, repository: Repository) -> None:
    scripts = script()
    finish = call("finish", subject="Add median", summary="Done!")
    scripts["coder"] = [call("edit", path="stats.py", search=SPREAD, replace=f"{SPREAD}\n\nmedian = max\n"), finish]
    scripts["coder"] += [finish] * 2
    limits = replace(FEW, attempts=3)
    result = await run(machine, repository, scripted(scripts), limits=limits)
    assert result.status is Verdict.UNPROVEN
    assert result.evidence.summary.startswith("Not proven: ")
    assert (result.attempts, result.branch, repository.branches()) == (3, None, [])
    folder = machine.home / "state" / "runs" / result.run_id
    assert "+median = max" in (folder / "patch.diff").read_text()


async def test_a_reviewer_sends_back_once(machine: Machine, repository: Repository) -> None:
    scripts = script()
    remark: Json = {
        "path": "stats.py",
        "line": 9,
        "severity": "blocking",
        "message": "median([]) fails with IndexError.",
    }
    scripts["coder"] += [
        call(
            "edit",
            path="stats.py",
            search="    ordered = sorted(values)\n",
            replace="    if not values:\n        raise ValueError('no values')\n    ordered = sorted(values)\n",
        ),
        call("finish", subject="Add median", summary="The middle of sorted values; ValueError for none."),
    ]
    scripts["reviewer"] = [
        call("finish", verdict="send back", summary="Empty input.", remarks=[remark]),
        call("finish", verdict="approve", summary="Fine now.", remarks=[]),
    ]
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    assert result.attempts == 2
    assert result.patch is not None
    assert "no values" in result.patch.diff()
    assert result.review is not None
    assert result.review.verdict == "approve"


async def test_what_an_author_leaves_behind_who_never_finishes_is_put_to_the_proof(
    machine: Machine, repository: Repository
) -> None:
    scripts = script()
    scripts["tester"][-1:] = [say("All done, I think.")] * 4
    scripts["coder"][-1:] = [say("It is fixed!")] * 4
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    assert (result.tests, result.attempts) == (None, 1)
    assert result.change is not None
    assert result.change.subject == "Add `median`."
    assert "did not finish" in repository.git("log", "-1", "--format=%B", str(result.branch))


async def test_tests_are_kept_where_nothing_was_changed(machine: Machine, repository: Repository) -> None:
    scripts = script()
    scripts["coder"] = [say("It is fixed!")] * 4
    result = await run(machine, repository, scripted(scripts))
    assert (result.status, result.branch) == (Verdict.UNPROVEN, None)
    assert result.evidence.summary.startswith("Not proven: nothing was changed (")
    assert result.patch is not None
    assert [edit.path for edit in result.patch.edits] == ["tests/test_median.py"]


async def test_a_proof_stands_without_a_review(machine: Machine, repository: Repository) -> None:
    scripts = script()
    scripts["reviewer"] = [say("Looks good to me!")] * 4
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    assert [check.status for check in result.evidence.checks if check.name == "review"] == [CheckStatus.NOT_RUN]


async def test_a_new_module_is_proven_by_tests_that_import_it(machine: Machine, repository: Repository) -> None:
    scripts = script()
    plan: dict[str, Json] = {**PLAN, "files_to_modify": [], "new_files_needed": ["middle.py"]}
    tests = "def test_median():\n    from middle import median\n\n    assert median([3, 1, 2]) == 2\n"
    scripts["planner"] = [call("finish", **plan)]
    scripts["tester"][0] = call("create", path="tests/test_median.py", text=tests)
    scripts["coder"][0] = call("create", path="middle.py", text=MEDIAN.partition("\n\n\n")[2])
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    assert {case.failure.exception for case in result.evidence.red if case.failure} == {"ModuleNotFoundError"}


async def test_a_repository_without_tests_gets_its_first(machine: Machine, repository: Repository) -> None:
    repository.git("rm", "-q", "-r", "tests")
    repository.commit()
    result = await run(machine, repository, scripted(script()))
    assert result.status is Verdict.PROVEN


async def test_a_plan_for_files_outside_the_repository_is_not_taken(machine: Machine, repository: Repository) -> None:
    scripts = script()
    outside: dict[str, Json] = {
        **PLAN,
        "files_to_modify": ["../elsewhere/stats.py"],
        "new_files_needed": [".git/hooks/pre-commit"],
    }
    scripts["planner"] = [call("finish", **outside), call("finish", **PLAN)]
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    assert "must not be changed" in step(machine, "planner 1.1 finish")


async def test_a_coder_cannot_touch_tests_and_the_attempt_is_reported(machine: Machine, repository: Repository) -> None:
    scripts = script()
    scripts["coder"].insert(0, call("create", path="tests/test_median.py", text="def test_nothing(): pass\n"))
    scripts["coder"].insert(0, call("delete", path=".github/workflows/ci.yml"))
    result = await run(machine, repository, scripted(scripts))
    assert result.status is Verdict.PROVEN
    (policy,) = [check for check in result.evidence.checks if check.name == "policy"]
    assert [(one.rule, one.path) for one in policy.findings] == [
        ("protected file", ".github/workflows/ci.yml"),
        ("not this role", "tests/test_median.py"),
    ]
    assert result.patch is not None
    assert "test_nothing" not in result.patch.diff()


async def test_a_plan_waits_for_a_person(machine: Machine, repository: Repository) -> None:
    runs, models = service(machine, scripted(script()))
    task = SolveTask(repository=str(repository.root), requirement="Add a median.", limits=FEW, approve=True)
    async with runs:
        run_id = await runs.start(task)
        with pytest.raises(ApprovalNeeded, match="Shall this plan be carried out"):
            await runs.follow(run_id)
        assert models.keys == ["planner 1", "planner 2"]
        await runs.approve(run_id, Approval(granted=True, comment="", by="ada"))
        result = await runs.follow(await runs.resume(run_id))
    assert isinstance(result, SolveResult)
    assert result.status is Verdict.PROVEN
    assert Counter(models.keys) == dict.fromkeys(models.keys, 1)


async def test_a_rejected_plan_ends_the_run(machine: Machine, repository: Repository) -> None:
    runs, models = service(machine, scripted(script()))
    task = SolveTask(repository=str(repository.root), requirement="Add a median.", limits=FEW, approve=True)
    async with runs:
        run_id = await runs.start(task)
        with pytest.raises(ApprovalNeeded):
            await runs.follow(run_id)
        await runs.approve(run_id, Approval(granted=False, comment="use statistics.median", by="ada"))
        await runs.resume(run_id)
        with pytest.raises(PolicyRefused, match="rejected: use statistics"):
            await runs.follow(run_id)
    assert len(models.keys) == 2


async def test_it_replays_offline_byte_for_byte(machine: Machine, repository: Repository) -> None:
    result = await run(machine, repository, scripted(script()))
    repository.git("rm", "-q", "-r", ".")  # nothing of the repository is needed
    runs, models = service(machine, {})
    async with runs:
        replayed = await runs.replay(result.run_id)
    assert (replayed.has_ended, replayed.calls, replayed.error) == (True, 9, None)
    assert models.keys == []


@pytest.mark.parametrize(("text", "said"), [("  \n", "is empty"), ("x" * 100_000, "100,000 characters")])
async def test_requirements_that_cannot_be_carried_out(
    machine: Machine, repository: Repository, text: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        await run(machine, repository, {}, requirement=text)


async def test_without_a_model_nothing_begins(machine: Machine, repository: Repository) -> None:
    with pytest.raises(NoModel):
        await run(machine, repository, {})
    assert not (machine.home / "workspaces").exists()
