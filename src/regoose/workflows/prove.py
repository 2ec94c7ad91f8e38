"""
Rerun a proof: the change from one commit to another, in a clone of the repository. Nothing is journalled.

The tests of the head count on both sides: what differs between red and green is the code alone. So tests that a change
brings along can be part of its proof, and a test cannot turn green by being rewritten. Nor can they hide what the code
breaks: without them, nothing that they leave alone may be worse either.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from regoose.domain.event import Event, Observer
from regoose.domain.patch import Patch
from regoose.domain.run import ProofResult
from regoose.domain.task import ProofTask
from regoose.errors import UsageError
from regoose.verify.baseline import require_tests
from regoose.verify.flaky import Baseline, take_baseline
from regoose.verify.red_green import hidden_by
from regoose.verify.tamper import divided, inspect_patch
from regoose.verify.verdict import judge
from regoose.workflows.proving import Under, baseline_on, prove_on
from regoose.workflows.site import Equipment, Site
from regoose.workflows.solving import with_hidden
from regoose.workflows.targets import choose_targets
from regoose.workspace.comparison import compare
from regoose.workspace.git import find_repository
from regoose.workspace.project import project_directory

_NAMED = 5
"""Changed test files that the note names."""


async def prove_commits(equipment: Equipment, task: ProofTask, observer: Observer | None = None) -> ProofResult:
    """
    Prove the change from `task.base` to `task.head`; without tests, every test that is red on the base is a target.

    Every test named by its whole id must be red on the base; of a class or a file, those that are red are taken.
    Raises `UsageError` for an unknown commit or test and for a change of nothing or of tests alone, `PolicyRefused`
    for a change of links or submodules, and what a proof raises.
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
        tests, code = divided(change.patch)
        if not code.edits:
            what = "tests alone" if tests.edits else "no file"
            raise UsageError(f"{task.head!r} changes {what} of {task.base!r}: there is nothing to prove")
        environment, limits, suite = site.environment, task.limits, site.suite(tests)
        sentence = environment.source
        tell("prepare", "finished", sentence)
        tell("baseline", "started", "baseline")
        baseline = await site.surviving(lambda: take_baseline(suite, seconds=limits.suite_seconds))
        require_tests(baseline.report)
        targets = _targets(baseline, task.tests)
        tell("baseline", "finished", f"{len(targets)} tests to prove")
        tell("prove", "started", "prove")
        under = Under(tests, await baseline_on(site, limits) if tests.edits else baseline)
        proof = await prove_on(site, limits, code, targets, baseline, under)
        hidden = hidden_by(tests, under.base, baseline)
        tamper = with_hidden(inspect_patch(change.patch, allow_tests=True), hidden)
        evidence = judge(proof, tamper, baseline.report, behaviours=0, probe=site.probe)
        tell("prove", "finished", evidence.summary)
        return ProofResult(
            repository=str(workspace.repository.root),
            base_commit=workspace.base_commit,
            head_commit=change.head,
            patch=change.patch,
            evidence=evidence,
            seconds=time.time() - started,
            environment=sentence,
            sandbox=site.probe.version or site.probe.backend,
            notes=(*workspace.notes, *environment.notes, *_note(tests)),
        )


def _targets(baseline: Baseline, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the red tests among those asked for, and each that is asked for by its whole id, whatever it does."""
    red = choose_targets(baseline, asked)
    return tuple(name for name in baseline.report.collected if name in red or name in asked)


def _note(tests: Patch) -> tuple[str, ...]:
    if not tests.edits:
        return ()
    names = ", ".join(edit.path for edit in tests.edits[:_NAMED])
    more = f" and {len(tests.edits) - _NAMED} more" if len(tests.edits) > _NAMED else ""
    return (f"The tests are those of the head on both sides; it changes {names}{more}.",)
