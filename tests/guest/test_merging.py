from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from regoose_guest.report import is_complete, merged

FAILURE = {"exception": "ValueError", "message": "", "path": "", "line": 0, "is_import": False}


def phase(when: str, outcome: str, **extra: object) -> dict[str, Any]:
    return {
        "when": when,
        "outcome": outcome,
        "seconds": 0.5,
        "failure": FAILURE if outcome == "failed" else None,
        **extra,
    }


phases = st.lists(
    st.builds(
        phase,
        st.sampled_from(["setup", "call", "teardown"]),
        st.sampled_from(["passed", "failed", "skipped"]),
    ),
    min_size=1,
    max_size=6,
)


@given(phases)
def test_a_test_is_red_exactly_where_a_phase_failed(reports: list[dict[str, Any]]) -> None:
    case = merged(reports)
    assert (case["outcome"] in {"failed", "error"}) == any(report["outcome"] == "failed" for report in reports)
    assert ("failure" in case) == (case["outcome"] in {"failed", "error"})


@given(phases)
def test_it_failed_exactly_where_the_call_did(reports: list[dict[str, Any]]) -> None:
    failed = any(report["outcome"] == "failed" and report["when"] == "call" for report in reports)
    assert (merged(reports)["outcome"] == "failed") == failed


@given(phases, st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_matter(reports: list[dict[str, Any]], random: Any) -> None:
    other = list(reports)
    random.shuffle(other)
    assert merged(other)["outcome"] == merged(reports)["outcome"]


@given(phases)
def test_seconds_add_up(reports: list[dict[str, Any]]) -> None:
    assert merged(reports)["seconds"] == 0.5 * len(reports)


@given(phases)
def test_nothing_passes_without_a_call_and_a_teardown(reports: list[dict[str, Any]]) -> None:
    stages = {report["when"] for report in reports}
    if merged(reports)["outcome"] == "passed" and is_complete(reports):
        assert {"call", "teardown"} <= stages


def test_expected_failures() -> None:
    setup, teardown = phase("setup", "passed"), phase("teardown", "passed")
    assert merged([setup, phase("call", "skipped", xfail=True), teardown])["outcome"] == "xfailed"
    assert merged([setup, phase("call", "passed", xpass=True), teardown])["outcome"] == "xpassed"
    assert merged([setup, phase("call", "skipped", xfail=True), phase("teardown", "failed")])["outcome"] == "error"
