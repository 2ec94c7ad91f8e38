"""Of drafted tests those stay that are green every time and do what nothing else does."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest

from regoose.domain.generation import (
    Draft,
    DropReason,
    Kept,
    Mutant,
    MutantStatus,
    MutationReport,
    Target,
    TestFile,
    branch_coverage,
    line_coverage,
)
from regoose.domain.patch import Patch
from regoose.verify.keep import Existing, Judge, keep, measure_existing
from regoose.verify.mutation import MutationOrder
from regoose.verify.suite import Suite

OpenSuite = Callable[..., Any]

GRADES = """\
def grade(points):
    if points < 0:
        raise ValueError(points)
    if points > 9:
        return "A"
    if points > 4:
        return "B"
    return "C"


def longest(words):
    best = ""
    for word in words:
        if len(word) > len(best):
            best = word
    return best
"""
TARGET = Target(path="grades.py", module="grades")
HEAD = "import pytest\n\nfrom grades import grade, longest\n\n\n"


async def judged(open_suite: OpenSuite, text: str, *, files: dict[str, str] | None = None, **options: Any) -> Kept:
    tree = {"grades.py": GRADES, **(files or {})}
    draft = Draft(target=options.pop("target", TARGET), file=TestFile("tests/test_grades.py", HEAD + text))
    present = options.pop("present", "")
    options.setdefault("seconds", 0.0)
    async with open_suite(tree) as suite:
        existing = await measure_existing(suite, {"grades.py": GRADES}, seconds=60) if files else Existing()
        return await keep(Judge(suite=suite, **options), draft, GRADES, existing, present=present)


def reasons(kept: Kept) -> dict[str, DropReason]:
    return {one.test.partition("::")[2]: one.reason for one in kept.dropped}


def names(kept: Kept) -> list[str]:
    return [test.partition("::")[2] for test in kept.tests]


async def test_what_adds_nothing_goes_and_the_rest_is_green(open_suite: OpenSuite) -> None:
    text = """\
def test_a():
    assert grade(10) == "A"


def test_a_again():
    assert grade(11) == "A"


def test_red():
    assert grade(5) == "A"


@pytest.mark.parametrize(("points", "expected"), [(5, "B"), (6, "B"), (0, "C")])
def test_grade(points, expected):
    assert grade(points) == expected


class TestLongest:
    def test_none(self):
        assert longest([]) == ""


class TestNothing:
    \"\"\"Of nothing.\"\"\"

    def test_one(self):
        assert True


@pytest.mark.skip
def test_skipped():
    assert longest(["a", "bb", "c"]) == "bb"
"""
    kept = await judged(open_suite, text)
    assert names(kept) == ["test_a", "test_grade[5-B]", "test_grade[0-C]", "TestLongest::test_none"]
    assert reasons(kept) == {
        "test_a_again": DropReason.NO_GAIN,
        "test_red": DropReason.FAILING,
        "test_grade[6-B]": DropReason.NO_GAIN,
        "TestNothing::test_one": DropReason.NO_GAIN,
        "test_skipped": DropReason.FAILING,
    }
    details = {one.test.partition("::")[2]: one.detail for one in kept.dropped}
    assert "test_grades.py::test_a does" in details["test_a_again"]
    assert details["test_red"].startswith("AssertionError: ")
    assert kept.file is not None
    assert '[(5, "B"), (0, "C")]' in kept.file.text
    assert not re.search("test_red|TestNothing|test_a_again|Of nothing", kept.file.text)
    assert kept.repeats == 3
    assert len(kept.durations) == len(kept.tests)
    assert all(seconds > 0 for seconds in kept.durations)
    assert set(kept.after.missing_lines) == {3, 14, 15}
    assert kept.before.covered_lines == ()
    assert line_coverage([kept.before]) == 0.0


async def test_unsteady_tests_go_and_others_take_their_place(open_suite: OpenSuite) -> None:
    text = """\
import os
import secrets

seen = []


def test_random():
    assert [grade(10), grade(7)] == ["A", "B"]
    assert secrets.randbelow(1000) == 7


def test_hashes():
    assert [grade(10), grade(7)] == ["A", "B"]
    assert os.environ["PYTHONHASHSEED"] != "2"


def test_steady():
    assert grade(10) == "A"


def test_first():
    seen.append(1)
    assert grade(5) == "B"


def test_second():
    assert seen
    assert grade(1) == "C"
