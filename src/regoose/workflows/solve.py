"""
The workflow `solve`: a requirement becomes a change, and the change is proven.

    models     which model plays which role, and how much it can hold
    prepare    the private tree at the base, the target's environment, a sandbox
    baseline   the whole suite on the base, more than once
    map        what the agents are shown of the repository
    planner …  the plan, with criteria that tests can check; then a person's yes, where that is asked for
    tester …   tests from the requirement and the plan, before there is a change they could be made to fit
    red n      the whole suite with those tests on the base: what is red for the right reason counts
    coder …    the change; it cannot touch a test
    prove n    red on the base, green again and again with the change, nothing worse, red without it
    reviewer … what tests do not show; may send back once
    deliver    a branch with tests and change, and the working tree where asked for
    report     the result, written down

What the agents do in between are steps of their own (see `regoose.agents.loop`). What is not proven goes back to the
coder with what was found, as often as the task allows; the best candidate is kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.loop import Agent
from regoose.agents.outputs import Outputs
from regoose.agents.role import O
from regoose.agents.roles import ROLES, coder, planner, reviewer, tester
from regoose.domain.approval import Approval
from regoose.domain.patch import Patch
from regoose.domain.plan import Plan
from regoose.domain.run import Cost
from regoose.domain.solve import Review, SolveResult, SolveTask, WrittenChange, WrittenTests
from regoose.domain.task import Engine
from regoose.errors import AgentFailed, PolicyRefused
from regoose.verify.flaky import Baseline
from regoose.verify.red_green import Proof
from regoose.verify.tamper import inspect_patch
from regoose.workflows.authors import Authors
from regoose.workflows.deliver import Delivery, Order, branch_named, deliver, message_of_solve
from regoose.workflows.prepared import Prepared, furnish_again, prepare, time_limit
from regoose.workflows.proving import Under, baseline_on, prove_on, rerun, say_baseline
from regoose.workflows.report import write_solve_report
from regoose.workflows.shown import Room, Shown, show_repository
from regoose.workflows.site import Equipment, Site
from regoose.workflows.solving import (
    Attempt,
    RedTests,
    SeenTests,
    best_of,
    evidence_of_solve,
    findings_for_coder,
    findings_for_tester,
    judge_tests,
    plan_text,
    tests_told,
    tried,
    unfinished,
    with_hidden,
)
from regoose.workflows.writing import MODEL_FAILED, Staff, Studio, hire

if TYPE_CHECKING:
    from regoose.durable.run import Run

_TEST_ATTEMPTS = 3
"""How often the tester is asked at most for tests that are red for the right reason."""


async def solve(equipment: Equipment, authors: Authors, run: Run, task: SolveTask) -> SolveResult:
    """
    Carry out one run of `solve`.

    Raises what its steps raise: `NoModel` and the other errors of models, `MachineError`s for what this machine lacks,
    `AgentFailed` where there is no plan, `BudgetExceeded`, `ApprovalNeeded`, `PolicyRefused` where a person
    says no to the plan.
    """
    equipment = replace(equipment, sandbox=task.sandbox or equipment.sandbox, python=task.python or equipment.python)
    async with time_limit(task.limits.run_seconds), Site(equipment, run.run_id, task.within) as site:
        return await _Solve(equipment, authors, site, run, task).carry_out()


class _Solve:
    """The steps of one run, in order."""

    def __init__(self, equipment: Equipment, authors: Authors, site: Site, run: Run, task: SolveTask) -> None:
        self._equipment = equipment
        self._authors = authors
        self._site = site
        self._run = run
        self._task = task
        self._limits = task.limits
        self._models = authors.models.for_run(run.run_id, task.budget, model=task.model)
        self._gatekeeper = Gatekeeper(authors.policy, run, may_ask=task.approve)
        self._prompts = authors.prompts
        self._approval: Approval | None = None

    async def carry_out(self) -> SolveResult:
        """Run the steps, or replay those that are recorded, and return the result."""
        run = self._run
        staff = await run.step(
            "models", Staff, lambda: hire(self._models, ROLES, self._authors.answer_tokens), Staff.sentence
        )
        room = Room.of(staff.smallest_window())
        self._studio = self._open_studio(staff, room)
        self._prepared = await run.step("prepare", Prepared, self._prepare, lambda p: p.environment)
        base = await run.step("baseline", Baseline, lambda: self._take_baseline(Patch(())), say_baseline)
        self._base = base
        self._shown = await run.step("map", Shown, lambda: self._show(room), Shown.sentence)
        plan = await self._plan()
        tests, seen, written = await self._write_tests(plan, base)
        red = seen.red
        with_tests = seen.baseline if red.targets else base
        attempts = await self._write_change(plan, tests, red, with_tests)
        best = best_of(attempts)
        delivery: Delivery | None = None
        if best.is_proven:
            order = self._order(tests, best, red.targets)
            delivery = await run.step("deliver", Delivery, lambda: self._deliver(order), lambda d: d.branch)
        evidence = evidence_of_solve(best, red, with_tests, self._gatekeeper)
        result = SolveResult(
            run_id=run.run_id,
            engine=Engine.MODEL,
            repository=self._task.repository,
            requirement=self._task.requirement,
            base_commit=self._prepared.base_commit,
            plan=plan,
            patch=tests.then(best.patch),
            tests=written,
            change=best.change,
            branch=delivery.branch if delivery else None,
            commit=delivery.commit if delivery else None,
            applied=delivery is not None and delivery.applied,
            evidence=replace(evidence, not_enforced=self._prepared.not_enforced),
            review=best.review,
            approval=self._approval,
            attempts=len(attempts),
            tried=tried(attempts, best),
            reproduce=rerun(self._prepared, delivery, red.targets, with_tests, self._task.within),
            seconds=0.0,
            cost=Cost(),
            models=staff.names,
            report=None,
            environment=self._prepared.environment,
            sandbox=self._prepared.sandbox,
            notes=self._prepared.notes,
        )
        return await run.step("report", SolveResult, lambda: self._report(result), lambda r: r.report or "")

    def _open_studio(self, staff: Staff, room: Room) -> Studio:
        return Studio(
            authors=self._authors,
            models=self._models,
            run=self._run,
            site=self._site,
            furnish=self._furnish,
            limits=self._equipment.limits,
            suite_seconds=self._limits.suite_seconds,
            staff=staff,
            outputs=Outputs(self._run.folder / "outputs", room.output),
            gatekeeper=self._gatekeeper,
        )

    async def _prepare(self) -> Prepared:
        return await prepare(self._site, self._task.repository, self._task.branch)

    async def _furnish(self) -> None:
        await furnish_again(self._site, self._task.repository, self._prepared)

    async def _take_baseline(self, under: Patch) -> Baseline:
        await self._furnish()
        return await baseline_on(self._site, self._limits, under)

    async def _show(self, room: Room) -> Shown:
        await self._furnish()
        return await show_repository(self._site.workspace.tree, self._task.requirement, self._authors.store, room)

    async def _plan(self) -> Plan:
        agent = self._studio.agent(planner(self._authors.policy, self._prompts), Patch(()))
        plan = await agent.work(requirement=self._task.requirement, **self._common())
        if self._task.approve:
            details = plan_text(plan)
            approval = await self._run.gate("plan", "Shall this plan be carried out?", details)
            if not approval.granted:
                raise PolicyRefused(
                    f"the plan was rejected{f': {approval.comment}' if approval.comment else ''}",
                    hint="Say in the requirement what is to be done differently, and run it again.",
                )
            self._approval = approval
        return plan

    async def _write_tests(self, plan: Plan, base: Baseline) -> tuple[Patch, SeenTests, WrittenTests | None]:
        """Have tests written until those that count are red for the right reason; none may be left."""
        agent = self._studio.agent(tester(self._prompts), Patch(()))
        planned = frozenset((*plan.files_to_modify, *plan.new_files_needed))
        asked = agent.work(requirement=self._task.requirement, plan=_told(plan), **self._common())
        number = 1
        while True:
            written, failure = await _handed_in(asked, may_raise=number == 1)
            patch = agent.changes.patch()
            seen = await self._run.step(
                f"red {number}", SeenTests, lambda patch=patch: self._see(patch, planned, base), SeenTests.sentence
            )
            if failure:
                return patch, seen.with_problem(failure), written
            if (seen.red.targets and not seen.red.problems) or number == _TEST_ATTEMPTS:
                return patch, seen, written
            number += 1
            asked = agent.go_on(findings_for_tester(seen.red))

    async def _see(self, tests: Patch, planned: frozenset[str], base: Baseline) -> SeenTests:
        baseline = await self._take_baseline(tests)
        return SeenTests(judge_tests(tests, baseline, base, planned), baseline)

    async def _write_change(self, plan: Plan, tests: Patch, red: RedTests, baseline: Baseline) -> list[Attempt]:
        """Have the change written, proven and, where it is proven, reviewed; return every candidate."""
        agent = self._studio.agent(coder(self._prompts), tests)
        told = tests_told(tests, red)
        asked = agent.work(requirement=self._task.requirement, plan=_told(plan), tests=told, **self._common())
        attempts: list[Attempt] = []
        while True:
            change, failure = await _handed_in(asked, may_raise=not attempts)
            if failure and attempts and agent.changes.patch() == attempts[-1].patch:
                attempts[-1] = replace(attempts[-1], note=failure)
                return attempts
            change = change or unfinished(plan, failure)
            last = await self._attempt(len(attempts) + 1, agent, change, tests, red, baseline)
            review = await self._review(plan, tests, last) if last.is_proven else None
            was_sent_back = any(one.review for one in attempts)
            last = replace(last, review=review, note=failure)
            attempts.append(last)
            is_done = last.is_proven and (review is None or review.verdict == "approve" or was_sent_back)
            if is_done or failure or not red.targets or len(attempts) >= self._limits.attempts:
                return attempts
            asked = agent.go_on(_remarks(review) if review else findings_for_coder(last))

    async def _attempt(
        self,
        number: int,
        agent: Agent[WrittenChange],
        change: WrittenChange,
        tests: Patch,
        red: RedTests,
        baseline: Baseline,
    ) -> Attempt:
        patch = agent.changes.patch()
        tamper = with_hidden(inspect_patch(tests.then(patch), allow_tests=True), red.hidden)
        if not red.targets or not patch.edits:
            return Attempt(change, patch, None, tamper)
        proof = await self._run.step(
            f"prove {number}", Proof, lambda: self._prove(tests, patch, red.targets, baseline), _say_proof
        )
        return Attempt(change, patch, proof, tamper)

    async def _prove(self, tests: Patch, patch: Patch, targets: Sequence[str], baseline: Baseline) -> Proof:
        await self._furnish()
        return await prove_on(self._site, self._limits, patch, targets, baseline, Under(tests, self._base))

    async def _review(self, plan: Plan, tests: Patch, attempt: Attempt) -> Review | None:
        agent = self._studio.agent(reviewer(self._prompts), tests.then(attempt.patch))
        try:
            return await agent.work(
                requirement=self._task.requirement,
                plan=_told(plan),
                diff=self._studio.outputs.shorten(tests.then(attempt.patch).diff()),
                evidence=attempt.told(),
                environment=self._common()["environment"],
            )
        except MODEL_FAILED:
            return None  # a proof does not need a review; the report says that there is none

    def _common(self) -> dict[str, str]:
        return self._shown.variables(self._prepared.environment, self._task.within)

    def _order(self, tests: Patch, attempt: Attempt, targets: Sequence[str]) -> Order:
        run_id = self._run.run_id
        return Order(
            base_commit=self._prepared.base_commit,
            patch=tests.then(attempt.patch),
            branch=self._task.branch or branch_named(run_id, attempt.change.subject),
            message=message_of_solve(run_id, attempt.change, self._task.requirement, targets),
            author=self._equipment.author,
            when=self._prepared.when,
            apply=self._task.apply,
        )

    async def _deliver(self, order: Order) -> Delivery:
        await self._furnish()
        return await deliver(self._site.workspace.repository, order)

    async def _report(self, result: SolveResult) -> SolveResult:
        finished = replace(
            result,
            cost=await self._models.cost(),
            seconds=time.time() - self._prepared.when,
            report=str(self._run.folder / "report.html"),
        )
        await asyncio.to_thread(write_solve_report, self._run.folder, finished)
        return finished


async def _handed_in(asked: Awaitable[O], *, may_raise: bool) -> tuple[O | None, str]:
    """
    Return what an agent hands in; None and the reason where it does not finish: what it has changed stands.

    Raises what its model's failures are where nothing was handed in before (`may_raise`) and it is no `AgentFailed`.
    """
    try:
        return await asked, ""
    except MODEL_FAILED as failure:
        if may_raise and not isinstance(failure, AgentFailed):
            raise
        return None, failure.message


def _told(plan: Plan) -> str:
    return plan.model_dump_json(indent=2)


def _remarks(review: Review) -> str:
    lines = [f"- {one.path}:{one.line} ({one.severity}): {one.message}" for one in review.remarks]
    return "\n".join(
        [
            f"Your change is proven by its tests. A reviewer sends it back: {review.summary}",
            *lines,
            "Mend what is blocking, run the tests, and finish again.",
        ]
    )


def _say_proof(proof: Proof) -> str:
    return "holds" if proof.holds else "does not hold"
