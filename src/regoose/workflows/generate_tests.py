"""
The workflow `test`: write tests for code that has none, and keep those that prove their worth.

    prepare   the private tree at the base, the target's environment, a sandbox
    recall    what an earlier run kept for the same question, code and environment
    plan      the modules that are meant, and where the tests of each go
    baseline  what the repository's own tests reach of them, where there are any
    write M   a draft for module M, several modules side by side
    judge M   what verification keeps of the draft: green every time, and worth it
    models    which model writes: the first step where only a model does, else where the search left functions untested
    generator its tests for one module after another, each judged as every draft is
    together  whether the tests of several modules are green in one process
    deliver   a branch, and the working tree where asked for
    report    the result, written down

Each is a step: journalled when it is done, replayed after a crash. Steps that run side by side are begun in a fixed
order, by which a replay knows them.
"""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.loop import Models
from regoose.agents.outputs import Outputs
from regoose.agents.roles import GENERATOR
from regoose.domain.evidence import Verdict
from regoose.domain.generation import Draft, GenerateResult, GenerateTask, Kept, Target, TestFile
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.run import Cost
from regoose.domain.task import Engine
from regoose.reports.generation import write_generation
from regoose.search.testgen import GenerateOptions, GenerateProgress
from regoose.verify.keep import Existing, Judge, keep, measure_existing
from regoose.verify.together import keep_together
from regoose.workflows.appending import appended
from regoose.workflows.authors import Authors
from regoose.workflows.deliver import Delivery, Order, branch_name, deliver, message_of_tests
from regoose.workflows.drafting import Drafting, say_kept, untested, wanting
from regoose.workflows.earlier import Entry, fingerprint
from regoose.workflows.planning import Plan, Planned, plan_targets
from regoose.workflows.prepared import Prepared, furnish_again, prepare, side_by_side, time_limit
from regoose.workflows.recall import writer
from regoose.workflows.shown import Room
from regoose.workflows.site import Equipment, Site
from regoose.workflows.writing import (
    MODEL_FAILED,
    NOT_ASKED,
    Dispensable,
    Hired,
    Staff,
    Studio,
    hire,
    hire_if_set,
)

if TYPE_CHECKING:
    from regoose.durable.run import Run