"""
    kept = await judged(open_suite, text, repeats=8)
    assert reasons(kept).keys() == {"test_random", "test_hashes", "test_second"}
    assert reasons(kept)["test_hashes"] is reasons(kept)["test_second"] is DropReason.FLAKY
    details = {one.test.partition("::")[2]: one.detail for one in kept.dropped}
    assert "Not green in 1 of 8 runs in random orders: AssertionError" in details["test_hashes"]
    assert names(kept) == ["test_steady", "test_first"]
    assert kept.file is not None
    assert not re.search("import (os|secrets)", kept.file.text)
    assert "seen = []" in kept.file.text


async def test_tests_that_are_never_green_together_are_not_kept(open_suite: OpenSuite) -> None:
    text = "import os\n\n\n" + "\n\n".join(
        f"""\
def test_{number}():
    assert os.environ["PYTHONHASHSEED"] == "0" or (int(os.environ["PYTHONHASHSEED"]) != 1)
    assert grade({number}) == "C"
"""
        for number in range(3)
    )
    kept = await judged(open_suite, text)
    assert kept.file is None
    assert set(reasons(kept).values()) == {DropReason.FLAKY}
    assert len(kept.dropped) == 3


async def test_what_existing_tests_reach_is_no_gain(open_suite: OpenSuite) -> None:
    existing = """\
from grades import grade

def test_a(): assert grade(10) == "A"
def test_b(): assert grade(5) == "B"
def test_red(): assert grade(-1) == 0
"""
    text = """\
def test_a():
    assert grade(11) == "A"


def test_c():
    assert grade(1) == "C"


def test_bad():
    with pytest.raises(ValueError):
        grade(-1)
"""
    kept = await judged(open_suite, text, files={"test_own.py": existing})
    assert names(kept) == ["test_c", "test_bad"]
    assert reasons(kept) == {"test_a": DropReason.NO_GAIN}
    assert set(kept.before.missing_lines) == {3, 8, 12, 13, 14, 15, 16}
    assert set(kept.after.missing_lines) == {12, 13, 14, 15, 16}
    assert branch_coverage([kept.before]) < branch_coverage([kept.after])


async def test_nothing_is_kept_where_existing_tests_do_it_all(open_suite: OpenSuite) -> None:
    existing = """\
import pytest
from grades import grade, longest
def test_all():
    assert [grade(n) for n in (0, 5, 10)] == ["C", "B", "A"]
    assert longest(["a", "bb", "c"]) == "bb"
    with pytest.raises(ValueError): grade(-1)
