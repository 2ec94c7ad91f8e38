"""How every report names a verdict, gives its reason and counts things."""

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


def plural(count: int, word: str) -> str:
    """Return `1 test`, `2,000 tests`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
