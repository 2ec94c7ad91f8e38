"""Simpler relatives of an argument: what a person would have written to show the same."""

from __future__ import annotations

import ast
import copy
import re
from functools import lru_cache
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple, Union

from regoose_guest.testgen.acts import Act

_WORDS = ("a", "b", "ab", "abc", "a b", "A", "1", "text")
_NUMBERS = (1, 2, 0, 3, 5, 10, -1)
_FRACTIONS = (0.5, 1.5, 2.0, 1.0)
_FEW = 2
Slot = Union[int, str]
_SHORT = 12
"""Characters of a text that is shortened one by one."""
_SAFE = frozenset(" ")
_CALLABLES = ("str", "len", "bool", "sum", "lambda x: x", "lambda x: x + 1", "lambda x, y: x + y")
_TURNS = ("lambda x: x > 1", "lambda x: x == 'a'", "lambda x: x[1] > 1", "lambda x: x + 1", "lambda x, y: x + y")
"""Functions that are read as one word."""
_CALLED = frozenset({"max", "min", "repr", "abs", "dict", "list", "int", "tuple"})
"""Functions that stand for any function: odder to read than those of `_CALLABLES`."""
_TEXTS, _INTS = ("a", "b", "c", "d"), (1, 2, 3, 4)
"""What people take when any will do, one after the other."""
_SIZES = {0: 9.5, 1: 5.0, 2: 0.0}
"""What is odd about a display of so many items: an empty one shows nothing, one of one item not what holds for all."""


_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
_ALONE = 4.0
"""What is odd about a list of one list: what is done with several does not show."""


def weight(source: str) -> float:
    """Return how odd an argument is to read: its parts, its characters, whether it is too small to show anything."""
    node = _parsed(source)
    return float(len(source)) if node is None else _weight(node, 0)


def _weight(node: ast.AST, depth: int) -> float:
    if isinstance(node, ast.Constant):
        return 1 + _constant_weight(node.value)
    if isinstance(node, ast.Name):
        return 2.5 if node.id in _CALLED else 2 + 0.1 * (node.id in _CALLABLES and _CALLABLES.index(node.id))
    if isinstance(node, ast.Lambda) and ast.unparse(node) in _TURNS:
        return 3
    inner = sum(_weight(one, depth + 1) for one in ast.iter_child_nodes(node))
    if isinstance(node, (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)):
        return 0.5
    if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        count = len(node.keys) if isinstance(node, ast.Dict) else len(node.elts)
        return (
            2
            + inner
            + (_SIZES.get(count, 0.0) if depth == 0 else 0.5 * (count == 0))
            + (_ALONE if depth == 0 and count == 1 and isinstance(_items(node)[0], _DISPLAYS) else 0)
            + 0.5 * _is_mixed(node)
            + _twice(node)
        )
    return 2 + inner


def _items(node: ast.expr) -> Sequence[ast.expr]:
    """Return the values that a display holds."""
    return node.values if isinstance(node, ast.Dict) else getattr(node, "elts", ())


def _is_mixed(node: ast.expr) -> bool:
    """Whether a display holds constants of different types side by side."""
    parts = [node.keys, node.values] if isinstance(node, ast.Dict) else [getattr(node, "elts", [])]
    return any(len({type(one.value) for one in part if isinstance(one, ast.Constant)}) > 1 for part in parts)


def _twice(node: ast.expr) -> float:
    """Return what is odd about keys that a dict display has twice."""
    keys = [one.value for one in getattr(node, "keys", ()) if isinstance(one, ast.Constant)]
    return 8.0 * (len(keys) - len({(type(one), one) for one in keys}))


def _parsed(source: str) -> Optional[ast.expr]:
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _constant_weight(value: object) -> float:
    if isinstance(value, str):
        odd = sum(not (one.isascii() and one.isalnum()) and one not in _SAFE for one in value)
        shouted = sum(one.isupper() for one in value)
        unusual = (
            0.1 * (value not in (*_WORDS, *_TEXTS)) + 4 * (not value) + 2 * value.isspace() + 0.5 * value.isdigit()
        )
        return len(value) + 3 * odd + 0.2 * shouted + unusual
    if isinstance(value, bytes):
        return len(value)
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1.5  # odder than a number where either will do
    if isinstance(value, int):
        digits = str(abs(value))
        told = digits.rstrip("0") or "0"  # round numbers are read at a glance
        return len(told) + 0.25 * (len(digits) - len(told)) + (0 if value in _INTS else 0.3 if value in _NUMBERS else 1)
    return len(repr(value))