"""
    kept = await judged(open_suite, 'def test_a():\n    assert grade(10) == "A"\n', files={"test_own.py": existing})
    assert kept.file is None
    assert kept.tests == ()
    assert kept.repeats == 0
    assert kept.before == kept.after
    assert reasons(kept) == {"test_a": DropReason.NO_GAIN}
    assert "nothing that was not reached before" in kept.dropped[0].detail


@pytest.mark.parametrize(("asked", "count"), [(10.0, 1), (90.0, 0)])
async def test_a_file_must_add_as_much_as_is_asked(open_suite: OpenSuite, asked: float, count: int) -> None:
    kept = await judged(open_suite, 'def test_a():\n    assert grade(10) == "A"\n', min_gain=asked)
    assert len(kept.tests) == count
    assert (kept.file is None) == (count == 0)
    if not count:
        assert kept.dropped[0].reason is DropReason.NO_GAIN
        assert "less than the 90 asked for" in kept.dropped[0].detail
        assert kept.after == kept.before


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("import no_such_module\n", "ModuleNotFoundError"),
        ("def helper(): pass\n", "finds no test"),
        ("def test_(:\n", "cannot be collected: SyntaxError"),
        ("raise SystemExit(3)\n", "cannot be collected"),
    ],
)
async def test_a_file_that_shows_nothing_is_not_kept(open_suite: OpenSuite, text: str, note: str) -> None:
    kept = await judged(open_suite, text)
    assert kept.file is None
    assert note in kept.notes[0]


async def test_another_file_of_the_same_name_is_told_from_the_target(open_suite: OpenSuite) -> None:
    shadow = {"tests/grades.py": GRADES}
    kept = await judged(open_suite, 'def test_a():\n    assert grade(10) == "A"\n', files=shadow)
    assert kept.file is None
    assert "what is imported under its name is another file" in kept.notes[0]


async def test_a_broken_suite_counts_as_far_as_it_passes(open_suite: OpenSuite) -> None:
    files = {
        "grades.py": GRADES,
        "test_broken.py": "import no_such_module\n",
        "test_mixed.py": "from grades import grade\n\ndef test_red(): assert grade(5) == 1\ndef test_ok(): grade(10)\n",
        "test_exits.py": "import os\n\ndef test_leaves(): os._exit(3)\ndef test_after(): pass\n",
    }
    async with open_suite(files) as suite:
        existing = await measure_existing(suite, {"grades.py": GRADES, "none.py": ""}, seconds=60)
    assert (existing.passed, existing.red) == (2, 3)
    missing = "ModuleNotFoundError: No module named 'no_such_module'"
    assert existing.notes == (
        "2 of 4 existing tests are red: what they reach does not count.",
        f"One test file cannot be collected, e.g. test_broken.py: {missing} (test_broken.py, line 1)",
    )
    reached = existing.of("grades.py")
    assert dict(reached.lines_of_tests()) == {"test_mixed.py::test_ok": {2, 4, 5}}
    assert (4, 5) in reached.all_arcs()
    assert (6, 7) not in reached.all_arcs()
    assert existing.of("none.py").all_arcs() == frozenset()


async def test_a_repository_without_tests_is_said_to_have_none(open_suite: OpenSuite) -> None:
    async with open_suite({"grades.py": GRADES}) as suite:
        existing = await measure_existing(suite, {"grades.py": GRADES}, seconds=60)
    assert existing.notes == ("The repository has no tests of its own that pytest finds.",)
    assert existing.of("grades.py").tests == ()


async def test_tests_that_were_in_the_file_stay(open_suite: OpenSuite) -> None:
    present = (
        HEAD + 'def test_old():\n    assert grade(10) == "A"\n\n\ndef test_sick():\n    assert grade(7) == "A"\n\n\n'
    )
    new = 'def test_new():\n    assert grade(5) == "B"\n\n\ndef test_more():\n    assert grade(6) == "B"\n'
    text = present.removeprefix(HEAD) + new
    kept = await judged(open_suite, text, files={"tests/test_grades.py": present}, present=present)
    assert names(kept) == ["test_new"]
    assert reasons(kept) == {"test_more": DropReason.NO_GAIN}
    assert kept.file is not None
    assert {node.name for node in ast.parse(kept.file.text).body if isinstance(node, ast.FunctionDef)} == {
        "test_old",
        "test_sick",
        "test_new",
    }


async def test_only_what_is_meant_counts(open_suite: OpenSuite) -> None:
    text = 'def test_a():\n    assert grade(10) == "A"\n\n\ndef test_b():\n    assert longest(["a"]) == "a"\n'
    for target in (
        Target(path="grades.py", module="grades", only=("longest",)),
        Target(path="grades.py", module="grades", lines=(13, 14, 15)),
    ):
        kept = await judged(open_suite, text, target=target)
        assert names(kept) == ["test_b"]


async def test_rows_are_named_as_they_are_in_the_file_that_stays(open_suite: OpenSuite) -> None:
    text = """\
@pytest.mark.parametrize("words", [["a"], ["b"], ["c", "dd", "e"]])
def test_longest(words):
    assert longest(words) == max(words, key=len)


@pytest.mark.parametrize("points", range(3))
def test_made(points):
    assert grade(points) == "C"
"""
    kept = await judged(open_suite, text)
    assert names(kept) == ["test_longest", "test_made[0]", "test_made[1]", "test_made[2]"]
    assert kept.file is not None
    assert 'def test_longest():\n    words = ["c", "dd", "e"]\n' in kept.file.text  # its last row is a plain test
    assert reasons(kept) == {"test_longest[words0]": DropReason.NO_GAIN, "test_longest[words1]": DropReason.NO_GAIN}


class Scripted:
    """Says of each mutant what it was told, and remembers what it was asked."""

    def __init__(self, *mutants: tuple[int, MutantStatus, tuple[str, ...]]) -> None:
        self.report = MutationReport(
            mutants=tuple(
                Mutant(path="grades.py", line=line, operator="x", before="a", after="b", status=status, killers=killers)
                for line, status, killers in mutants
            ),
            possible=len(mutants),
        )
        self.orders: list[MutationOrder] = []

    async def __call__(self, suite: Suite, order: MutationOrder, *, patch: Patch | None = None) -> MutationReport:
        assert suite
        assert patch
        self.orders.append(order)
        return self.report


FILE = "tests/test_grades.py::"
PAIRS = """\
@pytest.mark.parametrize("words", [["a"], ["b"], ["c", "dd", "e"]])
def test_longest(words):
    assert longest(words) == max(words, key=len)


def test_a():
    assert grade(10) == "A"


def test_again():
    assert grade(11) == "A"


def test_late():
    assert grade(12) == "A"
