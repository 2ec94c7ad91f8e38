"""The body of one test: arrange, act, assert."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Dict, List, Optional, Sequence, Type

from regoose_guest.testgen.case import Case, Check, Step
from regoose_guest.testgen.writing.layout import INDENT, Layout
from regoose_guest.testgen.writing.literal import string
from regoose_guest.testgen.writing.names import expression, parse_step

_RESULT = "result"
_COMPARED = (ast.Compare, ast.BoolOp)


class Body:
    """Writes the statements of cases at one depth of indentation."""

    def __init__(self, layout: Layout, indent: int) -> None:
        self._layout = layout
        self._indent = indent

    def lines(self, case: Case, match: str = "") -> List[str]:
        """Return the statements of a test; `match` is source for the message of its exception."""
        lines: List[str] = []
        for pin in case.pins:
            lines += self.statements(ast.parse(pin).body, self._indent)
        if any(step.awaits for step in case.steps[:-1]) or _is_async(case.steps[-1]):
            return lines + self._scenario(case, match)
        for number, step in enumerate(case.steps[:-1]):
            entered = _ENTERED.fullmatch(step.source)
            if entered is not None:
                held = entered[1] + (f" as {step.name}" if step.name else "")
                return lines + self._inside(held, replace(case, steps=case.steps[number + 1 :], pins=()), match)
            lines += self.step(step, self._indent)
        return lines + self._last(case, match, has_before=bool(lines))

    def _inside(self, held: str, rest: Case, match: str) -> List[str]:
        """Return a `with` statement around steps; what is asserted holds when it is left."""
        inner = Body(self._layout, self._indent + INDENT)
        head = [f"{' ' * self._indent}with {held}:"]
        if rest.observed.raised is not None:
            return [*head, *inner.lines(rest, match)]
        last = rest.steps[-1]
        is_seen = any(_uses_result(one) for one in rest.observed.checks)
        last = replace(last, name=_RESULT) if is_seen and not last.is_statement and not last.name else last
        for step in (*rest.steps[:-1], last):
            head += inner.step(step, self._indent + INDENT)
        asserts: List[str] = []
        for check in rest.observed.checks:
            asserts += self.check(check, last.name)
        return [*head, "", *asserts] if asserts else head

    def step(self, step: Step, indent: int) -> List[str]:
        """Return the lines of one step, its value kept where it has a name."""
        if step.name and not step.is_statement:
            (statement,) = parse_step(step)
            assert isinstance(statement, ast.Expr)
            return self._layout.assignment(step.name, statement.value, indent)
        return self.statements(parse_step(step), indent)

    def statements(self, nodes: Sequence[ast.stmt], indent: int) -> List[str]:
        """Return the lines of statements; compound ones as far as a context manager goes."""
        lines: List[str] = []
        for node in nodes:
            lines += self._statement(node, indent)
        return lines

    def _statement(self, node: ast.stmt, indent: int) -> List[str]:
        flat = self._layout.flat
        if isinstance(node, ast.Expr):
            is_call = isinstance(node.value, (ast.Call, ast.Await))
            return self._layout.expression(node.value, indent, "" if is_call else "_ = ")
        if isinstance(node, ast.Assign):
            targets = " = ".join(flat.at(one, 1) for one in node.targets)
            return self._layout.assignment(targets, node.value, indent)
        if isinstance(node, ast.Delete):
            return [" " * indent + "del " + ", ".join(flat.at(one, 1) for one in node.targets)]
        if isinstance(node, ast.Return) and node.value is not None:
            return self._layout.expression(node.value, indent, "return ")
        if isinstance(node, (ast.With, ast.AsyncWith)):
            items = ", ".join(
                flat.at(one.context_expr, 1) + (f" as {flat(one.optional_vars)}" if one.optional_vars else "")
                for one in node.items
            )
            word = "with" if isinstance(node, ast.With) else "async with"
            return [f"{' ' * indent}{word} {items}:", *self.statements(node.body, indent + INDENT)]
        return [" " * indent + line for line in ast.unparse(node).splitlines()]

    def _scenario(self, case: Case, match: str) -> List[str]:
        """Several awaited steps belong to one event loop."""
        inner = self._indent + INDENT
        first = next((number for number, step in enumerate(case.steps[:-1]) if step.awaits), len(case.steps) - 1)
        lines: List[str] = []
        for step in case.steps[:first]:
            lines += self.step(step, self._indent)
        lines += [*([""] if lines else []), " " * self._indent + "async def scenario():"]
        for step in case.steps[first:-1]:
            lines += self.step(step, inner)
        last = case.steps[-1]
        (statement, *_) = parse_step(last)
        if isinstance(statement, ast.Expr):
            lines += self._layout.expression(statement.value, inner, "return ")
        else:
            lines += self._statement(statement, inner)
        run = Step("asyncio.run(scenario())", last.name)
        return [*lines, "", *self._last(Case(case.subject, (run,), case.observed), match, has_before=False)]

    def _last(self, case: Case, match: str, *, has_before: bool) -> List[str]:
        step, observed = case.steps[-1], case.observed
        blank = [""] if has_before else []
        if observed.raised is not None:
            return blank + self.raising(step, observed.raised.type, observed.raised.message, match)
        value = _value(step)
        checks = list(observed.checks)
        if value is not None and not step.name and len(checks) == 1 and not observed.printed:
            inlined = self._inlined(checks[0], value)
            if inlined is not None:
                return blank + inlined
        lines: List[str] = []
        if value is not None and (step.name or any(_uses_result(one) for one in checks)):
            lines += self._layout.assignment(step.name or _RESULT, value, self._indent)
        elif value is not None:
            lines += self._layout.expression(value, self._indent)
        else:
            lines += self.step(step, self._indent)
        asserts: List[str] = []
        for check in checks:
            asserts += self.check(check, step.name)
        if observed.printed:
            asserts += self._equal(expression("capsys.readouterr().out"), ast.Constant(observed.printed))
        return [*lines, *([""] if asserts else []), *asserts]

    def raising(self, step: Step, kind: str, message: str, match: str = "") -> List[str]:
        """Return the lines of a call that raises; `match` is source to use in place of the escaped message."""
        pad, inner = " " * self._indent, self._indent + INDENT
        given = match or self._pattern(message)
        head = f"with pytest.raises({kind}{', match=' + given if given else ''}):"
        lines = [pad + head]
        if given and not self._layout.fits(head, self._indent):
            lines = [f"{pad}with pytest.raises(", f"{' ' * inner}{kind}, match={given}", f"{pad}):"]
            if not self._layout.fits(f"{kind}, match={given}", inner):
                lines[1:2] = [f"{' ' * inner}{kind},", f"{' ' * inner}match={given},"]
        value = _value(step)
        if value is None:
            return self._entering(lines, step, inner)
        is_call = isinstance(value, (ast.Call, ast.Await))
        return lines + self._layout.expression(value, inner, "" if is_call else "_ = ")

    def _entering(self, lines: List[str], step: Step, inner: int) -> List[str]:
        """Return the lines of a statement that raises, two `with` in one where they fit."""
        statement, *_ = self.step(step, self._indent)
        both = f"{lines[-1][:-1]}, {statement.strip()[len('with ') :]}"
        if len(lines) == 1 and statement.strip().startswith("with ") and self._layout.fits(both, 0):
            return [both, " " * inner + "pass"]
        return lines + self.step(step, inner)

    def _pattern(self, message: str) -> str:
        """Return source of a pattern for a message; one that is too long for a line is cut after a word."""
        words = message.split(" ")
        for count in range(len(words), 0, -1):
            given = pattern(" ".join(words[:count]), self._layout.flat.quote) if message else ""
            if self._layout.fits(f"match={given},", self._indent + INDENT) or not given:
                return given
        return pattern(message, self._layout.flat.quote)

    def check(self, check: Check, name: str = "") -> List[str]:
        """Return the lines of one assertion; `name` stands for `result` where the last step has one."""
        looked_at = expression(check.expression)
        if name:
            looked_at = _replaced(looked_at, ast.Name(name, ast.Load()))
        return self._assert(check, looked_at)

    def _inlined(self, check: Check, value: ast.expr) -> Optional[List[str]]:
        """Return the assertion with the call in it, where that is one line."""
        looked_at = expression(check.expression)
        uses = sum(isinstance(node, ast.Name) and node.id == _RESULT for node in ast.walk(looked_at))
        if uses != 1 or (isinstance(looked_at, _COMPARED) and isinstance(value, _COMPARED)):
            return None
        lines = self._assert(check, _replaced(looked_at, value))
        return lines if len(lines) == 1 and self._layout.fits(lines[0], 0) else None

    def _assert(self, check: Check, looked_at: ast.expr) -> List[str]:
        kind = check.kind
        if kind == "is" and check.expected in {"True", "False"} and isinstance(looked_at, _COMPARED):
            kind = check.expected.lower()
        if kind == "true":
            return self._layout.expression(looked_at, self._indent, "assert ")
        if kind == "false":
            return self._layout.expression(_negated(looked_at), self._indent, "assert ")
        expected = expression(check.expected)
        if kind == "isinstance":
            call = ast.Call(ast.Name("isinstance", ast.Load()), [looked_at, expected], [])
            return self._layout.expression(call, self._indent, "assert ")
        if kind == "approx":
            expected = ast.Call(expression("pytest.approx"), [expected], [])
        if kind == "is" or check.expected in _SINGLETONS:
            return self._layout.expression(ast.Compare(looked_at, [ast.Is()], [expected]), self._indent, "assert ")
        return self._equal(looked_at, expected)

    def _equal(self, looked_at: ast.expr, expected: ast.expr) -> List[str]:
        left = self._layout.flat.at(looked_at, 7)
        lines = self._layout.expression(expected, self._indent, f"assert {left} == ")
        if len(lines) == 1 and not self._layout.fits(lines[0], 0):
            lines = self._layout.assignment("expected", expected, self._indent)
            lines += [f"{' ' * self._indent}assert {left} == expected"]
        return lines


_ENTERED = re.compile(r"(\w+)\.__enter__\(\)")
_SINGLETONS = frozenset({"None", "True", "False"})
_NEGATED: Dict[Type[ast.cmpop], ast.cmpop] = {
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
}


def _negated(looked_at: ast.expr) -> ast.expr:
    if isinstance(looked_at, ast.Compare) and len(looked_at.ops) == 1 and type(looked_at.ops[0]) in _NEGATED:
        return ast.Compare(looked_at.left, [_NEGATED[type(looked_at.ops[0])]], looked_at.comparators)
    return ast.UnaryOp(ast.Not(), looked_at)


def pattern(message: str, quote: str) -> str:
    """Return source of a regular expression that matches the message, raw only where that spares backslashes."""
    escaped = "".join("\\" + one if one in _SPECIAL else one for one in message)
    plain = string(escaped, quote)
    if "\\" not in escaped or not escaped.isprintable():
        return plain
    other = "'" if quote == '"' else '"'
    for one in (quote, other):
        if one not in escaped and not escaped.endswith("\\"):
            return f"r{one}{escaped}{one}"
    return plain


_SPECIAL = frozenset("\\.^$*+?{}[]|()")


def _value(step: Step) -> Optional[ast.expr]:
    """Return the expression of a step, an awaited one run to its end; None for a statement."""
    if step.is_statement:
        return None
    value = expression(step.source)
    if step.awaits:
        return ast.Call(expression("asyncio.run"), [value], [])
    return value


def _is_async(step: Step) -> bool:
    """Whether its source may stand in an `async def` alone."""
    nodes = [one for node in parse_step(replace(step, awaits=False)) for one in ast.walk(node)]
    return any(isinstance(one, ast.AsyncWith) or (isinstance(one, ast.comprehension) and one.is_async) for one in nodes)


def _uses_result(check: Check) -> bool:
    return re.search(rf"\b{_RESULT}\b", check.expression) is not None


class _Replace(ast.NodeTransformer):
    def __init__(self, value: ast.expr) -> None:
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._value if node.id == _RESULT else node


def _replaced(looked_at: ast.expr, value: ast.expr) -> ast.expr:
    found: ast.expr = _Replace(value).visit(looked_at)
    return found