def load(acts: Sequence[Act]) -> float:
    """Return how odd the arguments of acts are, values that come again for no reason among them."""
    texts = [text for act in acts for text in (*act.positional, *(value for _, value in act.keywords))]
    constants = [one for text in texts for one in _constants(text)]
    return sum(map(_cached_weight, texts)) + 2 * len(acts) + 0.6 * (len(constants) - len(set(constants)))


@lru_cache(maxsize=20_000)
def _cached_weight(source: str) -> float:
    return weight(source)


@lru_cache(maxsize=20_000)
def _constants(source: str) -> Tuple[Tuple[type, object], ...]:
    node = _parsed(source)
    constants = (one.value for one in (ast.walk(node) if node is not None else ()) if isinstance(one, ast.Constant))
    return tuple((type(value), value) for value in constants if _is_common(value))


def _is_common(value: object) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool) and value not in {0, ""}


def simpler(source: str) -> Iterator[str]:
    """Yield sources of values less odd to read, the outer parts changed first, nothing made empty."""
    tree = _parsed(source)
    if tree is None:
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
            if text not in known and _cached_weight(text) < limit:
                known.add(text)
                yield text


def simpler_acts(
    acts: Tuple[Act, ...], plain: Callable[[int, Slot], Sequence[str]] = lambda _at, _slot: ()
) -> Iterator[Tuple[Act, ...]]:
    """
    Yield the acts with an argument left out, or another way, the last act first.

    `plain` gives what a person would take for the argument of an act, by its place in the call or its name.
    """
    for at in reversed(range(len(acts))):
        for slot in _slots(acts[at]):
            for text in plain(at, slot):
                yield (*acts[:at], _with(acts[at], slot, text), *acts[at + 1 :])
    yield from _shorter_ways(acts)
    yield from _renamed(acts)
    for at in reversed(range(len(acts))):
        act = acts[at]
        others: List[Act] = []
        if act.positional:
            others.append(act._replace(positional=act.positional[:-1]))
        kept = (act.keywords[:number] + act.keywords[number + 1 :] for number in range(len(act.keywords)))
        others += [act._replace(keywords=keywords) for keywords in kept]
        for other in others:
            yield (*acts[:at], other, *acts[at + 1 :])
        for slot, given in _slots(act).items():
            for text in simpler(given):
                yield (*acts[:at], _with(act, slot, text), *acts[at + 1 :])
    yield from _distinct(acts)


def _slots(act: Act) -> Dict[Slot, str]:
    """Return the arguments by their place or name."""
    return {**dict(enumerate(act.positional)), **dict(act.keywords)}


def _with(act: Act, slot: Slot, text: str) -> Act:
    if isinstance(slot, int):
        return act._replace(positional=(*act.positional[:slot], text, *act.positional[slot + 1 :]))
    return act._replace(keywords=tuple((name, text if name == slot else value) for name, value in act.keywords))


def _renamed(acts: Tuple[Act, ...]) -> Iterator[Tuple[Act, ...]]:
    """Yield the acts with one constant changed wherever it stands: keys and what looks them up change together."""
    counted: Dict[Tuple[type, object], int] = {}
    for text in (text for act in acts for text in _texts(act)):
        for one in _constants(text):
            counted[one] = counted.get(one, 0) + 1
    for (kind, old), count in counted.items():
        series: Sequence[object] = _TEXTS if kind is str else _INTS
        for new in series if count > 1 and old not in series else ():
            if (kind, new) not in counted:
                changer = _Renamer(old, new)
                yield tuple(_mapped(act, changer) for act in acts)


def _distinct(acts: Tuple[Act, ...]) -> Iterator[Tuple[Act, ...]]:
    """Yield the acts with one constant that comes again made another one."""
    known: Set[Tuple[type, object]] = set()
    for at, act in enumerate(acts):
        for slot, text in _slots(act).items():
            node = _parsed(text)
            if node is None:
                continue
            for number, one in enumerate(ast.walk(node)):
                if isinstance(one, ast.Constant) and _is_common(one.value):
                    for new in _series(one.value) if (type(one.value), one.value) in known else ():
                        changed = ast.unparse(_replaced(node, number, ast.Constant(new)))
                        yield (*acts[:at], _with(act, slot, changed), *acts[at + 1 :])
                    known.add((type(one.value), one.value))


