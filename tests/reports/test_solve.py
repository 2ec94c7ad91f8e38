"""What `solve` came to, as a page and as Markdown: in a reviewer's order, and no text of others takes effect."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from regoose.domain.evidence import CheckStatus, Verdict
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.solve import Remark
from regoose.reports import diff
from regoose.reports.inert import code, prose
from regoose.reports.json import solve_document
from regoose.reports.matching import Lines
from regoose.reports.solve import html, markdown
from regoose.reports.source import plain_lines, printable
from regoose.testing import solve_samples
from regoose.testing.pages import Page


def headings(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*>(.*?)</h2>", page)


def test_a_proven_change_reads_from_the_verdict_down() -> None:
    text = html.render(solve_samples.proven())
    page = Page(text)
    assert page.open == []
    assert headings(text) == [
        "See it yourself",
        "What was asked for",
        "The plan",
        "The tests, written first",
        "The change",
        "Red before, green after",
        "The whole suite",
        "The review",
        "Refused by policy",
        "What was tried",
        "What was checked",
        "What it cost",
        "Under what conditions",
    ]
    for said in (
        "ada said yes to this plan",
        "That the list stays fast with a million symbols",
        ".github/workflows/ci.yml",
        "1 of 2 tests is not green with the patch.",
        "$0.0413",
        "48,210 in, 3,021 out, in 14 calls",
        "openai:gpt-5",
        "regoose runs show 20261121-101500-abcdef --trajectory",
        "disk limit",
    ):
        assert said in page.text


def test_tests_and_change_are_shown_apart_with_who_wrote_them() -> None:
    result = replace(solve_samples.proven(), models=(("tester", "a:one"), ("coder", "b:two"), ("reviewer", "c:three")))
    text = html.render(result)
    tests = text[text.index('id="tests"') : text.index('id="change"')]
    change = text[text.index('id="change"') : text.index('id="proof"')]
    assert "a:one" in tests
    assert "b:two" not in tests
    assert solve_samples.TEST_PATH in tests
    assert solve_samples.SERVICE_PATH not in tests
    assert "b:two" in change
    assert solve_samples.SERVICE_PATH in change
    assert solve_samples.TEST_PATH not in change


def test_a_remark_stands_at_its_line_and_points_there() -> None:
    text = html.render(solve_samples.proven())
    page = Page(text)
    (link,) = page.links - {"#refused"}
    assert link.removeprefix("#") in page.anchors
    at = text.index(f'id="{link[1:]}"')
    assert text.index("def</span> <span", at) < text.index("The route has no response model", at)
    assert text[at:].index("The route has no response model") < text[at:].index("store.symbols()")


def test_an_unproven_change_says_why_what_was_tried_and_how_to_take_it_over() -> None:
    result = solve_samples.unproven()
    text = html.render(result)
    page = Page(text)
    assert headings(text)[:3] == ["Why it is not proven", "What was tried", "What was asked for"]
    assert headings(text).count("What was tried") == 1
    assert "See it yourself" not in page.text
    command = (
        "git -C /home/ada/market-predictor apply /home/ada/.local/share/regoose/runs/20261121-101500-abcdef/patch.diff"
    )
    for said in ("tests/test_service.py::test_routes", "was passed, is failed", command, "No review was made"):
        assert said in page.text
    assert command in markdown.render(result)
    assert command not in Page(html.render(solve_samples.proven())).text


def test_a_result_without_anything_is_told_too() -> None:
    one = solve_samples.unproven()
    evidence = replace(one.evidence, red=(), green=(), checks=(), summary="Not proven: no test could be written.")
    bare = replace(
        one, plan=None, patch=None, tests=None, change=None, tried=(), attempts=0, models=(), evidence=evidence
    )
    page = Page(html.render(bare))
    assert page.open == []
    assert "No test could be written." in page.text
    assert "git -C" not in page.text
    assert markdown.render(bare).startswith("**Not proven.** No test could be written.")
    assert json.loads(json.dumps(solve_document(bare)))["plan"] is None


def test_the_page_is_self_contained_and_runs_nothing() -> None:
    text = html.render(solve_samples.proven())
    page = Page(text)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form"})
    assert page.attributes.isdisjoint({"src", "srcset"})
    assert all(link.startswith("#") for link in page.links)
    assert "url(" not in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


EVIL = [
    "<script>alert(1)</script>",
    "</pre></td><img src=x>",
    '" onload="x',
    "`|`<b>*@all",
    "``x` <img src=x> ```",
    "\\<img src=x>",
    "a\\|<img src=x>",
    "``````",
    "<!-- x",
    "Closes #1, see https://github.com/o/r/issues/1 @all",
    "\x1b[2J\u202e\x9b31m\U000e0041",
]


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_breaks_out(evil: str) -> None:
    result = solve_samples.hostile(evil)
    text = html.render(result)
    page = Page(text)
    assert page.open == []
    assert page.tags.isdisjoint({"script", "img"})
    assert "onload" not in page.attributes
    assert all(link.startswith("#") for link in page.links)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", text)
    body = markdown.render(result)
    shown = rendered(body)
    assert shown.tags <= {*("p", "code", "strong", "h3", "ul", "ol", "li", "blockquote", "pre"), *TABLE}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", body)
    assert "### The review" in body
    assert [one for one in ("What was asked for", "The plan", "Refused by policy") if one not in shown.text] == []


TABLE = {"table", "thead", "tbody", "tr", "th", "td"}


def rendered(text: str) -> Page:
    """Return Markdown as GitHub makes a page of it, as far as HTML and tables go."""
    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


words = st.text(st.sampled_from("`\\|<b>/ @#a:.&[]()!*_~-=\n"), max_size=40)


@settings(deadline=None)
@example("``b` <b> ```")
@example("\\<b>")
@example("`\\|<b>`")
@given(words)
def test_prose_and_code_stay_in_their_cell(text: str) -> None:
    for shown in (prose(text), code(text)):
        page = rendered(f"| a | b |\n|---|---|\n| x {shown} | y |\n")
        assert page.tags <= {*TABLE, "code"}
        assert page.open == []
        cells = rendered(f"| a | b |\n|---|---|\n| x {shown} | y |\n").text
        assert cells.rstrip().endswith("y")
        row = MarkdownIt("commonmark").enable("table").parse(f"| a | b |\n|---|---|\n| x {shown} | y |\n")
        assert [token.content for token in row if token.type == "inline"][-1] == "y"


@pytest.mark.parametrize(
    "text", ["Closes #12", "ask @ada", "GH-12", "see https://github.com/o/r/issues/1", "www.example.org"]
)
def test_github_finds_nothing_to_link(text: str) -> None:
    shown = rendered(prose(text)).text
    assert shown.replace("\u200b", "").strip() == text
    assert not re.search(r"#\d|@\w|GH-\d|://|www\.", shown)


def test_a_reference_in_the_requirement_is_quoted_line_by_line() -> None:
    result = replace(solve_samples.proven(), requirement="Add this.\n\n# Not a heading\n- <b>no</b>")
    page = rendered(markdown.render(result))
    assert "Not a heading" in page.text
    assert "b" not in page.tags
    assert "h1" not in page.tags


def test_a_long_requirement_unfolds() -> None:
    result = replace(solve_samples.proven(), requirement="word " * 10_000)
    text = html.render(result)
    assert "All 50,000 characters" in text
    assert len(markdown.render(result)) < 10_000


def test_the_markdown_carries_the_evidence() -> None:
    text = markdown.render(solve_samples.proven())
    assert text.startswith("**Proven.** 2 tests red on base")
    for said in (
        "| tests, written first | `anthropic:claude-sonnet-4-5` | `tests/test_symbols.py` | +17 -0 |",
        "```sh\nregoose prove --base 0123456",
        "passed 5 of 5",
        "- advice `src/market_predictor/service.py:17`: The route",
        "| `.env` | secret file |",
        "| 1 | Add GET /symbols | not proven | 1 of 2 tests is not green with the patch. |",
        "**No test checks:**",
        "Cost: $0.0413 for 14 model calls",
    ):
        assert said in text
    assert "git -C" not in text


def test_a_blocking_remark_and_a_review_that_sends_back_are_plain() -> None:
    one = solve_samples.proven()
    assert one.review is not None
    remark = Remark(path=solve_samples.SERVICE_PATH, line=17, severity="blocking", message="It leaks.")
    review = one.review.model_copy(update={"verdict": "send back", "remarks": (remark,)})
    result = replace(one, review=review)
    assert "Sent back" in Page(html.render(result)).text
    assert Page(html.render(result)).text.count("It leaks.") == 2
    assert "**blocking** `src/market_predictor/service.py:17`: It leaks." in markdown.render(result)


def test_the_json_result_has_every_key_of_the_contract() -> None:
    keys = {"run_id", "status", "engine", "patch", "branch", "commit", "pull_request", "evidence", "cost", "seconds"}
    more = {"requirement", "plan", "tests", "change", "review", "approval", "attempts", "tried", "models", "report"}
    for result in (solve_samples.proven(), solve_samples.unproven()):
        document = json.loads(json.dumps(solve_document(result)))
        assert keys | more <= set(document)
        assert document["status"] == result.status.value
        assert [one["is_kept"] for one in document["tried"]] == [False, True]
    document = json.loads(json.dumps(solve_document(solve_samples.proven())))
    assert document["approval"] == {"granted": True, "comment": "", "by": "ada"}
    assert document["tests"]["unchecked"][0].startswith("That the list stays fast")
    assert [one["path"] for one in document["evidence"]["findings"] if one["check"] == "policy"] == [
        ".env",
        ".github/workflows/ci.yml",
    ]


def test_ten_thousand_lines_are_shown_in_good_time() -> None:
    """Comparing every line with every other would take minutes, and the test would time out."""
    text = html.render(solve_samples.long(10_000))
    assert text.count('<tr class="added"') + text.count('<tr class="removed"') > 7_500


def test_most_of_a_long_change_is_folded() -> None:
    text = html.render(solve_samples.long(10_000))
    assert Page(text).open == []
    assert '<details><summary><code>src/table.py</code> <span class="plus">+5000</span>' in text


def texts(alphabet: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(alphabet), max_size=400)


@settings(deadline=None, max_examples=60)
@given(texts("ab"), st.lists(st.text("abcdefg", min_size=1, max_size=3), max_size=400))
def test_long_texts_are_matched_as_they_are(few: list[str], many: list[str]) -> None:
    old, new = few + many, many[::-1] + few + many[: len(many) // 2]
    at, there = 0, 0
    for tag, start, end, new_start, new_end in Lines(old, new).get_opcodes():
        assert (start, new_start) == (at, there)
        assert (tag == "equal") == (old[start:end] == new[new_start:new_end])
        at, there = end, new_end
    assert (at, there) == (len(old), len(new))


def test_a_line_changed_in_a_long_file_is_the_only_one_shown_as_changed() -> None:
    lines = [f"line {number}" if number % 3 else "" for number in range(6000)]
    changed = [*lines[:1000], "new", *lines[1000:4001], "other", *lines[4002:]]
    (file,) = diff.files(Patch((FileEdit("a.py", "\n".join(lines) + "\n", "\n".join(changed) + "\n"),)))
    assert [(row.kind, row.old, row.new) for row in file.rows if row.kind in {"added", "removed"}] == [
        ("added", None, 1001),
        ("removed", 4002, None),
        ("added", None, 4003),
    ]
    assert (file.added, file.removed) == (2, 1)


def test_what_reorders_text_is_seen() -> None:
    assert printable("a\u202eb\u2066c\x7fd\x9b\U000e0041") == "a\ufffdb\ufffdc\u2421d\ufffd\ufffd"
    assert plain_lines("if a:\u202e\n") == ["if a:\ufffd"]


def test_only_a_required_check_that_failed_is_an_obstacle() -> None:
    one = solve_samples.unproven()
    assert one.status is Verdict.UNPROVEN
    failed = [check.name for check in one.evidence.checks if check.status is CheckStatus.FAILED]
    why = html.render(one).split('id="why"')[1].split("</section>")[0]
    assert [name for name in failed if f"<b>{name}</b>" in why] == failed


def test_nobody_asked_is_said() -> None:
    assert "nobody was asked" in html.render(replace(solve_samples.proven(), approval=None))
