"""The JSON result of `regoose test`: the contract of docs/cli.md, and beside it what each module came to."""

from __future__ import annotations

from regoose.domain.generation import (
    DropReason,
    GenerateResult,
    Kept,
    Mutant,
    MutationReport,
    Oddity,
)
from regoose.reports.generation.numbers import Change, Figures, figures, headline
from regoose.reports.json import Document, cost_document
from regoose.reports.wording import TITLES


def generate_document(result: GenerateResult) -> Document:
    """Return the result of `test`; every key is always present."""
    return {
        "run_id": result.run_id,
        "status": result.status.value,
        "summary": f"{TITLES[result.status]}: {headline(result)}",
        "engine": result.engine.value,
        "repository": result.repository,
        "base_commit": result.base_commit,
        "targets": [one.target.path for one in result.modules],
        "files": [{"path": one.file.path, "tests": len(one.tests)} for one in result.modules if one.file],
        **_figures(figures(result.modules)),
        "look_at": [_oddity(odd) for one in result.modules for odd in one.oddities],
        "modules": [_module(one) for one in result.modules],
        "branch": result.branch,
        "commit": result.commit,
        "applied": result.applied,
        "reproduce": result.reproduce,
        "environment": result.environment,
        "sandbox": result.sandbox,
        "not_enforced": list(result.not_enforced),
        "notes": list(result.notes),
        "cached": result.cached,
        "models": dict(result.models),
        "cost": cost_document(result.cost),
        "seconds": round(result.seconds, 3),
        "report": result.report,
    }


def _figures(sums: Figures) -> Document:
    return {
        "branch_coverage": _change(sums.branches),
        "line_coverage": _change(sums.lines),
        "mutation": {"killed": sums.killed, "total": sums.mutants},
        "dropped": {reason.value: sums.dropped[reason] for reason in DropReason},
    }


def _change(change: Change) -> Document:
    return {"before": round(change.before, 2), "after": round(change.after, 2)}


def _module(one: Kept) -> Document:
    return {
        "path": one.target.path,
        "module": one.target.module,
        "file": one.file.path if one.file else None,
        "tests": list(one.tests),
        "repeats": one.repeats,
        **_figures(figures([one])),
        "alive": _alive(one.mutation),
        "dropped_tests": [
            {"test": test.test, "reason": test.reason.value, "detail": test.detail} for test in one.dropped
        ],
        "notes": list(one.notes),
        "seconds": round(one.seconds, 3),
    }


def _alive(report: MutationReport) -> list[Document]:
    return [_mutant(mutant) for mutant in report.mutants if not mutant.is_killed]


def _mutant(mutant: Mutant) -> Document:
    return {
        "path": mutant.path,
        "line": mutant.line,
        "operator": mutant.operator,
        "before": mutant.before,
        "after": mutant.after,
        "status": mutant.status.value,
        "likely_equivalent": mutant.likely_equivalent,
    }


def _oddity(odd: Oddity) -> Document:
    return {
        "path": odd.path,
        "line": odd.line,
        "subject": odd.subject,
        "call": odd.call,
        "observed": odd.observed,
        "why": odd.why,
    }
