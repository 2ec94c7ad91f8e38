from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from regoose.domain.evidence import (
    CaseResult,
    Check,
    CheckStatus,
    CollectionError,
    Failure,
    Outcome,
    SuiteReport,
    Verdict,
)
from regoose.sandbox.base import Guarantee, Probe
from regoose.verify.red_green import COVERED, NO_WORSE, Proof, worse
from regoose.verify.tamper import TAMPER
from regoose.verify.verdict import REQUIRED, judge, unproven, verdict_of

names = st.sampled_from([*REQUIRED, COVERED, "something else"])
checks = st.lists(st.builds(Check, name=names, status=st.sampled_from(CheckStatus), summary=st.just("")))
outcomes = st.sampled_from(Outcome)


def passed(name: str, summary: str = "fine") -> Check:
    return Check(name=name, status=CheckStatus.PASSED, summary=summary)


def report(results: dict[str, Outcome]) -> SuiteReport:
    cases = tuple(CaseResult(name, outcome, 0.0) for name, outcome in results.items())
    return SuiteReport(cases=cases, collected=tuple(results), exit_code=0, seconds=0.0)


@given(checks)
def test_proven_exactly_where_every_required_check_passed(given_checks: list[Check]) -> None:
    fine = {check.name for check in given_checks if check.status is CheckStatus.PASSED}
    not_fine = {check.name for check in given_checks if check.status is not CheckStatus.PASSED}
    expected = set(REQUIRED) <= fine - not_fine
    assert (verdict_of(given_checks) is Verdict.PROVEN) == expected


@given(st.sampled_from(REQUIRED), st.sampled_from([CheckStatus.FAILED, CheckStatus.NOT_RUN]))
def test_one_required_check_less_is_unproven(name: str, status: CheckStatus) -> None:
    all_passed = [passed(required) for required in REQUIRED]
    assert verdict_of(all_passed) is Verdict.PROVEN
    assert (
        verdict_of([replace(check, status=status) if check.name == name else check for check in all_passed])
        is Verdict.UNPROVEN
    )
    assert verdict_of([check for check in all_passed if check.name != name]) is Verdict.UNPROVEN


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), outcomes), st.data())
def test_a_lost_test_is_worse(results: dict[str, Outcome], data: st.DataObject) -> None:
    if not results:
        return
    lost = data.draw(st.sampled_from(sorted(results)))
    after = {name: outcome for name, outcome in results.items() if name != lost}
    assert set(worse(report(results), report(after))) == {lost}


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), outcomes))
def test_nothing_is_worse_than_itself(results: dict[str, Outcome]) -> None:
    assert not worse(report(results), report(results))


@given(outcomes, outcomes)
def test_what_counts_as_worse(before: Outcome, after: Outcome) -> None:
    found = worse(report({"t": before}), report({"t": after}))
    newly_red = after.is_red and not before.is_red
    no_longer_run = before in {"passed", "xpassed"} and after in {"skipped", "xfailed"}
    assert bool(found) == (newly_red or no_longer_run)


def test_a_file_that_can_no_longer_be_collected_is_worse() -> None:
    after = replace(report({}), collection_errors=(CollectionError("test_a.py", "SyntaxError", "no"),))
    assert set(worse(report({}), after)) == {"test_a.py"}


def proof() -> Proof:
    failure = Failure("call", "AssertionError", "1 == 2", "test_a.py", 3)
    return Proof(
        checks=tuple(
            passed(name, "214 others no worse" if name == NO_WORSE else name) for name in REQUIRED if name != TAMPER
        ),
        red=tuple(CaseResult(f"t::{number}", Outcome.FAILED, 0.1, failure) for number in range(3)),
        green=("t::0", "t::1", "t::2"),
        repeats=5,
        after=report({"t::0": Outcome.PASSED}),
    )


def test_the_first_line_says_how_it_was_proven() -> None:
    evidence = judge(proof(), passed(TAMPER), report({}), behaviours=1)
    assert evidence.verdict is Verdict.PROVEN
    assert (
        evidence.summary
        == "Proven: 3 tests red on base for an assertion, green 5 times, 214 others no worse; one behaviour survives."
    )


def test_several_behaviours_are_said_in_the_first_line() -> None:
    evidence = judge(proof(), passed(TAMPER), report({}), behaviours=3)
    assert evidence.summary == "Proven, but 3 behaviours pass every test: see the inputs on which they differ."
    assert evidence.alternatives == 3


def test_what_failed_is_said_in_the_first_line() -> None:
    tamper = Check(name=TAMPER, status=CheckStatus.FAILED, summary="The patch bends the proof: x")
    evidence = judge(proof(), tamper, report({}))
    assert evidence.verdict is Verdict.UNPROVEN
    assert evidence.summary == "Not proven: The patch bends the proof: x."


def test_what_the_sandbox_does_not_enforce_is_part_of_the_evidence() -> None:
    probe = Probe(backend="b", available=True, enforced=frozenset(Guarantee) - {Guarantee.DISK})
    assert judge(proof(), passed(TAMPER), report({}), probe=probe).not_enforced == ("disk limit",)
    assert unproven(None, "no patch passes the tests", probe=probe).not_enforced == ("disk limit",)
    assert unproven(None, "no patch passes the tests").summary == "Not proven: no patch passes the tests."
