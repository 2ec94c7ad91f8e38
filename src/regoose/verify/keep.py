"""
Which drafted tests are worth keeping: green every time, and each reaching or noticing what nothing else does.

A draft's file is run once with arcs, and at the same time once more in another order. Of the tests that are green in
both, the fewest are chosen that reach every line and branch not reached before and kill every mutant not killed
before; a mutant for which there was no time speaks neither for nor against a test. The file is cut down to them, and
as it then stands it runs several times, in random orders and with other hash seeds, at least two at a time; what is
red in one of these runs goes, and the choice is made anew from the rest. Whoever wrote the tests has no say: every
verdict is read from reports of `Suite`.
"""

from __future__ import annotations

import ast
import asyncio
import math
import time
import warnings
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from regoose.domain.evidence import CaseResult, Outcome, SuiteReport
from regoose.domain.generation import (
    Draft,
    DroppedTest,
    DropReason,
    Kept,
    MutationReport,
    Target,
    TestFile,
    branch_coverage,
    line_coverage,
)
from regoose.domain.patch import FileEdit, Patch
from regoose.verify.choose import Candidate, choose, why_needless
from regoose.verify.coverage import Arc, Measure
from regoose.verify.existing import Existing, Reached, measure_existing
from regoose.verify.inline import inline
from regoose.verify.matrix import Matrix
from regoose.verify.mutation import MutationOrder, mutate
from regoose.verify.prune import name_of, prune, test_names, units
from regoose.verify.suite import Suite

__all__ = ["Existing", "Judge", "keep", "measure_existing", "not_green"]

_RUN_SECONDS = 120.0
"""Limit of one run of a drafted file."""
_TEST_SECONDS = 10.0
_KILLERS = 3
"""Known killers of a mutant after which it is left: more give the choice of tests more freedom, and cost time."""
_MOST = 1000
"""Mutants at most, where there is time for them. A test that only others would have noticed is taken for needless."""
_ROUNDS = 5
"""How often the choice is made anew after tests were found unsteady."""


