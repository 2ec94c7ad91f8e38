"""Lines and branches of a file, and the report that continuous integration reads."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from regoose.domain.generation import FileCoverage
from regoose.verify.coverage import coverage_xml, file_coverage

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


def test_the_report_says_the_same_as_the_figures() -> None:
    sources = {"src/sign.py": SOURCE, "other.py": "x = 1\n", "broken.py": "def f(:\n"}
    arcs = {"src/sign.py": RUN, "other.py": [], "broken.py": [(-1, 1)]}
    files = [file_coverage(path, text, arcs[path]) for path, text in sources.items()]
    root = ET.fromstring(coverage_xml(files, sources))
    assert [one.text for one in root.iterfind("sources/source")] == ["."]
    lines = {
        one.attrib["filename"]: {int(line.attrib["number"]): line.attrib for line in one.iterfind("lines/line")}
        for one in root.iter("class")
    }
    assert lines.keys() == {"src/sign.py", "other.py"}
    seen = files[0]
    assert tuple(lines["src/sign.py"]) == seen.lines
    assert tuple(n for n, line in lines["src/sign.py"].items() if line["hits"] == "1") == seen.covered_lines
    assert lines["src/sign.py"][5]["condition-coverage"] == "50% (1/2)"
    assert lines["src/sign.py"][6]["missing-branches"] == "11"
    assert lines["other.py"][1]["hits"] == "0"


def test_a_report_of_no_file_is_a_report() -> None:
    assert ET.fromstring(coverage_xml([], {})).attrib["lines-valid"] == "0"
