"""The host's side of the repair engine: one command in a sandbox, its progress lines, its result file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from regoose.domain.repair import RepairReport
from regoose.sandbox.base import WORK, Command, Result, Sandbox
from regoose.sandbox.checked import Checked
from regoose.sandbox.engine import MEMORY_PER_JOB, ProgressLines, engine_command, result_path
from regoose.search.repair.result import to_report
from regoose_guest.repair.schema import UNSUPPORTED, OptionsJson, ProgressJson, ResultJson

BaseReader = Callable[[str], bytes]
"""Give the bytes of a file of the base tree, by its path relative to the root."""

_ENGINE = "repair"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairOptions:
    """What to search for and for how long."""

    targets: tuple[str, ...]
    """Test ids that must pass. Empty: every red test."""
    seconds: float = 60.0
    jobs: int = 2
    seed: int = 0
    max_candidates: int = 20
    tests: tuple[str, ...] = ()
    """Further pytest arguments: what to collect, options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairProgress:
    """How far the search is."""

    phase: str
    tried: int
    plausible: int
    best: str
    seconds: float


async def repair(
    sandbox: Sandbox,
    environment_python: str,
    options: RepairOptions,
    *,
    files: BaseReader,
    env: Mapping[str, str] | None = None,
    on_progress: Callable[[RepairProgress], None] | None = None,
) -> RepairReport:
    """
    Search for patches of the tree in `sandbox` that make the targets pass and break nothing that was measured.

    `environment_python` is the target's interpreter as the sandbox sees it. The candidates are validated in
    process only: prove the one you choose. Raises `SandboxDied` where the sandbox ends under the search.
    """

    def tell(said: ProgressJson) -> None:
        if on_progress is not None:
            on_progress(RepairProgress(**said))

    result = await sandbox.run(_command(environment_python, options, env or {}), ProgressLines(ProgressJson, tell))
    report = _parse(result)
    return to_report(report, files)


def _command(python: str, options: RepairOptions, env: Mapping[str, str]) -> Command:
    given: OptionsJson = {
        "root": WORK,
        "targets": list(options.targets),
        "tests": list(options.tests),
        "seconds": options.seconds,
        "jobs": options.jobs,
        "seed": options.seed,
        "max_candidates": options.max_candidates,
        "memory_bytes": MEMORY_PER_JOB,
        "result": result_path(_ENGINE),
    }
    return engine_command(_ENGINE, python, given, options.seconds, env)


def _parse(result: Result) -> ResultJson:
    raw = result.files.get(result_path(_ENGINE))
    if raw is not None:
        try:
            return Checked(ResultJson).read(raw)
        except ValidationError as problem:
            return _nothing(f"The engine's result cannot be read: {problem.error_count()} fields do not fit.", result)
    if result.timed_out:
        return _nothing("The search did not end within its time and was cut.", result)
    tail = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    reason = f": {tail[0]}" if tail else ""
    return _nothing(f"The engine ended without a result (exit code {result.exit_code}){reason}", result)


def _nothing(note: str, result: Result) -> ResultJson:
    return {
        "stopped": UNSUPPORTED,
        "note": note,
        "tried": 0,
        "seconds": result.seconds,
        "behaviours": 0,
        "candidates": [],
        "suspects": [],
        "differences": [],
        "failing": [],
        "unmeasured": [],
    }
