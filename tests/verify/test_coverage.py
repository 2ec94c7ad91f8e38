"""Lines and branches of a file."""

from __future__ import annotations

import pytest

from regoose.domain.generation import FileCoverage
from regoose.verify.coverage import Measure, file_coverage

SOURCE = """\
import sys


def sign(number):
    if number > 0: return 1
    if (
        number
        < 0
    ):
        return -1
    while True:
        break
    if sys.flags.debug:  # pragma: no branch
        number = 0
    if number:  # pragma: no cover
        return 2
    return 0
"""
RUN = [(-1, 1), (1, 4), (4, -1), (-4, 5), (5, 6), (6, 7), (7, 8), (8, 10), (10, -4)]


def test_statements_count_once_and_what_is_excluded_does_not() -> None:
    found = file_coverage("sign.py", SOURCE, RUN)
    assert found.lines == (1, 4, 5, 6, 10, 11, 12, 13, 14, 17)
    assert found.covered_lines == (1, 4, 5, 6, 10)
    assert found.branches == ((5, -4), (5, 6), (6, 10), (6, 11))
    assert found.covered_branches == ((5, 6), (6, 10))


@pytest.mark.parametrize("source", ["", "# nothing\n"])
def test_an_empty_file_has_nothing_to_cover(source: str) -> None:
    assert file_coverage("a.py", source, []) == FileCoverage(
        path="a.py", lines=(), covered_lines=(), branches=(), covered_branches=()
    )


def test_a_file_of_another_python_has_the_lines_that_ran() -> None:
    found = file_coverage("a.py", "def f(:\n    pass\n", [(-1, 1), (1, 2), (2, -1)])
    assert found.lines == found.covered_lines == (1, 2)
    assert found.branches == ()


def test_of_the_ways_out_of_functions_those_count_that_a_call_took_without_an_exception() -> None:
    source = "def f(x):\n    try:\n        return g(x)\n    except KeyError:\n        return 1\n"
    measure = Measure("a.py", source)
    assert measure.returns([(-1, 2), (2, 3), (3, -1), (3, 4)]) == {(3, -1)}
    assert measure.returns([(-1, 2), (2, 3), (3, 4), (4, 5), (5, -1)]) == {(5, -1)}
    assert Measure("a.py", "def f(:\n").returns([(1, 2), (2, -1)]) == {(2, -1)}
