"""The files for programs: the JSON contract, and the formats of pytest, coverage.py and their readers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast
from xml.etree import ElementTree as ET

import pytest
from coverage import Coverage
from hypothesis import given, settings
from hypothesis import strategies as st

from regoose.domain.generation import GenerateResult
from regoose.reports.generation import generate_document, markdown, write_generation, xml
from regoose.reports.generation.pytest_plugins import duration, pytest_html, pytest_json
from regoose.testing.generation_samples import generated as generated_sample
from regoose.testing.pages import Page
from regoose.verify.coverage import file_coverage

CREATED = 1_795_245_947.5


def shape(value: object) -> object:
    """Return the keys and types of a JSON value, of a list those of its first item."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [shape(inner) for inner in cast("list[object]", value)[:1]]
    return type(value).__name__


def test_the_json_result_has_every_key_of_the_contract(generated: GenerateResult, nothing_kept: GenerateResult) -> None:
    for result in (generated, nothing_kept):
        document = json.loads(json.dumps(generate_document(result)))
        assert {"run_id", "status", "engine", "targets", "files", "branch_coverage", "line_coverage", "mutation"} | {
            *("dropped", "cost", "seconds", "report"),
            *("look_at", "branch", "commit", "applied", "reproduce", "not_enforced", "notes", "cached"),
        } <= set(document)
    document = generate_document(generated)
    assert document["summary"] == (
        "Proven: 7 tests for 2 modules, green 3 times in random order: branches covered 6.2 → 62.5 %, "
        "mutants killed 4 of 9."
    )
    assert document["targets"] == ["shop/pricing.py", "shop/labels.py", "shop/clock.py"]
    assert document["files"] == [
        {"path": "tests/test_pricing.py", "tests": 5},
        {"path": "tests/test_labels.py", "tests": 2},
    ]
    assert document["branch_coverage"] == {"before": 6.25, "after": 62.5}
    assert document["line_coverage"] == {"before": 18.75, "after": 68.75}
    assert document["mutation"] == {"killed": 4, "total": 9}
    assert document["dropped"] == {"flaky": 1, "no_gain": 1, "failing": 1}
    assert shape(json.loads(json.dumps(document))["look_at"]) == [
        {"path": "str", "line": "int", "subject": "str", "call": "str", "observed": "str", "why": "str"}
    ]
    assert generate_document(nothing_kept)["files"] == []


def test_markdown_carries_the_evidence(generated: GenerateResult, nothing_kept: GenerateResult) -> None:
    text = markdown.render(generated)
    assert text.startswith("**Proven.** 7 tests for 2 modules")
    assert "```sh\npython -m pytest tests/test_pricing.py tests/test_labels.py\n```" in text
    assert "| `shop/labels.py` | 2 | 0 → 100 % | 0 → 100 % | 1 of 1 | `tests/test_labels.py` |" in text
    assert "| `shop/clock.py` | 0 | - | 0 % | - | - |" in text
    assert "- `shop/pricing.py:36` `cheapest([])` gives `AttributeError:" in text
    assert "`price += 5 if weight < 2 else 9` → `price += 5 if weight <= 2 else 9`" in text
    assert "price = 0.0" not in text
    assert "Tests not kept: 1 flaky, 1 without gain, 1 failing." in text
    assert "```sh" not in markdown.render(nothing_kept)


def test_junit_has_a_case_for_each_kept_test_as_pytest_writes_it(generated: GenerateResult) -> None:
    (pricing, *others) = generated.modules
    inside = "tests/test_pricing.py::TestPrices::TestDay::test_a[x::y[0]]"
    result = replace(generated, modules=(replace(pricing, tests=(*pricing.tests[:-1], inside)), *others))
    root = ET.fromstring(xml.junit(result, CREATED))
    assert [(suite.get("name"), suite.get("tests"), suite.get("time")) for suite in root] == [
        ("shop.pricing", "5", "0.018"),
        ("shop.labels", "2", "0.002"),
    ]
    assert {suite.get(kind) for suite in root for kind in ("failures", "errors", "skipped")} == {"0"}
    cases = [(case.get("classname"), case.get("name"), case.get("time")) for case in root.iter("testcase")]
    assert cases[2:5] == [
        ("tests.test_pricing", "test_discounted[10--10]", "0.002"),
        ("tests.test_pricing", "test_shipping", "0.001"),
        ("tests.test_pricing.TestPrices.TestDay", "test_a[x::y[0]]", "0.013"),
    ]
    counted = {one.get("name"): one.get("value") for one in root[0].iter("property")}
    assert counted["dropped.failing"] == "1"
    assert counted["branch_coverage.after"] == "57.14"
    assert root[0].get("timestamp") == "2026-11-21T07:25:47.500000+00:00"


