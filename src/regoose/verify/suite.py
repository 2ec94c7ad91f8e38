"""Run a repository's tests in a sandbox and say what happened, however the code under test behaves."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from regoose.domain.evidence import CaseResult, CollectionError, Failure, Outcome, SuiteReport
from regoose.domain.patch import Patch
from regoose.errors import EnvironmentUnavailable
from regoose.sandbox.base import GUEST, OUT, WORK, Command, Limits, Result, Sandbox
from regoose.verify.results import Arcs, Lines, ProcessRun, read_results

TIME_LIMIT = "TestTimeLimit"
"""`Failure.exception` of a test that reached its time limit."""
PROCESS_ENDED = "ProcessEnded"
"""`Failure.exception` of a test during which the process ended: `os._exit`, a crash, `pytest.exit`."""

SandboxLease = Callable[[], AbstractAsyncContextManager[Sandbox]]
"""Lends a sandbox that holds the base tree, for the time of one run."""

_MAX_PROCESSES = 40
_TAIL = 4000
_EXIT_FAILED, _EXIT_NO_TESTS = 1, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageMap:
    """Which lines of the tree each test ran, and which ran while the tests were imported."""

    tests: Mapping[str, Lines]
    imports: Lines
    arcs: Mapping[str, Arcs] = field(default_factory=dict[str, Arcs])
    """Test → from which line to which it went, in the files for which that was asked."""
    import_arcs: Arcs = field(default_factory=dict[str, frozenset[tuple[int, int]]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """
    The tests of one repository: with which interpreter and environment they run, and where.

    Every run starts from the base tree plus the writes of its patch. A run says what happened and raises nothing for
    what the code under test does; `baseline.py` turns an unusable first run into an error a user can act on.
    """

    lease: SandboxLease
    python: str
    """Interpreter of the target's environment, as a path inside the sandbox; has pytest."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """All the environment the tests get, `PYTHONHASHSEED` aside."""
    limits: Limits = field(default_factory=Limits)
    under: Patch = field(default_factory=lambda: Patch(()))
    """Part of the base: written before the patch of each run."""

    async def run(
        self,
        selection: Sequence[str] = (),
        *,
        patch: Patch | None = None,
        seed: int | None = None,
        seconds: float = 600.0,
        test_seconds: float | None = None,
    ) -> SuiteReport:
        """
        Run the tests named by `selection` (node ids, files, classes; empty: all) on the base plus `patch`.

        `seed` shuffles the tests and sets the hash seed; None keeps the order of collection. `seconds` bounds the
        whole, `test_seconds` each test. A test that ends the process or never ends is named and red; the others
        run on in a new process. Raises `EnvironmentUnavailable` where there is no pytest, `SandboxDied` where the
        sandbox broke.
        """
        order = _Order(tuple(selection), patch, seed, seconds, test_seconds or _test_seconds(seconds))
        report, _ = await self._run(order)
        return report

    async def trace(
        self,
        selection: Sequence[str] = (),
        *,
        patch: Patch | None = None,
        seed: int | None = None,
        seconds: float = 600.0,
        test_seconds: float | None = None,
        arcs: Sequence[str] = (),
    ) -> tuple[SuiteReport, CoverageMap]:
        """
        Do as `run` does, and also return the lines that each test ran.

        `arcs` names files of the tree, relative to it: of these, and of no others, lines and arcs are recorded.
        """
        limit = test_seconds or _test_seconds(seconds)
        order = _Order(tuple(selection), patch, seed, seconds, limit, covered=True, arcs=tuple(arcs))
        return await self._run(order)

    async def _run(self, order: _Order) -> tuple[SuiteReport, CoverageMap]:
        async with self.lease() as sandbox:
            merge = _Merge(order)
            while merge.unfinished:
                key = secrets.token_bytes(32)
                result, run = await self._process(sandbox, merge, key)
                merge.take(result, run)
            return merge.report(), merge.coverage()

    async def _process(self, sandbox: Sandbox, merge: _Merge, key: bytes) -> tuple[Result, ProcessRun]:
        name = secrets.token_hex(8)
        results, options = f"{OUT}/{name}.results", f"{OUT}/{name}.options"
        content = json.dumps({"key": key.hex(), "results": results, "root": WORK, **merge.options()})
        writes = {options: content.encode(), **patch_writes(self.under), **patch_writes(merge.order.patch)}
        seed = merge.order.seed
        command = Command(
            argv=(self.python, f"{GUEST}/regoose_guest/report.py", options),
            env={**self.env, "PYTHONHASHSEED": str(0 if seed is None else seed % 2**32)},
            writes=writes,
            reads=(results,),
            reset=True,
            limits=_limits(self.limits, merge.remaining_seconds),
        )
        result = await sandbox.run(command)
        return result, read_results(result.files.get(results, b""), key)


