"""Small changes to a module, each applied to its tree and undone: what tests ought to notice."""

from __future__ import annotations

import ast
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Type, Union

from regoose_guest.alone import Place, places_of

_SWAPS: Dict[Type[ast.operator], Type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitXor: ast.BitAnd,
}
_COMPARISONS: Dict[Type[ast.cmpop], Tuple[Type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq, ast.GtE, ast.LtE),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Lt: (ast.LtE, ast.Gt, ast.NotEq),
    ast.LtE: (ast.Lt, ast.GtE, ast.Eq),
    ast.Gt: (ast.GtE, ast.Lt, ast.NotEq),
    ast.GtE: (ast.Gt, ast.LtE, ast.Eq),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_LONGEST = 200


class Change(NamedTuple):
    """One change. `apply` and `undo` work on the tree that it was found in."""

    operator: str
    """Its kind: `arithmetic`, `boolean`, `comparison`, `constant`, `exception`, `loop`, `return` or `statement`."""
    line: int
    node: ast.AST
    """What changes, with its place in the text."""
    made: ast.AST
    """What stands there while the change is applied; the node itself where it changes within."""
    apply: Callable[[], None]
    undo: Callable[[], None]
    place: Optional[Place] = None
    """The outermost function whose body it stands in; None for what runs on import."""


def changes_of(tree: ast.Module) -> List[Change]:
    """Return every change to a tree, in a fixed order."""
    skipped = _skipped(tree)
    places: Dict[int, Place] = {}
    for place in places_of(tree.body):
        for statement in place.function.body:
            places.update((id(inner), place) for inner in ast.walk(statement))
    found: List[Change] = []
    for node in ast.walk(tree):
        if id(node) not in skipped:
            found += (one._replace(place=places.get(id(one.node))) for one in (*_of_node(node), *_of_body(node)))
    return found


def _within(operator: str, node: Any, holder: Any, name: str, value: Any) -> Change:
    """Return the change that gives a field of `holder` another value, shown as a change of `node`."""
    old = getattr(holder, name)
    made = node if holder is node else value
    return Change(
        operator, node.lineno, node, made, lambda: setattr(holder, name, value), lambda: setattr(holder, name, old)
    )


def _for(operator: str, node: Any, items: List[Any], at: int, value: Any) -> Change:
    """Return the change that puts another value in a list of the tree, shown as a change of `node`."""
    old = items[at]
    made = value if old is node else node
    return Change(
        operator, node.lineno, node, made, lambda: items.__setitem__(at, value), lambda: items.__setitem__(at, old)
    )


def _negated(test: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def _has_opposite(test: ast.expr) -> bool:
    """Whether another operator makes the same of a condition as negating it."""
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    opposites = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
    return isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], opposites)


def _of_node(node: Any) -> Iterator[Change]:  # noqa: C901 - a branch for each operator
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _SWAPS:
        yield _within("arithmetic", node, node, "op", _SWAPS[type(node.op)]())
    elif isinstance(node, ast.Compare):
        for number, one in enumerate(node.ops):
            for other in _COMPARISONS.get(type(one), ()):
                yield _for("comparison", node, node.ops, number, other())
    elif isinstance(node, ast.BoolOp):
        yield _within("boolean", node, node, "op", ast.And() if isinstance(node.op, ast.Or) else ast.Or())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _within("boolean", node.operand, node, "operand", _negated(node.operand))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield _within("arithmetic", node, node, "op", ast.UAdd())
    elif isinstance(node, ast.Constant):
        for value in _other_constants(node.value):
            yield _within("constant", node, node, "value", value)
    elif isinstance(node, (ast.If, ast.While, ast.IfExp)) and not _has_opposite(node.test):
        yield _within("boolean", node.test, node, "test", _negated(node.test))
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        nothing = ast.copy_location(ast.Constant(None), node.value)
        yield _within("return", node.value, node, "value", nothing)._replace(line=node.lineno)
    elif isinstance(node, ast.ExceptHandler) and node.type is not None:
        never = ast.copy_location(ast.Name("ZeroDivisionError", ast.Load()), node.type)
        yield _within("exception", node.type, node, "type", never)._replace(line=node.lineno)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _other_constants(value: Any) -> List[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [value + 1, value - 1]
    if isinstance(value, str) and 0 < len(value) < _LONGEST:
        return [f"XX{value}XX"]
    return []


def _of_body(node: Any) -> Iterator[Change]:
    if isinstance(node, (ast.Module, ast.ClassDef)):
        return
    for name in ("body", "orelse"):
        body: Any = getattr(node, name, None)
        if not isinstance(body, list):
            continue
        items: List[Any] = body  # pyright: ignore[reportUnknownVariableType]
        for number, one in enumerate(items):
            yield from _of_statement(items, number, one)


def _of_statement(body: List[Any], number: int, one: Any) -> Iterator[Change]:
    is_text = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
    if isinstance(one, (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)) and not is_text:
        yield _for("statement", one, body, number, ast.copy_location(ast.Pass(), one))
    elif isinstance(one, ast.Break):
        yield _for("loop", one, body, number, ast.copy_location(ast.Continue(), one))
    elif isinstance(one, ast.Continue):
        yield _for("loop", one, body, number, ast.copy_location(ast.Break(), one))
    elif isinstance(one, ast.For):
        nothing = ast.copy_location(ast.List([], ast.Load()), one.iter)
        yield _within("loop", one.iter, one, "iter", nothing)._replace(line=one.lineno)


def _is_list_of_names(node: Union[ast.Assign, ast.AugAssign]) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(one, ast.Name) and one.id == "__all__" for one in targets)


def _skipped(tree: ast.Module) -> Set[int]:
    """Return what no test can notice, or need: annotations, documentation, `__all__`, code for checkers and scripts."""
    roots: List[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            roots += [node.returns] if node.returns is not None else []
        elif isinstance(node, ast.arg):
            roots += [node.annotation] if node.annotation is not None else []
        elif isinstance(node, ast.AnnAssign):
            roots.append(node.annotation)
        elif isinstance(node, (ast.Assign, ast.AugAssign)) and _is_list_of_names(node):
            roots.append(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            roots.append(node.value)
        elif isinstance(node, ast.If) and any(part in ast.unparse(node.test) for part in ("TYPE_CHECKING", "__main__")):
            roots.append(node)
        elif isinstance(node, ast.JoinedStr):
            roots += [one for one in node.values if isinstance(one, ast.Constant)]
    return {id(inner) for root in roots for inner in ast.walk(root)}