SUBJECT = """\
import os


def f(a, b):
    if a:
        return 1
    for one in b:
        if one:
            continue
        print(
            one,
        )
    while a:
        a -= 1


async def g():
    with os.scandir() as d:
        return [x for x in d if x]
"""
ARCS = [(-1, 1), (1, 4), (4, 17), (17, -1), (-4, 5), (5, 7), (7, 8), (8, 9), (9, 7), (7, 13), (13, -4)]


def test_coverage_is_told_as_coverage_py_tells_it(generated: GenerateResult, tmp_path: Path) -> None:
    """Compare with a real report of the same arcs, in the attributes that readers use."""
    paths = ["pkg/sub/m.py", "pkg/n.py", "top.py"]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(SUBJECT)
    theirs = Coverage(data_file=None, branch=True, config_file=False, source=[str(tmp_path)])
    arcs = {"pkg/sub/m.py": ARCS, "pkg/n.py": ARCS[:4], "top.py": ARCS[:1]}
    theirs.get_data().add_arcs({str(tmp_path / path): some for path, some in arcs.items()})
    theirs.xml_report(outfile=str(tmp_path / "coverage.xml"))
    theirs.get_data().close(force=True)
    wanted = ET.parse(tmp_path / "coverage.xml").getroot()
    modules = tuple(
        replace(generated.modules[0], after=file_coverage(path, SUBJECT, arcs[path])) for path in reversed(paths)
    )
    ours = ET.fromstring(xml.cobertura(replace(generated, modules=modules), CREATED))
    for tag in ("coverage", "package", "class", "methods", "line"):
        told = sorted(sorted(one.attrib.items()) for one in ours.iter(tag))
        real = sorted(sorted(one.attrib.items()) for one in wanted.iter(tag))
        if tag == "coverage":
            told, real = [
                [[(name, value) for name, value in one if name not in {"version", "timestamp"}] for one in side]
                for side in (told, real)
            ]
        assert told == real
    assert [child.tag for child in ours] == [child.tag for child in wanted]
    assert ours.findtext("sources/source") == "."
    assert len(list(ours.iter("line"))) > 30


JSON_REPORT: dict[str, object] = {
    "created": "float",
    "duration": "float",
    "exitcode": "int",
    "root": "str",
    "environment": {},
    "summary": {"passed": "int", "total": "int", "collected": "int"},
    "collectors": [{"nodeid": "str", "outcome": "str", "result": [{"nodeid": "str", "type": "str"}]}],
    "tests": [
        {
            "nodeid": "str",
            "lineno": "int",
            "outcome": "str",
            "keywords": ["str"],
            "setup": {"duration": "float", "outcome": "str"},
            "call": {"duration": "float", "outcome": "str"},
            "teardown": {"duration": "float", "outcome": "str"},
        }
    ],
}
"""As pytest-json-report 1.5.0 wrote it for three green tests (its environment is free)."""


def test_the_json_report_is_as_pytest_json_report_writes_it(generated: GenerateResult) -> None:
    document = json.loads(json.dumps(pytest_json(generated, CREATED)))
    assert shape({**document, "environment": {}}) == JSON_REPORT
    assert document["summary"] == {"passed": 7, "total": 7, "collected": 7}
    assert (document["exitcode"], document["root"]) == (0, "/home/ada/shop")
    lines = {test["nodeid"].split("::")[1]: test["lineno"] for test in document["tests"]}
    assert lines["test_discounted[10-STAFF-5.0]"] == 7  # the decorator's line, from 0
    assert lines["test_shipping"] == 12
    held = {node["nodeid"]: [one["nodeid"] for one in node["result"]] for node in document["collectors"]}
    assert held[""] == ["tests/test_pricing.py", "tests/test_labels.py"]
    assert held["tests/test_labels.py"] == list(generated.modules[1].tests)


