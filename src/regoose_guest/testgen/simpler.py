"""Simpler relatives of an argument: what a person would have written to show the same."""

from __future__ import annotations

import ast
import copy
import re
from typing import Iterator, List, Tuple, Union

from regoose_guest.testgen.acts import Act

_WORDS = ("a", "b", "ab", "abc", "a b", "A", "1", "text")
_NUMBERS = (1, 2, 0, 3, 5, 10, -1)
_FRACTIONS = (0.5, 1.5, 2.0, 1.0)
_SHORT = 12
"""Characters of a text that is shortened one by one."""
_SAFE = frozenset(" ")
_CALLABLES = ("str", "len", "bool", "sum", "lambda x: x", "lambda x: x + 1", "lambda x, y: x + y")
_CALLED = frozenset({"max", "min", "repr", "abs", "dict", "list", "int", "tuple"})
"""Functions that stand for any function: odder to read than those of `_CALLABLES`."""


def weight(source: str) -> float:
    """Return how much there is to read in an argument: its parts, its characters, the odd ones double."""
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return float(len(source))
    found = 0.0
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            found += 1 + _constant_weight(node.value)
        elif isinstance(node, ast.Name):
            found += 2.5 if node.id in _CALLED else 2 + 0.1 * (node.id in _CALLABLES and _CALLABLES.index(node.id))
        elif not isinstance(node, (ast.Load, ast.Expression)):
            found += 2
    return found


def _constant_weight(value: object) -> float:
    if isinstance(value, str):
        odd = sum(not (one.isascii() and one.isalnum()) and one not in _SAFE for one in value)
        shouted = sum(one.isupper() for one in value)
        return len(value) + 3 * odd + 0.2 * shouted + 0.1 * (value not in _WORDS)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, bool) or value is None:
        return 0
    if isinstance(value, int):
        return len(str(abs(value))) + (0.1 * _NUMBERS.index(value) if value in _NUMBERS else 1)
    return len(repr(value))


def simpler(source: str) -> Iterator[str]:
    """Yield sources of values with less to read, the outer parts changed first, nothing made empty."""
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    known = {source}
    limit = weight(source)
    for place, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.expr):
            continue
        for other in _relatives(node):
            changed = _replaced(tree, place, other)
            try:
                text = ast.unparse(ast.fix_missing_locations(changed))
            except (ValueError, RecursionError):
                continue
            if text not in known and weight(text) < limit:
                known.add(text)
                yield text


def simpler_acts(acts: Tuple[Act, ...]) -> Iterator[Tuple[Act, ...]]:
    """Yield the acts with one argument left out or simpler, the last act first."""
    yield from _shorter_ways(acts)
    for at in reversed(range(len(acts))):
        act = acts[at]
        others: List[Act] = []
        if act.positional:
            others.append(act._replace(positional=act.positional[:-1]))
        kept = (act.keywords[:number] + act.keywords[number + 1 :] for number in range(len(act.keywords)))
        others += [act._replace(keywords=keywords) for keywords in kept]
        for other in others:
            yield (*acts[:at], other, *acts[at + 1 :])
        for number, given in enumerate(act.positional):
            for text in simpler(given):
                positional = (*act.positional[:number], text, *act.positional[number + 1 :])
                yield (*acts[:at], act._replace(positional=positional), *acts[at + 1 :])
        for number, (name, given) in enumerate(act.keywords):
            for text in simpler(given):
                keywords = (*act.keywords[:number], (name, text), *act.keywords[number + 1 :])
                yield (*acts[:at], act._replace(keywords=keywords), *acts[at + 1 :])


def _shorter_ways(acts: Tuple[Act, ...]) -> Iterator[Tuple[Act, ...]]:
    """Yield the acts without one whose value no later act uses."""
    for at in range(len(acts) - 1):
        later = acts[at + 1 :]
        if any(re.search(rf"\bv{at}\b", text) for act in later for text in _texts(act)):
            continue
        yield (*acts[:at], *(_renumbered(act, at) for act in later))


def _texts(act: Act) -> Iterator[str]:
    yield from (act.receiver, *act.positional, *(value for _, value in act.keywords))


def _renumbered(act: Act, gone: int) -> Act:
    def down(text: str) -> str:
        return re.sub(r"\bv(\d+)\b", lambda one: f"v{int(one[1]) - (int(one[1]) > gone)}", text)

    return act._replace(
        receiver=down(act.receiver),
        positional=tuple(map(down, act.positional)),
        keywords=tuple((name, down(value)) for name, value in act.keywords),
    )


def _replaced(tree: ast.expr, place: int, other: ast.expr) -> ast.expr:
    """Return a copy of the tree with its node at a place, in the order of `ast.walk`, replaced."""
    if place == 0:
        return other
    copied = copy.deepcopy(tree)
    old = next(node for number, node in enumerate(ast.walk(copied)) if number == place)
    for parent in ast.walk(copied):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, other)
                return copied
            if isinstance(value, list) and any(one is old for one in value):  # pyright: ignore[reportUnknownVariableType]
                setattr(parent, field, [other if one is old else one for one in value])  # pyright: ignore[reportUnknownVariableType]
                return copied
    return copied


def _relatives(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and len(node.elts) > 1:
        for number in range(len(node.elts)):
            kept = node.elts[:number] + node.elts[number + 1 :]
            yield ast.Set(kept) if isinstance(node, ast.Set) else type(node)(kept, ast.Load())
    elif isinstance(node, ast.Dict) and len(node.keys) > 1:
        for number in range(len(node.keys)):
            yield ast.Dict(
                node.keys[:number] + node.keys[number + 1 :], node.values[:number] + node.values[number + 1 :]
            )
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
        yield from (ast.Constant(one) for one in (1, 2) if not isinstance(node.operand, ast.Constant))
        if not (isinstance(node.operand, ast.Constant) and node.operand.value == 1):
            yield ast.UnaryOp(ast.USub(), ast.Constant(1))
    elif isinstance(node, ast.Lambda) or (isinstance(node, ast.Name) and node.id in {*_CALLED, *_CALLABLES}):
        yield from (ast.parse(one, mode="eval").body for one in _CALLABLES)
    elif isinstance(node, ast.Constant):
        yield from (ast.Constant(one) for one in _plainer(node.value))


def _plainer(value: object) -> Iterator[Union[str, bytes, int, float]]:
    if isinstance(value, str) and len(value) > 0:
        yield from (word for word in _WORDS if len(word) <= len(value))
        yield from _shorter(value)
    elif isinstance(value, bytes) and len(value) > 1:
        yield from (b"a", value[: len(value) // 2], value[len(value) // 2 :])
    elif isinstance(value, float):
        yield from _FRACTIONS
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _NUMBERS
        yield value // 10


def _shorter(value: str) -> Iterator[str]:
    half = len(value) // 2
    if half:
        yield from (value[:half], value[half:], value[: half // 2] + value[-(half // 2 or 1) :])
    plain = "".join(one for one in value if (one.isascii() and one.isalnum()) or one in _SAFE)
    yield from (one for one in (plain, plain.strip(), value.strip(), value.lower()) if one)
    yield from (one for one in value.split() if one != value)
    if len(value) <= _SHORT:
        yield from (value[:at] + value[at + 1 :] for at in range(len(value)) if len(value) > 1)
        yield from (value[:at] + "a" + value[at + 1 :] for at in range(len(value)) if not value[at].isalnum())
