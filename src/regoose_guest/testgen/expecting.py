"""What a reader expects in the place of an argument, from the text alone: kinds, and how far a value is from them."""

from __future__ import annotations

import ast
from itertools import islice, product
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from regoose_guest.testgen.acts import CONSTRUCTOR, FUNCTION, METHOD, STATIC, VALUE, Act
from regoose_guest.testgen.analyse import Example, Facts
from regoose_guest.testgen.usage import CALLABLES, Function, Uses, documented_kinds, named_kind
from regoose_guest.testgen.writing.fitting import fits

_SURE = 2
"""Weight from which on a use tells a kind."""
_ALIKE: Dict[str, Tuple[str, ...]] = {
    "list": ("tuple", "iter", "set"),
    "iter": ("list", "tuple"),
    "tuple": ("list",),
    "texts": ("list", "tuple", "set"),
    "set": ("list",),
    "float": ("int",),
    "date": ("datetime",),
    "object": ("callable",),
}
_KINDS: Dict[type, str] = {
    str: "str",
    bytes: "bytes",
    bool: "bool",
    int: "int",
    float: "float",
    complex: "float",
    type(None): "none",
}
_DISPLAYS: Tuple[Tuple[type, str], ...] = (
    *((ast.List, "list"), (ast.Tuple, "tuple"), (ast.Set, "set"), (ast.Dict, "dict"), (ast.Lambda, "callable")),
    *((ast.JoinedStr, "str"), (ast.ListComp, "list"), (ast.DictComp, "dict")),
)
_BUILT_IN = frozenset(
    ("str", "len", "int", "bool", "list", "abs", "repr", "dict", "max", "min", "sum", "tuple", "float", "sorted")
)
_TELLING = frozenset(("bool", "callable"))
"""Functions that one writes for a predicate by name."""
MISFIT, _UNLIKE, RARE, _ODD, _SLIGHT = 20.0, 12.0, 6.0, 3.0, 1.5
"""
For another kind than the text asks for; than examples show; than examples show, where the text bears it; for functions
of another role, or not quite of one.
"""

_PLAIN: Dict[str, Tuple[str, ...]] = {
    "str": ("'a'", "'abc'"),
    "int": ("1", "2"),
    "float": ("1.5", "1"),
    "bool": ("True", "False"),
    "bytes": ("b'a'",),
    "list": ("[1, 2]", "['a', 'b']", "[{'a': 1}, {'b': 2}]"),
    "texts": ("['a', 'b']",),
    "tuple": ("(1, 2)",),
    "set": ("{1, 2}",),
    "dict": ("{'a': 1, 'b': 2}", "{'a': 1}", "{'a': {'b': 1}}"),
    "none": ("None",),
    "callable": ("str", "len", "sum", "lambda x: x + 1", "lambda x: [x, 1]"),
    "callable0": ("lambda: 1", "dict", "list"),
    "callable2": ("lambda x, y: x + y", "lambda x, y: x < y"),
    "predicate": ("lambda x: x > 1", "lambda x: x == 'a'", "lambda x: x[1] > 1", "bool"),
}


_FEW, _MOST_PLAIN = 4, 48
_EMPTY = ("''", "0", "[]", "{}")


class Expected(NamedTuple):
    """What is expected of one parameter: kinds, or an annotation, or nothing."""

    kinds: FrozenSet[str]
    annotation: Optional[ast.expr] = None
    is_sure: bool = True
    """Whether the kinds come from more than examples."""
    shown: FrozenSet[str] = frozenset()
    """Kinds that examples show."""


_NOTHING = Expected(frozenset())


