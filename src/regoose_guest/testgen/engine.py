"""The whole way for one module: explore, observe, sharpen, choose, write, within a budget of wall clock."""

from __future__ import annotations

import ast
import os
from functools import partial
from time import monotonic
from typing import Any, Callable, Dict, Iterator, List, Sequence, Set, Tuple

from regoose_guest.testgen import crew
from regoose_guest.testgen.acts import Candidate, from_json, key_of
from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.choosing import cost
from regoose_guest.testgen.expecting import Expectations
from regoose_guest.testgen.exploring import Shared, explore
from regoose_guest.testgen.finishing import Finisher
from regoose_guest.testgen.loading import CannotLoad, Program
from regoose_guest.testgen.observers import Observers, Watched
from regoose_guest.testgen.schema import OddityJson, OptionsJson, ProgressJson, ResultJson
from regoose_guest.testgen.scope import Scope
from regoose_guest.testgen.selecting import Selection
from regoose_guest.testgen.sharpening import Tried, sharpen
from regoose_guest.testgen.simplifying import Chosen, simplify
from regoose_guest.testgen.writing import write

EXPLORE, OBSERVE, KILL, HUNT, SIMPLIFY = 0.33, 0.43, 0.63, 0.84, 0.93
"""Shares of the budget by whose end each phase is to be over."""
_PATIENCE, _LEAST_PATIENCE = 220, 1000
"""Turns for each second of the budget without anything new after which exploring ends, and the fewest of these."""
_LOOK = 0.1
"""Share of the budget that observing has at least."""
_WRITING = 4
"""How much longer writing a case takes than finishing and sifting it."""
_LATE = 1.0
"""Seconds beyond the budget that writing may take."""
_MOST = 4000
"""Candidates that are observed."""
_ROUNDS = 3
"""Times that others are chosen in place of cases that prove unsteady."""
_RECHECK = 0.3
"""Share of the budget that another look at the chosen cases may take at most."""
_DOUBT = 5.0
"""How many times dearer a case is that may hang on chance."""
_TIME_TO_WRITE = 0.2
"""Share of the budget that there is for writing in any case, however late it is."""
_LEAST_TO_KILL, _LEAST_TO_HUNT = 0.17, 0.12
"""Shares of the budget that trying cases on mutants and hunting for survivors have at least, however late it is."""


