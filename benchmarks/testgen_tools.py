"""Three ways to have tests written for a module: the product by its command, its engine alone, and Pynguin."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from benchmark_tools import last_line, plain_environment, run_bounded, scratch_folder
from testgen_subjects import Subject

from regoose_guest.testgen.schema import OptionsJson, ResultJson

SOURCE = Path(__file__).resolve().parent.parent / "src"
SEED = 42
PYNGUIN_SEARCH_SECONDS = 60
PYNGUIN_LIMIT_SECONDS = 900
"""Its assertion generation may take many times its search."""
GRACE_SECONDS = 180
"""Beyond the product's own budget: set-up, proof and report."""
MEMORY_BYTES = 512 << 20
"""For each process of the engine, as the product gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What to write tests for, and with how much."""

    subject: Subject
    module: str
    seconds: float
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a tool gave back: test files by name, and what it says of them."""

    files: Mapping[str, str]
    seconds: float
    """Wall clock of the whole command."""
    status: str = ""
    note: str = ""
    claims: Mapping[str, object] | None = None
    """Coverage and mutation as the product itself reports them, to be compared with the judge's figures."""


Writer = Callable[[Work], Written]


class FileJson(TypedDict):
    """A file of tests in the product's answer."""

    path: str
    tests: int


class AnswerJson(TypedDict):
    """The part of `regoose test --json` that is read here."""

    status: str
    files: list[FileJson]
    branch_coverage: NotRequired[dict[str, float]]
    mutation: NotRequired[dict[str, int]]
    dropped: NotRequired[dict[str, int]]
    notes: NotRequired[list[str]]
    error: NotRequired[dict[str, str]]


def test_name(module: str) -> str:
    """Return the name of a module's test file."""
    return f"test_{module.replace('.', '_')}.py"


def by_command(work: Work) -> Written:
    """Run `regoose test` in a fresh clone, as a user would."""
    with scratch_folder() as scratch:
        clone = scratch / "clone"
        command = ["git", "clone", "--quiet", str(work.subject.tree), str(clone)]
        subprocess.run(command, check=True)
        python = work.subject.python("product")
        arguments = [sys.executable, "-m", "regoose", "test", str(work.subject.file_of(work.module))]
        arguments += ["--json", "--fresh", "--apply", "--budget", str(work.seconds), "--python", str(python)]
        environment = plain_environment(scratch, {"REGOOSE_STATE_DIR": str(scratch / "state")})
        started = time.monotonic()
        output, errors = run_bounded(arguments, clone, environment, work.seconds + GRACE_SECONDS)
        seconds = time.monotonic() - started
        if not output.strip():
            return Written(files={}, seconds=seconds, status="crashed", note=errors[-2000:])
        answer = cast("AnswerJson", json.loads(output))
        if "error" in answer:
            return Written(files={}, seconds=seconds, status="error", note=json.dumps(answer["error"]))
        files = {
            Path(entry["path"]).name: (clone / entry["path"]).read_text(encoding="utf-8") for entry in answer["files"]
        }
    claims = {key: answer.get(key) for key in ("branch_coverage", "mutation", "dropped")}
    note = "; ".join(answer.get("notes", []))
    return Written(files=files, seconds=seconds, status=answer["status"], note=note, claims=claims)


def by_engine(work: Work) -> Written:
    """Run the search engine alone on the subject's interpreter: no sandbox, no judging of its draft."""
    with scratch_folder() as scratch:
        tree, result = scratch / "tree", scratch / "result.json"
        shutil.copytree(work.subject.tree, tree, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        options: OptionsJson = {
            "root": str(tree),
            "path": str(work.subject.file_of(work.module)),
            "module": work.module,
            "only": [],
            "lines": [],
            "existing": [],
            "seconds": work.seconds,
            "jobs": work.jobs,
            "seed": SEED,
            "memory_bytes": MEMORY_BYTES,
            "style": {"line_length": 88, "quotes": '"', "classes": False, "own": [work.module.partition(".")[0]]},
            "result": str(result),
        }
        place = scratch / "options.json"
        place.write_text(json.dumps(options), encoding="utf-8")
        command = [str(work.subject.python("product")), "-m", "regoose_guest.testgen", "--options", str(place)]
        environment = plain_environment(scratch, {"PYTHONPATH": f"{SOURCE}{os.pathsep}{tree}"})
        started = time.monotonic()
        _, errors = run_bounded(command, tree, environment, work.seconds + GRACE_SECONDS)
        seconds = time.monotonic() - started
        if not result.exists():
            return Written(files={}, seconds=seconds, status="crashed", note=errors[-2000:])
        found = cast("ResultJson", json.loads(result.read_text(encoding="utf-8")))
    return _named(work, found["text"], seconds, found["note"])


def by_pynguin(work: Work) -> Written:
    """Run Pynguin with its default algorithm; its search stops after a minute whatever `seconds` says."""
    python = work.subject.python("pynguin")
    if not python.with_name("pynguin").exists():
        return Written(files={}, seconds=0.0, status="unavailable", note="cannot be installed on Pynguin's Python")
    with scratch_folder() as scratch:
        command: Sequence[str] = [
            str(python.with_name("pynguin")), "--project-path", str(work.subject.tree), "--module-name", work.module,
            "--output-path", str(scratch / "out"), "--maximum-search-time", str(PYNGUIN_SEARCH_SECONDS),
            "--seed", str(SEED),
        ]  # fmt: skip
        environment = plain_environment(scratch, {"PYNGUIN_DANGER_AWARE": "1", "TMPDIR": str(scratch)})
        started = time.monotonic()
        output, errors = run_bounded(command, scratch, environment, PYNGUIN_LIMIT_SECONDS)
        seconds = time.monotonic() - started
        found = sorted((scratch / "out").glob("test_*.py"))
        files = {path.name: path.read_text(encoding="utf-8") for path in found}
    if not files:
        return Written(files={}, seconds=seconds, status="crashed", note=last_line(errors) or last_line(output))
    return Written(files=files, seconds=seconds, status="written")


def _named(work: Work, text: str, seconds: float, note: str) -> Written:
    if not text.strip():
        return Written(files={}, seconds=seconds, status="nothing", note=note)
    return Written(files={test_name(work.module): text}, seconds=seconds, status="written", note=note)
