"""What every report of `solve` picks out of its result."""

from __future__ import annotations

import shlex
from dataclasses import replace

from regoose.domain.evidence import Check, CheckStatus, Finding
from regoose.domain.patch import Patch
from regoose.domain.solve import POLICY, REVIEW, SolveResult
from regoose.verify.tamper import divided
from regoose.verify.verdict import REQUIRED


def parts(result: SolveResult) -> tuple[Patch, Patch]:
    """Return the tests and the change: the policy lets the author of either write nothing of the other."""
    return divided(result.patch) if result.patch else (Patch(()), Patch(()))


def checks(result: SolveResult) -> tuple[Check, ...]:
    """Return the checks without what reports tell in a place of its own: what was refused, what the reviewer says."""
    return tuple(
        replace(check, findings=()) if check.name == REVIEW else check
        for check in result.evidence.checks
        if check.name != POLICY
    )


def obstacles(result: SolveResult) -> tuple[Check, ...]:
    """Return what keeps a result from being proven, each with the findings that block it."""
    return tuple(
        replace(check, findings=_blocking(check))
        for check in result.evidence.checks
        if check.name in REQUIRED and check.status is CheckStatus.FAILED
    )


def in_full(result: SolveResult) -> str:
    """Return the command that tells the run as a conversation."""
    return f"regoose runs show {shlex.quote(result.run_id)} --trajectory"


def _blocking(check: Check) -> tuple[Finding, ...]:
    return tuple(finding for finding in check.findings if finding.blocking)