class Engine:
    """One run. `scratch` is an empty folder that the caller removes."""

    def __init__(self, options: OptionsJson, scratch: str, started: float, say: Callable[[ProgressJson], None]) -> None:
        self._options = options
        self._scratch = scratch
        self._deadline = crew.Deadline(started, options["seconds"])
        self._crew = crew.Crew(scratch, options["jobs"], self._deadline)
        self._say = say
        self._progress: ProgressJson = {
            "phase": "import",
            "executions": 0,
            "branches": 0,
            "branches_total": 0,
            "cases": 0,
            "killed": 0,
            "mutants": 0,
            "seconds": 0.0,
        }
        self._order: List[str] = []
        self._oddities: List[OddityJson] = []

    def _tell(self, **changed: Any) -> None:
        self._progress.update(changed)  # type: ignore[typeddict-item]  # pyright: ignore[reportCallIssue]
        self._progress["seconds"] = round(self._deadline.spent, 3)
        self._say(self._progress)

    def run(self) -> ResultJson:
        """Return the file of tests, or why there is none."""
        options = self._options
        self._tell(phase="import")
        try:
            program = Program(options["root"], options["path"], options["module"])
        except (CannotLoad, OSError) as problem:
            return self._result("", str(problem))
        existing = [os.path.join(options["root"], one) for one in options["existing"]]
        facts = Facts(program.tree, program.path, existing)
        scope = Scope(facts, program.tree, options["only"], options["lines"])
        shared = Shared(program, facts, scope, Expectations(facts), self._scratch, options["memory_bytes"])
        candidates, note = self._explore(shared)
        if not candidates:
            return self._result("", note or self._why_nothing(program))
        observers = Observers(options, self._scratch, self._deadline, facts.raising_lines, scope.lines)
        self._tell(phase="observe")
        watched = observers.watch(candidates, self._time_to_look(OBSERVE))
        self._tell(cases=len(watched))
        if not watched:
            note = "What was tried shows nothing that can be asserted and stays the same."
            return self._result("", note, observers.unsteady)
        kills = self._sharpen(shared, observers, watched)
        self._tell(phase="write")
        text = self._write(shared, observers, watched, kills)
        return self._result(text, note, observers.unsteady)

    def _time_to_look(self, share: float) -> float:
        return max(self._deadline.at(share) - monotonic(), _LOOK * self._options["seconds"])

    def _result(self, text: str, note: str, unsteady: int = 0) -> ResultJson:
        return {
            "text": text,
            "oddities": self._oddities,
            "unsteady": unsteady,
            "note": note,
            "executions": self._progress["executions"],
            "seconds": round(self._deadline.spent, 3),
        }

    def _why_nothing(self, program: Program) -> str:
        has_any = any(
            isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for one in program.tree.body
        )
        if not has_any:
            return f"`{self._options['module']}` defines no function or class to test."
        if self._options["only"]:
            names = ", ".join(f"`{one}`" for one in self._options["only"])
            return f"`{self._options['module']}` has nothing to call by the name of {names}."
        if self._options["lines"]:
            return f"No function of `{self._options['module']}` that could be called has to do with the changed lines."
        return f"Nothing in `{self._options['module']}` could be called."

    def _explore(self, shared: Shared) -> Tuple[List[Candidate], str]:
        end = self._deadline.at(EXPLORE)
        patience = max(_LEAST_PATIENCE, int(_PATIENCE * self._options["seconds"]))
        seed = self._options["seed"]

        def work(share: crew.Share, target: str) -> None:
            explore(shared, seed + share[0], target, end, patience)

        self._tell(phase="explore")
        targets = self._crew.run("explored", work, end, self._heartbeat)
        self._heartbeat(targets)
        answers = crew.documents(targets)
        hangs = sorted({f"`{one}`" for answer in answers for one in answer["hangs"]})
        note = f"Calls of {', '.join(hangs)} take too long or too much memory." if hangs else ""
        found: Dict[str, Candidate] = {}
        for are_news in (True, False):  # what one process reached comes before what another one saw as well
            for answer in answers:
                self._order = self._order or list(answer["order"])
                news = answer["candidates"][: answer["news"]]
                for raw in news if are_news else answer["candidates"][answer["news"] :]:
                    candidate = from_json(raw)
                    found.setdefault(key_of(candidate.acts), candidate)
        if not found:
            note = next(iter(crew.errors(targets)), note)
            if not note and not answers:
                note = f"Importing `{self._options['module']}` does not end, or ends the interpreter."
        return list(found.values())[:_MOST], note

    def _heartbeat(self, targets: Sequence[str]) -> None:
        read = crew.documents(targets)
        if read:
            self._tell(
                executions=sum(one["executions"] for one in read),
                branches=max(one["branches"] for one in read),
                branches_total=max(one["branches_total"] for one in read),
                cases=sum(len(one["candidates"]) for one in read),
            )

    def _sharpen(self, shared: Shared, observers: Observers, watched: List[Watched]) -> Dict[int, Set[int]]:
        """Return, for each mutant that is noticed, the cases that do; new cases are added to `watched`."""
        self._tell(phase="mutate")
        cases = [
            Tried(number, one.candidate, one.seen, _cost(shared, one))
            for number, one in enumerate(watched)
            if not (one.seen["raised"] and one.seen["raised"]["is_misfit"])
        ]
        seconds = self._options["seconds"]
        killed_by = max(self._deadline.at(KILL), monotonic() + _LEAST_TO_KILL * seconds)
        ends = killed_by, max(self._deadline.at(HUNT), killed_by + _LEAST_TO_HUNT * seconds)

        def work(share: crew.Share, target: str) -> None:
            sharpen(shared, cases, share, target, *ends)

        targets = self._crew.run("sharpened", work, ends[1])
        kills: Dict[int, Set[int]] = {}
        found: List[Tuple[Candidate, List[int]]] = []
        total = 0
        for said in crew.lines(targets):
            total = int(said.get("mutants", total)) if isinstance(said.get("mutants"), int) else total
            if said.get("killers"):
                kills[int(said["mutant"])] = set(said["killers"])
            elif "found" in said:
                subject, acts = said["found"]
                found.append((from_json([subject, acts, False]), list(said["mutants"])))
        self._tell(phase="sharpen", killed=len(kills), mutants=total)
        if found:
            again = observers.watch([one for one, _ in found], self._time_to_look(HUNT))
            told = {key_of(one.acts): mutants for one, mutants in found}
            for one in again:
                for mutant in told.get(key_of(one.candidate.acts), ()):
                    kills.setdefault(mutant, set()).add(len(watched))
                watched.append(one)
        self._tell(killed=len(kills))
        return kills

    def _write(
        self, shared: Shared, observers: Observers, watched: Sequence[Watched], kills: Dict[int, Set[int]]
    ) -> str:
        """Choose cases, make them simpler and write them: none that looks odd, yet every oddity is told."""
        began = monotonic()
        finisher = Finisher(_defined(shared.program.tree), self._order)
        costs = [_cost(shared, one) * (_DOUBT if observers.doubts(one) else 1.0) for one in watched]
        selection = Selection(shared, watched, costs, kills, finisher)
        chosen = selection.choose()
        pace = _WRITING * (monotonic() - began) / max(1, selection.finished)
        time_to_write = max(self._deadline.left + _LATE, _TIME_TO_WRITE * self._options["seconds"])
        chosen = chosen[: max(1, int(time_to_write / pace))]  # the best come first
        selection.simplify(self._simplified(shared, selection.needs(chosen), pace * len(chosen)))
        cases = [selection.case(number) for number in self._steady(observers, selection, chosen)]
        self._tell(cases=len(cases))
        return write(self._options["module"], cases, self._options["style"], shared.program.source)

    def _steady(self, observers: Observers, selection: Selection, chosen: List[int]) -> List[int]:
        """
        Return the cases to write: others in place of those that look different in yet other interpreters.

        Oddities are told of those odd cases that look so there as well.
        """
        sound: Set[int] = set()
        told = selection.worth_telling
        for number_of_round in range(_ROUNDS):
            numbers = [*(() if number_of_round else told), *(one for one in chosen if one not in sound)]
            waiting = {number: selection.watched(number) for number in numbers}
            unlike = observers.unlike(waiting, _RECHECK * self._options["seconds"])
            sound.update(number for number in waiting if number not in unlike)
            if unlike.isdisjoint(chosen):
                break
            for number in unlike:
                selection.leave(number)
            chosen = selection.choose()
        self._oddities = selection.oddities([number for number in told if number in sound])
        return [number for number in chosen if number in sound]

    def _simplified(self, shared: Shared, cases: Sequence[Chosen], writing: float) -> Dict[int, Watched]:
        """Return simpler cases by the number of those in whose place they do as much for the file."""
        seconds = self._options["seconds"]
        latest = self._deadline.at(1.0) - writing - 0.5 * _LOOK * seconds
        end = min(max(self._deadline.at(SIMPLIFY), monotonic() + 0.05 * seconds), latest)
        if end - monotonic() < 0.02 * seconds:
            return {}
        targets = self._crew.run("simplified", partial(_simplify, shared, cases, end), end)
        return {
            int(said["number"]): Watched(from_json(said["candidate"]), said["seen"]) for said in crew.lines(targets)
        }


def _cost(shared: Shared, one: Watched) -> float:
    return cost(one.candidate, one.seen, shared.expectations.misfit(one.candidate.acts))


def _simplify(shared: Shared, cases: Sequence[Chosen], end: float, share: crew.Share, target: str) -> None:
    simplify(shared, cases, share, target, end)


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the module binds at its top."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
