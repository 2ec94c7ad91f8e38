"""What becomes of one assertion when it is edited: still as strict, or weaker."""

from __future__ import annotations

import ast
import re

_ASSERTING = re.compile(r"^(assert\w*|fail\w*|\w*_assert\w*)$")
_RAISING = re.compile(r"\b(raises|warns|deprecated_call|assertRaises\w*|assertWarns\w*|assertLogs|assertNoLogs)\(")
_NOT_AN_ASSERTION = frozenset({"fail_under", "failing"})
_WIDER_WHEN_LARGER = frozenset({"rel", "abs", "rtol", "atol", "delta", "rel_tol", "abs_tol", "msec", "tolerance"})
_WIDER_WHEN_SMALLER = frozenset({"places", "decimal", "significant"})
_STRICT_METHODS = frozenset({"assertEqual", "assertIs", "assertListEqual", "assertDictEqual", "assertIsNone"})


def is_assertion(node: ast.stmt) -> bool:
    """Whether a statement checks something: `assert`, `self.assertEqual(…)`, `with pytest.raises(…)`."""
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.With | ast.AsyncWith):
        return any(_RAISING.search(ast.unparse(item.context_expr)) for item in node.items)
    if isinstance(node, ast.Expr):
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call):
            name = _called(call)
            return bool(_ASSERTING.match(name)) or bool(_RAISING.search(f"{name}("))
    return False


def change_of_assert(before: ast.stmt, after: ast.stmt) -> str | None:
    """Name the rule that the edit breaks; None where it is as strict as before or stricter."""
    if isinstance(after, ast.Assert) and isinstance(after.test, ast.Constant):
        return "assert-constant"
    widened = _tolerance(before, after)
    if widened is not None:
        return "tolerance-widened" if widened else None
    old, new = _comparison(before), _comparison(after)
    if old is None or new is None:
        return "assert-weakened" if old is not None and _is_strict(old[1]) else "assert-changed"
    (left, operator, right), (new_left, new_operator, new_right) = old, new
    if operator != new_operator:
        if _is_strict(new_operator) and left == new_left and not _is_strict(operator):
            return None
        return "assert-weakened"
    return "expected-edited" if left == new_left or right != new_right else "assert-changed"


def _called(call: ast.Call) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return "" if name in _NOT_AN_ASSERTION else str(name)


def _comparison(node: ast.stmt) -> tuple[str, str, str] | None:
    """Return left side, operator and right side as text."""
    if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare) and len(node.test.ops) == 1:
        compare = node.test
        return ast.unparse(compare.left), type(compare.ops[0]).__name__, ast.unparse(compare.comparators[0])
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and len(node.value.args) > 1:
        call = node.value
        return ast.unparse(call.args[0]), _called(call), ast.unparse(call.args[1])
    return None


def _is_strict(operator: str) -> bool:
    return operator in {"Eq", "Is"} or operator in _STRICT_METHODS


def _tolerance(before: ast.stmt, after: ast.stmt) -> bool | None:
    """Whether a tolerance is wider; None where something else differs or no tolerance does."""
    old, new = _tolerances(before), _tolerances(after)
    if old == new or _without_numbers(before) != _without_numbers(after):
        return None
    for name in {**old, **new}:
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            return True
        if (now > was) if name in _WIDER_WHEN_LARGER else (now < was):
            return True
    return False


def _tolerances(node: ast.stmt) -> dict[str, float]:
    names = _WIDER_WHEN_LARGER | _WIDER_WHEN_SMALLER
    found: dict[str, float] = {}
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            for keyword in call.keywords:
                value = keyword.value
                if keyword.arg in names and isinstance(value, ast.Constant) and isinstance(value.value, int | float):
                    found[str(keyword.arg)] = float(value.value)
    return found


def _without_numbers(node: ast.stmt) -> str:
    """Text of the statement without its tolerances."""
    copy = ast.parse(ast.unparse(node)).body[0] if not isinstance(node, ast.With | ast.AsyncWith) else node
    for call in ast.walk(copy):
        if isinstance(call, ast.Call):
            call.keywords = [k for k in call.keywords if k.arg not in _WIDER_WHEN_LARGER | _WIDER_WHEN_SMALLER]
    return ast.unparse(copy)
