"""
The workflow `fix`: make failing tests pass, and prove it.

    prepare   the private tree at the base, the target's environment, a sandbox
    baseline  the whole suite on the base, more than once: what is red, what flips
    search    candidate patches for the red tests, best first
    prove n   the full proof of candidate n: the best of each surviving behaviour, then the others until one holds
    models    which model writes: the first step where only a model does, else where the search has proven nothing
    map       what it is shown of the repository
    coder …   a patch, which is put to the same proof, and goes back where it does not hold
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
from functools import partial
from typing import TYPE_CHECKING

from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.loop import Models
from regoose.agents.outputs import Outputs
from regoose.agents.roles import CODER
from regoose.domain.patch import Patch
from regoose.domain.repair import Candidate, RepairReport
from regoose.domain.run import Cost, FixResult
from regoose.domain.task import Engine, FixTask
from regoose.errors import UsageError
from regoose.search.repair import RepairOptions, RepairProgress
from regoose.verify.baseline import require_tests
from regoose.verify.flaky import Baseline
from regoose.verify.red_green import Proof
from regoose.verify.tamper import inspect_patch
from regoose.workflows.authors import Authors
from regoose.workflows.deliver import Delivery, Order, branch_name, deliver, message_of_fix
from regoose.workflows.mending import Case, Written, evidence_of_model, mend, saved, show_case
from regoose.workflows.outcome import Tried, evidence_of
from regoose.workflows.prepared import Prepared, furnish_again, prepare, time_limit
from regoose.workflows.proving import baseline_on, prove_on, rerun, say_baseline
from regoose.workflows.report import write_report
from regoose.workflows.shown import Room, Shown
from regoose.workflows.site import Equipment, Site
from regoose.workflows.targets import choose_targets
from regoose.workflows.writing import MODEL_FAILED, Dispensable, Hired, Staff, Studio, hire, hire_if_set
from regoose.workspace.beneath import encode

if TYPE_CHECKING:
    from regoose.durable.run import Run

_NOT_SEARCHED = RepairReport(
    candidates=(), suspects=(), differences=(), behaviours=0, tried=0, seconds=0.0, stopped="not searched"
)


async def fix(equipment: Equipment, authors: Authors, run: Run, task: FixTask) -> FixResult:
    """
    Carry out one run of `fix`.

    Raises what its steps raise: `UsageError`s for a repository without tests or without a red one, `MachineError`s for
    what this machine lacks, `TimeLimit`, `SandboxDied` where a fresh sandbox died as well. Where a model alone writes,
    the errors of models, `NoModel` first; where it is the second author, `BudgetExceeded` of these.
    """
    if task.engine is Engine.MODEL and task.choose is not None:
        raise UsageError(
            "a model writes one patch, so there is no alternative to choose",
            hint="Leave --choose out, or let the search write: `--engine search`.",
        )
    equipment = replace(equipment, sandbox=task.sandbox or equipment.sandbox, python=task.python or equipment.python)
    async with time_limit(task.limits.run_seconds), Site(equipment, run.run_id, task.within) as site:
        return await _Fix(equipment, authors, site, run, task).carry_out()


class _Fix:
    """The steps of one run, in order."""

    def __init__(self, equipment: Equipment, authors: Authors, site: Site, run: Run, task: FixTask) -> None:
        self._equipment = equipment
        self._authors = authors
        self._site = site
        self._run = run
        self._task = task
        self._limits = task.limits
        self._tests = task.tests or ((task.within,) if task.within else ())
        self._models = authors.models.for_run(run.run_id, task.budget, model=task.model)
        self._gatekeeper = Gatekeeper(authors.policy, run, may_ask=False)

    async def carry_out(self) -> FixResult:
        """Run the steps, or replay those that are recorded, and return the result."""
        run, engine = self._run, self._task.engine
        staff = await run.step("models", Staff, self._hire, Staff.sentence) if engine is Engine.MODEL else None
        prepared = await run.step("prepare", Prepared, self._prepare, lambda p: p.environment)
        baseline = await run.step("baseline", Baseline, lambda: self._baseline(prepared), say_baseline)
        targets = choose_targets(baseline, self._tests)
        found, tried = _NOT_SEARCHED, list[Tried]()
        if engine is not Engine.MODEL:
            found = await run.step("search", RepairReport, lambda: self._search(prepared, targets), _say_search)
            tried = await self._prove_all(prepared, baseline, targets, found)
        case = Case(
            red=tuple(one for one in baseline.report.cases if one.id in targets),
            suspects=found.suspects,
            searched=engine is Engine.AUTO,
        )
        proven = [one for one in tried if one.is_proven]
        written = Written()
        if not proven:
            written = await self._write(prepared, baseline, case, staff, first=len(found.candidates) + 1)
        best = written.best()
        if best is not None:
            evidence = evidence_of_model(baseline, best, self._gatekeeper)
            proven = [best] if best.is_proven else []
            chosen = best if best.is_proven else None
        else:
            chosen = self._choose(proven)
            evidence = evidence_of(baseline, targets, found, tried, chosen)
        delivery: Delivery | None = None
        if chosen is not None:
            order = self._order(prepared, chosen.candidate, targets)
            delivery = await run.step("deliver", Delivery, lambda: self._deliver(prepared, order), _say_delivery)
        result = FixResult(
            run_id=run.run_id,
            engine=written.engine(engine, proven=chosen is not None),
            repository=self._task.repository,
            base_commit=prepared.base_commit,
            patch=kept.candidate.patch if (kept := chosen or best) else None,
            branch=delivery.branch if delivery else None,
            commit=delivery.commit if delivery else None,
            applied=delivery is not None and delivery.applied,
            evidence=replace(evidence, not_enforced=prepared.not_enforced),
            alternatives=tuple(one.candidate for one in proven),
            suspects=found.suspects,
            reproduce=rerun(prepared, delivery, targets, baseline, self._task.within),
            seconds=0.0,
            cost=Cost(),
            report=None,
            environment=prepared.environment,
            sandbox=prepared.sandbox,
            notes=(*prepared.notes, *((found.note,) if found.note else ()), *written.notes),
            models=written.names,
        )
        return await run.step(
            "report", FixResult, lambda: self._report(prepared, result, case), lambda r: r.report or ""
        )

    async def _hire(self) -> Staff:
        return await hire(self._models, (CODER,), self._authors.answer_tokens)

    async def _hire_if_set(self) -> Hired:
        return await hire_if_set(self._models, CODER, self._authors.answer_tokens)

    async def _prepare(self) -> Prepared:
        if self._task.model is not None and self._task.engine is Engine.AUTO:
            error = self._models.missing((CODER,))
            if error is not None:
                raise error
        return await prepare(self._site, self._task.repository, self._task.branch)

    async def _furnish(self, prepared: Prepared) -> None:
        await furnish_again(self._site, self._task.repository, prepared)

    async def _baseline(self, prepared: Prepared) -> Baseline:
        await self._furnish(prepared)
        baseline = await baseline_on(self._site, self._limits)
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
        for one in [*heads, *rest][: self._limits.attempts]:
            if one in rest and any(before.is_proven for before in tried):
                break
            proof = await self._prove(prepared, baseline, targets, one.number, one.description, one.patch)
            tried.append(Tried(one, proof, inspect_patch(one.patch)))
        return tried

    async def _write(
        self, prepared: Prepared, baseline: Baseline, case: Case, staff: Staff | None, *, first: int
    ) -> Written:
        """Have a model write, where it is to: alone, or after a search that has proven nothing."""
        if self._task.engine is Engine.SEARCH or self._task.choose is not None:
            return Written()
        models: Models = self._models
        if staff is None:
            hired = await self._run.step("models", Hired, self._hire_if_set, Hired.sentence)
            if hired.staff is None:
                return Written(notes=(f"No model was asked: {hired.why}.",) if hired.why else ())
            staff, models = hired.staff, Dispensable(self._models)
        room = Room.of(staff.smallest_window())
        shown = await self._run.step("map", Shown, lambda: self._show(prepared, case, room), Shown.sentence)
        studio = Studio(
            authors=self._authors,
            models=models,
            run=self._run,
            site=self._site,
            furnish=lambda: self._furnish(prepared),
            limits=self._equipment.limits,
            suite_seconds=self._limits.suite_seconds,
            staff=staff,
            outputs=Outputs(self._run.folder / "outputs", room.output),
            gatekeeper=self._gatekeeper,
        )
        targets = tuple(one.id for one in case.red)
        prove_one = partial(self._prove, prepared, baseline, targets)
        variables = self._variables(prepared, shown)
        try:
            return await mend(studio, case, variables, prove_one, most=self._limits.attempts, first=first)
        except MODEL_FAILED as failure:
            if self._task.engine is Engine.MODEL:
                raise
            return Written(staff=staff, notes=(f"The model has written nothing: {failure.message}.",))

    async def _show(self, prepared: Prepared, case: Case, room: Room) -> Shown:
        await self._furnish(prepared)
        return await show_case(self._site, case, self._authors.store, room)

    def _variables(self, prepared: Prepared, shown: Shown) -> dict[str, str]:
        return shown.variables(prepared.environment, self._task.within)

    async def _prove(
        self,
        prepared: Prepared,
        baseline: Baseline,
        targets: Sequence[str],
        number: int,
        description: str,
        patch: Patch,
    ) -> Proof:
        async def work() -> Proof:
            await self._furnish(prepared)
            return await prove_on(self._site, self._limits, patch, targets, baseline)

        return await self._run.step(f"prove {number}", Proof, work, lambda proof: _say_proof(description, proof))

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

    async def _report(self, prepared: Prepared, result: FixResult, case: Case) -> FixResult:
        await self._furnish(prepared)
        saving = ""
        if self._task.engine is Engine.AUTO and result.engine is Engine.SEARCH and result.branch is not None:
            saving = await saved(self._site, self._models, self._authors, case, partial(self._variables, prepared))
        sources = {
            path: text for path in {one.path for one in result.suspects} if (text := self._site.workspace.read(path))
        }
        finished = replace(
            result,
            cost=await self._models.cost() if result.models else Cost(),
            seconds=time.time() - prepared.when,
            report=str(self._run.folder / "report.html"),
            notes=(*result.notes, *((saving,) if saving else ())),
        )
        await asyncio.to_thread(write_report, self._run.folder, finished, sources)
        return finished


def _say_search(found: RepairReport) -> str:
    behaviours = "1 behaviour" if found.behaviours == 1 else f"{found.behaviours} behaviours"
    return f"{found.tried} tried, {len(found.candidates)} pass, {behaviours} ({found.stopped})"


def _say_proof(description: str, proof: Proof) -> str:
    return f"{description}: {'holds' if proof.holds else 'does not hold'}"


def _say_delivery(delivery: Delivery) -> str:
    return f"{delivery.branch} at {delivery.commit[:12]}"
