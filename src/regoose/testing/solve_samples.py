"""Hand-made results of `solve` for whatever shows them: a proven one, one that is not, one full of hostile text."""

from __future__ import annotations

from dataclasses import replace

from regoose.domain.approval import Approval
from regoose.domain.evidence import (
    CaseResult,
    Check,
    CheckStatus,
    Evidence,
    Failure,
    Finding,
    Outcome,
    SuiteCounts,
    Verdict,
)
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.plan import Plan
from regoose.domain.run import Cost
from regoose.domain.solve import POLICY, REVIEW, Remark, Review, SolveResult, Tried, WrittenChange, WrittenTests
from regoose.domain.task import Engine

HISTORY = '''\
"""Closing prices by symbol."""


class PriceHistory:
    """Prices in memory."""

    def __init__(self) -> None:
        self._closes: dict[str, list[float]] = {}

    def __len__(self) -> int:
        return len(self._closes)
'''
SERVICE = '''\
"""The service's routes."""

from fastapi import FastAPI

from market_predictor.history import PriceHistory


def create_app() -> FastAPI:
    app = FastAPI()
    store = PriceHistory()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
'''
TESTS = '''\
"""Which symbols the service knows."""

from fastapi.testclient import TestClient

from market_predictor.service import create_app


def test_a_new_service_knows_no_symbol():
    answer = TestClient(create_app()).get("/symbols")
    assert (answer.status_code, answer.json()) == (200, {"symbols": []})


def test_symbols_are_listed_in_alphabetical_order():
    client = TestClient(create_app())
    for symbol in ("zeta", "acme"):
        client.put(f"/prices/{symbol}", json={"closes": [1.0, 2.0]})
    assert client.get("/symbols").json() == {"symbols": ["ACME", "ZETA"]}
'''
_ROUTE = """\
    @app.get("/symbols")
    def symbols() -> dict[str, list[str]]:
        return {"symbols": store.symbols()}

    return app
"""
_METHOD = '''
    def symbols(self) -> list[str]:
        """Return the symbols that have prices, in alphabetical order."""
        return sorted(self._closes)
'''
TEST_PATH = "tests/test_symbols.py"
SERVICE_PATH = "src/market_predictor/service.py"
_TARGETS = (
    f"{TEST_PATH}::test_a_new_service_knows_no_symbol",
    f"{TEST_PATH}::test_symbols_are_listed_in_alphabetical_order",
)


def _patch() -> Patch:
    return Patch(
        (
            FileEdit("src/market_predictor/history.py", HISTORY, HISTORY + _METHOD),
            FileEdit(SERVICE_PATH, SERVICE, SERVICE.replace("    return app\n", _ROUTE)),
            FileEdit(TEST_PATH, None, TESTS),
        )
    )


def _plan() -> Plan:
    return Plan(
        complexity=1,
        files_to_modify=("src/market_predictor/history.py", SERVICE_PATH),
        new_files_needed=(),
        dependencies=(),
        risks=("None for existing clients: a route is added, none is changed.",),
        estimated_time_minutes=10,
        summary="`GET /symbols` lists the symbols that have prices, in alphabetical order.",
        steps=(
            "Give `PriceHistory` a method `symbols` that returns its symbols sorted.",
            "Add the route `GET /symbols` to `create_app`.",
        ),
        acceptance_criteria=(
            'Without prices, GET /symbols answers 200 with {"symbols": []}.',
            'After PUT /prices/zeta and PUT /prices/acme, GET /symbols answers {"symbols": ["ACME", "ZETA"]}.',
        ),
    )


def _review() -> Review:
    return Review(
        verdict="approve",
        summary="Does what was asked, and no more.",
        remarks=(
            Remark(
                path=SERVICE_PATH,
                line=17,
                severity="advice",
                message="The route has no response model; `/health` has none either.",
            ),
            Remark(path="README.md", line=12, severity="advice", message="The list of routes could name it."),
        ),
    )


