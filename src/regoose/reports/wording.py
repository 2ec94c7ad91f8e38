"""How every report names a verdict, and the sentence that gives its reason."""

from __future__ import annotations

from regoose.domain.evidence import Evidence, Verdict

TITLES = {
    Verdict.PROVEN: "Proven",
    Verdict.UNPROVEN: "Not proven",
    Verdict.FAILED: "Failed",
    Verdict.CANCELLED: "Cancelled",
}


def reason(evidence: Evidence) -> str:
    """Return the summary without the verdict's own name at its start, for a place that shows the name already."""
    title = TITLES[evidence.verdict]
    rest = evidence.summary.removeprefix(title).removeprefix(":").lstrip()
    return rest[:1].upper() + rest[1:]
