"""
The kept tests as two widely used pytest plugins report them, for the tools that read such files.

`pytest_json` has the keys of pytest-json-report 1.5, `pytest_html` the data container, counts and table of
pytest-html 4. Every kept test's last run was green, so every outcome is `passed`.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from markupsafe import escape

from regoose.domain.generation import GenerateResult
from regoose.reports.generation.cases import Case, cases
from regoose.reports.json import Document, Value
from regoose.reports.page import page
from regoose.reports.source import printable

EXIT_PASSED = 0
EXIT_NO_TESTS = 5
OUTCOMES = {
    "failed": "Failed",
    "passed": "Passed",
    "skipped": "Skipped",
    "xfailed": "Expected failures",
    "xpassed": "Unexpected passes",
    "error": "Errors",
    "rerun": "Reruns",
    "retried": "Retried",
}
"""As pytest-html 4 names and orders them."""


def pytest_json(result: GenerateResult, created: float) -> Document:
    """Return the document; `created` is seconds since the epoch."""
    tests = cases(result)
    lines = {one.file.path: _lines(one.file.text) for one in result.modules if one.file}
    return {
        "created": created,
        "duration": sum(case.seconds for case in tests),
        "exitcode": EXIT_PASSED if tests else EXIT_NO_TESTS,
        "root": result.repository,
        "environment": _environment(result),
        "summary": {**({"passed": len(tests)} if tests else {}), "total": len(tests), "collected": len(tests)},
        "collectors": list(_collectors(tests, lines)),
        "tests": [_test(case, lines) for case in tests],
    }


def pytest_html(result: GenerateResult, created: float) -> str:
    """Return the page; it is complete without a script, and tools find the same data in its container."""
    tests = cases(result)
    rows = [(case, duration(case.seconds)) for case in tests]
    title = "pytest-html.html"
    blob: Document = {
        "environment": _environment(result),
        "tests": {case.id: [_entry(case, took)] for case, took in rows},
        "renderCollapsed": ["passed"],
        "initialSort": "result",
        "title": title,
    }
    when = datetime.fromtimestamp(created, UTC)
    return page(
        "pytest.html.j2",
        title=title,
        date=when.strftime("%d-%b-%Y"),
        time=when.strftime("%H:%M:%S"),
        environment=_environment(result),
        count=f"{len(tests)} test{'s' if len(tests) > 1 else ''} took {duration(sum(one.seconds for one in tests))}.",
        outcomes=[(name, words, len(tests) if name == "passed" else 0) for name, words in OUTCOMES.items()],
        rows=rows,
        blob=json.dumps(blob),
    )


def duration(seconds: float) -> str:
    """Return a duration in the manner of pytest-html: milliseconds below a second, else hours, minutes, seconds."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"


def _environment(result: GenerateResult) -> Mapping[str, str]:
    return {"Python": result.environment, "Sandbox": result.sandbox, "Run": result.run_id}


def _entry(case: Case, took: str) -> Document:
    """Return one test of pytest-html's data. The cells are HTML, so the test's name is escaped in them."""
    cells = {"result": "Passed", "testId": escape(printable(case.id)), "duration": took, "links": ""}
    return {
        "extras": [],
        "result": "Passed",
        "testId": case.id,
        "duration": took,
        "resultsTableRow": [f'<td class="col-{name}">{text}</td>' for name, text in cells.items()],
        "log": "No log output captured.",
    }


_Lines = Mapping[tuple[str, ...], int]
"""Names from the class inwards → 0-based line on which the definition, or its first decorator, stands."""


def _test(case: Case, lines: Mapping[str, _Lines]) -> Document:
    return {
        "nodeid": case.id,
        "lineno": _line(case, lines),
        "outcome": "passed",
        "keywords": [case.name, *reversed(case.classes), case.file.rpartition("/")[2], ""],
        "setup": {"duration": 0.0, "outcome": "passed"},
        "call": {"duration": case.seconds, "outcome": "passed"},
        "teardown": {"duration": 0.0, "outcome": "passed"},
    }


def _line(case: Case, lines: Mapping[str, _Lines]) -> int:
    return lines.get(case.file, {}).get((*case.classes, case.function), 0)


def _collectors(tests: tuple[Case, ...], lines: Mapping[str, _Lines]) -> Iterator[Document]:
    """Yield the session, its files, their classes, each with what it holds."""
    held: dict[str, dict[str, Document]] = {"": {}}
    for case in tests:
        parent = ""
        for node, kind in _chain(case):
            about: Document = {"nodeid": node, "type": kind}
            if kind == "Function":
                about["lineno"] = _line(case, lines)
            held.setdefault(parent, {})[node] = about
            parent = node
    for node, results in held.items():
        inside: list[Value] = list(results.values())
        yield {"nodeid": node, "outcome": "passed", "result": inside}


def _chain(case: Case) -> Iterator[tuple[str, str]]:
    """Yield id and type of the nodes from the file down to the test."""
    yield case.file, "Module"
    for at in range(len(case.classes)):
        yield "::".join([case.file, *case.classes[: at + 1]]), "Class"
    yield case.id, "Function"


def _lines(text: str) -> _Lines:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a string is not this report's business
            return dict(_defined(ast.parse(text), ()))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _defined(node: ast.Module | ast.ClassDef, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([inner.lineno, *(one.lineno for one in inner.decorator_list)])
            yield (*names, inner.name), first - 1
        if isinstance(inner, ast.ClassDef):
            yield from _defined(inner, (*names, inner.name))
