"""
Repair the QuixBugs programs and judge the repairs against the reference programs.

    python benchmarks/quixbugs.py CHECKOUT [--half design|other|all] [--program NAME…]

Each program becomes a git repository of its own: the buggy program, its published pytest file and its test data.
The first choice is right when the published tests pass and it agrees with the reference on generated inputs
(see quixbugs_inputs.py). The design half may be looked at and tuned on; the other half only measures, so it is
reported in totals alone unless a program is named.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict, cast

from benchmark_tools import (
    Table,
    commit_everything,
    patched_copy,
    plain_environment,
    progress,
    run_bounded,
    scratch_folder,
    spread,
    write_json,
)
from quixbugs_inputs import GENERATORS
from repair_bench import Job, Outcome, Repairer, add_common_options, choose_repairer

HERE = Path(__file__).resolve().parent
DESIGN = (
    "bucketsort", "depth_first_search", "detect_cycle", "find_first_in_sorted", "find_in_sorted", "get_factors",
    "is_valid_parenthesization", "levenshtein", "minimum_spanning_tree", "pascal", "powerset", "quicksort",
    "reverse_linked_list", "shortest_path_length", "shortest_paths", "sieve", "sqrt", "subsequences", "to_base", "wrap",
)  # fmt: skip
PUBLISHED = "published on the same 40 programs: a code model of 2022 repairs 23, a chat model of 2023 repairs 31"
JUDGED_ALTERNATIVES = 8
JUDGE_SECONDS = 180


class JudgementJson(TypedDict):
    """What quixbugs_judge.py prints."""

    compared: int
    difference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Result of one program."""

    program: str
    status: str
    template: str
    seconds: float
    tried: int | None
    behaviours: int
    first_right: bool
    any_right: bool
    difference: str
    diff: str


def lay_out(checkout: Path, program: str, tree: Path) -> None:
    """Write the repository of one buggy program."""
    for name in (
        "conftest.py",
        f"python_programs/{program}.py",
        f"python_testcases/test_{program}.py",
        "python_testcases/load_testdata.py",
        "python_testcases/node.py",
        f"json_testcases/{program}.json",
    ):
        if (checkout / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / name, tree / name)
    commit_everything(tree, f"Add {program} and its tests")


def passes_tests(tree: Path) -> bool:
    """Run the published tests of a repaired program."""
    with scratch_folder() as home:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=no"]
        environment = plain_environment(home, {"PYTHONPATH": str(tree)})
        try:
            run = subprocess.run(command, cwd=tree, env=environment, timeout=60, check=False, capture_output=True)
        except subprocess.TimeoutExpired:
            return False
        return run.returncode == 0


def difference_from_reference(checkout: Path, program: str, tree: Path) -> str | None:
    """Compare a repaired program with its reference; None where they agree."""
    repaired = tree / "python_programs" / f"{program}.py"
    reference = checkout / "correct_python_programs" / f"{program}.py"
    command = [sys.executable, str(HERE / "quixbugs_judge.py"), program, str(repaired), str(reference)]
    with scratch_folder() as home:
        output, errors = run_bounded(command, home, plain_environment(home, {}), JUDGE_SECONDS)
    if not output.strip():
        return f"the comparison did not end: {errors[-200:]}"
    judgement = cast("JudgementJson", json.loads(output))
    return judgement["difference"]


def judge(checkout: Path, program: str, tree: Path, diff: str) -> str | None:
    """Return what is wrong with a patch, None where nothing is."""
    with patched_copy(tree, diff) as patched:
        if patched is None:
            return "the patch does not apply"
        if not passes_tests(patched):
            return "the published tests fail"
        return difference_from_reference(checkout, program, patched)


def measure(checkout: Path, program: str, repairer: Repairer, options: argparse.Namespace) -> Row:
    """Repair one program and judge what came back."""
    with scratch_folder() as scratch:
        tree = scratch / program
        tree.mkdir()
        lay_out(checkout, program, tree)
        outcome: Outcome = repairer(
            Job(name=program, tree=tree, python=Path(sys.executable), seconds=options.seconds, jobs=options.jobs)
        )
        problems: list[str | None] = []
        for alternative in outcome.alternatives[:JUDGED_ALTERNATIVES]:
            problems.append(judge(checkout, program, tree, alternative.diff))
            if problems[-1] is None:
                break
    first = outcome.alternatives[0] if outcome.alternatives else None
    return Row(
        program=program,
        status=outcome.status,
        template=first.template if first else "",
        seconds=outcome.seconds,
        tried=outcome.tried,
        behaviours=outcome.behaviours,
        first_right=problems[:1] == [None],
        any_right=None in problems,
        difference=(problems[0] or "") if problems else outcome.note,
        diff=first.diff if first else "",
    )


def summary(rows: list[Row]) -> str:
    """Return the totals in words."""
    found = [row for row in rows if row.diff]
    return (
        f"{len(rows)} programs: {len(found)} with a patch that passes, {sum(row.first_right for row in rows)} right at "
        f"first choice, {sum(row.any_right for row in rows)} right among the alternatives; "
        f"{spread([row.seconds for row in rows])}\n"
        f"({PUBLISHED})"
    )


def table(rows: list[Row]) -> Table:
    """Lay the results out, one program a line."""
    result = Table(("program", "status", "template", "s", "candidates", "behaviours", "first right", "any right"))
    for row in rows:
        result.add(
            row.program,
            row.status,
            row.template,
            row.seconds,
            row.tried,
            row.behaviours,
            row.first_right,
            row.any_right,
        )
    return result


def chosen_programs(options: argparse.Namespace) -> list[str]:
    """Return the programs that the flags ask for."""
    if options.program:
        return list(options.program)
    halves = {"design": DESIGN, "other": tuple(sorted(set(GENERATORS) - set(DESIGN))), "all": tuple(sorted(GENERATORS))}
    return list(halves[options.half])


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Repair QuixBugs programs and judge the repairs.")
    parser.add_argument("checkout", type=Path, help="a checkout of QuixBugs")
    parser.add_argument("--half", choices=["design", "other", "all"], default="design")
    parser.add_argument("--program", nargs="+", choices=sorted(GENERATORS), help="these alone")
    parser.add_argument(
        "--differences", action="store_true", help="also show what is wrong with each wrong first choice"
    )
    add_common_options(parser)
    options = parser.parse_args()
    repairer = choose_repairer(options)
    rows: list[Row] = []
    for program in chosen_programs(options):
        rows.append(measure(options.checkout.resolve(), program, repairer, options))
        progress(f"{len(rows)}: {rows[-1].seconds:.1f} s")
    shown = [row for row in rows if options.program or row.program in DESIGN]
    if shown:
        print(table(shown).markdown())
    for row in shown if options.differences else []:
        if not row.first_right:
            print(f"\n{row.program}: {row.difference}\n{row.diff}")
    print(f"\n{summary(rows)}")
    write_json(options.json, [asdict(row) for row in rows if row in shown] or [{"programs": len(rows)}])
    return 0


if __name__ == "__main__":
    sys.exit(main())
