"""
Where the fault seems to be.

Ochiai's coefficient over per-test line coverage (Abreu, Zoeteweij, van Gemund: On the accuracy of spectrum-based
fault localization, TAICPART 2007), raised for the lines that the failure's own traceback names.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from typing import Dict, List, Sequence

from regoose_guest.repair.measure import Measured
from regoose_guest.repair.program import Program
from regoose_guest.repair.schema import SuspectJson
from regoose_guest.repair.source import DEFINITIONS, Source, first_line
from regoose_guest.repair.templates.site import Clues
from regoose_guest.repair.tracing import Line

_OWN_FAILURES = frozenset(("", "AssertionError", "Failed", "Hang", "Killed", "RecursionError"))
_INNERMOST = 6
_CHARACTERS = 12


def ochiai(failing: Sequence[Measured], passing: Sequence[Measured]) -> Dict[Line, float]:
    """Score each line that a failing test ran, 0 to 1."""
    red: Counter[Line] = Counter(line for test in failing for line in test.lines)
    green: Counter[Line] = Counter(line for test in passing for line in test.lines if line in red)
    return {line: hits / math.sqrt(len(failing) * (hits + green[line])) for line, hits in red.items()}


def suspicion(program: Program, failing: Sequence[Measured], passing: Sequence[Measured]) -> Dict[Line, float]:
    """Score each line for the search: Ochiai, raised along the tracebacks."""
    scores = ochiai(failing, passing)
    for test in failing:
        own = [frame for frame in test.frames if program.is_source(frame[0])]
        for depth, line in enumerate(reversed(own[-_INNERMOST:])):
            if line in scores:
                raised = scores[line] * (1.1 if depth else 1.3) + (0.05 if depth else 0.15)
                scores[line] = min(1.0, raised)
    return scores


def statement_suspicion(scores: Dict[Line, float], path: str, statement: ast.stmt) -> float:
    """Return the highest score among the lines that are a statement's own, not those of statements inside it."""
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    body: object = getattr(statement, "body", None)
    if isinstance(statement, (*DEFINITIONS, ast.ClassDef)):
        last = first
    elif isinstance(statement, ast.Try):
        last = statement.body[0].end_lineno or first
    elif isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        last = max(first, body[0].lineno - 1)
    return max((scores.get((path, line), 0.0) for line in range(first, last + 1)), default=0.0)


def clues(failing: Sequence[Measured]) -> Clues:
    """Read from the failures which exceptions came, which did not, and what was missing."""
    raised = dict.fromkeys(test.error for test in failing if test.error not in _OWN_FAILURES)
    expected: Dict[str, None] = {}
    for test in failing:
        for found in re.finditer(r"DID NOT RAISE (?:<class '(?:[\w.]*\.)?(\w+)'>|(\w+))", test.message):
            expected.setdefault(found.group(1) or found.group(2))
        for found in re.finditer(r"^(\w+(?:Error|Exception|Warning)) not raised", test.message):
            expected.setdefault(found.group(1))
    texts = "".join(test.message for test in failing)
    return Clues(
        raised=tuple(raised),
        expected=tuple(expected),
        none=any("NoneType" in test.message for test in failing),
        key=any(test.error in {"KeyError", "IndexError"} for test in failing),
        characters="".join(dict.fromkeys(one for one in texts if not one.isalnum() and not one.isspace()))[
            :_CHARACTERS
        ],
    )


def suspects(program: Program, scores: Dict[Line, float], most: int = 10) -> List[SuspectJson]:
    """Report the most suspicious lines, one per statement."""
    found: List[SuspectJson] = []
    for (path, line), score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        source = program.source(path)
        if source is None or not _is_statement(source, line):
            continue
        function = _function_at(source, line)
        found.append(
            {"path": program.relative(path), "line": line, "function": function, "score": round(min(score, 1.0), 4)}
        )
        if len(found) == most:
            break
    return found


def _is_statement(source: Source, line: int) -> bool:
    return any(
        isinstance(node, ast.stmt) and not isinstance(node, (*DEFINITIONS, ast.ClassDef)) and node.lineno == line
        for node in ast.walk(source.tree)
    )


def _function_at(source: Source, line: int) -> str:
    names: List[str] = []
    node: ast.AST = source.tree
    while True:
        inside = [child for child in ast.walk(node) if child is not node and _holds(child, line)]
        if not inside:
            return ".".join(names)
        node = inside[0]
        names.append(str(getattr(node, "name", "")))


def _holds(node: ast.AST, line: int) -> bool:
    if not isinstance(node, (*DEFINITIONS, ast.ClassDef)):
        return False
    return first_line(node) <= line <= (node.end_lineno or node.lineno)
