"""The whole way for one module: explore, observe, sharpen, choose, write, within a budget of wall clock."""

from __future__ import annotations

import ast
import json
import os
from functools import partial
from time import monotonic
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from regoose_guest.testgen import children
from regoose_guest.testgen.acts import Candidate, from_json, key_of
from regoose_guest.testgen.analyse import Facts
from regoose_guest.testgen.choosing import choose, cost
from regoose_guest.testgen.covering import Goal
from regoose_guest.testgen.exploring import Shared, explore
from regoose_guest.testgen.finishing import Finisher
from regoose_guest.testgen.loading import CannotLoad, Program
from regoose_guest.testgen.observing import ObserveJson, SeenJson, agreed
from regoose_guest.testgen.schema import OddityJson, OptionsJson, ProgressJson, ResultJson
from regoose_guest.testgen.sharpening import Tried, sharpen
from regoose_guest.testgen.simplifying import Chosen, is_like, simplify
from regoose_guest.testgen.writing import sift, write

EXPLORE, OBSERVE, KILL, HUNT, SIMPLIFY = 0.36, 0.46, 0.67, 0.83, 0.93
"""Shares of the budget by whose end each phase is to be over."""
_PATIENCE = 0.09
"""Share of the budget without anything new after which exploring ends."""
_GRACE = 2.0
"""Seconds beyond its end that a process may take for what it has in hand."""
_MOST = 4000
"""Candidates that are observed."""
_NOTICED = 2
"""How many of the chosen cases go on noticing a mutant when they are made simpler."""


class Watched(NamedTuple):
    """An observed case."""

    candidate: Candidate
    seen: SeenJson


