"""Proofs on real sandboxes: each rule shown by a patch that keeps it and one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regoose.domain.evidence import Check, CheckStatus, CollectionError, Failure, Verdict
from regoose.domain.patch import FileEdit, Patch
from regoose.verify.flaky import Baseline, take_baseline
from regoose.verify.red_green import (
    COVERED,
    GREEN,
    NO_WORSE,
    RED,
    REVERT,
    Proof,
    ProofPlan,
    prove,
    reverse,
    wrong_reason,
)
from regoose.verify.suite import Suite
from regoose.verify.tamper import inspect_patch
from regoose.verify.verdict import judge

OpenSuite = Callable[..., Any]

SOURCE = """\
def clamp(x, low, high):
    if x < low:
        return low
    if x > high - 1:
        return high
    return x


def other():
    return 1
"""
TESTS = """\
import pytest
from lib import clamp, other

@pytest.mark.parametrize("x", [1, 9.5])
def test_clamp(x):
    assert clamp(x, 0, 10) == x

def test_low():
    assert clamp(-1, 0, 10) == 0

def test_other():
    assert other() == 1
"""
TARGET = "test_lib.py::test_clamp[9.5]"
PLAN = ProofPlan(repeats=3, seconds=60.0, test_seconds=5.0)


def edit(old: str, new: str, *, path: str = "lib.py", source: str = SOURCE) -> Patch:
    assert old in source
    return Patch((FileEdit(path, source, source.replace(old, new)),))


def status(proof: Proof) -> dict[str, CheckStatus]:
    return {check.name: check.status for check in proof.checks}


def check(proof: Proof, name: str) -> Check:
    return next(check for check in proof.checks if check.name == name)


async def proven(suite: Suite, patch: Patch, targets: list[str]) -> tuple[Proof, Baseline]:
    baseline = await take_baseline(suite, runs=2, seconds=60.0)
    return await prove(suite, patch, targets, baseline, plan=PLAN), baseline


async def test_the_right_patch_is_proven(open_suite: OpenSuite, target_python: Path) -> None:
    patch = edit("high - 1", "high")
    async with open_suite({"lib.py": SOURCE, "test_lib.py": TESTS}, target_python) as suite:
        proof, baseline = await proven(suite, patch, [TARGET])
    assert proof.holds
    assert set(status(proof).values()) == {CheckStatus.PASSED}
    evidence = judge(proof, inspect_patch(patch), baseline.report)
    assert evidence.verdict is Verdict.PROVEN
    assert evidence.summary.startswith("Proven: 1 test red on base for an assertion, green 3 times, 3 others no worse")
    assert (evidence.changed_lines, evidence.changed_lines_covered) == (1, 1)
    assert (evidence.before.failed, evidence.after.failed) == (1, 0)
    assert evidence.green == (TARGET,)


async def test_a_patch_that_does_not_help_is_not_green(open_suite: OpenSuite) -> None:
    async with open_suite({"lib.py": SOURCE, "test_lib.py": TESTS}) as suite:
        proof, _ = await proven(suite, edit("high - 1", "high - 2"), [TARGET])
    assert status(proof)[GREEN] is CheckStatus.FAILED
    assert status(proof)[NO_WORSE] is CheckStatus.NOT_RUN
    assert not proof.holds


async def test_a_patch_that_breaks_another_test_is_worse(open_suite: OpenSuite) -> None:
    async with open_suite({"lib.py": SOURCE, "test_lib.py": TESTS}) as suite:
        proof, _ = await proven(suite, edit("x > high - 1", "x > high or other() and x < 0"), [TARGET])
        patch = Patch(
            (FileEdit("lib.py", SOURCE, "def clamp(x, low, high):\n    return x\n\n\ndef other():\n    return 1\n"),)
        )
        broken, _ = await proven(suite, patch, [TARGET])
    assert status(proof)[NO_WORSE] is CheckStatus.PASSED
    assert status(broken)[NO_WORSE] is CheckStatus.FAILED
    assert [finding.rule for finding in check(broken, NO_WORSE).findings] == ["worse"]
    assert "test_lib.py::test_low was passed, is failed" in check(broken, NO_WORSE).findings[0].message


async def test_a_test_that_vanishes_is_worse(open_suite: OpenSuite) -> None:
    files = {"lib.py": "N = 3\nBAD = True\n", "test_lib.py": "import pytest, lib\n"
             "@pytest.mark.parametrize('i', range(lib.N))\ndef test_each(i): pass\n"
             "def test_bad(): assert not lib.BAD\n"}  # fmt: skip
    patch = edit("N = 3\nBAD = True", "N = 2\nBAD = False", source=files["lib.py"])
    async with open_suite(files) as suite:
        proof, _ = await proven(suite, patch, ["test_lib.py::test_bad"])
    assert status(proof)[GREEN] is CheckStatus.PASSED
    assert status(proof)[NO_WORSE] is CheckStatus.FAILED
    assert "test_each[2] was passed, is gone" in check(proof, NO_WORSE).summary


async def test_a_target_that_passes_or_does_not_exist_is_not_red(open_suite: OpenSuite) -> None:
    async with open_suite({"lib.py": SOURCE, "test_lib.py": TESTS}) as suite:
        proof, _ = await proven(suite, edit("high - 1", "high"), ["test_lib.py::test_low", "test_lib.py::test_gone"])
    assert status(proof)[RED] is CheckStatus.FAILED
    assert [finding.rule for finding in check(proof, RED).findings] == ["not-red", "not-collected"]
    assert status(proof)[REVERT] is CheckStatus.NOT_RUN


async def test_no_target_is_no_proof(open_suite: OpenSuite) -> None:
    async with open_suite({"lib.py": SOURCE, "test_lib.py": TESTS}) as suite:
        with pytest.raises(ValueError, match="at least one target"):
            await proven(suite, edit("high - 1", "high"), [])


async def test_an_import_error_is_no_proof_unless_it_is_the_bug(open_suite: OpenSuite) -> None:
    files = {
        "lib.py": "def (:\n",
        "test_lib.py": "def test_a():\n    import lib\n",
        "test_top.py": "import lib\ndef test_b():\n    assert lib.N == 1\n",
    }
    async with open_suite(files) as suite:
        fixed, _ = await proven(
            suite, edit("def (:", "N = 1", source=files["lib.py"]), ["test_lib.py::test_a", "test_top.py::test_b"]
        )
        other = Patch((FileEdit("new.py", None, "N = 1\n"),))
        unrelated, _ = await proven(suite, other, ["test_lib.py::test_a"])
    assert fixed.holds, fixed.checks
    assert status(unrelated)[RED] is CheckStatus.FAILED
    assert [finding.rule for finding in check(unrelated, RED).findings] == ["wrong-reason"]


async def test_an_endless_loop_is_a_bug_that_can_be_proven(open_suite: OpenSuite) -> None:
    source = "def count(n):\n    while n != 0:\n        n -= 2\n    return 'done'\n"
    files = {"lib.py": source, "test_lib.py": "import lib\ndef test_odd():\n    assert lib.count(3) == 'done'\n"}
    async with open_suite(files) as suite:
        plan = ProofPlan(repeats=2, seconds=60.0, test_seconds=1.0)
        baseline = Baseline(report=await suite.run(seconds=60.0, test_seconds=1.0))
        patch = edit("n != 0", "n > 0", source=source)
        proof = await prove(suite, patch, ["test_lib.py::test_odd"], baseline, plan=plan)
    assert proof.holds
    assert "TestTimeLimit" in check(proof, RED).summary


async def test_what_flips_without_a_change_is_quarantined_and_named(open_suite: OpenSuite) -> None:
    flaky = "import os\ndef test_flips():\n    assert int(os.environ['PYTHONHASHSEED']) % 2\ndef test_steady(): pass\n"
    files = {"lib.py": SOURCE, "test_lib.py": TESTS, "test_flaky.py": flaky}
    async with open_suite(files) as suite:
        baseline = await take_baseline(suite, runs=4, seed=1, seconds=60.0)
        on_target = await prove(suite, edit("high - 1", "high"), ["test_flaky.py::test_flips"], baseline, plan=PLAN)
        proof = await prove(suite, edit("high - 1", "high"), [TARGET], baseline, plan=PLAN)
    assert [flake.id for flake in baseline.flaky] == ["test_flaky.py::test_flips"]
    assert set(baseline.flaky[0].seen) == {"passed", "failed"}
    assert status(on_target)[RED] is CheckStatus.FAILED
    assert proof.holds
    assert "1 flaky set aside" in check(proof, NO_WORSE).summary


async def test_a_test_that_turns_out_to_flip_is_not_held_against_the_patch(open_suite: OpenSuite) -> None:
    order = "import os, lib\ndef test_seeded():\n    assert os.environ['PYTHONHASHSEED'] in '02468' and lib.CHANGED\n"
    source = SOURCE + "\n\nCHANGED = True\n"
    files = {
        "lib.py": source,
        "test_lib.py": TESTS,
        "test_order.py": order,
    }
    async with open_suite(files) as suite:
        baseline = Baseline(report=await suite.run(seconds=60.0))
        patch = Patch((FileEdit("lib.py", source, source.replace("high - 1", "high").replace("True", "False")),))
        proof = await prove(suite, patch, [TARGET], baseline, plan=PLAN)
    assert not baseline.flaky
    assert [flake.id for flake in proof.flaky] == ["test_order.py::test_seeded"]
    assert status(proof)[NO_WORSE] is CheckStatus.PASSED


async def test_lines_that_no_target_runs_are_named_and_do_not_block(open_suite: OpenSuite) -> None:
    source = SOURCE.replace("return 1", "return 2 - 1")
    patch = Patch((FileEdit("lib.py", source, SOURCE.replace("high - 1", "high")),))
    async with open_suite({"lib.py": source, "test_lib.py": TESTS}) as suite:
        proof, _ = await proven(suite, patch, [TARGET])
    assert proof.holds
    assert status(proof)[COVERED] is CheckStatus.FAILED
    assert [(finding.path, finding.line) for finding in check(proof, COVERED).findings] == [("lib.py", 10)]
    assert check(proof, COVERED).summary == "1 of 2 changed lines run by the target tests"


@pytest.mark.parametrize(
    ("failure", "right"),
    [
        (Failure("call", "AssertionError", "", "test_a.py", 1), True),
        (Failure("call", "AttributeError", "", "lib.py", 1), True),
        (Failure("call", "AttributeError", "", "test_a.py", 1), True),
        (Failure("call", "ImportError", "", "lib.py", 1, is_import=True), True),
        (Failure("call", "ImportError", "", "test_a.py", 1, is_import=True), False),
        (Failure("call", "NameError", "", "other.py", 1, is_import=True), False),
        (Failure("call", "ModuleNotFoundError", "No module named 'x'", "a.py", 1, is_import=True), False),
        (Failure("call", "socket.gaierror", "", "lib.py", 1), False),
        (Failure("call", "XPASS(strict)", "", "", 0), False),
        (Failure("setup", "KeyError", "", "lib.py", 1), True),
        (Failure("setup", "KeyError", "", "tests/conftest.py", 1), False),
        (Failure("setup", "Failed", "", "", 0), False),
        (CollectionError("test_a.py", "SyntaxError", "", "lib.py", 1), True),
        (CollectionError("test_a.py", "SyntaxError", "", "test_a.py", 1), False),
    ],
)
def test_reasons_for_which_a_target_may_be_red(failure: Failure | CollectionError, right: bool) -> None:  # noqa: FBT001 - a table
    assert (wrong_reason(failure, frozenset({"lib.py"})) == "") is right


def test_a_patch_taken_back_twice_is_the_patch() -> None:
    patch = Patch((FileEdit("a", None, "x"), FileEdit("b", "y", None), FileEdit("c", "1", "2")))
    assert reverse(reverse(patch)) == patch
    assert reverse(patch).edits[0] == FileEdit("a", "x", None)