def _red() -> tuple[CaseResult, ...]:
    messages = (
        "assert (404, {'detail': 'Not Found'}) == (200, {'symbols': []})\n  At index 0 diff: 404 != 200",
        "assert {'detail': 'Not Found'} == {'symbols': ['ACME', 'ZETA']}",
    )
    return tuple(
        CaseResult(name, Outcome.FAILED, 0.02, Failure("call", "AssertionError", message, TEST_PATH, line))
        for name, message, line in zip(_TARGETS, messages, (10, 17), strict=True)
    )


def _refused() -> tuple[Finding, ...]:
    """Return what `AGENTS.md` of a hostile repository could make a model try."""
    return (
        Finding(
            POLICY,
            "secret file",
            ".env",
            0,
            "coder 2.1 read was refused to read it: it may hold secrets",
            blocking=False,
        ),
        Finding(
            POLICY,
            "checks",
            ".github/workflows/ci.yml",
            0,
            "coder 3.1 edit was refused to write it: it decides how the repository is checked",
            blocking=False,
        ),
    )


def _checks(review: Review) -> tuple[Check, ...]:
    passed = CheckStatus.PASSED
    return (
        Check(name="red on base", status=passed, summary="2 tests red on base (AssertionError)", seconds=1.9),
        Check(name="green on head", status=passed, summary="2 tests green 5 times in random orders", seconds=6.2),
        Check(name="no worse", status=passed, summary="37 others no worse", seconds=2.4),
        Check(name="red again", status=passed, summary="2 tests red again without the patch", seconds=2.0),
        Check(name="changed lines", status=passed, summary="5 of 5 changed lines run by the target tests", seconds=1.1),
        Check(name="not tampered with", status=passed, summary="no test deleted, skipped or weakened"),
        Check(name=POLICY, status=passed, summary="2 actions were refused, and did not happen", findings=_refused()),
        Check(
            name=REVIEW,
            status=passed,
            summary=review.summary,
            findings=tuple(
                Finding(REVIEW, one.severity, one.path, one.line, one.message, blocking=one.severity == "blocking")
                for one in review.remarks
            ),
        ),
    )


def proven() -> SolveResult:
    """Return a result that was proven at the second attempt, and during which two actions were refused."""
    review = _review()
    evidence = Evidence(
        verdict=Verdict.PROVEN,
        summary="Proven: 2 tests red on base for an assertion, green 5 times, 37 others no worse.",
        red=_red(),
        green=_TARGETS,
        repeats=5,
        before=SuiteCounts(passed=37, failed=2, skipped=1),
        after=SuiteCounts(passed=39, skipped=1),
        changed_lines=5,
        changed_lines_covered=5,
        alternatives=0,
        checks=_checks(review),
        not_enforced=("disk limit",),
    )
    return SolveResult(
        run_id="20261121-101500-abcdef",
        engine=Engine.MODEL,
        repository="/home/ada/market-predictor",
        requirement="Add an endpoint that lists the symbols the service knows, in alphabetical order.",
        base_commit="0123456789abcdef0123456789abcdef01234567",
        plan=_plan(),
        patch=_patch(),
        tests=WrittenTests(
            summary="The list is empty at first, and sorted.",
            unchecked=("That the list stays fast with a million symbols: no test can say what is fast enough.",),
        ),
        change=WrittenChange(
            subject="List the symbols that have prices",
            summary="`GET /symbols` returns them in alphabetical order; `PriceHistory.symbols` gives them.",
        ),
        branch="regoose/history-abcdef",
        commit="89abcdef0123456789abcdef0123456789abcdef",
        applied=False,
        evidence=evidence,
        review=review,
        approval=Approval(granted=True, by="ada"),
        attempts=2,
        tried=(
            Tried(
                subject="Add GET /symbols",
                changed_lines=3,
                is_proven=False,
                is_kept=False,
                outcome="1 of 2 tests is not green with the patch.",
            ),
            Tried(
                subject="List the symbols that have prices",
                changed_lines=8,
                is_proven=True,
                is_kept=True,
                outcome="Does what was asked, and no more.",
            ),
        ),
        reproduce=f"regoose prove --base 0123456 --head 89abcde --test {_TARGETS[0]} --test {_TARGETS[1]}",
        seconds=94.2,
        cost=Cost(usd=0.0413, input_tokens=48_210, output_tokens=3_021, calls=14),
        models=(
            ("planner", "anthropic:claude-sonnet-4-5"),
            ("tester", "anthropic:claude-sonnet-4-5"),
            ("coder", "anthropic:claude-sonnet-4-5"),
            ("reviewer", "openai:gpt-5"),
        ),
        report="/home/ada/.local/share/regoose/runs/20261121-101500-abcdef/report.html",
        environment="CPython 3.13.0, dependencies from pyproject.toml (extra test)",
        sandbox="bubblewrap 0.8.0",
    )