class Engine:
    """One run. `scratch` is an empty folder that the caller removes."""

    def __init__(self, options: OptionsJson, scratch: str, started: float, say: Any) -> None:
        self._options = options
        self._scratch = scratch
        self._started = started
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
        self._unsteady = 0
        self._oddities: List[OddityJson] = []
        self._jobs = max(1, options["jobs"])

    def _tell(self, **changed: Any) -> None:
        self._progress.update(changed)  # type: ignore[typeddict-item]  # pyright: ignore[reportCallIssue]
        self._progress["seconds"] = round(monotonic() - self._started, 3)
        self._say(self._progress)

    def _until(self, share: float) -> float:
        return self._started + share * self._options["seconds"]

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
        shared = Shared(
            program, facts, tuple(options["only"]), tuple(options["lines"]), self._scratch, options["memory_bytes"]
        )
        candidates, note = self._explore(shared)
        if not candidates:
            return self._result("", note or self._why_nothing(program))
        watched = self._observe(candidates, self._until(OBSERVE), shared)
        if not watched:
            return self._result("", "What was tried shows nothing that can be asserted and stays the same.")
        kills = self._sharpen(shared, watched)
        self._tell(phase="write")
        text = self._write(shared, watched, kills)
        return self._result(text, note)

    def _result(self, text: str, note: str) -> ResultJson:
        return {
            "text": text,
            "oddities": self._oddities,
            "unsteady": self._unsteady,
            "note": note,
            "executions": self._progress["executions"],
            "seconds": round(monotonic() - self._started, 3),
        }

    def _why_nothing(self, program: Program) -> str:
        has_any = any(
            isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for one in program.tree.body
        )
        if not has_any:
            return f"`{self._options['module']}` defines no function or class to test."
        return f"Nothing in `{self._options['module']}` could be called."

    def _explore(self, shared: Shared) -> Tuple[List[Candidate], str]:
        end, patience = self._until(EXPLORE), max(0.7, _PATIENCE * self._options["seconds"])
        targets = [os.path.join(self._scratch, f"explored-{number}.json") for number in range(self._jobs)]
        errors = [f"{one}.error" for one in targets]
        self._tell(phase="explore")
        running = [
            children.forked(partial(explore, shared, self._options["seed"] + number, target, end, patience), error)
            for number, (target, error) in enumerate(zip(targets, errors))
        ]
        children.wait(running, end - monotonic() + _GRACE, partial(self._heartbeat, targets))
        self._heartbeat(targets)
        found: Dict[str, Candidate] = {}
        hangs: Set[str] = set()
        for target in targets:
            read = _read(target)
            if read is None:
                continue
            self._order = self._order or list(read["order"])
            hangs.update(read["hangs"])
            for raw in read["candidates"]:
                candidate = from_json(raw)
                found.setdefault(key_of(candidate.acts), candidate)
        note = f"Calls of {', '.join(f'`{one}`' for one in sorted(hangs))} do not end in time." if hangs else ""
        if not found:
            said = [line for line in map(_first_line, errors) if line]
            note = said[0] if said else note
            if not note and not any(map(os.path.exists, targets)):
                note = f"Importing `{self._options['module']}` does not end, or ends the interpreter."
        return list(found.values())[:_MOST], note

    def _heartbeat(self, targets: Sequence[str]) -> None:
        read = [one for one in map(_read, targets) if one is not None]
        if read:
            self._tell(
                executions=sum(one["executions"] for one in read),
                branches=max(one["branches"] for one in read),
                branches_total=max(one["branches_total"] for one in read),
                cases=sum(len(one["candidates"]) for one in read),
            )

    def _observe(self, candidates: Sequence[Candidate], end: float, shared: Shared) -> List[Watched]:
        """Observe in two fresh interpreters side by side; keep what they agree on."""
        self._tell(phase="observe")
        place = os.path.join(self._scratch, f"candidates-{monotonic()}.json")
        with open(place, "w", encoding="utf-8", errors="surrogatepass") as file:
            json.dump(candidates, file)
        seconds = max(end - monotonic(), 0.1 * self._options["seconds"])
        answers = [f"{place}.{number}" for number in range(2)]
        running = [
            self._observer(place, answer, seconds, shared, is_second=bool(number))
            for number, answer in enumerate(answers)
        ]
        children.wait(running, seconds + _GRACE)
        one, other = (dict(_lines(answer)) for answer in answers)
        watched: List[Watched] = []
        for number, candidate in enumerate(candidates):
            if one.get(number) is None or number not in other:
                continue
            seen = agreed(one[number], other[number])
            if seen is None:
                self._unsteady += 1
            elif seen["rows"] or seen["raised"] or seen["printed"] or seen["goals"]:
                watched.append(Watched(candidate, seen))
        self._tell(cases=len(watched))
        return watched

    def _observer(self, place: str, answer: str, seconds: float, shared: Shared, *, is_second: bool) -> children.Child:
        folder = f"{answer}.folder"
        os.makedirs(folder, exist_ok=True)
        given: ObserveJson = {
            "root": self._options["root"],
            "path": self._options["path"],
            "module": self._options["module"],
            "candidates": place,
            "result": answer,
            "scratch": folder,
            "memory_bytes": self._options["memory_bytes"],
            "seconds": seconds,
            "is_second": is_second,
            "raising": sorted(shared.facts.raising_lines),
        }
        with open(f"{answer}.options", "w", encoding="utf-8") as file:
            json.dump(given, file)
        arguments = ["-W", "ignore", "-m", "regoose_guest.testgen", "--observe", f"{answer}.options"]
        return children.fresh(arguments, "77" if is_second else "1", folder)

    def _sharpen(self, shared: Shared, watched: List[Watched]) -> Dict[int, Set[int]]:
        """Return, for each mutant that is noticed, the cases that do; new cases are added to `watched`."""
        self._tell(phase="mutate")
        cases = [
            Tried(number, one.candidate, one.seen, cost(one.candidate, one.seen))
            for number, one in enumerate(watched)
            if not (one.seen["raised"] and one.seen["raised"]["is_misfit"])
        ]
        targets = [os.path.join(self._scratch, f"sharpened-{number}.jsonl") for number in range(self._jobs)]
        ends = self._until(KILL), self._until(HUNT)
        running = [
            children.forked(partial(sharpen, shared, cases, (number, self._jobs), target, *ends), f"{target}.error")
            for number, target in enumerate(targets)
        ]
        children.wait(running, ends[1] - monotonic() + _GRACE)
        kills: Dict[int, Set[int]] = {}
        found: List[Tuple[Candidate, List[int]]] = []
        total = 0
        for target in targets:
            for said in _objects(target):
                total = int(said.get("mutants", total)) if isinstance(said.get("mutants"), int) else total
                if said.get("killers"):
                    kills[int(said["mutant"])] = set(said["killers"])
                elif "found" in said:
                    subject, acts = said["found"]
                    found.append((from_json([subject, acts, False]), list(said["mutants"])))
        self._tell(phase="sharpen", killed=len(kills), mutants=total)
        if found:
            again = self._observe([one for one, _ in found], self._until(1.0), shared)
            told = {key_of(one.acts): mutants for one, mutants in found}
            for one in again:
                for mutant in told.get(key_of(one.candidate.acts), ()):
                    kills.setdefault(mutant, set()).add(len(watched))
                watched.append(one)
        self._tell(killed=len(kills))
        return kills

    def _simplified(
        self,
        shared: Shared,
        watched: Sequence[Watched],
        chosen: Sequence[int],
        kills: Dict[int, Set[int]],
    ) -> List[Watched]:
        """Return the cases with simpler ones in place of those chosen, where these do as much for the file."""
        owned: Set[Goal] = set()
        noticed: Dict[int, int] = {}
        cases: List[Chosen] = []
        for number in chosen:
            one = watched[number]
            own = frozenset((a, b, c) for a, b, c in one.seen["goals"]) - owned
            owned |= own
            mine = sorted(mutant for mutant, numbers in kills.items() if number in numbers)
            mutants = tuple(mutant for mutant in mine if noticed.get(mutant, 0) < _NOTICED)
            noticed.update((mutant, noticed.get(mutant, 0) + 1) for mutant in mutants)
            cases.append(Chosen(number, one.candidate, one.seen, own, mutants))
        end = max(self._until(SIMPLIFY), monotonic() + 0.05 * self._options["seconds"])
        targets = [os.path.join(self._scratch, f"simplified-{number}.jsonl") for number in range(self._jobs)]
        running = [
            children.forked(partial(simplify, shared, cases, (number, self._jobs), target, end), f"{target}.error")
            for number, target in enumerate(targets)
        ]
        children.wait(running, end - monotonic() + _GRACE)
        simple = {int(said["number"]): from_json(said["candidate"]) for target in targets for said in _objects(target)}
        expected = {key_of(candidate.acts): number for number, candidate in simple.items()}
        needed = {one.number: one.goals for one in cases}
        result = list(watched)
        for one in self._observe(list(simple.values()), self._until(1.0), shared) if simple else ():
            number = expected[key_of(one.candidate.acts)]
            reached = {(a, b, c) for a, b, c in one.seen["goals"]}
            if needed[number] <= reached and is_like(one.seen, watched[number].seen):
                result[number] = one
        return result

    def _write(self, shared: Shared, watched: Sequence[Watched], kills: Dict[int, Set[int]]) -> str:
        program = shared.program
        goals: List[Set[str]] = [{"-".join(map(str, goal)) for goal in one.seen["goals"]} for one in watched]
        for mutant, numbers in kills.items():
            for number in numbers:
                goals[number].add(f"mutant-{mutant}")
        costs = [cost(one.candidate, one.seen) for one in watched]
        chosen = self._chosen(program, watched, costs, goals)
        watched = self._simplified(shared, watched, chosen, kills)
        finisher = Finisher(_defined(program.tree), self._order)
        cases = [
            finisher.case(watched[number].candidate, watched[number].seen, frozenset(goals[number]))
            for number in chosen
        ]
        cases, _ = sift(cases, program.source)
        self._tell(cases=len(cases))
        return write(self._options["module"], cases, self._options["style"], program.source)

    def _chosen(
        self, program: Program, watched: Sequence[Watched], costs: Sequence[float], goals: List[Set[str]]
    ) -> List[int]:
        """Return the cases to write: none that looks odd. Oddities are told whether or not they would be chosen."""
        finisher = Finisher(_defined(program.tree), self._order)
        made = [finisher.case(one.candidate, one.seen, frozenset()) for one in watched]
        kept, self._oddities = sift(made, program.source)
        fine = {id(one) for one in kept}
        for number, case in enumerate(made):
            if id(case) not in fine:
                goals[number] = set()
        return choose(costs, goals)


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the module binds at its top."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _read(path: str) -> Optional[Dict[str, Any]]:
    try:
        with open(path, encoding="utf-8", errors="surrogatepass") as file:
            read: Dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return None
    return read


def _objects(path: str) -> Iterator[Dict[str, Any]]:
    try:
        with open(path, encoding="utf-8", errors="surrogatepass") as file:
            lines = file.readlines()
    except OSError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _lines(path: str) -> Iterator[Tuple[int, Optional[SeenJson]]]:
    for said in _objects(path):
        number, seen = said
        yield int(number), seen  # type: ignore[misc]  # pyright: ignore[reportReturnType]


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return ""
