"""What the pages of `fix` and `solve` both tell of the evidence; the parts are in `templates/parts.html.j2`."""

from __future__ import annotations

from collections.abc import Sequence

from regoose.domain.evidence import CaseResult, Check, Evidence, SuiteCounts
from regoose.reports.wording import TITLES, reason

OPEN_ROWS = 50
"""Tests and findings shown at once; the rest unfolds."""


def evidence_values(evidence: Evidence, checks: Sequence[Check]) -> dict[str, object]:
    """Return what the templates want to know; `checks` are those that have a row."""
    return {
        "evidence": evidence,
        "checks": checks,
        "not_enforced": evidence.not_enforced,
        "title": TITLES[evidence.verdict],
        "reason": reason(evidence),
        "green": frozenset(evidence.green),
        "open_red": evidence.red[:OPEN_ROWS],
        "more_red": evidence.red[OPEN_ROWS:],
        "most": OPEN_ROWS,
        "suites": (("before", evidence.before), ("after", evidence.after)),
        "total": _total,
        "why": _why,
    }


def _total(counts: SuiteCounts) -> int:
    return counts.passed + counts.failed + counts.errors + counts.skipped


def _why(case: CaseResult) -> str:
    """Return the first line of why a test is red."""
    if case.failure is None:
        return case.outcome.value
    first = case.failure.message.strip().split("\n")[0]
    return f"{case.failure.exception}: {first}" if first else case.failure.exception
