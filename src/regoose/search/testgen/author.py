"""The host's side of the test generator: one command in a sandbox, its progress lines, its result file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from regoose.domain.generation import Draft, Oddity, Target, TestFile
from regoose.sandbox.base import WORK, Command, Result, Sandbox
from regoose.sandbox.checked import Checked
from regoose.sandbox.engine import MEMORY_PER_JOB, ProgressLines, engine_command, result_path
from regoose.search.testgen.style import Style
from regoose_guest.testgen.schema import OddityJson, OptionsJson, ProgressJson, ResultJson

_ENGINE = "testgen"
_TAIL = 300
"""Characters of a last line of standard error that a note shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateOptions:
    """How to write the tests, and for how long to look for them."""

    test_path: str
    """Where the file is to stand, relative to the repository."""
    seconds: float = 15.0
    """Wall clock of the search."""
    jobs: int = 2
    seed: int = 0
    existing: tuple[str, ...] = ()
    """Test files of the repository whose calls are worth imitating."""
    style: Style = field(default_factory=Style)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateProgress:
    """How far the search is; the fields are those of the guest's `ProgressJson`."""

    phase: str
    executions: int
    branches: int
    branches_total: int
    cases: int
    killed: int
    mutants: int
    seconds: float


async def generate(
    sandbox: Sandbox,
    environment_python: str,
    target: Target,
    options: GenerateOptions,
    *,
    env: Mapping[str, str] | None = None,
    on_progress: Callable[[GenerateProgress], None] | None = None,
) -> Draft:
    """
    Write tests for one module of the tree in `sandbox`.

    `environment_python` is the target's interpreter as the sandbox sees it. However the engine ends, there is a
    draft; without a file, its note says why. Raises `SandboxDied` where the sandbox itself ends under the search.
    """

    def tell(said: ProgressJson) -> None:
        if on_progress is not None:
            on_progress(GenerateProgress(**said))

    command = _command(environment_python, target, options, env or {})
    result = await sandbox.run(command, ProgressLines(ProgressJson, tell))
    found = _read(result)
    if isinstance(found, str):
        return Draft(target=target, file=None, note=found, seconds=result.seconds)
    return Draft(
        target=target,
        file=TestFile(options.test_path, found["text"]) if found["text"].strip() else None,
        oddities=tuple(_oddity(one, target) for one in found["oddities"]),
        unsteady=found["unsteady"],
        note=found["note"],
        seconds=result.seconds,
    )


def _command(python: str, target: Target, options: GenerateOptions, env: Mapping[str, str]) -> Command:
    given: OptionsJson = {
        "root": WORK,
        "path": target.path,
        "module": target.module,
        "only": list(target.only),
        "lines": list(target.lines),
        "existing": list(options.existing),
        "seconds": options.seconds,
        "jobs": options.jobs,
        "seed": options.seed,
        "memory_bytes": MEMORY_PER_JOB,
        "style": options.style.to_json(),
        "result": result_path(_ENGINE),
    }
    return engine_command(_ENGINE, python, given, options.seconds, env)


def _read(result: Result) -> ResultJson | str:
    """Return what was found, or in one sentence why there is nothing."""
    raw = result.files.get(result_path(_ENGINE))
    if raw is not None:
        try:
            return Checked(ResultJson).read(raw)
        except ValidationError as problem:
            return f"The generator's result cannot be read: {problem.error_count()} fields do not fit."
    if result.timed_out:
        return "The search did not end within its time and was cut: the module may block on import or in a call."
    if result.out_of_memory:
        return "The search used more memory than the sandbox allows and was cut."
    tail = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    reason = f": {tail[0].strip()[:_TAIL]}" if tail else "."
    if result.signal is not None:
        return f"The search was ended by signal {result.signal}; the module may crash the interpreter{reason}"
    return f"The search ended without a result (exit code {result.exit_code}){reason}"


def _oddity(one: OddityJson, target: Target) -> Oddity:
    return Oddity(
        path=target.path,
        line=one["line"],
        subject=one["subject"],
        call=one["call"],
        observed=one["observed"],
        why=one["why"],
    )
