"""Rerun a proof: the change from one commit to another, in a clone of the repository. Nothing is journalled."""

from __future__ import annotations

import time
from pathlib import Path

from regoose.domain.event import Event, Observer
from regoose.domain.run import ProofResult
from regoose.domain.task import ProofTask
from regoose.errors import UsageError
from regoose.verify.baseline import require_tests
from regoose.verify.flaky import take_baseline
from regoose.verify.red_green import ProofPlan, prove
from regoose.verify.tamper import inspect_patch
from regoose.verify.verdict import judge
from regoose.workflows.site import Equipment, Site
from regoose.workflows.targets import choose_targets
from regoose.workspace.comparison import compare
from regoose.workspace.git import find_repository
from regoose.workspace.project import project_directory


async def prove_commits(equipment: Equipment, task: ProofTask, observer: Observer | None = None) -> ProofResult:
    """
    Prove the change from `task.base` to `task.head`; without tests, every test that is red on the base is a target.

    Raises `UsageError` for an unknown commit, test or a change of nothing, and what a proof raises.
    """
    started = time.time()

    def tell(step: str, kind: str, message: str) -> None:
        if observer is not None:
            observer(Event("", step, kind, message))

    tell("prepare", "started", "prepare")
    path = Path(task.repository)
    async with Site(equipment, "prove", project_directory((await find_repository(path)).root, path)) as site:
        await site.furnish(path, int(started), task.base)
        workspace = site.workspace
        change = await compare(workspace.repository, workspace.base_commit, task.head)
        patch = change.patch
        if not patch.edits:
            raise UsageError(f"{task.head!r} changes no file of {task.base!r}: there is nothing to prove")
        environment, limits, suite = site.environment, task.limits, site.suite()
        sentence = f"Python {environment.version} from {environment.source}"
        tell("prepare", "finished", sentence)
        tell("baseline", "started", "baseline")
        baseline = await site.surviving(lambda: take_baseline(suite, seconds=limits.suite_seconds))
        require_tests(baseline.report)
        targets = choose_targets(baseline, task.tests)
        tell("baseline", "finished", f"{len(targets)} red tests to prove")
        tell("prove", "started", "prove")
        plan = ProofPlan(repeats=limits.repeats, seconds=limits.suite_seconds)
        proof = await site.surviving(
            lambda: prove(suite, patch, targets, baseline, plan=plan, fresh=site.fresh_suite())
        )
        evidence = judge(proof, inspect_patch(patch, allow_tests=True), baseline.report, behaviours=0, probe=site.probe)
        tell("prove", "finished", evidence.summary)
        return ProofResult(
            repository=str(workspace.repository.root),
            base_commit=workspace.base_commit,
            head_commit=change.head,
            patch=patch,
            evidence=evidence,
            seconds=time.time() - started,
            environment=sentence,
            sandbox=site.probe.version or site.probe.backend,
            notes=(*workspace.notes, *environment.notes),
        )
