"""What the proofs of a run's candidates amount to, without running any."""

from __future__ import annotations

import pytest

from regoose.domain.evidence import Check, CheckStatus, SuiteReport
from regoose.domain.patch import Patch
from regoose.domain.repair import Candidate, RepairReport
from regoose.verify.flaky import Baseline
from regoose.verify.red_green import Proof
from regoose.verify.verdict import REQUIRED
from regoose.workflows.outcome import Tried, evidence_of

BASELINE = Baseline(report=SuiteReport(cases=(), collected=(), exit_code=1, seconds=0.0))


def tried(behaviour: int, *, proven: bool) -> Tried:
    status = CheckStatus.PASSED if proven else CheckStatus.FAILED
    *checks, tamper = (Check(name=name, status=status, summary="") for name in REQUIRED)
    candidate = Candidate(
        number=behaviour, patch=Patch(()), template="", description="", score=1.0, behaviour=behaviour
    )
    return Tried(candidate, Proof(checks=tuple(checks), repeats=1), tamper)


@pytest.mark.parametrize(
    ("behaviours", "outcomes", "surviving"),
    [(1, {1: True}, 1), (3, {1: True}, 3), (3, {1: True, 2: False}, 2), (3, {1: True, 2: True, 3: False}, 2)],
)
def test_a_behaviour_that_no_proof_was_tried_for_survives(
    behaviours: int, outcomes: dict[int, bool], surviving: int
) -> None:
    all_tried = [tried(number, proven=proven) for number, proven in outcomes.items()]
    found = RepairReport(
        candidates=tuple(one.candidate for one in all_tried),
        suspects=(),
        differences=(),
        behaviours=behaviours,
        tried=9,
        seconds=0.0,
        stopped="exhausted",
    )
    evidence = evidence_of(BASELINE, ["t.py::t"], found, all_tried, all_tried[0])
    assert evidence.alternatives == surviving
    assert ("one behaviour survives" in evidence.summary) == (surviving == 1)
