"""
Repair real bugs of real libraries and compare the repairs with the maintainers' fixes.

    python benchmarks/real_bugs.py design|measure --mirrors FOLDER --data FOLDER [--bug NAME…]

A bug is a commit of a library's history that repaired it and came with a test (corpora/*.toml; found by
mine_bugs.py). The failing repository is the parent commit with the fix's tests. A patch counts as equal to the
maintainers' fix when the whole test suite passes and a differential run of the changed functions agrees: on the
inputs that the tests use and on variations of them (replay_plugin.py). The bugs of `measure` are for measuring
alone; their patches are not shown.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import textwrap
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict, cast

from benchmark_tools import (
    Table,
    patched_copy,
    plain_environment,
    progress,
    run_bounded,
    scratch_folder,
    spread,
    write_json,
)
from bug_corpus import BugEntry, FailingRepository, lay_out, load_manifest
from library_history import CORPORA, package_path, run_tests
from repair_bench import Job, Outcome, Repairer, add_common_options, choose_repairer

EQUAL = "equal"
NOT_JUDGED = "not judged"
JUDGED_ALTERNATIVES = 8
REPLAY_SECONDS = 200


class ReplayJson(TypedDict):
    """What replay_plugin.py writes."""

    compared: int
    difference: str | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Result of one bug."""

    bug: str
    status: str
    template: str
    seconds: float
    tried: int | None
    behaviours: int
    first: str
    """`equal`, `differs on …`, `not judged: …`, or empty where no patch was found."""
    best: str
    """The same for the alternative that came closest."""
    note: str
    diff: str


def same_code(one: str, other: str) -> bool:
    """Tell whether two texts are the same program, layout and comments aside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old code, new warnings
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def changed_files(fixed: Path, patched: Path, diffs: list[str]) -> list[dict[str, str]]:
    """Return path and both texts of the files that two versions of a tree have differently."""
    paths = {
        line[len("+++ b/") :].rstrip("\t") for diff in diffs for line in diff.splitlines() if line.startswith("+++ b/")
    }
    changes: list[dict[str, str]] = []
    for path in sorted(paths):
        one, other = ((tree / path).read_text(encoding="utf-8") for tree in (fixed, patched))
        if not same_code(one, other):
            changes.append({"path": path, "fixed": one, "patched": other})
    return changes


def touched_tests(bug: BugEntry, tree: Path) -> list[str]:
    """Return the test files that the fix changed: enough to see what the changed functions are given."""
    files = [path for path in bug.test_files if path.endswith(".py") and (tree / path).exists()]
    return files or list(bug.library.tests)


def replay(failing: FailingRepository, fixed: Path, changes: list[dict[str, str]]) -> str:
    """Compare the changed functions of two versions on the calls of the tests and on variations."""
    with scratch_folder() as scratch:
        result = scratch / "result.json"
        options = {"root": str(fixed), "changes": changes, "red": failing.bug.red, "result": str(result), "seed": 0}
        (scratch / "options.json").write_text(json.dumps(options), encoding="utf-8")
        environment = plain_environment(
            scratch, {"PYTHONPATH": package_path(fixed), "REPLAY": str(scratch / "options.json")}
        )
        command = [
            str(failing.python), "-m", "pytest", "-q", "-p", "replay_plugin", "-p", "no:cacheprovider", "--tb=no",
            "--continue-on-collection-errors", *touched_tests(failing.bug, fixed),
        ]  # fmt: skip
        output, errors = run_bounded(command, fixed, environment, REPLAY_SECONDS)
        if not result.exists():
            return f"{NOT_JUDGED}: {(output + errors)[-200:]}"
        answer = cast("ReplayJson", json.loads(result.read_text(encoding="utf-8")))
    if answer["problem"]:
        return f"{NOT_JUDGED}: {answer['problem']}"
    if answer["difference"]:
        return f"differs on {answer['difference']}"
    return EQUAL if answer["compared"] else f"{NOT_JUDGED}: no call could be replayed"


def red_twice(failing: FailingRepository, tree: Path) -> set[str] | None:
    """Return tests that are red in two runs of the suite (a busy machine upsets timed tests); None without an end."""
    found: set[str] | None = None
    for _ in range(2):
        outcomes = run_tests(tree, failing.python, failing.bug.library.tests)
        if outcomes is None:
            return None
        red = {test for test, (outcome, _) in outcomes.items() if outcome == "failed"}
        found = red if found is None else found & red
        if len(found) <= failing.bug.red_either_way:
            break
    return found


def judge(failing: FailingRepository, diff: str) -> str:
    """Say how a patch compares with the maintainers' fix."""
    with patched_copy(failing.tree, diff) as patched, patched_copy(failing.tree, failing.fix) as fixed:
        if patched is None or fixed is None:
            return f"{NOT_JUDGED}: a patch does not apply"
        try:
            changes = changed_files(fixed, patched, [diff, failing.fix])
        except (OSError, SyntaxError) as problem:
            return f"{NOT_JUDGED}: {problem}"
        if not changes:
            return EQUAL
        red = red_twice(failing, patched)
        if red is None:
            return "fails: the test suite does not end"
        if red & set(failing.bug.red) or len(red) > failing.bug.red_either_way:
            return f"fails: {len(red)} tests are red with it, {min(red)}"
        return replay(failing, fixed, changes)


