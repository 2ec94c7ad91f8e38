"""Put one role to work on a checkout, outside of any run: for roles of one's own, and for trying prompts."""

from __future__ import annotations

import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.outputs import Outputs
from regoose.agents.role import O, Role
from regoose.domain.budget import Budget
from regoose.domain.event import Event, Observer
from regoose.domain.evidence import Finding
from regoose.domain.patch import Patch
from regoose.domain.run import Cost
from regoose.durable.run import Run
from regoose.durable.unrecorded import UnrecordedSteps
from regoose.workflows.authors import Authors
from regoose.workflows.shown import Room
from regoose.workflows.site import Equipment, Site
from regoose.workflows.writing import Studio, hire
from regoose.workspace.git import find_repository
from regoose.workspace.project import project_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[O]):
    """What a role handed in, and what it changed: nothing is written anywhere."""

    output: O
    patch: Patch
    refused: tuple[Finding, ...]
    """What the policy did not let it do."""
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[O]):
    """A role, the checkout it works on, and the values of its prompt's variables."""

    role: Role[O]
    repository: Path
    variables: dict[str, str]
    budget: Budget
    suite_seconds: float = 600.0


async def ask(
    equipment: Equipment, authors: Authors, question: Question[O], observer: Observer | None = None
) -> Asked[O]:
    """
    Have a role work on a checkout as it is, with its uncommitted changes, and return what it hands in.

    Tests and commands run in a sandbox. Raises the errors of models, `AgentFailed`, `BudgetExceeded`, and what
    making the place of work raises.
    """
    role, run_id = question.role, f"ask-{secrets.token_hex(4)}"
    models = authors.models.for_run(run_id, question.budget, model=None)
    team = await hire(models, [role.name], authors.answer_tokens)
    root = (await find_repository(question.repository)).root
    when = int(time.time())
    with tempfile.TemporaryDirectory(prefix="regoose-ask-") as folder:
        run = Run(run_id, Path(folder), observer or _hear_nothing, UnrecordedSteps())
        async with Site(equipment, run_id, project_directory(root, question.repository)) as site:

            async def furnish() -> None:
                await site.furnish(question.repository, when)

            gatekeeper = Gatekeeper(authors.policy, run, may_ask=False)
            studio = Studio(
                authors=authors,
                models=models,
                run=run,
                site=site,
                furnish=furnish,
                limits=equipment.limits,
                suite_seconds=question.suite_seconds,
                staff=team,
                outputs=Outputs(Path(folder), Room.of(team.smallest_window()).output),
                gatekeeper=gatekeeper,
            )
            agent = studio.agent(role, Patch(()))
            output = await agent.work(**question.variables)
            return Asked(
                output=output,
                patch=agent.changes.patch(),
                refused=tuple(gatekeeper.findings),
                cost=await models.cost(),
            )


def _hear_nothing(_event: Event) -> None:
    """Tell nobody."""