def _series(value: object) -> Sequence[Union[str, int]]:
    return _TEXTS if isinstance(value, str) else _INTS


class _Renamer(ast.NodeTransformer):
    def __init__(self, old: object, new: object) -> None:
        self._old = old
        self._new = new

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        is_same = type(node.value) is type(self._old) and node.value == self._old
        return ast.Constant(self._new) if is_same else node  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _mapped(act: Act, changer: ast.NodeTransformer) -> Act:
    def changed(text: str) -> str:
        node = _parsed(text)
        return text if node is None else ast.unparse(changer.visit(node))

    return act._replace(
        positional=tuple(map(changed, act.positional)),
        keywords=tuple((name, changed(value)) for name, value in act.keywords),
    )


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
    yield from _fuller(node)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and len(node.elts) > 1:
        for number in range(len(node.elts)):
            kept = node.elts[:number] + node.elts[number + 1 :]
            yield ast.Set(kept) if isinstance(node, ast.Set) else type(node)(kept, ast.Load())
    elif isinstance(node, ast.Dict) and len(node.keys) > 1:
        for number in range(len(node.keys)):
            yield ast.Dict(
                node.keys[:number] + node.keys[number + 1 :], node.values[:number] + node.values[number + 1 :]
            )
    elif isinstance(node, (ast.Tuple, ast.Set)):
        yield from (ast.Constant(one) for one in _INTS[:2])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
        yield from (ast.Constant(one) for one in (1, 2) if not isinstance(node.operand, ast.Constant))
        if not (isinstance(node.operand, ast.Constant) and node.operand.value == 1):
            yield ast.UnaryOp(ast.USub(), ast.Constant(1))
    elif isinstance(node, ast.Lambda) or (isinstance(node, ast.Name) and node.id in {*_CALLED, *_CALLABLES}):
        yield from (ast.parse(one, mode="eval").body for one in _CALLABLES)
    elif isinstance(node, ast.Constant):
        yield from (ast.Constant(one) for one in _plainer(node.value))


_PAIR = ast.Dict([ast.Constant("c")], [ast.Constant(3)])


def _fuller(node: ast.expr) -> Iterator[ast.expr]:
    """Yield a display of few items with more of the like in it."""
    if isinstance(node, ast.Dict) and len(node.keys) < _FEW:
        keys: Sequence[object] = [one.value for one in node.keys if isinstance(one, ast.Constant)]
        series: Sequence[Union[str, int]] = _INTS if keys and isinstance(keys[0], int) else _TEXTS
        key = next(one for one in series if one not in keys)
        held = [one.value for one in node.values if isinstance(one, ast.Constant)]
        values: Sequence[Union[str, int]] = _TEXTS if held and isinstance(held[0], str) else _INTS
        value = next(one for one in values if one not in held)
        yield ast.Dict([*node.keys, ast.Constant(key)], [*node.values, ast.Constant(value)])
    elif isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) < _FEW:
        found = [one.value for one in node.elts if isinstance(one, ast.Constant)]
        if len(found) == len(node.elts):
            more: Sequence[Union[str, int]] = _TEXTS if found and isinstance(found[0], str) else _INTS
            yield type(node)([*node.elts, ast.Constant(next(one for one in more if one not in found))], ast.Load())
        elif len(node.elts) == 1 and isinstance(node.elts[0], ast.Dict):
            yield type(node)([*node.elts, _PAIR], ast.Load())


def _plainer(value: object) -> Iterator[Union[str, bytes, int, float]]:
    if isinstance(value, str) and len(value) > 0:
        yield from (word for word in _WORDS if len(word) <= len(value))
        yield from _shorter(value)
    elif isinstance(value, bytes) and len(value) > 1:
        yield from (b"a", value[: len(value) // 2], value[len(value) // 2 :])
    elif isinstance(value, float):
        yield from _FRACTIONS
    elif isinstance(value, bool):
        yield from _INTS
    elif isinstance(value, int):
        yield from _NUMBERS
        digits = str(abs(value))
        yield from (int(sign) * 10**size for size in range(1, min(len(digits), _SHORT)) for sign in "15")
        yield value // 10
        yield int(digits[0]) * 10 ** (len(digits) - 1)


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
