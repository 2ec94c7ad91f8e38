"""The judge of generated tests, on a module whose mutants are known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from guest_mutants import Answer, MutantJson, Spec
from testgen import Row, below, table
from testgen_judge import Judged, covered_places, unsound
from testgen_tools import Written

HERE = Path(__file__).resolve().parents[2] / "benchmarks"
SOURCE = "def larger(a, b):\n    if a > b:\n        return a\n    return b\n"


def _run(place: Path, tests: str, mutants: list[str], deselect: list[str]) -> Answer:
    (place / "tree").mkdir()
    (place / "tests").mkdir()
    (place / "tree" / "sizes.py").write_text(SOURCE, encoding="utf-8")
    (place / "tests" / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (place / "tests" / "test_sizes.py").write_text(tests, encoding="utf-8")
    rows: list[MutantJson] = [{"line": 1, "column": 0, "operator": "any", "source": text} for text in mutants]
    spec: Spec = {
        "module": "sizes", "file": str(place / "tree" / "sizes.py"), "tests": str(place / "tests"),
        "tree": str(place / "tree"), "deselect": deselect, "mutants": rows, "jobs": 2,
        "result": str(place / "answer.json"),
    }  # fmt: skip
    (place / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    environment = {"PYTHONPATH": str(place / "tree"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, str(HERE / "guest_mutants.py"), str(place / "spec.json")]
    subprocess.run(command, env=environment, cwd=place, check=True, timeout=250)
    answer: Answer = json.loads((place / "answer.json").read_text(encoding="utf-8"))
    return answer


def test_mutants_reach_tests_that_take_names_from_the_module(tmp_path: Path) -> None:
    tests = (
        "from sizes import larger\n\n\ndef test_larger():\n    assert larger(2, 1) == 2\n    assert larger(1, 2) == 2\n"
    )
    mutants = [
        SOURCE.replace("a > b", "a < b"),
        SOURCE.replace("a > b", "a >= b"),
        SOURCE.replace("    if", "    while a: pass\n    if"),
        SOURCE + "raise RuntimeError\n",
    ]

    answer = _run(tmp_path, tests, mutants, [])

    assert answer["statuses"] == ["killed", "survived", "timeout", "killed"]


def test_a_deselected_test_kills_nothing(tmp_path: Path) -> None:
    tests = (
        "import sizes\n\n\ndef test_red():\n    assert sizes.larger(2, 1) == 1\n\n\ndef test_green():\n    assert 1\n"
    )

    answer = _run(tmp_path, tests, [SOURCE.replace("a > b", "a < b")], ["test_sizes.py::test_red"])

    assert (answer["baseline"], answer["statuses"]) == (0, ["survived"])


def test_no_mutant_is_run_where_the_tests_are_red_without(tmp_path: Path) -> None:
    answer = _run(tmp_path, "def test_red():\n    assert 0\n", [SOURCE], [])

    assert (answer["baseline"], answer["statuses"]) == (1, [])


def test_red_is_always_failed_and_flaky_is_now_and_then() -> None:
    runs = [
        {"always": "failed", "sometimes": "failed", "gone": "passed", "fine": "passed", "skipped": "skipped"},
        {"always": "failed", "sometimes": "passed", "fine": "passed", "skipped": "skipped"},
    ]

    assert unsound(runs) == (["always"], ["gone", "sometimes"])


@pytest.mark.parametrize(
    ("executed", "expected"),
    [([1], {1}), ([1, 2], {1, 2, 3, 4, 5}), ([1, 2, 5], {1, 2, 3, 4, 5}), ([1, 2, 3], {1, 2, 3, 4, 5})],
)
def test_a_line_within_a_statement_is_covered_with_it(executed: list[int], expected: set[int]) -> None:
    source = "def f(x):\n    return g(\n        x,\n        1,\n    )\n"

    assert covered_places(source, executed) - {6} == expected


def _row(tool: str, branch: int, killed: int) -> Row:
    written = Written(files={}, seconds=10.0 * branch)
    judged = Judged(
        tests=3, red=(), flaky=(), covered=branch, branches=10, missing=(), killed=killed, mutants=10, alive=()
    )
    return Row(module="m", tool=tool, load=0.0, written=written, judged=judged)


def test_the_table_has_medians_and_says_where_the_other_tool_is_better() -> None:
    rows = {
        ("a", "product"): _row("product", 10, 5),
        ("a", "pynguin"): _row("pynguin", 9, 6),
        ("b", "product"): _row("product", 8, 8),
        ("b", "pynguin"): Row(module="b", tool="pynguin", load=0.0, written=_row("pynguin", 1, 1).written, judged=None),
    }

    text = table(["a", "b"], rows, ["product", "pynguin"]).markdown()

    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    assert cells[-2] == ["**median**", "90.0", "65.0", "3.0", "90.0", "0 of 2", "90.0", "60.0", "3.0", "90.0", "0 of 1"]
    assert below(["a", "b"], rows, "product") == ["a: mutants 50.0 % against Pynguin's 60.0 %"]
