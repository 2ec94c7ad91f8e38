"""What was observed and what follows from it: test results, findings, checks, the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"

    @property
    def is_red(self) -> bool:
        """Whether the test counts against the code."""
        return self in {Outcome.FAILED, Outcome.ERROR}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a test is red."""

    phase: str
    """`setup`, `call` or `teardown`."""
    exception: str
    """Qualified name of the exception's type, e.g. `AssertionError` or `toolz.exceptions.CurryError`."""
    message: str
    path: str
    """File of the innermost frame inside the repository, relative to it; empty where there is none."""
    line: int
    is_import: bool = False
    """Whether the exception is an ImportError or SyntaxError, or came while importing a module."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One collected test and how it ended."""

    id: str
    outcome: Outcome
    seconds: float
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class CollectionError:
    """A file that pytest could not collect."""

    path: str
    exception: str
    message: str
    source: str = ""
    """File of the innermost frame inside the repository (or of the syntax error); empty where there is none."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class SuiteCounts:
    """How many tests ended in which way."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteReport:
    """
    One run of the test suite: what our plugin wrote, cross-checked with the exit code and the collection.

    `consistent` is False where the three disagree (results missing, more results than collected tests, an exit
    code that contradicts the outcomes); such a report proves nothing and `problem` says why.
    """

    cases: tuple[CaseResult, ...]
    collected: tuple[str, ...]
    """Ids in the order of the run."""
    unshuffled: tuple[str, ...] = ()
    """The same in the order of the files, where the run shuffled them."""
    collection_errors: tuple[CollectionError, ...] = ()
    exit_code: int | None
    seconds: float
    timed_out: bool = False
    consistent: bool = True
    problem: str = ""
    output_tail: str = ""

    @property
    def counts(self) -> SuiteCounts:
        """Totals in the words of the JSON contract."""
        count = Counter(case.outcome for case in self.cases)
        return SuiteCounts(
            passed=count[Outcome.PASSED] + count[Outcome.XPASSED],
            failed=count[Outcome.FAILED],
            errors=count[Outcome.ERROR] + len(self.collection_errors),
            skipped=count[Outcome.SKIPPED] + count[Outcome.XFAILED],
        )

    def outcome_by_id(self) -> dict[str, Outcome]:
        """Map each test id to its outcome."""
        return {case.id: case.outcome for case in self.cases}

    def red_ids(self) -> tuple[str, ...]:
        """Return ids of the tests that failed or errored, in run order."""
        return tuple(case.id for case in self.cases if case.outcome.is_red)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check has to say."""

    check: str
    rule: str
    path: str
    line: int
    message: str
    blocking: bool


class CheckStatus(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing verified, with what it found. `summary` is one sentence for a reviewer."""

    name: str
    status: CheckStatus
    summary: str
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()


class Verdict(StrEnum):
    """What the evidence amounts to; the JSON `status` of a run."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the candidates of one group do on one input."""

    candidates: tuple[int, ...]
    """1-based numbers of the candidates that answer so."""
    value: str
    """`repr` of the result, or the exception."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A generated input on which surviving candidates disagree."""

    call: str
    """The call as a Python expression, e.g. `wrap('ab', 1)`."""
    before: str
    """What the unpatched code answers."""
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything a reviewer needs to agree or disagree with the verdict."""

    verdict: Verdict
    summary: str
    """First line of every report."""
    red: tuple[CaseResult, ...] = ()
    """Target tests on the base, with the failure that makes them red."""
    green: tuple[str, ...] = ()
    repeats: int = 0
    before: SuiteCounts = field(default_factory=SuiteCounts)
    after: SuiteCounts = field(default_factory=SuiteCounts)
    changed_lines: int = 0
    changed_lines_covered: int = 0
    alternatives: int = 1
    differences: tuple[Difference, ...] = ()
    flaky: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    not_enforced: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all checks, in order."""
        return tuple(finding for check in self.checks for finding in check.findings)
