"""Tables of one row, written as the plain tests that they are: what is left of a table once rows were taken out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from regoose.verify.prune import Source, functions, tidied

_INDENT = 4
_ATOMS = (
    *(ast.Constant, ast.Name, ast.Call, ast.Attribute, ast.Subscript),
    *(ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp),
)
_TIGHT = (ast.UnaryOp, ast.BinOp)
_LOOSE_PLACES = (ast.keyword, ast.List, ast.Tuple, ast.Set, ast.Assign, ast.Return, ast.Expr)
_SCOPES = (
    *(ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def inline(text: str, tests: Collection[str], *, line_length: int = 88) -> str:
    """
    Write the `tests` (`function` or `Class::function`) that have one literal row as tests without a table.

    The values of the row take the place of their names, or where that would not read well or not mean the same
    (used twice, in a loop, in an f-string, a line too long), are assigned first. What cannot be rewritten for certain
    stays as it is. Tests keep their names and their order. Raises `SyntaxError` for what is no Python.
    """
    after = text
    for test in tests:
        source = Source(after)
        node = dict(functions(source.tree)).get(test)
        row = _row(node) if node is not None else None
        if node is not None and row is not None:
            after = _Rewriting(source, node, row, line_length, _outer(source.tree, test)).text() or after
    return tidied(text, after, line_length) if after != text else text


@dataclass(frozen=True, slots=True)
class _Row:
    """The mark of a test that has one row, and the values by the names they are given."""

    mark: ast.expr
    values: dict[str, ast.expr]


def _row(node: _Function) -> _Row | None:
    marks = [one for one in node.decorator_list if isinstance(one, ast.Call) and _tail(one.func) == "parametrize"]
    if len(marks) != 1 or len(marks[0].args) != 2 or {one.arg for one in marks[0].keywords} - {"ids"}:  # noqa: PLR2004 - names, rows
        return None
    names, rows = _names(marks[0].args[0]), marks[0].args[1]
    if not isinstance(rows, ast.List | ast.Tuple) or len(rows.elts) != 1:
        return None
    only = rows.elts[0]
    if isinstance(marks[0].args[0], ast.Constant) and len(names) == 1:
        values = [only]
    elif isinstance(only, ast.List | ast.Tuple):
        values = only.elts
    else:
        return None
    is_odd = any(isinstance(one, ast.Starred) or _is_param(one) for one in [only, *values])
    if is_odd or len(values) != len(names) or not names:
        return None
    return _Row(marks[0], dict(zip(names, values, strict=True)))


def _is_param(node: ast.expr) -> bool:
    """Whether a row is `pytest.param(...)`, which may carry marks of its own."""
    return isinstance(node, ast.Call) and _tail(node.func) == "param"


def _tail(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


def _names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    if not isinstance(node, ast.List | ast.Tuple):
        return []
    texts = [one.value for one in node.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return texts if len(texts) == len(node.elts) else []


def _outer(tree: ast.Module, test: str) -> frozenset[str]:
    """Return the names that the classes around a test define, which its body does not see."""
    body, found = tree.body, set[str]()
    for owner in test.split("::")[:-1]:
        inside = [one for one in body if isinstance(one, ast.ClassDef) and one.name == owner]
        body = inside[-1].body if inside else []
        for one in body:
            found |= {one.name} if isinstance(one, _Function | ast.ClassDef) else _stored(one)
    return frozenset(found)


class _Rewriting:
    """One test in its file."""

    def __init__(self, source: Source, node: _Function, row: _Row, line_length: int, hidden: frozenset[str]) -> None:
        self._source = source
        self._node = node
        self._row = row
        self._line_length = line_length
        self._hidden = hidden
        self._uses = {name: list(_uses(node, name)) for name in row.values}
        first = node.body[0]
        decorators = first.decorator_list if isinstance(first, _Function | ast.ClassDef) else []
        self._begin = source.offset(min([first.lineno, *(one.lineno for one in decorators)]), 0)
        self._end = source.lines(node)[1]

    def text(self) -> str | None:
        """Return the file with the test rewritten; None where that is not certain to mean the same."""
        start = self._source.offset(self._node.lineno, 0)
        head, old = self._head(), self._source.text[start : self._begin]
        if not self._is_plain() or len(head) > self._line_length + 1 or "#" in old:
            return None
        assigned = {name for name in self._row.values if not self._may_stand(name)}
        body = self._body(assigned)
        while any(len(line) > self._line_length for line in body.splitlines()):
            rest = [name for name in self._row.values if name not in assigned and self._uses[name]]
            if not rest:
                return None
            assigned.add(max(rest, key=lambda name: len(self._text_of(self._row.values[name]))))
            body = self._body(assigned)
        mark, text = self._row.mark, self._source.text
        before = text[: self._source.offset(mark.lineno, 0)]
        between = text[self._source.offset((mark.end_lineno or mark.lineno) + 1, 0) : start]
        return before + between + head + body + text[self._end :]

    def _is_plain(self) -> bool:
        """Whether the parameters are bound by the table alone and the values mean the same inside."""
        args, values = self._node.args, self._row.values
        given = {one.arg for one in args.args}
        if args.posonlyargs or args.kwonlyargs or args.defaults or args.vararg or args.kwarg:
            return False
        stored = set[str]().union(*map(_stored, self._node.body))
        read = {name for value in values.values() for name in _read(value)}
        if not values.keys() <= given or values.keys() & stored or read & (given | stored | self._hidden):
            return False
        if ast.get_docstring(self._node) is not None or self._begin <= self._source.offset(self._node.lineno, 0):
            return False
        return not any(map(_has_long_text, values.values()))

    def _may_stand(self, name: str) -> bool:
        """Whether the value may stand in the place of its name."""
        value, uses = self._row.values[name], self._uses[name]
        around = [parent for use in uses for parent in use.parents]
        if value.lineno != value.end_lineno or any(isinstance(one, ast.FormattedValue) for one in around):
            return False
        if _is_singleton(value) and any(_is_compared(use) for use in uses):
            return False
        return _is_constant(value) or (len(uses) == 1 and not any(isinstance(one, _SCOPES) for one in around))

    def _body(self, assigned: Collection[str]) -> str:
        """Return the lines of the body, some values assigned first and the others in place of their names."""
        text, end = self._source.text, self._end
        places = [(use, name) for name, uses in self._uses.items() if name not in assigned for use in uses]
        for use, name in sorted(places, key=lambda one: (-one[0].node.lineno, -one[0].node.col_offset)):
            node, value = use.node, self._row.values[name]
            start = self._source.offset(node.lineno, node.col_offset)
            new = self._text_of(value)
            new = new if _is_readable(use.parents[-1], node, value) else f"({new})"
            text, end = text[:start] + new + text[start + len(name) :], end + len(new) - len(name)
        lines = [self._assignment(name) for name in self._row.values if name in assigned and self._uses[name]]
        return "".join(lines) + text[self._begin : end]

    def _text_of(self, value: ast.expr) -> str:
        start = self._source.offset(value.lineno, value.col_offset)
        return self._source.text[start : self._source.offset(value.end_lineno or 0, value.end_col_offset or 0)]

    def _assignment(self, name: str) -> str:
        """Return the lines that give a value its name, moved from the depth of the table to that of the body."""
        depth = self._node.col_offset + _INDENT
        first, *rest = self._text_of(self._row.values[name]).split("\n")
        by = depth - _depth(rest[-1]) if rest else 0
        moved = [" " * (_depth(line) + by) + line.lstrip() for line in rest]
        return "\n".join([f"{' ' * depth}{name} = {first}", *moved]) + "\n"

    def _head(self) -> str:
        """Return the line of the `def` without the parameters of the table."""
        kept = [ast.unparse(one) for one in self._node.args.args if one.arg not in self._row.values]
        returns = f" -> {ast.unparse(self._node.returns)}" if self._node.returns is not None else ""
        kind = "async def" if isinstance(self._node, ast.AsyncFunctionDef) else "def"
        return f"{' ' * self._node.col_offset}{kind} {self._node.name}({', '.join(kept)}){returns}:\n"


@dataclass(frozen=True, slots=True)
class _Use:
    """A place where a name is read, and what it stands in, the innermost last."""

    node: ast.Name
    parents: tuple[ast.AST, ...]


def _uses(function: _Function, name: str) -> Iterator[_Use]:
    def walk(node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[_Use]:
        if isinstance(node, ast.Name) and node.id == name:
            yield _Use(node, parents)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, (*parents, node))

    for statement in function.body:
        yield from walk(statement, ())


def _is_readable(parent: ast.AST, name: ast.Name, value: ast.expr) -> bool:
    """Whether a value needs no parentheses in the place of a name."""
    if isinstance(parent, ast.Attribute | ast.Subscript) and isinstance(value, ast.Constant):
        return isinstance(value.value, str)
    if isinstance(value, _ATOMS):
        return True
    if isinstance(parent, ast.Call):
        return parent.func is not name
    if isinstance(parent, ast.Compare):
        return isinstance(value, _TIGHT)
    return isinstance(parent, _LOOSE_PLACES)


def _is_singleton(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, bool))


def _is_compared(use: _Use) -> bool:
    """Whether it is compared by other means than `is`, which is bad style for None, True and False."""
    parent = use.parents[-1]
    return isinstance(parent, ast.Compare) and not all(isinstance(one, ast.Is | ast.IsNot) for one in parent.ops)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_constant(value: ast.expr) -> bool:
    if isinstance(value, ast.UnaryOp):
        value = value.operand
    return isinstance(value, ast.Constant)


def _has_long_text(value: ast.expr) -> bool:
    """Whether a text in it goes over several lines, which cannot be moved to another depth."""
    return any(one.lineno != one.end_lineno for one in ast.walk(value) if isinstance(one, ast.Constant | ast.JoinedStr))


def _read(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _stored(node: ast.AST) -> set[str]:
    """Return the names that are bound anywhere inside."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
    names |= {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    names |= {one.name for one in ast.walk(node) if isinstance(one, _Function | ast.ClassDef)}
    return names | {one.name for one in ast.walk(node) if isinstance(one, ast.ExceptHandler) and one.name}
