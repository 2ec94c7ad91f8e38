"""The host's side of the test generator: one command in a sandbox, its progress lines, its result file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from regoose.domain.generation import Draft, Oddity, Target, TestFile
from regoose.sandbox.base import GUEST, MIB, OUT, WORK, Command, Limits, Result, Sandbox
from regoose.search.repair.checked import Checked
from regoose.search.testgen.style import Style
from regoose_guest.testgen.schema import OddityJson, OptionsJson, ProgressJson, ResultJson

_OPTIONS = f"{OUT}/testgen-options.json"
_RESULT = f"{OUT}/testgen-result.json"
_GRACE_SECONDS = 30.0
"""The engine ends by itself; the sandbox cuts it only where the module has got hold of it."""
_MEMORY_PER_JOB = 512 * MIB
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


@dataclass(slots=True)
class _Lines:
    """Turns the engine's progress lines into events; any other line is the target's own and dropped."""

    observe: Callable[[GenerateProgress], None] | None
    progress: Checked[ProgressJson] = field(default_factory=lambda: Checked(ProgressJson))

    def __call__(self, line: bytes) -> None:
        if self.observe is None or not line.startswith(b"{"):
            return
        try:
            value = self.progress.read(line)
        except ValidationError:
            return
        self.observe(GenerateProgress(**value))


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
    result = await sandbox.run(_command(environment_python, target, options, env or {}), _Lines(on_progress))
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
        "memory_bytes": _MEMORY_PER_JOB,
        "style": options.style.to_json(),
        "result": _RESULT,
    }
    path = f"{GUEST}:{env['PYTHONPATH']}" if env.get("PYTHONPATH") else GUEST
    fixed = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return Command(
        argv=(python, "-m", "regoose_guest.testgen", "--options", _OPTIONS),
        env={**env, **fixed},
        writes={_OPTIONS: json.dumps(given).encode()},
        reads=(_RESULT,),
        reset=True,
        limits=Limits(seconds=options.seconds + _GRACE_SECONDS),
    )


def _read(result: Result) -> ResultJson | str:
    """Return what was found, or in one sentence why there is nothing."""
    raw = result.files.get(_RESULT)
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
