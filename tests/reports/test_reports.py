"""Reports say what the result says, in an order a reviewer wants, and no text of a test can break out of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.token import STANDARD_TYPES

from regoose.domain.evidence import CaseResult, Failure, Outcome
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.run import FixResult
from regoose.reports import diff, html, markdown
from regoose.reports.json import fix_document
from regoose.reports.source import STYLED, lines, markup, plain_lines
from regoose.testing.pages import Page


def headings(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*>(.*?)</h2>", page)


def test_a_proven_result_reads_from_the_verdict_down(proven: FixResult, sources: dict[str, str]) -> None:
    page = Page(html.render(proven, sources))
    assert page.open == []
    assert page.text.index("Proven") < page.text.index("2 failing tests pass with") < page.text.index(proven.reproduce)
    assert headings(html.render(proven)) == [
        "See it yourself",
        "The change",
        "Red before, green after",
        "The whole suite",
        "What the failing tests point at",
        "What was checked",
        "Under what conditions",
    ]
    for said in ("5 of 5 times", "disk limit", "tests/test_clock.py::test_now", "one behaviour passes every test"):
        assert said in page.text


def test_a_choice_shows_each_answer_and_how_to_take_another(choice: FixResult) -> None:
    page = Page(html.render(choice)).text
    assert "What else would pass" in page
    for said in ("moving_average([1.0], 1)", "[1.0]", "StatisticsError", "1 (delivered)", "regoose fix --choose 2"):
        assert said in page
    assert "regoose fix --choose 1" not in page


def test_an_unproven_result_shows_where_the_fault_seems_to_be(unproven: FixResult, sources: dict[str, str]) -> None:
    page = Page(html.render(unproven, sources)).text
    assert "Not proven" in page
    assert "Where the fault seems to be" in page
    assert "return moving_average(closes, window)[-1]" in page
    for absent in ("See it yourself", "The change", "Red before"):
        assert absent not in page


def test_the_page_is_self_contained_and_runs_nothing(choice: FixResult, sources: dict[str, str]) -> None:
    text = html.render(choice, sources)
    page = Page(text)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form"})
    assert page.attributes.isdisjoint({"src", "href", "srcset"})
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "</pre></td><img src=x>", '" onload="x', "`|`<b>*@all"])
def test_no_text_breaks_out(proven: FixResult, evil: str) -> None:
    failure = Failure("call", evil, evil + "\n" + evil, evil, 1)
    case = CaseResult(evil, Outcome.FAILED, 0.0, failure)
    edit = FileEdit(f"a{evil.replace('/', '')}.py", "x = 1\n", f"x = '{evil}'\n")
    result = replace(
        proven,
        patch=Patch((edit,)),
        evidence=replace(proven.evidence, red=(case,), summary=evil, flaky=(evil,)),
        notes=(evil,),
        environment=evil,
        reproduce=evil,
    )
    page = Page(html.render(result, {}))
    assert page.open == []
    assert page.tags.isdisjoint({"script", "img"})
    assert "onload" not in page.attributes
    text = markdown.render(result)
    prose = re.sub(r"(`+).*?\1", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<[a-z/]", prose)
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {4}


def test_the_json_result_has_every_key_of_the_contract(choice: FixResult, unproven: FixResult) -> None:
    keys = {"run_id", "status", "engine", "patch", "branch", "commit", "pull_request", "evidence", "cost", "seconds"}
    for result in (choice, unproven):
        document = json.loads(json.dumps(fix_document(result)))
        assert keys | {"report"} <= set(document)
        assert {"red", "green", "repeats", "suite", "changed_lines", "mutation", "alternatives", "findings"} | {
            "not_enforced",
            "reproduce",
        } <= set(document["evidence"])
        assert set(document["evidence"]["suite"]["before"]) == {"passed", "failed", "errors", "skipped"}
        assert set(document["cost"]) == {"usd", "input_tokens", "output_tokens", "calls"}
    document = fix_document(choice)
    assert document["status"] == "proven"
    assert isinstance(document["patch"], str)
    assert document["patch"].startswith("diff --git a/src/market_predictor/indicators.py")
    assert json.loads(json.dumps(document))["evidence"]["findings"] == [
        {
            "check": "tamper",
            "rule": "threshold",
            "path": "setup.cfg",
            "line": 3,
            "message": "A threshold stands unchanged.",
            "blocking": False,
        }
    ]
    assert fix_document(unproven)["patch"] is None


def test_markdown_carries_the_evidence(choice: FixResult, unproven: FixResult) -> None:
    text = markdown.render(choice)
    assert text.startswith("**Proven.** 2 failing tests pass")
    assert "```sh\nregoose prove --base" in text
    assert "| `moving_average([1.0], 1)` | `[]` | `[1.0]` | `StatisticsError(…)` |" in text
    assert "Where the fault seems to be" in markdown.render(unproven)


def test_every_style_of_a_token_has_a_colour() -> None:
    sheet = (Path(diff.__file__).parent / "templates" / "report.css").read_text()
    coloured = set(re.findall(r"\.code span\.(\w+)", sheet))
    assert coloured == {name for name in STANDARD_TYPES.values() if STYLED.fullmatch(name)}


def test_five_thousand_tests_are_all_there(proven: FixResult) -> None:
    cases = tuple(
        CaseResult(f"tests/test_m.py::test_{n}", Outcome.FAILED, 0.1, Failure("call", "E", f"m{n}\nmore", "m.py", n))
        for n in range(5000)
    )
    evidence = replace(proven.evidence, red=cases, green=tuple(case.id for case in cases))
    page = html.render(replace(proven, evidence=evidence))
    assert page.count("✓ passed</span> 5 of 5") == 5000
    assert "4,950 more tests" in page


texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\n\r\f\t\x1b\x85\u2028\udcff"), max_size=60)


@settings(deadline=None)
@given(texts, st.sampled_from(["a.py", "a.txt", "a.json", "a.yaml", "noext"]))
def test_source_keeps_every_line(text: str, path: str) -> None:
    assert ["".join(run.text for run in line) for line in lines(path, text)] == plain_lines(text)


@settings(deadline=None)
@given(texts, texts)
def test_a_diff_shows_each_line_of_both_sides_once_in_order(before: str, after: str) -> None:
    (file,) = diff.files(Patch((FileEdit("a.py", before, after),)))
    old = [row.old for row in file.rows if row.old]
    new = [row.new for row in file.rows if row.new]
    assert old == sorted(set(old))
    assert new == sorted(set(new))
    removed = [plain_lines(before)[row.old - 1] for row in file.rows if row.kind == "removed" and row.old]
    shown = [row.html.striptags() for row in file.rows if row.kind == "removed"]
    assert [" ".join(line.split()) for line in removed] == shown


@settings(deadline=None)
@given(st.text("ab <&", max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_marking_a_range_changes_no_text(text: str, start: int, end: int) -> None:
    (line,) = lines("a.py", text + "x")
    page = Page(markup(line, (start, end)))
    assert page.text == text + "x"
    assert ("mark" in page.tags) == (start < end)
    assert page.open == []