def unproven() -> SolveResult:
    """Return a result whose change breaks a test of the suite."""
    one = proven()
    worse = Finding(
        "no worse", "worse", "tests/test_service.py::test_routes", 0, "was passed, is failed", blocking=True
    )
    checks = (
        *one.evidence.checks[:2],
        Check(
            name="no worse",
            status=CheckStatus.FAILED,
            summary="other tests are worse with the patch",
            seconds=2.4,
            findings=(worse,),
        ),
        *one.evidence.checks[3:6],
        Check(name=REVIEW, status=CheckStatus.NOT_RUN, summary="no review was made"),
    )
    evidence = replace(
        one.evidence,
        verdict=Verdict.UNPROVEN,
        summary="Not proven: other tests are worse with the patch.",
        after=SuiteCounts(passed=38, failed=1, skipped=1),
        checks=checks,
    )
    return replace(
        one,
        evidence=evidence,
        branch=None,
        commit=None,
        review=None,
        approval=None,
        reproduce="",
        tried=(
            one.tried[0],
            replace(one.tried[1], is_proven=False, outcome="Other tests are worse with the patch."),
        ),
    )


def hostile(text: str) -> SolveResult:
    """Return a result every text of which that a model or a repository could write is `text`."""
    one = proven()
    assert one.plan is not None
    finding = Finding(POLICY, text, text, 3, text, blocking=True)
    failure = Failure("call", text, f"{text}\n{text}", text, 1)
    path = f"a{text.replace('/', '')}.py"
    edits = (
        FileEdit(path, "x = 1\n", f"x = '{text}'\n"),
        FileEdit(f"tests/test_{path}", None, f"assert '{text}'\n"),
    )
    evidence = replace(
        one.evidence,
        summary=text,
        red=(CaseResult(text, Outcome.FAILED, 0.0, failure),),
        flaky=(text,),
        checks=(
            Check(name=POLICY, status=CheckStatus.PASSED, summary=text, findings=(finding,)),
            Check(name=text, status=CheckStatus.FAILED, summary=text, findings=(replace(finding, check=text),)),
        ),
    )
    remark = Remark(path=path, line=1, severity="blocking", message=text)
    return replace(
        one,
        requirement=text,
        plan=Plan(
            complexity=5,
            files_to_modify=(text,),
            new_files_needed=(text,),
            dependencies=(text,),
            risks=(text,),
            estimated_time_minutes=1,
            summary=text,
            steps=(text,),
            acceptance_criteria=(text,),
        ),
        patch=Patch(edits),
        tests=WrittenTests(summary=text, unchecked=(text,)),
        change=WrittenChange(subject=text, summary=text),
        evidence=evidence,
        review=Review(verdict="send back", summary=text, remarks=(remark, remark.model_copy(update={"path": text}))),
        approval=Approval(granted=True, comment=text, by=text),
        tried=(replace(one.tried[0], subject=text, outcome=text), replace(one.tried[1], subject=text, outcome=text)),
        models=(("coder", text),),
        environment=text,
        notes=(text,),
        branch=text,
    )


def long(lines: int) -> SolveResult:
    """Return a result whose diff has about so many lines, half of them replaced and half of them new."""
    before = "".join(f"def f_{number}(a, b):\n    return a + b * {number}\n\n\n" for number in range(lines // 8))
    after = before.replace("a + b", "b + a")
    new = "".join(f"VALUE_{number} = {{'name': 'n{number}', 'size': {number}}}\n" for number in range(lines // 2))
    edits = (FileEdit("src/long.py", before, after), FileEdit("src/table.py", None, new))
    return replace(proven(), patch=Patch((*edits, *_patch().edits[2:])))