def patch_writes(patch: Patch | None) -> dict[str, bytes | None]:
    """Return what a patch writes into the tree, in the form of `Command.writes`."""
    writes: dict[str, bytes | None] = {}
    for edit in patch.edits if patch else ():
        text = edit.after
        writes[f"{WORK}/{edit.path}"] = None if text is None else text.encode("utf-8", "surrogateescape")
    return writes


@dataclass(frozen=True, slots=True)
class _Order:
    """What one run was asked for."""

    selection: tuple[str, ...]
    patch: Patch | None
    seed: int | None
    seconds: float
    test_seconds: float
    covered: bool = False
    arcs: tuple[str, ...] = ()


class _Merge:
    """Puts the processes of one run together: the first, and those that run what a crash left over."""

    def __init__(self, order: _Order) -> None:
        self.order = order
        self._lines: dict[str, Lines] = {}
        self._import_lines: Lines = {}
        self._arcs: dict[str, Arcs] = {}
        self._import_arcs: Arcs = {}
        self._start = time.monotonic()
        self._processes = 0
        self._finished = False
        self._collected: tuple[str, ...] | None = None
        self._unshuffled: tuple[str, ...] = ()
        self._cases: dict[str, CaseResult] = {}
        self._broken: dict[str, CollectionError] = {}
        self._ignored: list[str] = []
        self._dropped: list[str] = []
        self._problems: list[str] = []
        self._exit_codes: list[int | None] = []
        self._timed_out = False
        self._tail = ""

    @property
    def unfinished(self) -> bool:
        """Whether another process has something to do and time to do it."""
        return not self._finished

    @property
    def remaining_seconds(self) -> float:
        return max(1.0, self.order.seconds - (time.monotonic() - self._start))

    def options(self) -> dict[str, object]:
        """Return what the next process is asked for, beside the key and the paths."""
        return {
            "select": self.order.selection,
            "exclude": list(self._cases),
            "ignore": self._ignored,
            "dropped": self._dropped,
            "seed": self.order.seed,
            "coverage": self.order.covered,
            "arcs": self.order.arcs,
            "test_seconds": self.order.test_seconds,
        }

    def take(self, result: Result, run: ProcessRun) -> None:
        """Add what one process left, and decide whether another one is needed."""
        self._processes += 1
        self._tail = _tail(result)
        if not run.begun:
            self._never_began(result)
            return
        for error in run.broken:
            self._broken.setdefault(error.path, error)
        if run.collected is None:
            self._finished = not self._go_on_collecting(result, run)
        else:
            self._take_cases(result, run, run.collected)
        if result.timed_out:
            self._timed_out = True
        if self._timed_out or self._processes >= _MAX_PROCESSES or self._problems:
            self._finished = True

    def report(self) -> SuiteReport:
        """Return the report of the whole run."""
        collected = self._collected or ()
        missing = [name for name in collected if name not in self._cases]
        if missing:
            why = f"the time limit of {self.order.seconds:g} s was reached" if self._timed_out else "no result"
            self._problems.append(f"{len(missing)} of {len(collected)} tests did not run to their end ({why})")
        elif self._timed_out:
            self._problems.append(f"the time limit of {self.order.seconds:g} s was reached")
        return SuiteReport(
            cases=tuple(self._cases.values()),
            collected=collected,
            unshuffled=self._unshuffled,
            collection_errors=tuple(self._broken.values()),
            exit_code=next((code for code in self._exit_codes if code != 0), 0 if self._exit_codes else None),
            seconds=time.monotonic() - self._start,
            timed_out=self._timed_out,
            consistent=not self._problems,
            problem="; ".join(dict.fromkeys(self._problems)),
            output_tail=self._tail,
        )

    def coverage(self) -> CoverageMap:
        """Return what the tests ran, of the whole run."""
        return CoverageMap(
            tests=self._lines, imports=self._import_lines, arcs=self._arcs, import_arcs=self._import_arcs
        )

    def _never_began(self, result: Result) -> None:
        if re.search(r"No module named '?pytest", self._tail):
            raise EnvironmentUnavailable(
                "The environment of the tests has no pytest.",
                hint="Install pytest and the tests' dependencies in the repository's `.venv`, then run again.",
            )
        self._exit_codes.append(result.exit_code)
        self._timed_out = result.timed_out
        self._problems.append(f"there are no results: {_how_it_ended(result)}")
        self._finished = True

    def _go_on_collecting(self, result: Result, run: ProcessRun) -> bool:
        """Handle a collection that did not get to its end; tell whether another attempt is worth it."""
        self._exit_codes.append(run.exit_code if run.ended else result.exit_code)
        unknown = re.search(r"error: unrecognized arguments: (.+)", self._tail)
        if unknown and not self._dropped:
            self._dropped = unknown.group(1).split()
            return True
        path = (run.collecting or "").partition("::")[0]
        if path and path not in self._ignored:
            how = (
                f"{run.raised} while it was imported"
                if run.raised
                else f"{_how_it_ended(result)} while it was imported"
            )
            self._broken.setdefault(path, CollectionError(path, PROCESS_ENDED, how))
            self._ignored.append(path)
            return True
        error = _start_error(self._tail)
        if error is not None:
            self._broken.setdefault(error.path, error)
        else:
            self._problems.append(f"pytest did not collect anything: {_how_it_ended(result)}")
        return False

    def _take_cases(self, result: Result, run: ProcessRun, collected: tuple[str, ...]) -> None:
        self._problems.extend(run.problems)
        if self._collected is None:
            self._collected, self._unshuffled = collected, run.unshuffled
        elif set(collected) != set(self._collected) - set(self._cases):
            self._problems.append("another process of the same run collected other tests")
        for case in run.cases:
            self._cases[case.id] = case
        self._lines.update(run.lines)
        self._import_lines = self._import_lines or run.import_lines
        self._arcs.update(run.arcs)
        self._import_arcs = self._import_arcs or run.import_arcs
        complete = len(run.cases) == len(collected)
        if run.ended and complete:
            self._check_exit(result, run, collected)
            self._finished = True
            return
        if run.running is not None and not result.timed_out:
            self._cases[run.running] = _ended_case(run.running, result, run, self.order.test_seconds)
            self._exit_codes.append(_EXIT_FAILED)
        elif not result.timed_out:
            self._problems.append(f"tests are missing: {run.raised or _how_it_ended(result)}")
        self._finished = all(name in self._cases for name in self._collected)

    def _check_exit(self, result: Result, run: ProcessRun, collected: tuple[str, ...]) -> None:
        """Compare the exit code with what the results say it must be."""
        code = run.exit_code
        red = any(case.outcome.is_red for case in run.cases) or bool(run.broken)
        expected = _EXIT_FAILED if red else 0 if collected else _EXIT_NO_TESTS
        self._exit_codes.append(code)
        if run.raised:
            self._problems.append(f"pytest ended with {run.raised}")
        elif result.exit_code != code:
            self._problems.append(f"pytest's exit code was {code}, but {_how_it_ended(result)}")
        elif code != expected:
            self._problems.append(f"exit code {code} contradicts the results, which call for {expected}")


