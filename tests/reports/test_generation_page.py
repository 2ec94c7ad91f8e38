"""The page of a test generation: its order, its numbers, each line's coverage, and nothing that breaks out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regoose.domain.evidence import Verdict
from regoose.domain.generation import (
    DroppedTest,
    DropReason,
    FileCoverage,
    GenerateResult,
    Kept,
    Mutant,
    MutantStatus,
    MutationReport,
    Oddity,
    Target,
    TestFile,
)
from regoose.reports.generation import html, markdown
from regoose.reports.generation.numbers import headline, percent
from regoose.reports.generation.shading import Shade, State, shades
from regoose.testing.generation_samples import PRICING, generated, long
from regoose.testing.pages import Page


def headings(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*>(.*?)</h2>", page)


def test_a_result_reads_from_the_verdict_down(generated: GenerateResult, modules: dict[str, str]) -> None:
    text = html.render(generated, modules)
    page = Page(text)
    assert page.open == []
    assert headings(text) == [
        "See it yourself",
        "Look at these",
        "All modules",
        "Module by module",
        "Under what conditions",
    ]
    order = [
        "7 tests for 2 modules, green 3 times in random order: branches covered 6.2 → 62.5 %, mutants killed 4 of 9.",
        generated.reproduce,
        "cheapest([])",
        "No test notices: 4 mutants",
        "Likely without effect: 1 mutant",
        "Noticed: 3 mutants",
        "9 of 31 possible mutants were taken; for 1 of them there was no time.",
        "Not kept: 2 tests",
        "disk limit",
    ]
    found = [page.text.index(said) for said in order]
    assert found == sorted(found)
    for said in (
        "4 of 9 (44.4 %)",
        "1 of 3 modules, for the same code",
        "passed 1 of 3 times",
        "no test runs the line",
    ):
        assert said in page.text


def test_each_line_says_how_it_stands(generated: GenerateResult, modules: dict[str, str]) -> None:
    text = html.render(generated, modules)
    states = re.findall(r'<tr class="(\w+)" id="m1-(\d+)"', text)
    by_state = {state: {int(line) for one, line in states if one == state} for state, _ in states}
    assert by_state["before"] == {3, 6, 9, 18, 30}
    assert by_state["part"] == {11, 22}
    assert by_state["missed"] == {12, 13, 14, 23, 32, 33, 34, 35, 36}
    assert by_state["new"] == {8, 10, 15, 20, 21, 24, 25, 26, 27}
    assert len(states) == PRICING.count("\n")
    assert text.count('<span class="why">never true</span>') == 2


def test_lines_are_unfolded_where_there_is_something_to_see(generated: GenerateResult, modules: dict[str, str]) -> None:
    (pricing, labels, _) = generated.modules
    seen = replace(labels, before=labels.after)
    text = html.render(replace(generated, modules=(pricing, seen)), modules)
    opened = re.findall(r"<details (open|)><summary><h4>What is run", text)
    assert opened == ["open", ""]


def test_links_lead_to_lines_that_are_there(generated: GenerateResult, modules: dict[str, str]) -> None:
    page = Page(html.render(generated, modules))
    assert {"#m1-36", "#m2-8", "#m1", "#m1-15"} <= page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.anchors)
    assert len(page.anchors) == len(set(page.anchors))
    without = Page(html.render(generated, {}))
    assert {link for link in without.links if "-" in link} == set()
    assert "shop/pricing.py:36" in without.text


def test_a_mutant_shows_what_it_changes(generated: GenerateResult, modules: dict[str, str]) -> None:
    text = html.render(generated, modules)
    assert '<span class="removed">price += 5 if weight &lt; 2 else 9</span>' in text
    assert '<span class="added">price += 5 if weight &lt;<mark>=</mark> 2 else 9</span>' in text
    assert "the tests no longer end" in text


def test_nothing_kept_is_said_with_the_reason(nothing_kept: GenerateResult, modules: dict[str, str]) -> None:
    text = html.render(nothing_kept, modules)
    page = Page(text)
    assert "Not proven" in page.text
    assert "No test was worth keeping: 1 flaky." in page.text
    assert headings(text) == ["The module", "Under what conditions"]


@pytest.mark.parametrize("status", [Verdict.FAILED, Verdict.CANCELLED])
def test_a_run_without_modules_has_a_page(nothing_kept: GenerateResult, status: Verdict) -> None:
    text = html.render(replace(nothing_kept, status=status, modules=()), {})
    assert Page(text).open == []
    assert headings(text) == ["Under what conditions"]


def test_the_page_is_self_contained_and_runs_nothing(generated: GenerateResult, modules: dict[str, str]) -> None:
    text = html.render(generated, modules)
    page = Page(text)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form"})
    assert page.attributes.isdisjoint({"src", "srcset", "onclick", "onload"})
    assert all(link.startswith("#") for link in page.links)
    assert "url(" not in text
    assert "@import" not in text


def spoilt(text: str) -> tuple[GenerateResult, dict[str, str]]:
    """Return a result that says the text wherever it can, and sources that do."""
    nothing = FileCoverage(path=text, lines=(1, 2), covered_lines=(1,), branches=((1, 2),), covered_branches=())
    mutants = tuple(
        Mutant(path=text, line=1, operator=text, before=text, after=text + text, status=status, killers=(text,))
        for status in MutantStatus
    )
    kept = Kept(
        target=Target(path=text, module=text),
        file=TestFile(text, text),
        tests=(text, f"{text}::{text}[{text}]"),
        before=nothing,
        after=nothing,
        mutation=MutationReport(mutants=mutants),
        dropped=tuple(DroppedTest(text, reason, text) for reason in DropReason),
        oddities=(Oddity(path=text, line=1, subject=text, call=text, observed=text, why=text),),
        notes=(text,),
    )
    result = replace(
        generated(),
        run_id=text,
        modules=(kept, kept),
        repository=text,
        branch=text,
        reproduce=text,
        environment=text,
        sandbox=text,
        not_enforced=(text,),
        notes=(text,),
    )
    return result, {text: f"{text}\nx = 1\n"}


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "</pre></td><img src=x>", '" onload="x', "`|`<b>*@all"])
def test_no_text_breaks_out(evil: str) -> None:
    result, sources = spoilt(evil)
    page = Page(html.render(result, sources))
    assert page.open == []
    assert page.tags.isdisjoint({"script", "img"})
    assert "onload" not in page.attributes
    text = re.sub(r"^(`{3,}).*?^\1", "", markdown.render(result), flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"(`+).*?\1", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<[a-z/]", prose)


texts = st.text(
    st.characters() | st.sampled_from("\n\r\f\t\x00\x1b\x85\u2028\ud800\udcff\uffff<&>\"'`|:[]"), max_size=30
)


@settings(deadline=None, max_examples=40)
@given(texts)
def test_any_text_is_shown(text: str) -> None:
    result, sources = spoilt(text)
    page = html.render(result, sources)
    assert Page(page).open == []
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", page)


def test_ten_thousand_lines_are_all_there() -> None:
    result, sources = long(10_000, 20)
    page = html.render(result, sources)
    assert page.count('<td class="n">') == sum(text.count("\n") for text in sources.values()) == 9_360
    assert page.count('class="module"') == 20
    assert "2,600 tests for 20 modules" in page
    assert 'class="module" id="m1" open' not in page
    assert "more mutants" in page


def coverage(
    lines: tuple[int, ...], covered: tuple[int, ...], branches: tuple[tuple[int, int], ...] = ()
) -> FileCoverage:
    """Return a coverage in which no branch was taken."""
    return FileCoverage(path="m.py", lines=lines, covered_lines=covered, branches=branches, covered_branches=())


@pytest.mark.parametrize(
    ("source", "branch", "missing"),
    [
        ("if a:\n    b\n", (1, 2), "never true"),
        ("if a:\n    b\n", (1, -1), "never false"),
        ("if a:\n    @d\n    def f(): pass\n", (1, 2), "never true"),
        ("while a:\n    b\n", (1, 2), "never true"),
        ("for a in b:\n    c\n", (1, 2), "never entered"),
        ("for a in b:\n    c\n", (1, 3), "never ran to its end"),
        ("match a:\n    case 1:\n        b\n    case _:\n        c\n", (2, 3), "never matched"),
        ("match a:\n    case 1:\n        b\n    case _:\n        c\n", (2, 4), "always matched"),
        ("try:\n    a\nexcept E:\n    b\n", (3, 4), "never caught here"),
        ("def f(): pass\nf\n", (1, -1), "its body never runs"),
        ("if a: return\nb\n", (1, -1), "never leaves the function"),
        ("if a: return\nb\n", (1, 2), "never goes on at line 2"),
        ("a\nb\n", (1, 7), "never goes on at line 7"),
        ("a\nb\n", (1, -1), "never leaves the function"),
        ("if a:\n", (1, 2), "never goes on at line 2"),
    ],
)
def test_the_missing_way_is_named(source: str, branch: tuple[int, int], missing: str) -> None:
    line = branch[0]
    after = coverage((line,), (line,), (branch,))
    assert shades(source, after, after)[line] == Shade(State.PART, missing)


def test_a_statement_is_shaded_to_its_end_and_a_comment_is_not() -> None:
    source = "def f(\n    a,\n):\n    # why\n    return (\n        # how\n        a\n    )\n"
    after = coverage((1, 5), (1,))
    assert {line: shade.state.value for line, shade in shades(source, after, after).items()} == {
        1: "before",
        2: "before",
        3: "before",
        5: "missed",
        7: "missed",
        8: "missed",
    }


def test_a_line_whose_other_way_is_taken_since_is_new() -> None:
    before = coverage((1, 2), (1, 2), ((1, 2), (1, 3)))
    after = replace(before, covered_branches=((1, 2), (1, 3)))
    shown = shades("if a:\n    b\n", before, after)
    assert (shown[1].state, shown[2].state) == (State.NEW, State.BEFORE)


@settings(deadline=None)
@given(
    texts,
    st.sets(st.integers(1, 6)),
    st.sets(st.integers(1, 6)),
    st.sets(st.tuples(st.integers(1, 6), st.integers(-3, 6))),
)
def test_every_line_that_can_run_has_a_state(
    text: str, lines: set[int], covered: set[int], branches: set[tuple[int, int]]
) -> None:
    after = coverage(tuple(sorted(lines)), tuple(sorted(lines & covered)), tuple(sorted(branches)))
    shown = shades(text, coverage(after.lines, ()), after)
    assert set(after.lines) <= set(shown)
    assert {line for line in lines if shown[line].state is State.MISSED} == lines - covered


def test_only_all_is_a_hundred() -> None:
    assert [percent(value) for value in (100.0, 99.99, 50.0, 0.04)] == ["100 %", "99.9 %", "50 %", "0 %"]


def test_a_module_without_branches_counts_its_lines(generated: GenerateResult) -> None:
    (_, labels, _) = generated.modules
    flat = replace(labels.after, branches=(), covered_branches=())
    one = replace(labels, before=replace(flat, covered_lines=()), after=flat, mutation=MutationReport(), repeats=1)
    assert headline(replace(generated, modules=(one,))) == "2 tests for `shop.labels`: lines covered 0 → 100 %."
