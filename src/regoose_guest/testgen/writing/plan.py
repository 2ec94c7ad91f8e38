"""Which tests a file has: each case alone, or as a row of a table."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Dict, FrozenSet, List, Optional, Sequence, Tuple

from regoose_guest.testgen.case import Case
from regoose_guest.testgen.writing.flat import Flat
from regoose_guest.testgen.writing.names import BUILTINS, Outline, expression, free_names, parse_step
from regoose_guest.testgen.writing.shape import Shape, Shaper, mark

_MOST_COLUMNS = 5
_MOST_STEPS = 3
_MOST_ROW = 600
"""Characters of a row; longer values read better in a test of their own."""


@dataclass(frozen=True)
class Test:
    """One test function to be."""

    case: Case
    """What its body is written from; for a table with the columns' names in place of values."""
    members: Tuple[Case, ...]
    """The cases it stands for."""
    columns: Tuple[str, ...] = ()
    rows: Tuple[Tuple[ast.expr, ...], ...] = ()
    match: str = ""
    """Source for `match=`, where it is a column."""


def plan(cases: Sequence[Case], outline: Outline, flat: Flat) -> List[Test]:
    """Return the tests for cases, those of one shape together, in the order in which they first occur."""
    shaper = Shaper(outline, flat)
    groups: Dict[str, List[Tuple[Case, Shape]]] = {}
    for case in cases:
        shape = shaper.shape(case)
        groups.setdefault(shape.key, []).append((case, shape))
    tests: List[Test] = []
    for group in groups.values():
        tests += _tests(group, shaper, flat)
    return tests


def _tests(group: Sequence[Tuple[Case, Shape]], shaper: Shaper, flat: Flat) -> List[Test]:
    distinct: Dict[str, Tuple[Case, Shape]] = {}
    alone: List[Test] = []
    for case, shape in group:
        text = repr((tuple(flat(hole.value) for hole in shape.holes), shape.message))
        if text in distinct:
            continue
        distinct[text] = (case, shape)
    short = {text: one for text, one in distinct.items() if len(text) <= _MOST_ROW}
    if len(short) > 1 and _may_be_table(next(iter(short.values()))[0]):
        table = _table(list(short.values()), shaper, flat)
        if table is not None:
            alone = [Test(case, (case,)) for text, (case, _) in distinct.items() if text not in short]
            return [table, *alone]
    return [Test(case, (case,)) for case, _ in distinct.values()]


def _may_be_table(case: Case) -> bool:
    return not case.pins and not case.observed.printed and len(case.steps) <= _MOST_STEPS


def _table(members: Sequence[Tuple[Case, Shape]], shaper: Shaper, flat: Flat) -> "Test | None":
    shapes = [shape for _, shape in members]
    template = shapes[0].template
    values = [[shape.holes[number].value for shape in shapes] for number in range(len(shapes[0].holes))]
    differing = [number for number, column in enumerate(values) if len({flat(one) for one in column}) > 1]
    messages = [shape.message or "" for shape in shapes]
    has_messages = len(set(messages)) > 1
    if not 1 <= len(differing) + has_messages <= _MOST_COLUMNS or not differing:
        return None
    taken = _names_in(template)
    columns: List[str] = []
    filled: Dict[str, ast.expr] = {mark(number): column[0] for number, column in enumerate(values)}
    for number in differing:
        name = _free(shapes[0].holes[number].name, taken | set(columns))
        columns.append(name)
        filled[mark(number)] = ast.Name(name, ast.Load())
    rows = [[values[number][row] for number in differing] for row in range(len(shapes))]
    match = ""
    if has_messages:
        name = _free("message", taken | set(columns))
        columns.append(name)
        match = name if all(_is_plain(one) for one in messages) else f"re.escape({name})"
        rows = [[*row, ast.Constant(message)] for row, message in zip(rows, messages)]
    numbers = [_number(row[0]) for row in rows]
    if None not in numbers:
        rows = [rows[at] for at in sorted(range(len(rows)), key=lambda at: numbers[at] or 0)]
    case = shaper.filled(template, filled)
    raised = case.observed.raised
    if raised is not None:
        case = replace(case, observed=replace(case.observed, raised=replace(raised, message=messages[0])))
    return Test(
        case=replace(case, needs=frozenset().union(*(one.needs for one, _ in members))),
        members=tuple(one for one, _ in members),
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows),
        match=match,
    )


def _number(node: ast.expr) -> Optional[float]:
    is_negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    held = node.operand if isinstance(node, ast.UnaryOp) and is_negative else node
    if not isinstance(held, ast.Constant) or not isinstance(held.value, (int, float)) or isinstance(held.value, bool):
        return None
    return -held.value if is_negative else held.value


def _is_plain(message: str) -> bool:
    return not set(message) & set("\\.^$*+?{}[]|()")


def _names_in(template: Case) -> FrozenSet[str]:
    """Return the names that the body of a table's test reads: columns must not hide them."""
    nodes: List[ast.AST] = [node for step in template.steps for node in parse_step(replace(step, awaits=False))]
    nodes += [expression(check.expression) for check in template.observed.checks]
    return free_names(nodes) | {step.name for step in template.steps} | {"result", "pytest", "asyncio", "re"}


def _free(name: str, taken: "FrozenSet[str] | set[str]") -> str:
    wanted = name.strip("_") or "value"
    if wanted in BUILTINS and wanted in taken:
        wanted = f"{wanted}_value"
    number = 2
    free = wanted
    while free in taken:
        free = f"{wanted}_{number}"
        number += 1
    return free
