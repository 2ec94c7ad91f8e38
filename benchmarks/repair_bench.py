"""What the two repair benchmarks share: driving the product, or another tool, and reading what it found."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from benchmark_tools import last_line, plain_environment, run_bounded, scratch_folder
from pydantic import TypeAdapter

from regoose.domain.patch import FileEdit, Patch
from regoose.search.repair.result import to_report
from regoose_guest.repair.schema import ResultJson

SOURCE = Path(__file__).resolve().parent.parent / "src"
GRACE_SECONDS = 90
"""Beyond the search's own budget: set-up, proof and report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One failing repository to repair."""

    name: str
    tree: Path
    python: Path
    targets: tuple[str, ...] = ()
    """Tests to make pass; empty means every red one."""
    tests: tuple[str, ...] = ()
    """Arguments that make pytest find the tests; empty where it finds them by itself."""
    import_path: tuple[Path, ...] = ()
    seconds: float = 60
    jobs: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One surviving behaviour, by the patch that stands for it."""

    diff: str
    template: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a repair gave back; the first alternative is its first choice."""

    status: str
    alternatives: tuple[Alternative, ...] = ()
    behaviours: int = 0
    tried: int | None = None
    """Candidates run; None where the product does not say."""
    seconds: float = 0
    note: str = ""


Repairer = Callable[[Job], Outcome]


def repair_by_engine(job: Job) -> Outcome:
    """Run the search engine alone on the target's interpreter: no sandbox, no proof."""
    with scratch_folder() as scratch:
        result = scratch / "result.json"
        options = {
            "root": str(job.tree), "targets": list(job.targets), "tests": list(job.tests), "seconds": job.seconds,
            "jobs": job.jobs, "seed": 0, "max_candidates": 20, "memory_bytes": 512 << 20, "result": str(result),
        }  # fmt: skip
        (scratch / "options.json").write_text(json.dumps(options), encoding="utf-8")
        path = os.pathsep.join(map(str, (SOURCE, *job.import_path)))
        environment = plain_environment(scratch, {"PYTHONPATH": path})
        command = [str(job.python), "-m", "regoose_guest.repair", "--options", str(scratch / "options.json")]
        started = time.monotonic()
        _, errors = run_bounded(command, job.tree, environment, job.seconds + GRACE_SECONDS)
        seconds = time.monotonic() - started
        if not result.exists():
            return Outcome(status="error", seconds=seconds, note=last_line(errors))
        raw = TypeAdapter(ResultJson).validate_json(result.read_bytes())
        report = to_report(raw, lambda path: (job.tree / path).read_bytes())
    best: dict[int, Alternative] = {}
    for one in report.candidates:
        entry = Alternative(diff=one.patch.diff(), template=one.template, description=one.description)
        best.setdefault(one.behaviour, entry)
    return Outcome(
        status="plausible" if report.candidates else report.stopped,
        alternatives=tuple(best.values()),
        behaviours=report.behaviours,
        tried=report.tried,
        seconds=seconds,
        note=report.note,
    )


class CandidateDocument(TypedDict):
    """One alternative in the answer of `regoose fix --json`."""

    delivered: bool
    template: str
    description: str
    patch: str


class FixDocument(TypedDict, total=False):
    """The part of the answer of `regoose fix --json` that is read here."""

    status: str
    patch: str | None
    alternatives: list[CandidateDocument]
    error: dict[str, str]


def repair_by_cli(job: Job) -> Outcome:
    """Run `regoose fix` as a user would: sandbox, proof and report included."""
    with scratch_folder() as scratch:
        command = [sys.executable, "-m", "regoose", "fix", str(job.tree), "--json", "--budget", str(job.seconds)]
        command += ["--python", str(job.python), *(item for target in job.targets for item in ("--test", target))]
        environment = plain_environment(scratch, {"PYTHONPATH": str(SOURCE)})
        started = time.monotonic()
        output, errors = run_bounded(command, job.tree, environment, job.seconds * 2 + GRACE_SECONDS)
        seconds = time.monotonic() - started
    if not output.strip():
        return Outcome(status="error", seconds=seconds, note=last_line(errors))
    document = TypeAdapter(FixDocument).validate_json(output)
    if "error" in document:
        return Outcome(status="error", seconds=seconds, note=document["error"].get("message", ""))
    status, found = document.get("status", ""), document.get("alternatives", [])
    if not document.get("patch"):
        return Outcome(status=status, behaviours=len(found), seconds=seconds)
    order = sorted(found, key=lambda one: not one["delivered"])
    patches = [
        Alternative(diff=one["patch"], template=one["template"], description=one["description"]) for one in order
    ]
    return Outcome(status=status, alternatives=tuple(patches), behaviours=len(found), seconds=seconds)


class ToolPatch(TypedDict, total=False):
    """One patch in the answer of another tool."""

    kind: str
    files: dict[str, str]


class ToolAnswer(TypedDict):
    """What another tool writes to its `--json` file, best patch first."""

    status: str
    patches: list[ToolPatch]


def repair_by_tool(job: Job, command: str) -> Outcome:
    """Run another tool for comparison: `COMMAND --root … --python … --budget … --jobs … --json FILE`."""
    with scratch_folder() as scratch:
        answer = scratch / "answer.json"
        arguments = [*shlex.split(command), "--root", job.tree, "--python", job.python, "--budget", job.seconds]
        arguments += ["--jobs", job.jobs, "--json", answer]
        arguments += [item for target in job.targets for item in ("--target", target)]
        arguments += [item for place in job.import_path for item in ("--pythonpath", place)]
        arguments += ["--tests", *job.tests] if job.tests else []
        environment = plain_environment(scratch, {"TMPDIR": str(scratch)})
        started = time.monotonic()
        _, errors = run_bounded(list(map(str, arguments)), job.tree, environment, job.seconds * 2 + GRACE_SECONDS)
        seconds = time.monotonic() - started
        if not answer.exists():
            return Outcome(status="error", seconds=seconds, note=last_line(errors))
        raw = cast("ToolAnswer", json.loads(answer.read_text(encoding="utf-8")))
    found = [
        Alternative(diff=_diff_of_files(job.tree, patch["files"]), template=patch.get("kind", ""))
        for patch in raw["patches"]
        if "files" in patch
    ]
    return Outcome(status=raw["status"], alternatives=tuple(found[:8]), behaviours=len(found), seconds=seconds)


def _diff_of_files(tree: Path, files: Mapping[str, str]) -> str:
    edits = [FileEdit(path, (tree / path).read_text(encoding="utf-8"), text) for path, text in files.items()]
    return Patch(tuple(edits)).diff()


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the flags that both repair benchmarks take."""
    parser.add_argument("--seconds", type=float, default=60, help="time budget of one search")
    parser.add_argument("--jobs", type=int, default=2, help="candidates run at a time")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    parser.add_argument("--via", choices=["engine", "cli"], default="cli", help="`regoose fix`, or its engine alone")
    parser.add_argument("--baseline", metavar="COMMAND", help="run another tool instead, see repair_by_tool")


def choose_repairer(options: argparse.Namespace) -> Repairer:
    """Return the way to repair that the flags ask for."""
    if options.baseline:
        return lambda job: repair_by_tool(job, options.baseline)
    return repair_by_engine if options.via == "engine" else repair_by_cli
