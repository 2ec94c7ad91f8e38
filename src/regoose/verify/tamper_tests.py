"""What a change of a test file takes away from its tests, found on the syntax trees of both sides."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from regoose.domain.patch import FileEdit
from regoose.verify.tamper_assert import change_of_assert, is_assertion

Weakening = tuple[str, int, str]
"""Rule, 1-based line (0 where the line is gone), message."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SKIP_WORDS = ("skip", "xfail", "expectedFailure", "importorskip", "SkipTest")
_SWITCHES = frozenset(
    {"pytestmark", "__test__", "collect_ignore", "collect_ignore_glob", "load_tests", "pytest_plugins"}
)


@dataclass(frozen=True, slots=True)
class _Assertion:
    text: str
    node: ast.stmt
    flaws: frozenset[str]
    """`caught` (a handler around it swallows the failure), `conditional` or `unreachable`."""


@dataclass(slots=True)
class _Facts:
    """What one function, or the module or a class outside its functions, holds."""

    text: str
    line: int
    assertions: list[_Assertion] = field(default_factory=list["_Assertion"])
    skips: Counter[str] = field(default_factory=Counter[str])
    parameters: Counter[str] = field(default_factory=Counter[str])


def weakenings(edit: FileEdit) -> Iterator[Weakening]:
    """Yield what the edit of a test file weakens. A new file weakens nothing."""
    if edit.before is None:
        return
    if not edit.path.endswith(".py"):
        yield (
            "test-data-changed",
            0,
            "data of the tests is changed" if edit.after is not None else "data of the tests is deleted",
        )
        return
    before, after = _parse(edit.before), _parse(edit.after or "")
    if after is None or before is None:
        if after is None:
            yield ("test-unreadable", 0, "the test file is no longer valid Python")
        return
    old, new = _functions(before), _functions(after)
    for name, definitions in old.items():
        yield from _compare_definitions(name, definitions, new.get(name, []))
    yield from _compare_outside(before, after, conftest=edit.path.rpartition("/")[2] == "conftest.py")
    if edit.path.rpartition("/")[2] == "conftest.py":
        yield from _conftest(old, new)


def _parse(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def _functions(tree: ast.Module) -> dict[str, list[_Facts]]:
    """Map each function's qualified name to its definitions, later ones shadowing earlier ones."""
    found: dict[str, list[_Facts]] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, _Function):
                found.setdefault(prefix + node.name, []).append(_facts(node))
            elif isinstance(node, ast.If | ast.Try | ast.With):
                visit([child for child in ast.walk(node) if isinstance(child, _Function | ast.ClassDef)], prefix)

    visit(tree.body, "")
    return found


def _facts(node: _Function) -> _Facts:
    facts = _Facts(text=ast.unparse(node), line=node.lineno)
    for decorator in node.decorator_list:
        text = ast.unparse(decorator)
        if any(word in text for word in _SKIP_WORDS):
            facts.skips[text] += 1
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("parametrize"):
            facts.parameters.update(_parameters(decorator))
    for child in ast.walk(node):
        if isinstance(child, ast.Call | ast.Raise) and any(word in ast.unparse(child) for word in _SKIP_WORDS):
            facts.skips[ast.unparse(child)] += 1
    facts.assertions = list(_assertions(node.body))
    return facts


def _parameters(call: ast.Call) -> list[str]:
    values = (
        call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "argvalues"), None)
    )
    if isinstance(values, ast.List | ast.Tuple):
        return [ast.unparse(value) for value in values.elts]
    return [ast.unparse(values)] if values is not None else []


def _assertions(body: list[ast.stmt], flaws: frozenset[str] = frozenset()) -> Iterator[_Assertion]:
    for node in body:
        if is_assertion(node):
            yield _Assertion(_head(node), node, flaws)
        for inner, flaw in _blocks(node):
            yield from _assertions(inner, flaws | {flaw} if flaw else flaws)
        if isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
            flaws |= {"unreachable"}


def _head(node: ast.stmt) -> str:
    """Text of an assertion; of a `with raises(…)` the items alone, its body is visited on its own."""
    if isinstance(node, ast.With | ast.AsyncWith):
        return "with " + ", ".join(ast.unparse(item) for item in node.items)
    return ast.unparse(node)


def _blocks(node: ast.stmt) -> Iterator[tuple[list[ast.stmt], str]]:
    """Yield the statement lists of a compound statement, each with the flaw of what stands in it."""
    match node:
        case ast.If():
            yield node.body, "conditional"
            yield node.orelse, "conditional"
        case ast.For() | ast.AsyncFor() | ast.While():
            yield node.body, "conditional" if isinstance(node, ast.While) else ""
            yield node.orelse, ""
        case ast.With() | ast.AsyncWith():
            yield node.body, "caught" if any("suppress(" in ast.unparse(item) for item in node.items) else ""
        case ast.Try():
            yield node.body, "caught" if any(_swallows(handler) for handler in node.handlers) else ""
            yield from ((handler.body, "conditional") for handler in node.handlers)
            yield node.orelse, ""
            yield node.finalbody, ""
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node.body, ""
        case _:
            return


