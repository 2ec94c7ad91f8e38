from __future__ import annotations

from dataclasses import replace

import pytest

from regoose.domain.evidence import CaseResult, CollectionError, Failure, Outcome, SuiteReport
from regoose.errors import CollectionFailed, EnvironmentUnavailable, NothingToFix, UsageError
from regoose.verify.flaky import Baseline, Flake
from regoose.workflows.targets import choose_targets

WRONG = Failure("call", "AssertionError", "1 != 2", "tests/test_a.py", 3)
NO_MODULE = Failure("call", "ModuleNotFoundError", "No module named 'numpy'", "tests/test_a.py", 3)


def baseline(*cases: tuple[str, Failure | None], flaky: tuple[str, ...] = ()) -> Baseline:
    results = tuple(
        CaseResult(name, Outcome.FAILED if failure else Outcome.PASSED, 0.0, failure) for name, failure in cases
    )
    report = SuiteReport(cases=results, collected=tuple(name for name, _ in cases), exit_code=1, seconds=0.0)
    return Baseline(report=report, flaky=tuple(Flake(name, ("failed", "passed")) for name in flaky))


ALL = baseline(
    ("tests/test_a.py::test_one", WRONG),
    ("tests/test_a.py::test_two[x]", WRONG),
    ("tests/test_a.py::test_two[y]", None),
    ("tests/sub/test_b.py::TestB::test_three", WRONG),
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([], ["tests/test_a.py::test_one", "tests/test_a.py::test_two[x]", "tests/sub/test_b.py::TestB::test_three"]),
        (["tests/test_a.py"], ["tests/test_a.py::test_one", "tests/test_a.py::test_two[x]"]),
        (["./tests/test_a.py::test_two"], ["tests/test_a.py::test_two[x]"]),
        (["tests/sub/"], ["tests/sub/test_b.py::TestB::test_three"]),
        (["tests/sub/test_b.py::TestB"], ["tests/sub/test_b.py::TestB::test_three"]),
    ],
)
def test_names_of_tests_classes_files_and_folders(asked: list[str], expected: list[str]) -> None:
    assert choose_targets(ALL, asked) == tuple(expected)


def test_a_name_that_begins_alike_is_another_test() -> None:
    with pytest.raises(UsageError, match="test_o'") as caught:
        choose_targets(ALL, ["tests/test_a.py::test_o"])
    assert "test_one" in caught.value.hint


def test_one_unknown_name_among_known_ones_is_refused() -> None:
    with pytest.raises(UsageError, match="nowhere"):
        choose_targets(ALL, ["tests/test_a.py", "nowhere.py"])


@pytest.mark.parametrize("asked", [[], ["tests/test_c.py::test_x"], ["./tests"]])
def test_what_is_in_a_file_that_cannot_be_collected_says_so(asked: list[str]) -> None:
    passing = baseline(("a.py::one", None))
    error = CollectionError("tests/test_c.py", "NameError", "name 'x' is not defined", "tests/test_c.py", 1)
    broken = Baseline(report=replace(passing.report, collection_errors=(error,)))
    with pytest.raises(CollectionFailed, match=r"tests/test_c\.py cannot be collected: NameError"):
        choose_targets(broken, asked)


def test_what_flips_is_no_target() -> None:
    flipping = baseline(("a.py::one", WRONG), ("a.py::two", WRONG), flaky=("a.py::one",))
    assert choose_targets(flipping, ()) == ("a.py::two",)
    with pytest.raises(NothingToFix, match=r"a\.py::one"):
        choose_targets(baseline(("a.py::one", WRONG), flaky=("a.py::one",)), ())


def test_what_lacks_a_module_is_no_target() -> None:
    assert choose_targets(baseline(("a.py::one", NO_MODULE), ("a.py::two", WRONG)), ()) == ("a.py::two",)
    with pytest.raises(EnvironmentUnavailable, match="numpy"):
        choose_targets(baseline(("a.py::one", NO_MODULE)), ())


def test_where_all_pass_there_is_nothing_to_fix() -> None:
    with pytest.raises(NothingToFix, match="all 1 tests pass"):
        choose_targets(baseline(("a.py::one", None)), ())
    with pytest.raises(NothingToFix, match="the tests named"):
        choose_targets(ALL, ["tests/test_a.py::test_two[y]"])