class Expectations:
    """What the text of a module lets expect of the arguments of its functions."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: Dict[str, Dict[str, Expected]] = {}
        """By definition and parameter; these live as long as this object, and so do their identities."""
        self._misfits: Dict[Tuple[int, str], float] = {}

    def misfit(self, acts: Sequence[Act]) -> float:
        """Return how far the arguments are from what is expected: 0 for those that are just so."""
        found = 0.0
        for expected, text in self._slots(acts):
            key = (id(expected), text)
            if key not in self._misfits:
                self._misfits[key] = self._misfit(expected, text)
            found += self._misfits[key]
        return found

    def is_apt(self, acts: Sequence[Act]) -> bool:
        """Whether every argument surely is what the text asks for: not only is nothing said against it."""
        return not any(act.kind == VALUE for act in acts) and all(
            (expected.annotation is not None or (bool(expected.kinds) and expected.is_sure))
            and self._misfit(expected, text) == 0
            and _fits_surely(expected, text)
            for expected, text in self._slots(acts)
        )

    def _misfit(self, expected: Expected, text: str) -> float:
        """Return how far the source of one argument is from what is expected of it."""
        node = _parsed(text)
        if node is None:
            return 0.0
        if expected.annotation is not None:
            is_plain = isinstance(node, (ast.Constant, ast.UnaryOp, ast.List, ast.Dict, ast.Tuple, ast.Set))
            names_class = ast.unparse(expected.annotation).strip("'") in self._facts.classes
            return MISFIT if (names_class and is_plain) or fits(expected.annotation, node) is False else 0.0
        kind = _kind(node)
        if kind == "callable" and not expected.kinds.isdisjoint(CALLABLES):
            return _role_misfit(expected.kinds, node)
        if kind is None or not expected.kinds:
            return 0.0
        if _is_among(kind, expected.kinds):
            return RARE if expected.shown and not _is_among(kind, expected.shown | {"none"}) else 0.0
        return MISFIT if expected.is_sure or kind == "none" else _UNLIKE

    def plain(self, acts: Sequence[Act], at: int, slot: "int | str") -> Tuple[str, ...]:
        """Return sources that a person would take for an argument, by the kinds that are expected."""
        expected = self._of(acts, at, slot)
        if expected.annotation is not None:
            every = [text for texts in _PLAIN.values() for text in texts] + list(_EMPTY)
            return tuple(text for text in every if fits(expected.annotation, ast.parse(text, mode="eval").body))
        return tuple(dict.fromkeys(text for kind in sorted(expected.kinds) for text in _PLAIN.get(kind, ())))

    def plain_calls(self, act: Act, parameters: int) -> Iterator[Act]:
        """Yield calls of a function with as many arguments as it needs, all of them what a person would take."""
        if act.kind not in {FUNCTION, STATIC} or not parameters:
            return
        acts = [act._replace(positional=("None",) * parameters)]
        texts = [self.plain(acts, 0, slot)[:_FEW] for slot in range(parameters)]
        for given in islice(product(*texts), _MOST_PLAIN):
            yield act._replace(positional=given)

    def _slots(self, acts: Sequence[Act]) -> Iterator[Tuple[Expected, str]]:
        for at, act in enumerate(acts):
            for number, text in enumerate(act.positional):
                yield self._of(acts, at, number), text
            for name, text in act.keywords:
                yield self._of(acts, at, name), text

    def _of(self, acts: Sequence[Act], at: int, slot: "int | str") -> Expected:
        name = _definition(acts, at)
        node = self._facts.definitions.get(name)
        held = self._facts.classes.get(acts[at].name) if node is None and acts[at].kind == CONSTRUCTOR else None
        if name not in self._known:
            self._known[name] = self._read(name, node) if node is not None else _fields(held) if held else {}
        known = self._known[name]
        if isinstance(slot, str):
            return known.get(slot, _NOTHING)
        if node is None:
            return next(islice(known.values(), slot, None), _NOTHING)
        names = _positional(node, is_member="." in name)
        if slot < len(names):
            return known.get(names[slot], _NOTHING)
        return known.get(f"*{node.args.vararg.arg}", _NOTHING) if node.args.vararg is not None else _NOTHING

    def _read(self, name: str, node: Function) -> Dict[str, Expected]:
        names = _positional(node, is_member="." in name)
        examples = self._facts.examples.get(_bare(name), [])
        text = ast.get_docstring(node) or ""
        uses = self._facts.reading(node).uses
        defaults = _defaults(node)
        found: Dict[str, Expected] = {}
        for one in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            if one.annotation is not None:
                found[one.arg] = Expected(frozenset(), one.annotation)
                continue
            kinds = _used(uses, one.arg) | set(documented_kinds(text, one.arg))
            default = _kind(defaults[one.arg]) if one.arg in defaults else None
            if default is not None and default != "none":
                kinds.add(default)
            position = names.index(one.arg) if one.arg in names else -1
            shown = set(_shown(examples, position, one.arg))
            named = named_kind(one.arg)
            if named is not None and not shown and not kinds - {"none", "bool"}:
                kinds.add(named)
            found[one.arg] = _expected(kinds, shown, has_none=default == "none")
        if node.args.vararg is not None:
            star = node.args.vararg.arg
            shown = {kind for positional, _ in examples for kind in map(_of_text, positional[len(names) :]) if kind}
            if shown and _takes_all_at_once(node, star):
                shown.add("list")
            found[f"*{star}"] = _expected(_used(uses, f"{star}[*]"), shown, has_none=False)
        return found


def _takes_all_at_once(node: Function, star: str) -> bool:
    """Whether a function of `*values` looks at the first alone, as those do that take them in one list as well."""
    return any(
        isinstance(one, ast.Subscript) and ast.unparse(one) == f"{star}[0]"
        for part in node.body
        for one in ast.walk(part)
    )


def _used(uses: Uses, place: str) -> Set[str]:
    return {kind for kind, weight in uses[place].items() if weight >= _SURE} if place in uses else set()


def _expected(kinds: Set[str], shown: Set[str], *, has_none: bool) -> Expected:
    if any(kind in {"object", "any"} or ":" in kind for kind in kinds):
        return _NOTHING  # some use says nothing about kinds: then anything may be meant
    both = kinds | shown
    both |= {"none"} if has_none and both else set()
    return Expected(frozenset(both), is_sure=bool(kinds), shown=frozenset(shown))


def _is_among(kind: str, kinds: FrozenSet[str]) -> bool:
    return kind in kinds or any(kind in _ALIKE.get(one, ()) for one in kinds)


def _parsed(text: str) -> Optional[ast.expr]:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _definition(acts: Sequence[Act], at: int) -> str:
    act = acts[at]
    if act.kind in {FUNCTION, STATIC}:
        return act.name
    if act.kind == CONSTRUCTOR:
        return f"{act.name}.__init__"
    if act.kind == METHOD and act.receiver == "v0" and acts[0].kind in {CONSTRUCTOR, STATIC}:
        return f"{acts[0].name.partition('.')[0]}.{act.name}"
    return ""


def _fields(node: ast.ClassDef) -> Dict[str, Expected]:
    """Return what is expected of the fields of a dataclass or a named tuple, in their order."""
    if not node.decorator_list and not node.bases:
        return {}
    fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]
    told = {one.target.id: one.annotation for one in fields if isinstance(one.target, ast.Name)}
    return {
        name: Expected(frozenset(), one) for name, one in told.items() if not ast.unparse(one).startswith("ClassVar")
    }


def _bare(name: str) -> str:
    owner, _, last = name.rpartition(".")
    return owner.rpartition(".")[2] if last == "__init__" else last


def _positional(node: Function, *, is_member: bool) -> List[str]:
    names = [one.arg for one in [*node.args.posonlyargs, *node.args.args]]
    is_static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
    return names[1:] if is_member and not is_static else names


def _defaults(node: Function) -> Dict[str, ast.expr]:
    given = [*node.args.posonlyargs, *node.args.args]
    found = {one.arg: value for one, value in zip(reversed(given), reversed(node.args.defaults))}
    found.update((one.arg, value) for one, value in zip(node.args.kwonlyargs, node.args.kw_defaults) if value)
    return found


def _shown(examples: Sequence[Example], position: int, name: str) -> Iterator[str]:
    """Yield the kinds that examples give to a parameter."""
    for positional, keywords in examples:
        texts = [value for key, value in keywords if key == name]
        if 0 <= position < len(positional):
            texts.append(positional[position])
        yield from (kind for kind in map(_of_text, texts) if kind)


def _of_text(text: str) -> Optional[str]:
    node = _parsed(text)
    return None if node is None else _kind(node)


def _kind(node: ast.expr) -> Optional[str]:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.Constant):
        return _KINDS.get(type(node.value))
    if isinstance(node, ast.Name) and node.id in _BUILT_IN:
        return "callable"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"set", "iter", "dict"}:
        return node.func.id
    return next((name for kind, name in _DISPLAYS if isinstance(node, kind)), None)


def _fits_surely(expected: Expected, text: str) -> bool:
    node = _parsed(text)
    if node is None:
        return False
    if expected.annotation is not None:
        return bool(fits(expected.annotation, node))
    return _kind(node) not in {None, "callable"}  # what a function does, a kind does not tell


def _role_misfit(kinds: FrozenSet[str], node: ast.expr) -> float:
    """Return how odd a function is in its role: `str` where a predicate is asked for."""
    if "predicate" in kinds and isinstance(node, ast.Name):
        return _SLIGHT if node.id in _TELLING else _ODD
    if isinstance(node, ast.Lambda):
        takes = len(node.args.args)
        wanted = {"callable2": 2, "callable0": 0}
        if node.args.vararg is not None or any(wanted.get(one, 1) == takes for one in kinds):
            return _SLIGHT if isinstance(node.body, ast.Constant) and "predicate" in kinds else 0.0
        return _ODD
    return 0.0
