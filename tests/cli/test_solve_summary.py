"""What a person reads in the terminal at the end of `regoose solve`."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from rich.console import Console

from regoose.cli.console import Terminal, inert
from regoose.cli.progress import Progress
from regoose.cli.summary_solve import DIFF_LINES, show_solve
from regoose.domain.event import Event
from regoose.domain.solve import Remark, SolveResult
from regoose.testing.solve_samples import SERVICE_PATH, hostile, long, proven, unproven


def shown(result: SolveResult, rerun: str = "") -> list[str]:
    out = io.StringIO()
    show_solve(inert(Console(file=out, highlight=False, soft_wrap=True)), result, rerun)
    return out.getvalue().splitlines()


def test_the_verdict_is_first_and_the_command_that_reruns_is_last() -> None:
    lines = shown(proven(), "regoose prove --base 0123456")
    assert lines[0].startswith("Proven: 2 tests red on base for an assertion")
    assert lines[1] == "List the symbols that have prices"
    assert "  tests/test_symbols.py            +17  -0" in lines
    assert lines.index("  tests/test_symbols.py            +17  -0") < lines.index(f"+++ b/{SERVICE_PATH}")
    assert lines[-1].split(maxsplit=1) == ["rerun", "regoose prove --base 0123456"]
    assert lines[-2].split() == ["report", proven().report]
    assert "cost          $0.0413 for 14 model calls (48,210 tokens in, 3,021 out)" in lines
    assert "branch        regoose/history-abcdef" in lines


def test_what_is_not_tested_and_what_was_refused_is_told() -> None:
    lines = shown(proven())
    at = lines.index("No test checks:")
    assert lines[at + 1].startswith("  - That the list stays fast")
    at = lines.index("Refused by policy; it did not happen:")
    assert lines[at + 1].startswith("  - .env: coder 2.1 read was refused")
    assert any(line.endswith("(2 remarks of advice in the report)") for line in lines)


def test_a_blocking_remark_is_shown_with_its_place() -> None:
    one = proven()
    assert one.review is not None
    remark = Remark(path=SERVICE_PATH, line=17, severity="blocking", message="It leaks.")
    review = one.review.model_copy(update={"verdict": "send back", "remarks": (remark, one.review.remarks[0])})
    lines = shown(replace(one, review=review))
    assert f"  - {SERVICE_PATH}:17: It leaks." in lines
    assert "(1 remark of advice in the report)" in "\n".join(lines)


def test_an_unproven_result_gives_the_reason_first_and_the_way_by_hand_last() -> None:
    lines = shown(unproven())
    assert lines[0] == "Not proven: Other tests are worse with the patch."
    assert lines[1:3] == [
        "no worse: other tests are worse with the patch",
        "  - tests/test_service.py::test_routes: was passed, is failed",
    ]
    assert lines[-1].split(maxsplit=2)[:2] == ["take", "over"]
    assert lines[-1].endswith("apply /home/ada/.local/share/regoose/runs/20261121-101500-abcdef/patch.diff")
    assert not any(line.startswith(("branch", "rerun")) for line in lines)


def test_a_long_diff_is_cut_and_says_where_the_rest_is() -> None:
    lines = shown(long(2_000))
    assert sum(line.startswith(("+", "-", " ", "@", "diff")) for line in lines) < DIFF_LINES + 30
    (rest,) = [line for line in lines if line.startswith("… and ")]
    assert re.fullmatch(r"… and [\d,]+ more lines: /home/ada/.*/patch\.diff", rest)


def test_no_text_of_others_moves_the_cursor_or_looks_like_a_line_of_ours() -> None:
    lines = shown(hostile("a\x1b[2J\x9b1m\nProven: \u202eall\x07\rfine"))
    text = "\n".join(lines)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert [line for line in lines[1:] if line.startswith("Proven:")] == []


def test_progress_and_errors_obey_nothing_either() -> None:
    out = io.StringIO()
    terminal = Terminal(err=inert(Console(file=out, highlight=False, soft_wrap=True)))
    Progress(terminal)(Event("example-1", "coder 1", "finished", "coder 1: \x1b[2J\u202edone"))
    terminal.error("X", "bad \x1b]0;title\x07", "do \x1b[31m that")
    assert "\x1b" not in out.getvalue()
    assert "\u241b[2J" in out.getvalue()
