"""Which small changes of a module its tests notice: mutation analysis, run inside a sandbox of the suite."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from regoose.domain.generation import Mutant, MutantStatus, MutationReport
from regoose.domain.patch import Patch
from regoose.sandbox.base import WORK, Result
from regoose.sandbox.checked import Checked
from regoose.sandbox.engine import MEMORY_PER_JOB, engine_command, result_path
from regoose.verify.suite import Suite, patch_writes
from regoose_guest.mutation.schema import MutantJson, OptionsJson, ResultJson

_ENGINE = "mutation"
_TAIL = 300
"""Characters of a last line of standard error that a note shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationOrder:
    """Which module to change, and which tests are to notice."""

    path: str
    """Of the module's file, relative to the repository: it is known by its file, whatever names tests import it by."""
    module: str
    """Its dotted name."""
    tests: tuple[tuple[str, tuple[int, ...]], ...]
    """Node id → lines of `path` that the test runs. Lines that run on import need not be there: they count for all."""
    first: int = 0
    """How many of `tests`, from the front, are tried before the others; a kill by one of them settles a mutant."""
    lines: tuple[int, ...] = ()
    """Change only these; empty: all."""
    seconds: float = 5.0
    """Wall clock of the whole; mutants that it does not reach are a random sample of all."""
    jobs: int = 2
    most: int = 400
    """How many mutants at most: a sample."""
    killers: int = 3
    """Kills of a mutant after which it is left."""
    seed: int = 0


async def mutate(suite: Suite, order: MutationOrder, *, patch: Patch | None = None) -> MutationReport:
    """
    Run the tests on mutants of a module of the base plus `patch`.

    A mutant is killed where a test that passes on the code as it is, in its order and in the reverse, fails with it.
    Mutants whose bytecode is that of the original, or that are no program, are left out. A test that only runs the
    module in another process notices nothing. Raises `SandboxDied` where the sandbox broke; however else it ends,
    there is a report, whose `note` says why it is empty.
    """
    options: OptionsJson = {
        "root": WORK,
        "path": order.path,
        "tests": [{"id": name, "lines": list(lines)} for name, lines in order.tests],
        "first": order.first,
        "lines": list(order.lines),
        "seconds": order.seconds,
        "jobs": order.jobs,
        "most": order.most,
        "killers": order.killers,
        "seed": order.seed,
        "memory_bytes": MEMORY_PER_JOB,
        "result": result_path(_ENGINE),
    }
    command = engine_command(_ENGINE, suite.python, options, order.seconds, suite.env, patch_writes(patch))
    async with suite.lease() as sandbox:
        result = await sandbox.run(command)
    return _report(result, order)


def _report(result: Result, order: MutationOrder) -> MutationReport:
    raw = result.files.get(result_path(_ENGINE))
    if raw is None:
        return MutationReport(seconds=result.seconds, note=_why_nothing(result))
    try:
        found = Checked(ResultJson).read(raw)
    except ValidationError as problem:
        note = f"The result of mutation analysis cannot be read: {problem.error_count()} fields do not fit."
        return MutationReport(seconds=result.seconds, note=note)
    return MutationReport(
        mutants=tuple(_mutant(one, order.path) for one in found["mutants"]),
        possible=found["possible"],
        seconds=result.seconds,
        unused=(*found["missing"], *found["red"]),
        note=found["note"],
    )


def _mutant(one: MutantJson, path: str) -> Mutant:
    return Mutant(
        path=path,
        line=one["line"],
        operator=one["operator"],
        before=one["before"],
        after=one["after"],
        status=MutantStatus(one["status"]),
        killers=tuple(one["killers"]),
        likely_equivalent=one["likely_equivalent"],
    )


def _why_nothing(result: Result) -> str:
    if result.timed_out:
        return "Mutation analysis did not end within its time and was cut."
    if result.out_of_memory:
        return "Mutation analysis used more memory than the sandbox allows and was cut."
    tail = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    reason = f": {tail[0].strip()[:_TAIL]}" if tail else "."
    return f"Mutation analysis ended without a result (exit code {result.exit_code}){reason}"
