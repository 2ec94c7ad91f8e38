"""The roles that come along: planner, tester, coder, reviewer; and the generator of tests for code that is there."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from regoose.agents.desk import Desk
from regoose.agents.prompt import read_prompt
from regoose.agents.role import Role
from regoose.agents.toolbox import CHANGING, LOOKING, RUNNING
from regoose.domain.plan import Plan
from regoose.domain.policy import Act, Action, Decision, Policy
from regoose.domain.solve import Review, WrittenChange, WrittenTests
from regoose.verify.tamper import is_test_file

PLANNER, TESTER, CODER, REVIEWER = "planner", "tester", "coder", "reviewer"
GENERATOR = "generator"
ROLES = (PLANNER, TESTER, CODER, REVIEWER)
"""Those that carry out a requirement."""
OUTPUTS = {
    PLANNER: Plan,
    TESTER: WrittenTests,
    CODER: WrittenChange,
    REVIEWER: Review,
    GENERATOR: WrittenTests,
}
"""What each role hands in."""
_COMMON = frozenset({"requirement", "repository_map", "conventions", "environment"})
VARIABLES = {
    PLANNER: _COMMON,
    TESTER: _COMMON | {"plan"},
    CODER: _COMMON | {"plan", "tests"},
    REVIEWER: frozenset({"requirement", "plan", "diff", "evidence", "environment"}),
    GENERATOR: (_COMMON - {"requirement"}) | {"target", "test_path", "gaps"},
}
"""What each role's prompt is given."""


def planner(policy: Policy, prompts: Path | None) -> Role[Plan]:
    """Return the role that analyses a requirement and plans the change."""

    async def accept(plan: Plan, desk: Desk) -> str:
        return "\n".join(plan_problems(plan, desk, policy))

    return Role(name=PLANNER, prompt=read_prompt(PLANNER, prompts), output=Plan, tools=LOOKING, accept=accept, turns=30)


def tester(prompts: Path | None) -> Role[WrittenTests]:
    """Return the role that writes the tests of a change before it is there."""

    async def accept(_tests: WrittenTests, desk: Desk) -> str:
        written = any(edit.after for edit in desk.changes.patch().edits)
        return "" if written else "You have written no test. Make a test file with `create`, then finish."

    return Role(
        name=TESTER,
        prompt=read_prompt(TESTER, prompts),
        output=WrittenTests,
        tools=(*LOOKING, *CHANGING, *RUNNING),
        accept=accept,
        refuses=_other_than_tests,
    )


def coder(prompts: Path | None) -> Role[WrittenChange]:
    """Return the role that writes the change."""

    async def accept(_change: WrittenChange, desk: Desk) -> str:
        changed = bool(desk.changes.patch().edits)
        return "" if changed else "You have changed nothing. Carry out the plan with the editing tools, then finish."

    return Role(
        name=CODER,
        prompt=read_prompt(CODER, prompts),
        output=WrittenChange,
        tools=(*LOOKING, *CHANGING, *RUNNING),
        accept=accept,
        refuses=_tests,
        turns=100,
    )


def reviewer(prompts: Path | None) -> Role[Review]:
    """Return the role that reads a proven change as a person would before merging it."""

    async def accept(review: Review, _desk: Desk) -> str:
        blocking = any(remark.severity == "blocking" for remark in review.remarks)
        if blocking == (review.verdict == "send back"):
            return ""
        return "`send back` is for a review with a blocking remark, and for no other. Call `finish` again."

    return Role(
        name=REVIEWER, prompt=read_prompt(REVIEWER, prompts), output=Review, tools=LOOKING, accept=accept, turns=30
    )


def generator(prompts: Path | None, test_path: str) -> Role[WrittenTests]:
    """Return the role that writes tests for a module that is there, into one file."""

    async def accept(_tests: WrittenTests, desk: Desk) -> str:
        text = desk.changes.read(test_path)
        return "" if text else f"There is no {test_path!r} yet. Write it with `create`, then finish."

    def other_than_the_file(action: Action) -> str:
        if action.act is Act.WRITE and action.target != test_path:
            return f"the tests go into {test_path!r}, and nothing else may be written"
        return ""

    return Role(
        name=GENERATOR,
        prompt=read_prompt(GENERATOR, prompts),
        output=WrittenTests,
        tools=(*LOOKING, *CHANGING, *RUNNING),
        accept=accept,
        refuses=other_than_the_file,
    )


def plan_problems(plan: Plan, desk: Desk, policy: Policy) -> tuple[str, ...]:
    """Say what a plan gets wrong about the repository, as its writer is told."""
    found: list[str] = []
    for path in (*plan.files_to_modify, *plan.new_files_needed):
        ruling = policy.decide(Action(Act.WRITE, path))
        if ruling.decision is Decision.DENY:
            found.append(f"{path!r} must not be changed: {ruling.reason}.")
    for path in plan.files_to_modify:
        if not found and desk.changes.read(path) is None:
            found.append(f"There is no file {path!r} to modify; a new one belongs into `new_files_needed`.")
    for path in plan.new_files_needed:
        if not found and desk.changes.read(path) is not None:
            found.append(f"{path!r} is there already; it belongs into `files_to_modify`.")
    return tuple(found)


def _tests(action: Action) -> str:
    if action.act is Act.WRITE and is_test_file(action.target):
        return f"{action.target!r} is a test file: the tests are fixed before the change is written"
    return ""


def _other_than_tests(action: Action) -> str:
    if action.act is Act.WRITE and not is_test_file(action.target):
        name = PurePosixPath(action.target).name
        return f"{action.target!r} is no test file; tests go into files such as `tests/test_{name}`"
    return ""