_BASELINE_SECONDS = 120.0
"""Most that the repository's own tests may take: what they cover in that time counts."""
_MUTATION_SECONDS, _MUTATION_WORK = 5.0, 10.0
"""Least time for the mutants of a module, and least of processes and time multiplied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What an earlier run kept; no modules where there was none that fits."""

    modules: tuple[Kept, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What is kept of several modules, seen green beside each other."""

    modules: tuple[Kept, ...]


async def generate_tests(equipment: Equipment, authors: Authors, run: Run, task: GenerateTask) -> GenerateResult:
    """
    Carry out one run of `test`.

    Raises what its steps raise: `UsageError` for targets that mean nothing, `MachineError`s for what this machine
    lacks, `TimeLimit`, `SandboxDied` where a fresh sandbox died as well. Where a model alone writes, the errors of
    models, `NoModel` first; where it is the second author, none of these.
    """
    equipment = replace(equipment, sandbox=task.sandbox or equipment.sandbox, python=task.python or equipment.python)
    async with time_limit(task.limits.run_seconds), Site(equipment, run.run_id, task.within) as site:
        return await _Generate(equipment, authors, site, run, task).carry_out()


class _Generate:
    """The steps of one run, in order."""

    def __init__(self, equipment: Equipment, authors: Authors, site: Site, run: Run, task: GenerateTask) -> None:
        self._equipment = equipment
        self._authors = authors
        self._models = authors.models.for_run(run.run_id, task.budget, model=task.model)
        self._gatekeeper = Gatekeeper(authors.policy, run, may_ask=False)
        self._staff: Staff | None = None
        self._site = site
        self._run = run
        self._task = task

    async def carry_out(self) -> GenerateResult:
        """Run the steps, or replay those that are recorded, and return the result."""
        run, task = self._run, self._task
        if task.engine is Engine.MODEL:
            self._staff = await run.step("models", Staff, self._hire, Staff.sentence)
        prepared = await run.step("prepare", Prepared, self._prepare, lambda p: p.environment)
        recalled = await run.step("recall", Recalled, lambda: self._recall(prepared), _say_recalled)
        modules, notes = recalled.modules, recalled.notes
        if not modules:
            plan = await run.step("plan", Plan, lambda: self._plan(prepared), _say_plan)
            modules, notes = await self._made(prepared, plan)
        kept = [one for one in modules if one.file is not None]
        delivery: Delivery | None = None
        if kept:
            delivery = await run.step("deliver", Delivery, lambda: self._deliver(prepared, kept), _say_delivery)
        result = GenerateResult(
            run_id=run.run_id,
            status=Verdict.PROVEN if kept or not modules else Verdict.UNPROVEN,
            engine=task.engine if self._staff else Engine.SEARCH,
            repository=task.repository,
            base_commit=prepared.base_commit,
            modules=modules,
            branch=delivery.branch if delivery else None,
            commit=delivery.commit if delivery else None,
            applied=delivery is not None and delivery.applied,
            reproduce=_reproduce(delivery, kept, task.within),
            seconds=0.0,
            cost=Cost(),
            report=None,
            environment=prepared.environment,
            sandbox=prepared.sandbox,
            not_enforced=prepared.not_enforced,
            notes=(*prepared.notes, *notes),
            cached=len(recalled.modules),
            models=self._staff.names if self._staff else (),
        )
        return await run.step(
            "report", GenerateResult, lambda: self._report(prepared, result), lambda r: r.report or ""
        )

    async def _hire(self) -> Staff:
        return await hire(self._models, (GENERATOR,), self._authors.answer_tokens)

    async def _hire_if_set(self) -> Hired:
        return await hire_if_set(self._models, GENERATOR, self._authors.answer_tokens)

    async def _prepare(self) -> Prepared:
        if self._task.model is not None and self._task.engine is Engine.AUTO:
            error = self._models.missing((GENERATOR,))
            if error is not None:
                raise error
        return await prepare(self._site, self._task.repository, self._task.branch)

    async def _furnish(self, prepared: Prepared) -> None:
        await furnish_again(self._site, self._task.repository, prepared)

    async def _recall(self, prepared: Prepared) -> Recalled:
        await self._furnish(prepared)
        entry = None if self._task.fresh else self._equipment.earlier.find(self._task)
        if entry is None or entry.fingerprint != await self._fingerprint():
            return Recalled()
        told = f"Nothing that counts has changed since run {entry.result.run_id}: its tests are taken over."
        return Recalled(modules=entry.result.modules, notes=(told,))

    async def _fingerprint(self) -> str:
        asked = writer(self._models, self._task)
        return await fingerprint(self._site.workspace, self._site.environment, self._task, asked)

    async def _plan(self, prepared: Prepared) -> Plan:
        await self._furnish(prepared)
        return await plan_targets(self._site.workspace, self._task)

    async def _made(self, prepared: Prepared, plan: Plan) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
        """Write and judge the tests of every module; the repository's own tests run beside the writing."""
        if not plan.modules:
            return (), plan.notes
        run = self._run
        if self._task.engine is Engine.MODEL:
            existing = await run.step("baseline", Existing, lambda: self._baseline(prepared, plan), _say_existing)
            modules, notes = await self._ask(prepared, plan, existing, ())
        else:
            modules, existing = await self._searched(prepared, plan)
            modules, notes = await self._ask(prepared, plan, existing, modules)
        if len(_files(modules)) > 1:
            together = await run.step("together", Together, lambda: self._together(prepared, modules), _say_together)
            modules = together.modules
        return modules, (*plan.notes, *existing.notes, *notes)

    async def _searched(self, prepared: Prepared, plan: Plan) -> tuple[tuple[Kept, ...], Existing]:
        """Have the search write for every module, side by side, and judge what it drafts."""
        run = self._run
        async with side_by_side() as group:
            baseline = group.create_task(
                run.step("baseline", Existing, lambda: self._baseline(prepared, plan), _say_existing)
            )
            drafts = [
                group.create_task(
                    run.step(f"write {one.target.module}", Draft, partial(self._write, prepared, plan, one), _say_draft)
                )
                for one in plan.modules
            ]
        existing = baseline.result()
        async with side_by_side() as group:
            judged = [
                group.create_task(
                    run.step(
                        f"judge {draft.target.module}",
                        Kept,
                        partial(self._judge, prepared, plan, draft, existing),
                        say_kept,
                    )
                )
                for draft in (one.result() for one in drafts)
            ]
        return tuple(one.result() for one in judged), existing

    async def _ask(
        self, prepared: Prepared, plan: Plan, existing: Existing, searched: tuple[Kept, ...]
    ) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
        """Have a model write, one module after another: for all where it writes alone, else for those that lack it."""
        models: Models = self._models
        wanted = [one.target for one in wanting(searched)]
        if self._task.engine is Engine.MODEL:
            wanted = [one.target for one in plan.modules]
        if self._task.engine is Engine.SEARCH or not wanted:
            return searched, ()
        if self._staff is None:
            hired = await self._run.step("models", Hired, self._hire_if_set, Hired.sentence)
            if hired.staff is None:
                return searched, (f"No model was asked: {hired.why}.",) if hired.why else ()
            self._staff, models = hired.staff, Dispensable(self._models, delivers=True)
        drafting = Drafting(
            studio=self._open_studio(prepared, models, self._staff),
            environment=prepared.environment,
            within=self._task.within,
            judge=lambda draft: self._judge(prepared, plan, draft, existing),
        )
        planned = {one.target: one for one in plan.modules}
        kept = {one.target: one for one in searched}
        notes: list[str] = []
        for target in wanted:
            try:
                kept[target] = await drafting.write(planned[target], kept.get(target))
            except MODEL_FAILED as failure:
                if self._task.engine is Engine.MODEL:
                    raise
                notes.append(f"{target.path} was left to the search: {failure.message}.")
                if failure.message.startswith(NOT_ASKED):
                    break
        refused = len(self._gatekeeper.findings)
        if refused:
            notes.append(
                f"The model tried {refused} actions that were refused: {self._gatekeeper.findings[0].message}."
            )
        return tuple(kept[one.target] for one in plan.modules), tuple(notes)

    def _open_studio(self, prepared: Prepared, models: Models, staff: Staff) -> Studio:
        return Studio(
            authors=self._authors,
            models=models,
            run=self._run,
            site=self._site,
            furnish=lambda: self._furnish(prepared),
            limits=self._equipment.limits,
            suite_seconds=self._task.limits.suite_seconds,
            staff=staff,
            outputs=Outputs(self._run.folder / "outputs", Room.of(staff.smallest_window()).output),
            gatekeeper=self._gatekeeper,
        )

    async def _baseline(self, prepared: Prepared, plan: Plan) -> Existing:
        await self._furnish(prepared)
        sources = {one.target.path: self._source(one.target) for one in plan.modules}
        seconds = min(_BASELINE_SECONDS, self._task.limits.suite_seconds)
        return await self._site.surviving(lambda: measure_existing(self._site.suite(), sources, seconds=seconds))

    async def _write(self, prepared: Prepared, plan: Plan, planned: Planned) -> Draft:
        await self._furnish(prepared)
        environment, target = self._site.environment, planned.target
        options = GenerateOptions(
            test_path=planned.test_path,
            seconds=self._task.seconds,
            jobs=self._share(plan),
            existing=planned.existing,
            style=plan.style,
        )

        async def write() -> Draft:
            async with self._site.lend() as sandbox:
                return await self._equipment.generate(
                    sandbox,
                    str(environment.python),
                    target,
                    options,
                    env=environment.env,
                    on_progress=partial(self._writing, target),
                )

        draft = await self._site.surviving(write)
        return draft if planned.append_to is None else self._appended(draft, planned.append_to)

    def _appended(self, draft: Draft, path: str) -> Draft:
        """Return the draft as an addition to the file that is there, or as it is where the two do not go together."""
        text = None if draft.file is None else appended(self._site.workspace.read(path) or "", draft.file.text)
        if text is None:
            note = f"The tests do not go together with {path}: they stand in a file of their own."
            return draft if draft.file is None else replace(draft, note=f"{draft.note} {note}".strip())
        return replace(draft, file=TestFile(path, text))

    def _writing(self, target: Target, progress: GenerateProgress) -> None:
        self._run.progress(
            f"write {target.module}",
            f"{progress.phase}: {progress.branches} of {progress.branches_total} branches, "
            f"{progress.killed} of {progress.mutants} mutants",
            phase=progress.phase,
            executions=progress.executions,
            branches=progress.branches,
            branches_total=progress.branches_total,
            killed=progress.killed,
            mutants=progress.mutants,
            seconds=progress.seconds,
        )

    async def _judge(self, prepared: Prepared, plan: Plan, draft: Draft, existing: Existing) -> Kept:
        await self._furnish(prepared)
        jobs = self._share(plan)
        judge = Judge(
            suite=self._site.suite(),
            repeats=self._task.limits.repeats,
            seconds=max(_MUTATION_SECONDS, _MUTATION_WORK / jobs),
            jobs=jobs,
            min_gain=self._task.min_gain,
        )
        source = self._source(draft.target)
        present = "" if draft.file is None else self._site.workspace.read(draft.file.path) or ""
        kept = await self._site.surviving(lambda: keep(judge, draft, source, existing, present=present))
        return replace(kept, untested=untested(source, draft.target, kept.after))

    async def _together(self, prepared: Prepared, modules: Sequence[Kept]) -> Together:
        await self._furnish(prepared)
        return Together(modules=await self._site.surviving(lambda: keep_together(self._site.suite(), modules)))

    def _share(self, plan: Plan) -> int:
        """Return how many processes one of the modules may keep busy."""
        return max(1, self._equipment.jobs // len(plan.modules))

    def _source(self, target: Target) -> str:
        return self._site.workspace.read(target.path) or ""

    def _order(self, prepared: Prepared, kept: Sequence[Kept], patch: Patch) -> Order:
        run_id = self._run.run_id
        paths = [one.target.path for one in kept]
        return Order(
            base_commit=prepared.base_commit,
            patch=patch,
            branch=self._task.branch or branch_name(run_id, paths[0], "tests-"),
            message=message_of_tests(run_id, paths, sum(len(one.tests) for one in kept)),
            author=self._equipment.author,
            when=prepared.when,
            apply=self._task.apply,
        )

    async def _deliver(self, prepared: Prepared, kept: Sequence[Kept]) -> Delivery:
        await self._furnish(prepared)
        read = self._site.workspace.read
        edits = tuple(FileEdit(one.path, read(one.path), one.text) for one in _files(kept))
        return await deliver(self._site.workspace.repository, self._order(prepared, kept, Patch(edits)))

    async def _report(self, prepared: Prepared, result: GenerateResult) -> GenerateResult:
        await self._furnish(prepared)
        sources = {one.target.path: self._source(one.target) for one in result.modules}
        finished = replace(
            result,
            cost=await self._models.cost() if result.models else Cost(),
            seconds=time.time() - prepared.when,
            report=str(self._run.folder / "report.html"),
        )
        await asyncio.to_thread(write_generation, self._run.folder, finished, sources)
        entry = Entry(fingerprint=await self._fingerprint(), result=finished)
        self._equipment.earlier.keep(self._task, entry)
        return finished


def _reproduce(delivery: Delivery | None, kept: Sequence[Kept], within: str) -> str:
    """Return the command that runs the tests in a clone that has the commit."""
    if delivery is None:
        return ""
    files = [one.path for one in _files(kept)]
    inside = [str(PurePosixPath(path).relative_to(within)) for path in files] if within else files
    steps = [["git", "checkout", delivery.commit], *([["cd", within]] if within else [])]
    return " && ".join(shlex.join(step) for step in [*steps, ["python", "-m", "pytest", *inside]])


def _files(modules: Sequence[Kept]) -> list[TestFile]:
    return [one.file for one in modules if one.file is not None]


def _say_recalled(recalled: Recalled) -> str:
    return f"{_count(len(recalled.modules), 'module')} known" if recalled.modules else "nothing yet"


def _say_plan(plan: Plan) -> str:
    return _count(len(plan.modules), "module")


def _say_existing(existing: Existing) -> str:
    return f"{existing.passed} passed, {existing.red} red"


def _say_draft(draft: Draft) -> str:
    return draft.note or f"a draft for {draft.target.path}"


def _say_together(together: Together) -> str:
    return f"{_count(len(_files(together.modules)), 'file')} green in one process"


def _say_delivery(delivery: Delivery) -> str:
    return f"{delivery.branch} at {delivery.commit[:12]}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
