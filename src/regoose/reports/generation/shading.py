"""What coverage says of each line of a module: not run, run in part, run since the new tests, run before them."""

from __future__ import annotations

import ast
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from regoose.domain.generation import FileCoverage


class State(StrEnum):
    """How a line that can run stands with the kept tests."""

    BEFORE = "before"
    """Run, with all ways out of it taken, by the existing tests already."""
    NEW = "new"
    """So with the kept tests."""
    PART = "part"
    """Run, and a way out of it was never taken."""
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Shade:
    """The state of one line, and in words which way out of it is missing; empty where none is."""

    state: State
    missing: str = ""


def shades(source: str, before: FileCoverage, after: FileCoverage) -> dict[int, Shade]:
    """Map the lines that can run, and the further lines of statements that begin on them, to their shade."""
    shown = {line: Shade(State.MISSED) for line in after.missing_lines}
    open_ways = _by_line(after.missing_branches)
    ways_before = _by_line(before.missing_branches)
    known = frozenset(before.covered_lines)
    nodes = _nodes(source)
    names = dict(_ways(nodes))
    for line in after.covered_lines:
        if open_ways[line]:
            shown[line] = Shade(State.PART, ", ".join(_missing(names, line, to) for to in open_ways[line]))
        else:
            shown[line] = Shade(State.BEFORE if line in known and not ways_before[line] else State.NEW)
    return {**_continued(nodes, source, shown), **shown}


def counts(after: Mapping[int, Shade], lines: tuple[int, ...]) -> Counter[State]:
    """Count the states of the lines that can run."""
    return Counter(after[line].state for line in lines if line in after)


def _by_line(branches: tuple[tuple[int, int], ...]) -> defaultdict[int, list[int]]:
    by_line: defaultdict[int, list[int]] = defaultdict(list)
    for line, to in branches:
        by_line[line].append(to)
    return by_line


_Ways = Mapping[int, tuple[int, str, str]]
"""Line of a branching statement → first line of its body, what to say if that is missing, and if the other way is."""


def _missing(names: _Ways, line: int, to: int) -> str:
    if line in names:
        body, into, past = names[line]
        return into if to == body else past
    return "never leaves the function" if to < 0 else f"never goes on at line {to}"


def _nodes(source: str) -> tuple[ast.AST, ...]:
    """Return the nodes of a module's tree; none where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the target's own invalid escapes are not ours to report
            return tuple(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _ways(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, tuple[int, str, str]]]:
    for node in nodes:
        match node:
            case ast.If(body=[first, *_]) | ast.While(body=[first, *_]):
                line, into, past = node.lineno, "never true", "never false"
            case ast.For(body=[first, *_]) | ast.AsyncFor(body=[first, *_]):
                line, into, past = node.lineno, "never entered", "never ran to its end"
            case ast.ExceptHandler(body=[first, *_]):
                line, into, past = node.lineno, "never caught here", "never another exception"
            case ast.match_case(pattern=pattern, body=[first, *_]):
                line, into, past = pattern.lineno, "never matched", "always matched"
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.body[0].lineno == node.lineno:
                yield node.lineno, (-node.lineno, "its body never runs", "never defined")
                continue
            case _:
                continue
        if _start(first) > line:  # else the ways are told by where they lead
            yield line, (_start(first), into, past)


def _start(node: ast.stmt) -> int:
    """Return the line that coverage.py takes for a statement's: of a decorated one, that of its first decorator."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return min([node.lineno, *(one.lineno for one in node.decorator_list)])
        case _:
            return node.lineno


def _continued(nodes: Iterable[ast.AST], source: str, shown: Mapping[int, Shade]) -> dict[int, Shade]:
    """Give the further lines of a statement, up to its body, the state of its first line."""
    texts = source.split("\n")
    further: dict[int, Shade] = {}
    for node in nodes:
        if not isinstance(node, ast.stmt) or node.lineno not in shown:
            continue
        for line in range(node.lineno + 1, _head_end(node) + 1):
            if line <= len(texts) and not texts[line - 1].lstrip().startswith("#"):
                further[line] = Shade(shown[node.lineno].state)
    return further


def _head_end(node: ast.stmt) -> int:
    match node:
        case ast.If() | ast.While():
            return node.test.end_lineno or node.lineno
        case ast.For() | ast.AsyncFor():
            return node.iter.end_lineno or node.lineno
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return _start(node.body[0]) - 1 if node.body[0].lineno > node.lineno else node.lineno
        case ast.With() | ast.AsyncWith():
            return node.items[-1].context_expr.end_lineno or node.lineno
        case ast.Try() | ast.TryStar() | ast.Match():
            return node.lineno
        case _:
            return node.end_lineno or node.lineno