def _swallows(handler: ast.ExceptHandler) -> bool:
    names = "BaseException" if handler.type is None else ast.unparse(handler.type)
    broad = any(name in names for name in ("AssertionError", "Exception"))
    return broad and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def _compare_definitions(name: str, old: list[_Facts], new: list[_Facts]) -> Iterator[Weakening]:
    short = name.rpartition(".")[2]
    if not new:
        if short.startswith("test"):
            yield ("test-deleted", 0, f"the test {name} is gone")
        elif old[-1].assertions:
            yield ("assert-removed", 0, f"{name}, which asserts for tests, is gone")
        return
    if len(new) > len(old):
        yield ("test-shadowed", new[-1].line, f"a second definition of {name} hides the first")
    yield from _compare(name, old[-1], new[-1])


def _compare(name: str, old: _Facts, new: _Facts) -> Iterator[Weakening]:
    for text in new.skips - old.skips:
        yield ("test-skipped", new.line, f"{name} is skipped or expected to fail: {text}")
    for text in old.parameters - new.parameters:
        yield ("parameters-removed", new.line, f"{name} no longer runs for {text}")
    before, after = Counter(a.text for a in old.assertions), Counter(a.text for a in new.assertions)
    added = [assertion for assertion in new.assertions if assertion.text in after - before]
    for assertion in old.assertions:
        if assertion.text not in before - after:
            continue
        nearest = max(added, key=lambda other: _similar(assertion.text, other.text), default=None)
        if nearest is None:
            yield ("assert-removed", new.line, f"{name} no longer checks: {assertion.text}")
            continue
        added.remove(nearest)
        change = change_of_assert(assertion.node, nearest.node)
        if change is not None:
            yield (change, nearest.node.lineno, f"{name} checked `{assertion.text}`, now `{nearest.text}`")
    yield from _disarmed(name, old, new)


_DISARMING = {"caught": "swallows the failure of", "conditional": "may leave out", "unreachable": "never reaches"}


def _disarmed(name: str, old: _Facts, new: _Facts) -> Iterator[Weakening]:
    """Yield assertions that now stand where their failure is swallowed or where they may not run."""
    known = {assertion.text for assertion in old.assertions}
    for flaw, verb in _DISARMING.items():
        was = Counter(assertion.text for assertion in old.assertions if flaw in assertion.flaws)
        now = {assertion.text: assertion.node.lineno for assertion in new.assertions if flaw in assertion.flaws}
        for text, line in now.items():
            if text not in was and (text in known or flaw != "conditional"):
                yield (f"assert-{flaw}", line, f"{name} {verb} `{text}`")


def _similar(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _outside(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield what a module and its classes do outside functions."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _outside(node.body)
        elif not isinstance(node, _Function | ast.Import | ast.ImportFrom) and not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            yield node


def _compare_outside(before: ast.Module, after: ast.Module, *, conftest: bool) -> Iterator[Weakening]:
    old = {_bound(node) or ast.unparse(node): ast.unparse(node) for node in _outside(before.body)}
    known = set(old.values())
    for node in _outside(after.body):
        text, name = ast.unparse(node), _bound(node)
        if text in known:
            continue
        if name in _SWITCHES or name.startswith("test") or any(word in text for word in _SKIP_WORDS):
            yield ("test-skipped", node.lineno, f"changes what is collected or skipped: {text[:120]}")
        elif name in old:
            yield ("expected-edited", node.lineno, f"a value that tests use is changed: {text[:120]}")
        elif conftest and not name:
            yield ("conftest-statement", node.lineno, f"conftest.py does something more: {text[:120]}")
        elif isinstance(node, ast.Delete):
            yield ("test-deleted", node.lineno, f"deletes a name: {text[:120]}")


def _bound(node: ast.stmt) -> str:
    """Return the name a statement assigns to; empty for anything else."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return ast.unparse(node.targets[0])
    return ast.unparse(node.target) if isinstance(node, ast.AnnAssign | ast.AugAssign) else ""


def _conftest(old: dict[str, list[_Facts]], new: dict[str, list[_Facts]]) -> Iterator[Weakening]:
    """Hooks and fixtures of conftest.py decide about collection and outcomes."""
    for name in {**old, **new}:
        was, now = [facts.text for facts in old.get(name, [])], [facts.text for facts in new.get(name, [])]
        if was == now:
            continue
        line = new[name][-1].line if name in new else 0
        if name.startswith("pytest_"):
            yield ("conftest-hook", line, f"the hook {name} is changed")
        elif was:
            yield ("fixture-changed", line, f"{name} in conftest.py is changed")
        elif any("autouse=True" in text for text in now):
            yield ("conftest-hook", line, f"the fixture {name} applies to every test")