"""


async def test_tests_stay_for_the_mutants_that_only_they_kill(open_suite: OpenSuite) -> None:
    own = "from grades import grade\n\ndef test_own(): assert grade(99)\n"
    script = Scripted(
        (12, MutantStatus.KILLED, (f"{FILE}test_longest[words1]",)),
        (4, MutantStatus.KILLED, (f"{FILE}test_again",)),
        (4, MutantStatus.KILLED, ("test_own.py::test_own",)),
        (5, MutantStatus.NOT_RUN, ()),
        (15, MutantStatus.TIMEOUT, (f"{FILE}test_longest[words2]",)),
        (14, MutantStatus.SURVIVED, ()),
        (7, MutantStatus.UNCOVERED, ()),
    )
    kept = await judged(open_suite, PAIRS, files={"test_own.py": own}, seconds=1.0, mutate=script)
    (order,) = script.orders
    assert order.first == 1
    assert order.tests[:2] == (
        ("test_own.py::test_own", (2, 4, 5)),
        (f"{FILE}test_longest[words0]", (12, 13, 14, 15, 16)),
    )
    assert names(kept) == ["test_longest[words0]", "test_longest[words1]", "test_again"]
    assert {test: reason for test, reason in reasons(kept).items() if reason is DropReason.NO_GAIN}.keys() == {
        "test_longest[words0]",
        "test_a",
        "test_late",
    }
    statuses = [one.status for one in kept.mutation.mutants]
    assert statuses == [one.status for one in script.report.mutants]
    assert kept.mutation.mutants[0].killers == (f"{FILE}test_longest[words0]",)
    assert kept.mutation.mutants[4].killers == (f"{FILE}test_longest[words1]",)
    before = [one.status for one in kept.mutation_before.mutants]
    assert before == [
        MutantStatus.UNCOVERED,
        MutantStatus.SURVIVED,
        MutantStatus.KILLED,
        MutantStatus.NOT_RUN,
        MutantStatus.UNCOVERED,
        MutantStatus.UNCOVERED,
        MutantStatus.UNCOVERED,
    ]
    assert (kept.mutation.killed, kept.mutation.total, kept.mutation_before.killed) == (4, 6, 1)


async def test_tests_that_meet_mutants_for_which_there_was_no_time_stay(open_suite: OpenSuite) -> None:
    script = Scripted(
        (4, MutantStatus.KILLED, (f"{FILE}test_again",)),
        (5, MutantStatus.NOT_RUN, ()),
        (4, MutantStatus.NOT_RUN, ()),
    )
    kept = await judged(open_suite, PAIRS, seconds=1.0, mutate=script)
    assert names(kept) == ["test_longest", "test_a", "test_again", "test_late"]


@pytest.mark.parametrize(("asked", "kept_one"), [(50.0, True), (51.0, False)])
async def test_mutants_alone_may_be_the_gain(open_suite: OpenSuite, asked: float, *, kept_one: bool) -> None:
    own = "from grades import grade\n\ndef test_own(): assert grade(99)\n"
    text = 'def test_a():\n    assert grade(10) == "A"\n'
    script = Scripted((4, MutantStatus.KILLED, (f"{FILE}test_a",)), (5, MutantStatus.SURVIVED, ()))
    options: dict[str, Any] = {"seconds": 1.0, "mutate": script, "min_gain": asked}
    kept = await judged(open_suite, text, files={"test_own.py": own}, **options)
    assert bool(kept.tests) is kept_one


async def test_real_mutants_keep_the_tests_of_the_boundaries(open_suite: OpenSuite) -> None:
    text = """\
@pytest.mark.parametrize(
    ("points", "expected"), [(12, "A"), (10, "A"), (9, "B"), (7, "B"), (5, "B"), (4, "C"), (2, "C"), (0, "C")]
)
def test_grade(points, expected):
    assert grade(points) == expected


def test_negative():
    with pytest.raises(ValueError, match="-1"):
        grade(-1)


def test_calls():
    grade(3)
    longest(["a", "bb", "c"])
"""
    kept = await judged(open_suite, text, seconds=60.0)
    assert {f"test_grade[{row}]" for row in ("10-A", "9-B", "5-B", "4-C")} <= set(names(kept))
    assert "test_negative" in names(kept)
    assert {"test_grade[12-A]", "test_grade[2-C]"} <= reasons(kept).keys()
    assert kept.mutation_before == MutationReport()
    status = {(one.line, one.after): one.status for one in kept.mutation.mutants}
    assert status[4, "if points >= 9:"] is MutantStatus.KILLED
    assert MutantStatus.SURVIVED in status.values()
    assert kept.mutation.killed < kept.mutation.total