def measure(failing: FailingRepository, repairer: Repairer, options: argparse.Namespace) -> Row:
    """Repair one bug and judge what came back."""
    bug = failing.bug
    job = Job(
        name=bug.name,
        tree=failing.tree,
        python=failing.python,
        targets=bug.red,
        tests=bug.library.tests,
        import_path=failing.import_path,
        seconds=options.seconds,
        jobs=options.jobs,
    )
    outcome: Outcome = repairer(job)
    subprocess.run(["git", "clean", "-q", "-fdx"], cwd=failing.tree, check=False)
    judged: list[str] = []
    for alternative in outcome.alternatives[:JUDGED_ALTERNATIVES]:
        judged.append(judge(failing, alternative.diff))
        if judged[-1] == EQUAL:
            break
    first = outcome.alternatives[0] if outcome.alternatives else None
    return Row(
        bug=bug.name,
        status=outcome.status,
        template=first.template if first else "",
        seconds=outcome.seconds,
        tried=outcome.tried,
        behaviours=outcome.behaviours,
        first=judged[0] if judged else "",
        best=EQUAL if EQUAL in judged else (judged[0] if judged else ""),
        note=outcome.note,
        diff=first.diff if first else "",
    )


def table(rows: list[Row]) -> Table:
    """Lay the results out, one bug a line."""
    result = Table(("bug", "status", "template", "s", "candidates", "behaviours", "first choice", "alternatives"))
    for row in rows:
        best = EQUAL if row.best == EQUAL else ("none equal" if row.first else "")
        first = textwrap.shorten(row.first, 90, placeholder=" …")
        result.add(row.bug, row.status, row.template, row.seconds, row.tried, row.behaviours, first, best)
    return result


def summary(rows: list[Row]) -> str:
    """Return the totals in words."""
    found = [row for row in rows if row.first]
    first = sum(row.first == EQUAL for row in rows)
    return (
        f"{len(rows)} bugs: {len(found)} with a patch that passes, {first} whose first choice "
        f"equals the maintainers' fix, {sum(row.best == EQUAL for row in rows)} that have it among the "
        f"alternatives, {sum(row.first.startswith(NOT_JUDGED) for row in rows)} not judged; "
        f"{spread([row.seconds for row in rows])}"
    )


def show_difference(row: Row, failing: FailingRepository) -> None:
    """Print the first choice and the maintainers' fix of a bug of the design corpus."""
    print(f"\n## {row.bug}: {row.first or row.note}\n\n```diff\n{row.diff}```")
    print(f"\nThe maintainers:\n\n```diff\n{failing.fix}```")


def chosen_bugs(options: argparse.Namespace) -> list[BugEntry]:
    """Return the bugs that the flags ask for."""
    bugs = list(load_manifest(CORPORA / f"{options.corpus}.toml"))
    if not options.bug:
        return bugs
    names = [bug.name for bug in bugs]
    for name in options.bug:
        if name not in names:
            raise SystemExit(f"no bug {name!r} in {options.corpus}; its bugs are {', '.join(names)}")
    return [bug for bug in bugs if bug.name in options.bug]


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Repair real bugs and compare with the maintainers' fixes.")
    parser.add_argument("corpus", choices=["design", "measure"])
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of bare git directories")
    parser.add_argument("--data", type=Path, required=True, help="folder for repositories and virtual environments")
    parser.add_argument("--bug", nargs="+", help="these alone")
    parser.add_argument("--lay-out", action="store_true", help="write the failing repositories and stop")
    parser.add_argument("--differences", action="store_true", help="also show patches that differ (design alone)")
    add_common_options(parser)
    options = parser.parse_args()
    failing = [lay_out(bug, options.mirrors, options.data.resolve(), options.corpus) for bug in chosen_bugs(options)]
    if options.lay_out:
        return 0
    repairer = choose_repairer(options)
    rows: list[Row] = []
    for one in failing:
        rows.append(measure(one, repairer, options))
        progress(f"{len(rows)} of {len(failing)}: {rows[-1].seconds:.1f} s")
        write_json(options.json, [asdict(row) for row in rows])
    print(table(rows).markdown())
    print(f"\n{summary(rows)}")
    if options.differences and options.corpus == "design":
        for row, one in zip(rows, failing, strict=True):
            if row.first != EQUAL:
                show_difference(row, one)
    return 0


if __name__ == "__main__":
    sys.exit(main())
