"""Whether a run of `test` has been answered already: the result of an earlier one, where the same would come out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from regoose.agents.roles import GENERATOR
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.task import Engine
from regoose.workflows.authors import Authors, RunModels
from regoose.workflows.earlier import fingerprint
from regoose.workflows.site import Equipment, Site
from regoose.workspace.git import open_git


async def recall(equipment: Equipment, authors: Authors, task: GenerateTask) -> GenerateResult | None:
    """
    Return the result of an earlier run whole, where the same would come out: nothing is run, nothing journalled.

    That needs the same question, code and environment, and the branch and the report where that run left them.
    """
    entry = equipment.earlier.find(task)
    if entry is None or task.fresh or task.apply or task.branch is not None:
        return None
    result = entry.result
    if result.report is None or not await asyncio.to_thread(Path(result.report).exists):
        return None
    async with Site(equipment, "recall", task.within) as site:
        await site.furnish(Path(task.repository), int(time.time()))
        models = authors.models.for_run("recall", task.budget, model=task.model)
        if entry.fingerprint != await fingerprint(site.workspace, site.environment, task, writer(models, task)):
            return None
        if result.branch is not None:
            async with open_git(site.workspace.repository) as git:
                if await git.branch_commit(result.branch) != result.commit:
                    return None
    told = "Nothing that counts has changed since this run; `--fresh` searches again."
    return replace(result, cached=len(result.modules), notes=(*result.notes, told))


def writer(models: RunModels, task: GenerateTask) -> str:
    """Return the name of the model that may be asked, empty where none is."""
    if task.engine is Engine.SEARCH or models.missing((GENERATOR,)) is not None:
        return ""
    return models.name(GENERATOR)
