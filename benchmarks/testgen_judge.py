"""
Judge generated test files, whoever wrote them, without anything of the product.

Plain pytest, five times in random order with different hash seeds; what is red or flaky is named and left out of the
rest. Branches by coverage.py; mutants by cosmic-ray's operators, each run with all tests of the file.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from benchmark_tools import plain_environment, run_bounded, scratch_folder
from guest_mutants import Answer, MutantJson, Spec
from testgen_subjects import Judges, Subject

HERE = Path(__file__).resolve().parent
REPEATS = 5
MUTANTS = 120
SEED = 7
RUN_SECONDS = 300
MUTATION_SECONDS = 3600


class SampleJson(TypedDict):
    """What cosmic_sample.py writes."""

    places: int
    mutants: list[MutantJson]


class SummaryJson(TypedDict):
    """A file's figures in a report of coverage.py."""

    num_branches: int
    covered_branches: int
    num_statements: int
    covered_lines: int


class FileJson(TypedDict):
    """A file in a report of coverage.py."""

    executed_lines: list[int]
    missing_branches: list[list[int]]
    summary: SummaryJson


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the files are worth."""

    tests: int
    red: tuple[str, ...]
    """Tests, or files that cannot be collected, that failed every time."""
    flaky: tuple[str, ...]
    covered: int
    branches: int
    """Branches; statements where the module has no branch."""
    missing: tuple[str, ...]
    killed: int
    mutants: int
    alive: tuple[str, ...]
    """`line:column operator (why)` of each mutant that lives."""
    note: str = ""

    @property
    def branch(self) -> float:
        """Return the branch coverage in percent."""
        return 100.0 * self.covered / self.branches if self.branches else 0.0

    @property
    def mutation(self) -> float:
        """Return the mutation score in percent."""
        return 100.0 * self.killed / self.mutants if self.mutants else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where one set of files is judged: a scratch folder that pytest sees as a project of tests alone."""

    subject: Subject
    module: str
    use: str
    """Whose interpreter: `product` or `pynguin`."""
    judges: Judges
    scratch: Path
    jobs: int

    @property
    def tests(self) -> Path:
        """Return the folder of the test files."""
        return self.scratch / "tests"

    @property
    def source(self) -> Path:
        """Return the file of the module under test."""
        return self.subject.tree / self.subject.file_of(self.module)

    def environment(self, extra: Mapping[str, str], *paths: Path) -> dict[str, str]:
        """Return the environment of a run: the subject's source on the import path, and no plugin but ours."""
        search = os.pathsep.join(map(str, [self.subject.tree, *paths]))
        return plain_environment(
            self.scratch, {"PYTHONPATH": search, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(self.scratch)}
        ) | dict(extra)

    def lay_out(self, files: Mapping[str, str]) -> None:
        """Write the test files and our plugins."""
        self.tests.mkdir()
        (self.tests / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        for name, text in files.items():
            (self.tests / name).write_text(text, encoding="utf-8")
        (self.scratch / "plugins").mkdir()
        for plugin in ("outcome_plugin.py", "shuffle_plugin.py"):
            shutil.copy(HERE / plugin, self.scratch / "plugins")


def outcomes(bench: Bench, seed: int) -> dict[str, str]:
    """Run all tests once in the order of a seed; how each ended, empty where pytest itself did not end."""
    result = bench.scratch / f"outcomes-{seed}.json"
    command = [str(bench.subject.python(bench.use)), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no"]
    command += ["-p", "outcome_plugin", "-p", "shuffle_plugin", "--continue-on-collection-errors"]
    extra = {"OUTCOMES": str(result), "SHUFFLE": str(seed), "PYTHONHASHSEED": str(seed * 1009)}
    environment = bench.environment(extra, bench.scratch / "plugins")
    run_bounded(command, bench.tests, environment, RUN_SECONDS)
    if not result.exists():
        return {}
    found = cast("dict[str, list[str]]", json.loads(result.read_text(encoding="utf-8")))
    return {test: outcome for test, (outcome, _) in found.items()}


def unsound(runs: list[dict[str, str]]) -> tuple[list[str], list[str]]:
    """Return the tests that are always red, and those that are so or missing in some runs only."""
    red: list[str] = []
    flaky: list[str] = []
    for test in sorted(set[str]().union(*runs)):
        ends = {run.get(test, "missing") for run in runs}
        if ends == {"failed"}:
            red.append(test)
        elif len(ends) > 1:
            flaky.append(test)
    return red, flaky


def measure_coverage(bench: Bench, deselect: Iterable[str]) -> FileJson | None:
    """Measure the module's branches with coverage.py; None where no test imports it."""
    data, report = bench.scratch / "coverage.data", bench.scratch / "coverage.json"
    python = str(bench.subject.python(bench.use))
    environment = bench.environment({}, bench.judges.coverage(bench.use))
    command = [python, "-m", "coverage", "run", "--branch", f"--include={bench.source}", f"--data-file={data}"]
    command += ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no"]
    command += [item for test in deselect for item in ("--deselect", test)]
    run_bounded(command, bench.tests, environment, RUN_SECONDS)
    command = [python, "-m", "coverage", "json", "-q", f"--data-file={data}", "-o", str(report)]
    run_bounded(command, bench.tests, environment, RUN_SECONDS)
    if not report.exists():
        return None
    files = cast("dict[str, dict[str, FileJson]]", json.loads(report.read_text(encoding="utf-8")))["files"]
    return next(iter(files.values()), None)


def sample_mutants(subject: Subject, module: str, judges: Judges) -> SampleJson:
    """Return the module's mutants, made once."""
    place = judges.home / "mutants" / f"{module}.json"
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        fresh = place.with_suffix(".new")
        arguments = [str(subject.tree / subject.file_of(module)), str(fresh), str(MUTANTS), str(SEED)]
        subprocess.run([str(judges.sampler), str(HERE / "cosmic_sample.py"), *arguments], check=True)
        fresh.rename(place)
    return cast("SampleJson", json.loads(place.read_text(encoding="utf-8")))


def run_mutants(bench: Bench, mutants: list[MutantJson], deselect: list[str]) -> Answer | None:
    """Run mutants on the subject's interpreter; None where the run itself did not end."""
    result, place = bench.scratch / "mutants.json", bench.scratch / "spec.json"
    spec: Spec = {
        "module": bench.module, "file": str(bench.source), "tests": str(bench.tests), "tree": str(bench.subject.tree),
        "deselect": deselect, "mutants": mutants, "jobs": bench.jobs, "result": str(result),
    }  # fmt: skip
    place.write_text(json.dumps(spec), encoding="utf-8")
    command = [str(bench.subject.python(bench.use)), str(HERE / "guest_mutants.py"), str(place)]
    run_bounded(command, bench.scratch, bench.environment({"PYTHONSAFEPATH": "1"}), MUTATION_SECONDS)
    return cast("Answer", json.loads(result.read_text(encoding="utf-8"))) if result.exists() else None


def covered_places(source: str, executed: Iterable[int]) -> set[int]:
    """Return the lines that belong to a statement of which some line ran; a report names only first lines."""
    ran = set(executed)
    spans: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            inner = node.pattern if isinstance(node, ast.match_case) else node
            last = node.body[-1].end_lineno if isinstance(node, ast.match_case) else node.end_lineno
            decorators = cast("list[ast.expr]", getattr(node, "decorator_list", []))
            spans.append((min([inner.lineno, *(one.lineno for one in decorators)]), last or inner.lineno))
    covered: set[int] = set()
    for line in range(1, source.count("\n") + 2):
        around = [span for span in spans if span[0] <= line <= span[1]]
        first, last = max(around, key=lambda span: (span[0], -span[1]), default=(line, line))
        if ran.intersection(range(first, last + 1)) or not around:
            covered.add(line)
    return covered


def judge(bench: Bench, files: Mapping[str, str]) -> Judged:
    """Judge the files."""
    sample = sample_mutants(bench.subject, bench.module, bench.judges)["mutants"]
    bench.lay_out(files)
    runs = [outcomes(bench, seed) for seed in range(1, REPEATS + 1)] if files else []
    red, flaky = unsound(runs)
    report, reached, answer = _measure(bench, sample, runs)
    if answer and answer["baseline"] and not answer["statuses"]:  # a test that is flaky only seldom
        runs += [outcomes(bench, seed) for seed in range(REPEATS + 1, 4 * REPEATS + 1)]
        red, flaky = unsound(runs)
        report, reached, answer = _measure(bench, sample, runs)
    if report is None:
        why = (
            "no file" if not files else "no test that stays green" if not _good(runs) else "the module is not imported"
        )
        return _worthless(sample, red, flaky, why)
    summary = report["summary"]
    statuses = dict(zip(reached, answer["statuses"], strict=True)) if answer and answer["statuses"] else {}
    alive = {number: statuses.get(number, "not covered") for number in range(len(sample))}
    alive = {number: status for number, status in alive.items() if status in {"survived", "not covered"}}
    has_branches = summary["num_branches"] > 0
    return Judged(
        tests=len(_good(runs)),
        red=tuple(red),
        flaky=tuple(flaky),
        covered=summary["covered_branches"] if has_branches else summary["covered_lines"],
        branches=summary["num_branches"] if has_branches else summary["num_statements"],
        missing=tuple(f"{start}->{end}" for start, end in report["missing_branches"]),
        killed=len(sample) - len(alive),
        mutants=len(sample),
        alive=tuple(_place(sample[number], status) for number, status in alive.items()),
        note="" if statuses or not reached else "the mutants could not be run",
    )


def _good(runs: list[dict[str, str]]) -> list[str]:
    red, flaky = unsound(runs)
    return sorted(set[str]().union(*runs) - {*red, *flaky})


def _measure(
    bench: Bench, sample: list[MutantJson], runs: list[dict[str, str]]
) -> tuple[FileJson | None, list[int], Answer | None]:
    """Return the coverage report, the numbers of the mutants on lines that ran, and what became of those."""
    red, flaky = unsound(runs)
    report = measure_coverage(bench, [*red, *flaky]) if _good(runs) else None
    if report is None:
        return None, [], None
    lines = covered_places(bench.source.read_text(encoding="utf-8"), report["executed_lines"])
    reached = [number for number, mutant in enumerate(sample) if mutant["line"] in lines]
    return report, reached, run_mutants(bench, [sample[number] for number in reached], [*red, *flaky])


def _worthless(sample: list[MutantJson], red: list[str], flaky: list[str], why: str) -> Judged:
    return Judged(
        tests=0, red=tuple(red), flaky=tuple(flaky), covered=0, branches=1, missing=(), killed=0, mutants=len(sample),
        alive=tuple(_place(mutant, "not covered") for mutant in sample), note=why,
    )  # fmt: skip


def _place(mutant: MutantJson, status: str) -> str:
    return f"{mutant['line']}:{mutant['column']} {mutant['operator']} ({status})"


def judge_files(subject: Subject, module: str, use: str, files: Mapping[str, str], judges: Judges, jobs: int) -> Judged:
    """Judge in a scratch folder."""
    with scratch_folder() as scratch:
        bench = Bench(subject=subject, module=module, use=use, judges=judges, scratch=scratch, jobs=jobs)
        return judge(bench, files)