class Mutate(Protocol):
    """What tells which tests notice which mutants; `regoose.verify.mutation.mutate` is the one."""

    async def __call__(self, suite: Suite, order: MutationOrder, *, patch: Patch | None = None) -> MutationReport:
        """Run tests on mutants of a module of the base plus `patch`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """With what drafts are judged, and how strictly."""

    suite: Suite
    repeats: int = 3
    """Runs in which the final file must be green."""
    seconds: float = 5.0
    """Time for mutants; none are made with 0."""
    jobs: int = 2
    """Mutants tried at once."""
    min_gain: float = 0.0
    """Percentage points of branch coverage or of mutants killed that a file must add."""
    seed: int = 0
    line_length: int = 88
    """To which a shortened import is formatted."""
    mutate: Mutate = mutate


async def keep(judge: Judge, draft: Draft, source: str, existing: Existing, *, present: str = "") -> Kept:
    """
    Judge the drafted file for one target, whose text is `source`, and return what of it is worth keeping.

    `present` is the text that the file has in the tree where the draft adds to it; its tests stay and are not judged.
    Raises `SandboxDied` where a sandbox broke.
    """
    start = time.monotonic()
    measure, reached = Measure(draft.target.path, source), existing.of(draft.target.path)
    before = measure.coverage(reached.all_arcs())
    nothing = Kept(
        target=draft.target,
        file=None,
        tests=(),
        before=before,
        after=before,
        mutation=MutationReport(),
        oddities=draft.oddities,
        notes=(draft.note,) if draft.note else (),
    )
    if draft.file is None:
        return nothing
    try:
        old = test_names(present)
        work = _Work(judge, draft.file, measure, reached, nothing, old, _meant(draft.target, source))
        kept = await work.kept()
    except SyntaxError as error:  # of the file, which the target's interpreter may even be able to read
        kept = replace(nothing, notes=(*nothing.notes, f"The drafted file cannot be read here: {error}."))
    return replace(kept, seconds=time.monotonic() - start)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the first runs of the whole draft showed."""

    collected: tuple[str, ...]
    """All tests of the file, in its order."""
    matrix: Matrix
    candidates: tuple[tuple[str, ...], ...]
    """Tests that are green, as far as they can be taken out of the file together only."""
    dropped: tuple[DroppedTest, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Work:
    judge: Judge
    file: TestFile
    measure: Measure
    reached: Reached
    nothing: Kept
    old: frozenset[str]
    """Names of tests that were in the file before."""
    meant: frozenset[int] | None
    """Lines of the target of which alone something is wanted."""

    async def kept(self) -> Kept:
        """Run, choose, cut, run again; see the module."""
        seen = await self._look()
        if isinstance(seen, str):
            return self._without(seen)
        seen = replace(seen, matrix=replace(seen.matrix, mutation=await self._mutation(seen)))
        unsteady: dict[str, str] = {}
        for _ in range(_ROUNDS):
            pool = [self._candidate(seen, tests) for tests in seen.candidates if unsteady.keys().isdisjoint(tests)]
            chosen = choose(pool)
            dropped = (*seen.dropped, *_flaky(seen, unsteady), *_needless(pool, chosen))
            tests = tuple(test for one in chosen for test in one.tests)
            small = self._too_little(seen.matrix, tests) if tests else ""
            if small or not tests:
                dropped += tuple(DroppedTest(test, DropReason.NO_GAIN, small) for test in tests)
                return self._without(small, seen, dropped)
            text, names, found = await self._repeated(seen, tests)
            if not found:
                return self._with(seen, TestFile(self.file.path, text), names, dropped)
            unsteady |= found
        why = "The tests influence each other: however they were chosen, some were not green every time."
        rest = {test: why for tests in seen.candidates for test in tests if test not in unsteady}
        return self._without(why, seen, (*seen.dropped, *_flaky(seen, unsteady | rest)))

    async def _look(self) -> _Seen | str:
        """Run the draft with arcs, and at the same time once more in another order; or say why that cannot be."""
        patch = self._patch(self.file.text)
        traced = self.judge.suite.trace(
            [self.file.path],
            patch=patch,
            seconds=_RUN_SECONDS,
            test_seconds=_TEST_SECONDS,
            arcs=[self.measure.path],
        )
        (report, coverage), again = await asyncio.gather(traced, self._run(patch, self.judge.repeats + 1))
        if problem := _unusable(report):
            return problem
        path = self.measure.path
        if not coverage.import_arcs.get(path) and not any(path in found for found in coverage.arcs.values()):
            return f"The tests run no line of {path}: what is imported under its name is another file."
        reports = [report] if _unusable(again) else [report, again]
        new = tuple(test for test in report.collected if name_of(test) not in self.old)
        groups = units(self.file.text, new)
        if {test for group in groups for test in group} != set(new):
            groups = (new,)  # some are inherited or made up as the file is imported: it stands or falls as a whole
        bad = {group: found for group in groups if (found := _bad(group, reports))}
        return _Seen(
            collected=report.collected,
            matrix=Matrix(
                measure=self.measure,
                reached=self.reached,
                arcs={test: found[path] for test, found in coverage.arcs.items() if path in found},
                import_arcs=coverage.import_arcs.get(path, frozenset[Arc]()),
                lines=self.meant,
                killers=_KILLERS,
            ),
            candidates=tuple(group for group in groups if group not in bad),
            dropped=tuple(one for found in bad.values() for one in found),
            seconds={case.id: case.seconds for case in report.cases},
        )

    async def _mutation(self, seen: _Seen) -> MutationReport:
        """Have mutants met by the existing tests, and by the drafted ones where no existing test notices."""
        drafted = tuple((test, seen.matrix.lines_of(test)) for tests in seen.candidates for test in tests)
        if not drafted or self.judge.seconds <= 0:
            return MutationReport()
        existing = tuple((test, tuple(sorted(lines))) for test, lines in self.reached.lines_of_tests())
        order = MutationOrder(
            path=self.measure.path,
            module=self.nothing.target.module,
            tests=existing + drafted,
            first=len(existing),
            lines=tuple(sorted(self.meant or ())),
            seconds=self.judge.seconds,
            jobs=self.judge.jobs,
            most=_MOST,
            killers=_KILLERS,
            seed=self.judge.seed,
        )
        return await self.judge.mutate(self.judge.suite, order, patch=self._patch(self.file.text))

    async def _repeated(self, seen: _Seen, tests: Sequence[str]) -> tuple[str, dict[str, str], dict[str, str]]:
        """Run the file cut down to some tests; return it, their names in it, and which were not green and why."""
        stays = {*tests, *(test for test in seen.collected if name_of(test) in self.old)}
        gone = [test for test in seen.collected if test not in stays]
        text = prune(self.file.text, seen.collected, gone, line_length=self.judge.line_length).text
        text = inline(text, {name_of(test) for test in tests}, line_length=self.judge.line_length) if text else text
        left = [test for test in seen.collected if test in stays]
        patch = self._patch(text)
        runs = (self._run(patch, number + 1) for number in range(self.judge.repeats))
        reports = await asyncio.gather(*runs)
        names: dict[str, str] = {}
        seen_red: dict[str, list[str]] = {}
        for report in reports:
            order = report.unshuffled or report.collected
            problem = _unusable(report)
            if problem or [name_of(test) for test in order] != [name_of(test) for test in left]:
                return (
                    text,
                    names,
                    dict.fromkeys(tests, problem or "The file collects other tests when it is cut down."),
                )
            names = dict(zip(left, order, strict=True))
            cases = {case.id: case for case in report.cases}
            for test in tests:
                if problem := not_green(cases.get(names[test])):
                    seen_red.setdefault(test, []).append(problem)
        many = len(reports)
        return (
            text,
            names,
            {
                test: f"Not green in {len(red)} of {many} runs in random orders: {red[0]}"
                for test, red in seen_red.items()
            },
        )

    def _run(self, patch: Patch, number: int) -> Coroutine[None, None, SuiteReport]:
        """Run the file in a random order; `number` tells the runs and their hash seeds apart."""
        seed = self.judge.seed + number
        return self.judge.suite.run(
            [self.file.path], patch=patch, seed=seed, seconds=_RUN_SECONDS, test_seconds=_TEST_SECONDS
        )

    def _patch(self, text: str) -> Patch:
        return Patch((FileEdit(self.file.path, None, text),))

    def _candidate(self, seen: _Seen, tests: tuple[str, ...]) -> Candidate:
        seconds = sum(seen.seconds.get(test, 0.0) for test in tests)
        return Candidate(tests, seen.matrix.goals(tests), len(tests) + math.floor(seconds))

    def _too_little(self, matrix: Matrix, tests: Sequence[str]) -> str:
        """Say that the file as a whole adds less than was asked for, where it does."""
        if self.judge.min_gain <= 0:
            return ""
        before, after = self.nothing.before, matrix.coverage(tests)
        measure = branch_coverage if after.branches else line_coverage
        reach = measure([after]) - measure([before])
        kills = _score(matrix.mutants(tests)) - _score(matrix.mutants(()))
        if max(reach, kills) >= self.judge.min_gain:
            return ""
        what = "branches" if after.branches else "lines"
        return (
            f"The file adds {reach:.1f} percentage points of {what} and {kills:.1f} of mutants, "
            f"less than the {self.judge.min_gain:g} asked for."
        )

    def _with(self, seen: _Seen, file: TestFile, names: Mapping[str, str], dropped: tuple[DroppedTest, ...]) -> Kept:
        """Return what is kept, with the coverage and the mutants that follow from the runs so far."""
        tests = [test for test in names if name_of(test) not in self.old]
        note = seen.matrix.mutation.note
        return replace(
            self.nothing,
            file=file,
            tests=tuple(names[test] for test in tests),
            durations=tuple(seen.seconds.get(test, 0.0) for test in tests),
            after=seen.matrix.coverage(tests),
            mutation=seen.matrix.mutants(tests, names),
            mutation_before=seen.matrix.mutants_before(),
            dropped=dropped,
            repeats=self.judge.repeats,
            notes=(*self.nothing.notes, note) if note else self.nothing.notes,
        )

    def _without(self, why: str, seen: _Seen | None = None, dropped: tuple[DroppedTest, ...] = ()) -> Kept:
        """Return that nothing is kept."""
        notes = (*self.nothing.notes, why) if why else self.nothing.notes
        if seen is None:
            return replace(self.nothing, notes=notes)
        before = seen.matrix.mutants_before()
        return replace(self.nothing, notes=notes, dropped=dropped, mutation=before, mutation_before=before)


def _unusable(report: SuiteReport) -> str:
    """Say why a report proves nothing; empty where it does."""
    if report.collection_errors:
        error = report.collection_errors[0]
        return f"The drafted file cannot be collected: {error.exception}: {error.message[:300]}"
    if not report.collected:
        return "pytest finds no test in the drafted file."
    return "" if report.consistent else f"The runs of the drafted file prove nothing: {report.problem}."


def not_green(case: CaseResult | None) -> str:
    """Say how a test ended that did not pass; empty where it did."""
    if case is None:
        return "it has no result"
    if case.outcome is Outcome.PASSED:
        return ""
    failure = case.failure
    return f"{failure.exception}: {failure.message[:300]}" if failure else f"it is {case.outcome.value}"


def _bad(group: Sequence[str], reports: Sequence[SuiteReport]) -> tuple[DroppedTest, ...]:
    """Return why tests that go together are dropped; nothing where all are green in all reports."""
    results = [{case.id: case for case in report.cases} for report in reports]
    found: dict[str, DroppedTest] = {}
    for test in group:
        problems = [not_green(cases.get(test)) for cases in results]
        if all(problems):
            found[test] = DroppedTest(test, DropReason.FAILING, problems[0])
        elif any(problems):
            one = next(problem for problem in problems if problem)
            found[test] = DroppedTest(test, DropReason.FLAKY, f"Green in one order of the tests, not in another: {one}")
    return _with_others(group, found)


def _flaky(seen: _Seen, unsteady: Mapping[str, str]) -> tuple[DroppedTest, ...]:
    """Return the tests dropped as unsteady, with those that go with them."""
    dropped: list[DroppedTest] = []
    for group in seen.candidates:
        found = {test: DroppedTest(test, DropReason.FLAKY, unsteady[test]) for test in group if test in unsteady}
        dropped += _with_others(group, found)
    return tuple(dropped)


def _with_others(group: Sequence[str], found: Mapping[str, DroppedTest]) -> tuple[DroppedTest, ...]:
    if not found:
        return ()
    first = next(iter(found.values()))
    return tuple(
        found.get(test) or DroppedTest(test, first.reason, f"It stands and falls with {first.test}.") for test in group
    )


def _needless(pool: Sequence[Candidate], chosen: Sequence[Candidate]) -> tuple[DroppedTest, ...]:
    return tuple(
        DroppedTest(test, DropReason.NO_GAIN, why_needless(one, chosen))
        for one in pool
        if one not in chosen
        for test in one.tests
    )


def _score(report: MutationReport) -> float:
    return 100.0 * report.killed / report.total if report.total else 0.0


def _meant(target: Target, source: str) -> frozenset[int] | None:
    """Return the lines of which alone something is wanted; None: all."""
    if target.lines:
        return frozenset(target.lines)
    if not target.only:
        return None

    def walk(body: Sequence[ast.stmt], prefix: str) -> Iterator[int]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if prefix + node.name in target.only:
                    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                    yield from range(first, (node.end_lineno or node.lineno) + 1)
                else:
                    yield from walk(node.body, f"{prefix}{node.name}.")

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the target's own invalid escapes are not ours to report
            return frozenset(walk(ast.parse(source).body, "")) or None
    except (SyntaxError, ValueError):
        return None
