"""
The workflow `ask`: a role of the user's own works on a checkout, as a run like any other.

    models     which model plays the role, and how much it can hold
    prepare    the private tree at the base, the target's environment, a sandbox
    …          what the role does (see `regoose.agents.loop`)
    result     what it handed in and changed, and what that cost
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from pydantic import BaseModel

from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.outputs import Outputs
from regoose.agents.role import O, Role
from regoose.domain.ask import AskResult, AskTask
from regoose.domain.evidence import Finding
from regoose.domain.patch import Patch
from regoose.domain.run import Cost
from regoose.durable.run import Suspended
from regoose.errors import UsageError
from regoose.workflows.authors import Authors
from regoose.workflows.prepared import Prepared, furnish_again, prepare, time_limit
from regoose.workflows.shown import Room
from regoose.workflows.site import Equipment, Site
from regoose.workflows.writing import Staff, Studio, hire

if TYPE_CHECKING:
    from regoose.durable.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[O]):
    """What a role handed in, and what it changed: nothing is written anywhere."""

    run_id: str
    output: O
    patch: Patch
    refused: tuple[Finding, ...]
    """What the policy did not let it do."""
    cost: Cost


def asked(role: Role[O], result: AskResult) -> Asked[O]:
    """Return the result of a run in the role's own type."""
    return Asked(
        run_id=result.run_id,
        output=role.output.model_validate_json(result.output),
        patch=result.patch,
        refused=result.refused,
        cost=result.cost,
    )


class Asking:
    """Carries out runs of `ask`: it has the roles that they name."""

    def __init__(self, equipment: Equipment, authors: Authors) -> None:
        self._equipment = equipment
        self._authors = authors
        self._known: dict[str, Callable[[Run, AskTask, Site], Awaitable[AskResult]]] = {}

    def learn(self, role: Role[O]) -> None:
        """Have a role, in place of an earlier one of its name."""

        async def work(run: Run, task: AskTask, site: Site) -> AskResult:
            return await self._work(role, run, task, site)

        self._known[role.name] = work

    async def carry_out(self, run: Run, task: AskTask) -> AskResult:
        """
        Carry out one run of `ask`.

        Raises what its steps raise: the errors of models, `AgentFailed`, `BudgetExceeded`, `MachineError`s. A role that
        this program does not have suspends the run.
        """
        work = self._known.get(task.role)
        if work is None:
            raise Suspended(
                UsageError(
                    f"run {run.run_id} was asked of the role {task.role!r}, which this program does not have",
                    hint="Go on with it in the program that has the role, after `app.learn(role)`.",
                )
            )
        async with time_limit(task.limits.run_seconds), Site(self._equipment, run.run_id, task.within) as site:
            return await work(run, task, site)

    async def _work(self, role: Role[O], run: Run, task: AskTask, site: Site) -> AskResult:
        models = self._authors.models.for_run(run.run_id, task.budget, model=task.model)
        staff = await run.step(
            "models", Staff, lambda: hire(models, (role.name,), self._authors.answer_tokens), Staff.sentence
        )
        prepared = await run.step(
            "prepare", Prepared, lambda: prepare(site, task.repository, None), lambda done: done.environment
        )
        gatekeeper = Gatekeeper(self._authors.policy, run, may_ask=False)
        studio = Studio(
            authors=self._authors,
            models=models,
            run=run,
            site=site,
            furnish=lambda: furnish_again(site, task.repository, prepared),
            limits=self._equipment.limits,
            suite_seconds=task.limits.suite_seconds,
            staff=staff,
            outputs=Outputs(run.folder / "outputs", Room.of(staff.smallest_window()).output),
            gatekeeper=gatekeeper,
        )
        agent = studio.agent(role, Patch(()))
        output: BaseModel = await agent.work(**task.variables)

        async def result() -> AskResult:
            return AskResult(
                run_id=run.run_id,
                role=role.name,
                repository=task.repository,
                base_commit=prepared.base_commit,
                output=output.model_dump_json(),
                patch=agent.changes.patch(),
                refused=tuple(gatekeeper.findings),
                cost=await models.cost(),
                seconds=time.time() - prepared.when,
                models=staff.names,
            )

        return await run.step("result", AskResult, result, lambda done: done.role)
