"""The JSON result of a run: the contract of docs/cli.md, and beside it what a program may want to know besides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from regoose.domain.ask import AskResult
from regoose.domain.evidence import Check, Evidence, SuiteCounts
from regoose.domain.repair import Candidate
from regoose.domain.run import Cost, FixResult, ProofResult, Replayed, RunSummary, StepRecord
from regoose.domain.solve import SolveResult

Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
"""What JSON can carry."""
Document = dict[str, Value]


def fix_document(result: FixResult) -> Document:
    """Return the result of `fix` and `demo`; every key is always present."""
    return {
        "run_id": result.run_id,
        "status": result.status.value,
        "summary": result.evidence.summary,
        "engine": result.engine.value,
        "repository": result.repository,
        "base_commit": result.base_commit,
        "patch": result.patch.diff() if result.patch else None,
        "branch": result.branch,
        "commit": result.commit,
        "applied": result.applied,
        "pull_request": None,
        "evidence": _evidence(result.evidence, result.reproduce),
        "alternatives": [_candidate(candidate, result) for candidate in result.alternatives],
        "suspects": [
            {"path": place.path, "line": place.line, "function": place.function, "score": place.score}
            for place in result.suspects
        ],
        "models": dict(result.models),
        "environment": result.environment,
        "sandbox": result.sandbox,
        "notes": list(result.notes),
        "cost": cost_document(result.cost),
        "seconds": round(result.seconds, 3),
        "report": result.report,
    }


def solve_document(result: SolveResult) -> Document:
    """Return the result of `solve`; every key is always present."""
    return {
        "run_id": result.run_id,
        "status": result.status.value,
        "summary": result.evidence.summary,
        "engine": result.engine.value,
        "repository": result.repository,
        "requirement": result.requirement,
        "base_commit": result.base_commit,
        "plan": result.plan.model_dump(mode="json") if result.plan else None,
        "patch": result.patch.diff() if result.patch else None,
        "tests": result.tests.model_dump(mode="json") if result.tests else None,
        "change": result.change.model_dump(mode="json") if result.change else None,
        "branch": result.branch,
        "commit": result.commit,
        "applied": result.applied,
        "pull_request": None,
        "evidence": _evidence(result.evidence, result.reproduce),
        "review": result.review.model_dump(mode="json") if result.review else None,
        "approval": asdict(result.approval) if result.approval else None,
        "attempts": result.attempts,
        "tried": [asdict(one) for one in result.tried],
        "models": dict(result.models),
        "environment": result.environment,
        "sandbox": result.sandbox,
        "notes": list(result.notes),
        "cost": cost_document(result.cost),
        "seconds": round(result.seconds, 3),
        "report": result.report,
    }


def ask_document(result: AskResult) -> Document:
    """Return what a role of the user's own handed in; every key is always present."""
    return {
        "run_id": result.run_id,
        "role": result.role,
        "repository": result.repository,
        "base_commit": result.base_commit,
        "output": json.loads(result.output),
        "patch": result.patch.diff() or None,
        "refused": [asdict(finding) for finding in result.refused],
        "models": dict(result.models),
        "cost": cost_document(result.cost),
        "seconds": round(result.seconds, 3),
    }


def proof_document(result: ProofResult) -> Document:
    """Return the result of `prove`."""
    return {
        "status": result.evidence.verdict.value,
        "summary": result.evidence.summary,
        "repository": result.repository,
        "base_commit": result.base_commit,
        "head_commit": result.head_commit,
        "patch": result.patch.diff(),
        "evidence": _evidence(result.evidence, ""),
        "environment": result.environment,
        "sandbox": result.sandbox,
        "notes": list(result.notes),
        "seconds": round(result.seconds, 3),
    }


def cost_document(cost: Cost) -> Document:
    """Return what models cost."""
    return {
        "usd": cost.usd,
        "input_tokens": cost.input_tokens,
        "output_tokens": cost.output_tokens,
        "calls": cost.calls,
    }


def _evidence(evidence: Evidence, reproduce: str) -> Document:
    return {
        "red": [case.id for case in evidence.red],
        "green": list(evidence.green),
        "repeats": evidence.repeats,
        "suite": {"before": _counts(evidence.before), "after": _counts(evidence.after)},
        "changed_lines": {"total": evidence.changed_lines, "covered": evidence.changed_lines_covered},
        "mutation": {"killed": 0, "total": 0},
        "alternatives": evidence.alternatives,
        "findings": [finding for check in evidence.checks for finding in _findings(check)],
        "not_enforced": list(evidence.not_enforced),
        "reproduce": reproduce,
        "failures": [
            {"id": case.id, "exception": case.failure.exception, "message": case.failure.message}
            | {"path": case.failure.path, "line": case.failure.line}
            for case in evidence.red
            if case.failure
        ],
        "differences": [
            {
                "call": difference.call,
                "before": difference.before,
                "answers": [
                    {"alternatives": list(answer.candidates), "value": answer.value} for answer in difference.answers
                ],
            }
            for difference in evidence.differences
        ],
        "flaky": list(evidence.flaky),
        "checks": [
            {"name": check.name, "status": check.status.value, "summary": check.summary, "seconds": check.seconds}
            for check in evidence.checks
        ],
    }


def _counts(counts: SuiteCounts) -> Document:
    return {
        "passed": counts.passed,
        "failed": counts.failed,
        "errors": counts.errors,
        "skipped": counts.skipped,
    }


def _findings(check: Check) -> list[Value]:
    return [asdict(finding) for finding in check.findings]


def _candidate(candidate: Candidate, result: FixResult) -> Document:
    return {
        "number": candidate.number,
        "delivered": candidate.patch == result.patch,
        "template": candidate.template,
        "description": candidate.description,
        "behaviour": candidate.behaviour,
        "patch": candidate.patch.diff(),
    }


def run_document(run: RunSummary) -> Document:
    """Return one line of `runs list`."""
    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "repository": run.repository,
        "state": run.state.value,
        "status": run.verdict.value if run.verdict else None,
        "started": run.started,
        "ended": run.ended,
        "forked_from": run.forked_from,
        "question": None
        if run.question is None
        else {"gate": run.question.gate, "text": run.question.text, "details": run.question.details},
    }


def step_document(step: StepRecord) -> Document:
    """Return one journalled step of `runs show`."""
    return {
        "number": step.number,
        "name": step.name,
        "started": step.started,
        "ended": step.ended,
        "error": step.error,
    }


def replay_document(replayed: Replayed) -> Document:
    """Return what `runs replay` found: the run ended as recorded, or was met as far as it is recorded."""
    return {
        "run_id": replayed.run_id,
        "steps": replayed.steps,
        "model_calls": replayed.calls,
        "has_ended": replayed.has_ended,
        "next_step": replayed.next_step or None,
        "error": replayed.error,
    }


def error_document(kind: str, message: str, hint: str, run_id: str | None) -> Document:
    """Return what a command prints when it fails."""
    return {"error": {"type": kind, "message": message, "hint": hint}, "run_id": run_id}