def _test_seconds(seconds: float) -> float:
    return max(2.0, min(60.0, seconds / 5))


def _limits(limits: Limits, seconds: float) -> Limits:
    return Limits(
        seconds=seconds,
        memory_bytes=limits.memory_bytes,
        processes=limits.processes,
        disk_bytes=limits.disk_bytes,
        output_bytes=limits.output_bytes,
    )


def _tail(result: Result) -> str:
    text = result.stdout.decode("utf-8", "replace") + result.stderr.decode("utf-8", "replace")
    return text[-_TAIL:]


def _how_it_ended(result: Result) -> str:
    if result.timed_out:
        return "the time limit was reached"
    if result.out_of_memory:
        return "the memory limit was reached"
    if result.signal is not None:
        return f"signal {result.signal} ended the process"
    return f"the process ended with exit code {result.exit_code}"


def _ended_case(name: str, result: Result, run: ProcessRun, test_seconds: float) -> CaseResult:
    """Return the result of a test during which the process ended."""
    if result.exit_code == 1 and b"Timeout (" in result.stderr:
        exception, message, seconds = TIME_LIMIT, f"the test took longer than {test_seconds:g} s", test_seconds
    else:
        how = (
            f"pytest ended with exit code {run.exit_code} {run.raised}".strip() if run.ended else _how_it_ended(result)
        )
        exception, message, seconds = PROCESS_ENDED, f"{how} during this test", 0.0
    path = name.partition("::")[0]
    return CaseResult(name, Outcome.FAILED, seconds, Failure("call", exception, message, path, 0))


def _start_error(tail: str) -> CollectionError | None:
    """Read why pytest did not get as far as collecting: a conftest that cannot be imported, or a usage error."""
    conftest = re.search(r"ImportError while loading conftest '(?:/work/)?([^']+)'", tail)
    errors = re.findall(r"^E\s+([\w.]+)(?:: (.*))?$", tail, re.MULTILINE)
    if conftest:
        exception, message = errors[-1] if errors else ("ImportError", "")
        where = re.findall(r"^(\S+):(\d+): in ", tail, re.MULTILINE)
        at = f" ({where[-1][0]}, line {where[-1][1]})" if where else ""
        source, line = (where[-1][0], int(where[-1][1])) if where else ("", 0)
        return CollectionError(conftest.group(1), exception, message + at, source, line)
    usage = re.search(r"^ERROR: (?!not found)(.+)$|error: (.+)$", tail, re.MULTILINE)
    if usage:
        said = (usage.group(1) or usage.group(2)).strip()
        return CollectionError("", "UsageError", said.replace(f"{WORK}/", ""))
    return None
