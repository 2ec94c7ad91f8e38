"""
The workflow `fix`: make failing tests pass, and prove it.

    prepare   the private tree at the base, the target's environment, a sandbox
    baseline  the whole suite on the base, more than once: what is red, what flips
    search    candidate patches for the red tests, best first
    prove n   the full proof of candidate n: the best of each surviving behaviour, then the others until one holds
    deliver   a branch, and the working tree where asked for
    report    the result, written down

Each is a step: journalled when it is done, replayed after a crash. Sandboxes and trees are not journalled; they are
made again from what is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from regoose.domain.evidence import SuiteCounts
from regoose.domain.repair import Candidate, RepairReport
from regoose.domain.run import Cost, FixResult
from regoose.domain.task import Engine, FixTask
from regoose.errors import UsageError
from regoose.search.repair import RepairOptions, RepairProgress
from regoose.verify.baseline import require_tests
from regoose.verify.flaky import Baseline, take_baseline
from regoose.verify.red_green import Proof, ProofPlan, prove
from regoose.verify.tamper import inspect_patch
from regoose.workflows.deliver import Delivery, Order, branch_name, deliver, message_of_fix, reproduce_command
from regoose.workflows.outcome import Tried, evidence_of
from regoose.workflows.prepared import Prepared, furnish_again, prepare, time_limit
from regoose.workflows.report import write_report
from regoose.workflows.site import Equipment, Site
from regoose.workflows.targets import choose_targets
from regoose.workspace.beneath import encode

if TYPE_CHECKING:
    from regoose.durable.run import Run

_BASELINE_RUNS = 2


async def fix(equipment: Equipment, run: Run, task: FixTask) -> FixResult:
    """
    Carry out one run of `fix`.

    Raises what its steps raise: `UsageError`s for a repository without tests or without a red one, `MachineError`s for
    what this machine lacks, `TimeLimit`, `SandboxDied` where a fresh sandbox died as well.
    """
    equipment = replace(equipment, sandbox=task.sandbox or equipment.sandbox, python=task.python or equipment.python)
    async with time_limit(task.limits.run_seconds), Site(equipment, run.run_id, task.within) as site:
        return await _Fix(equipment, site, run, task).carry_out()


class _Fix:
    """The steps of one run, in order."""

    def __init__(self, equipment: Equipment, site: Site, run: Run, task: FixTask) -> None:
        self._equipment = equipment
        self._site = site
        self._run = run
        self._task = task
        self._limits = task.limits
        self._tests = task.tests or ((task.within,) if task.within else ())

    async def carry_out(self) -> FixResult:
        """Run the steps, or replay those that are recorded, and return the result."""
        run = self._run
        prepared = await run.step("prepare", Prepared, self._prepare, lambda p: p.environment)
        baseline = await run.step("baseline", Baseline, lambda: self._baseline(prepared), _say_baseline)
        targets = choose_targets(baseline, self._tests)
        found = await run.step("search", RepairReport, lambda: self._search(prepared, targets), _say_search)
        tried = await self._prove_all(prepared, baseline, targets, found)
        proven = [one for one in tried if one.is_proven]
        chosen = self._choose(proven)
        delivery: Delivery | None = None
        if chosen is not None:
            order = self._order(prepared, chosen.candidate, targets)
            delivery = await run.step("deliver", Delivery, lambda: self._deliver(prepared, order), _say_delivery)
        evidence = evidence_of(baseline, targets, found, tried, chosen)
        result = FixResult(
            run_id=run.run_id,
            engine=Engine.SEARCH,
            repository=self._task.repository,
            base_commit=prepared.base_commit,
            patch=chosen.candidate.patch if chosen else None,
            branch=delivery.branch if delivery else None,
            commit=delivery.commit if delivery else None,
            applied=delivery is not None and delivery.applied,
            evidence=replace(evidence, not_enforced=prepared.not_enforced),
            alternatives=tuple(one.candidate for one in proven),
            suspects=found.suspects,
            reproduce=self._reproduce(prepared, delivery, baseline, targets),
            seconds=0.0,
            cost=Cost(),
            report=None,
            environment=prepared.environment,
            sandbox=prepared.sandbox,
            notes=(*prepared.notes, *((found.note,) if found.note else ())),
        )
        return await run.step("report", FixResult, lambda: self._report(prepared, result), lambda r: r.report or "")

    async def _prepare(self) -> Prepared:
        return await prepare(self._site, self._task.repository, self._task.branch)

    async def _furnish(self, prepared: Prepared) -> None:
        await furnish_again(self._site, self._task.repository, prepared)

    async def _baseline(self, prepared: Prepared) -> Baseline:
        await self._furnish(prepared)
        suite = self._site.suite()
        baseline = await self._site.surviving(
            lambda: take_baseline(suite, runs=_BASELINE_RUNS, seconds=self._limits.suite_seconds)
        )
        require_tests(baseline.report)
        choose_targets(baseline, self._tests)
        return baseline

    async def _search(self, prepared: Prepared, targets: Sequence[str]) -> RepairReport:
        await self._furnish(prepared)
        environment = self._site.environment
        options = RepairOptions(
            targets=tuple(targets), seconds=self._limits.search_seconds, jobs=max(1, self._equipment.jobs)
        )

        async def search() -> RepairReport:
            async with self._site.lend() as sandbox:
                return await self._equipment.search(
                    sandbox,
                    str(environment.python),
                    options,
                    files=self._read,
                    env=environment.env,
                    on_progress=self._searching,
                )

        return await self._site.surviving(search)

    def _read(self, path: str) -> bytes:
        text = self._site.workspace.read(path)
        if text is None:
            raise UsageError(f"{path!r} is not in the tree")
        return encode(text)

    def _searching(self, progress: RepairProgress) -> None:
        self._run.progress(
            "search",
            f"{progress.phase}: {progress.tried} tried, {progress.plausible} pass",
            phase=progress.phase,
            tried=progress.tried,
            plausible=progress.plausible,
            best=progress.best,
            seconds=progress.seconds,
        )

    async def _prove_all(
        self, prepared: Prepared, baseline: Baseline, targets: Sequence[str], found: RepairReport
    ) -> list[Tried]:
        """Prove the best candidate of each behaviour, then the others until one holds."""
        first = {one.behaviour: one.number for one in reversed(found.candidates)}
        heads = [one for one in found.candidates if one.number == first[one.behaviour]]
        rest = [one for one in found.candidates if one.number != first[one.behaviour]]
        tried: list[Tried] = []
        for candidate in [*heads, *rest][: self._limits.attempts]:
            if candidate in rest and any(one.is_proven for one in tried):
                break
            proof = await self._prove(prepared, baseline, targets, candidate)
            tried.append(Tried(candidate, proof, inspect_patch(candidate.patch)))
        return tried

    async def _prove(
        self, prepared: Prepared, baseline: Baseline, targets: Sequence[str], candidate: Candidate
    ) -> Proof:
        async def work() -> Proof:
            await self._furnish(prepared)
            plan = ProofPlan(repeats=self._limits.repeats, seconds=self._limits.suite_seconds)
            suite, fresh = self._site.suite(), self._site.fresh_suite()
            return await self._site.surviving(
                lambda: prove(suite, candidate.patch, targets, baseline, plan=plan, fresh=fresh)
            )

        return await self._run.step(f"prove {candidate.number}", Proof, work, lambda p: _say_proof(candidate, p))

    def _choose(self, proven: Sequence[Tried]) -> Tried | None:
        number = self._task.choose
        if number is None or not proven:
            return proven[0] if proven else None
        for one in proven:
            if one.candidate.number == number:
                return one
        numbers = ", ".join(str(one.candidate.number) for one in proven)
        raise UsageError(
            f"there is no proven alternative {number}; there is {numbers}",
            hint="Give one of these to --choose, or leave it out for the first.",
        )

    def _order(self, prepared: Prepared, candidate: Candidate, targets: Sequence[str]) -> Order:
        run_id = self._run.run_id
        return Order(
            base_commit=prepared.base_commit,
            patch=candidate.patch,
            branch=self._task.branch or branch_name(run_id, candidate.patch.edits[0].path),
            message=message_of_fix(run_id, candidate.description, targets),
            author=self._equipment.author,
            when=prepared.when,
            apply=self._task.apply,
        )

    async def _deliver(self, prepared: Prepared, order: Order) -> Delivery:
        await self._furnish(prepared)
        return await deliver(self._site.workspace.repository, order)

    def _reproduce(
        self, prepared: Prepared, delivery: Delivery | None, baseline: Baseline, targets: Sequence[str]
    ) -> str:
        if delivery is None:
            return ""
        are_all_red = set(targets) == set(baseline.report.red_ids()) - baseline.flaky_ids
        return reproduce_command(
            prepared.base_commit, delivery.commit, targets, are_all_red=are_all_red, within=self._task.within
        )

    async def _report(self, prepared: Prepared, result: FixResult) -> FixResult:
        await self._furnish(prepared)
        sources = {
            path: text for path in {one.path for one in result.suspects} if (text := self._site.workspace.read(path))
        }
        finished = replace(result, seconds=time.time() - prepared.when, report=str(self._run.folder / "report.html"))
        await asyncio.to_thread(write_report, self._run.folder, finished, sources)
        return finished


def _say_counts(counts: SuiteCounts) -> str:
    return f"{counts.passed} passed, {counts.failed + counts.errors} red, {counts.skipped} skipped"


def _say_baseline(baseline: Baseline) -> str:
    flaky = f"; {len(baseline.flaky)} flip" if baseline.flaky else ""
    return _say_counts(baseline.report.counts) + flaky


def _say_search(found: RepairReport) -> str:
    behaviours = "1 behaviour" if found.behaviours == 1 else f"{found.behaviours} behaviours"
    return f"{found.tried} tried, {len(found.candidates)} pass, {behaviours} ({found.stopped})"


def _say_proof(candidate: Candidate, proof: Proof) -> str:
    return f"{candidate.description}: {'holds' if proof.holds else 'does not hold'}"


def _say_delivery(delivery: Delivery) -> str:
    return f"{delivery.branch} at {delivery.commit[:12]}"