def test_classes_are_collected_too(generated: GenerateResult) -> None:
    (labels,) = generated.modules[1:2]
    assert labels.file is not None
    text = "class TestL:\n    def test_a(self):\n        pass\n"
    one = replace(labels, file=replace(labels.file, text=text), tests=("tests/test_labels.py::TestL::test_a",))
    document = json.loads(json.dumps(pytest_json(replace(generated, modules=(one,)), CREATED)))
    assert document["tests"][0]["lineno"] == 1
    assert [(node["nodeid"], node["result"]) for node in document["collectors"][1:]] == [
        ("tests/test_labels.py", [{"nodeid": "tests/test_labels.py::TestL", "type": "Class"}]),
        (
            "tests/test_labels.py::TestL",
            [{"nodeid": "tests/test_labels.py::TestL::test_a", "type": "Function", "lineno": 1}],
        ),
    ]


HTML_DATA: dict[str, object] = {
    "environment": {},
    "tests": [
        [
            {
                "extras": [],
                "result": "str",
                "testId": "str",
                "duration": "str",
                "resultsTableRow": ["str"],
                "log": "str",
            }
        ]
    ],
    "renderCollapsed": ["str"],
    "initialSort": "str",
    "title": "str",
}
"""As pytest-html 4.2.0 wrote it (its environment is free; `tests` maps node ids to what is listed here)."""


class Container(Page):
    """A page with the data that pytest-html's readers look for."""

    data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if dict(attrs).get("id") == "data-container":
            self.data = dict(attrs)["data-jsonblob"] or ""


def test_the_html_report_carries_the_data_of_pytest_html(generated: GenerateResult) -> None:
    (pricing, *others) = generated.modules
    evil = "tests/test_pricing.py::test_a[<img src=x>]"
    result = replace(generated, modules=(replace(pricing, tests=(*pricing.tests[:-1], evil)), *others))
    text = pytest_html(result, CREATED)
    page = Container(text)
    data = json.loads(page.data)
    assert shape({**data, "environment": {}, "tests": list(data["tests"].values())}) == HTML_DATA
    assert list(data["tests"]) == [test for one in result.modules for test in one.tests]
    assert data["tests"][evil][0]["resultsTableRow"] == [
        '<td class="col-result">Passed</td>',
        '<td class="col-testId">tests/test_pricing.py::test_a[&lt;img src=x&gt;]</td>',
        '<td class="col-duration">12 ms</td>',
        '<td class="col-links"></td>',
    ]
    assert page.open == []
    assert page.tags.isdisjoint({"script", "img"})
    assert {"data-container", "results-table", "results-table-head", "environment", "title"} <= set(page.anchors)
    assert '<p class="run-count">7 tests took 20 ms.</p>' in text
    assert '<span class="passed">7 Passed,</span>' in text
    assert '<span class="failed">0 Failed,</span>' in text
    assert text.count('<tbody class="results-table-row">') == 7


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0004, "0 ms"), (0.25, "250 ms"), (1.4, "00:00:01"), (3725.0, "01:02:05")]
)
def test_durations_are_written_as_pytest_html_does(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_without_a_test_every_file_is_valid_and_empty(
    nothing_kept: GenerateResult, modules: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "one"
    write_generation(folder, nothing_kept, modules)
    names = ["coverage.xml", "junit.xml", "pytest-html.html", "pytest-report.json", "report.html", "report.md"]
    assert sorted(path.name for path in folder.iterdir()) == [*names, "result.json"]
    assert list(ET.parse(folder / "junit.xml").getroot()) == []
    assert json.loads((folder / "pytest-report.json").read_text())["exitcode"] == 5
    assert json.loads((folder / "result.json").read_text())["status"] == "unproven"
    assert "0 test took 0 ms." in (folder / "pytest-html.html").read_text()
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


texts = st.text(st.characters() | st.sampled_from("\n\r\f\t\x00\x1b\x85\ud800\udcff\uffff<&>\"'[]:/"), max_size=30)


@settings(deadline=None, max_examples=40)
@given(texts)
def test_any_name_has_a_place_in_every_file(text: str) -> None:
    (pricing, *_) = generated_sample().modules
    after = replace(pricing.after, path=text)
    one = replace(pricing, target=replace(pricing.target, path=text, module=text), after=after, tests=(text,))
    result = replace(generated_sample(), modules=(one,), repository=text, environment=text)
    assert len(list(ET.fromstring(xml.junit(result, CREATED)).iter("testcase"))) == 1
    assert len(list(ET.fromstring(xml.cobertura(result, CREATED)).iter("class"))) == 1
    assert Container(pytest_html(result, CREATED)).open == []
    assert json.loads(Container(pytest_html(result, CREATED)).data)["tests"].keys() == {text}
    assert json.loads(json.dumps(pytest_json(result, CREATED)))["tests"][0]["nodeid"] == text
    assert generate_document(result)["targets"] == [text]
