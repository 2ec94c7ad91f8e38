"""Names of tests: the subject, then as much of what differs as tells them apart."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from itertools import combinations
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

from regoose_guest.testgen.case import Case
from regoose_guest.testgen.writing.names import Outline, parse_step, snake
from regoose_guest.testgen.writing.plan import Test

_LONGEST = 60
_COUNTS = ("no", "one", "two", "three", "four", "five")
_METHODS = {
    "__call__": "call",
    "__contains__": "contains",
    "__delitem__": "delete_item",
    "__enter__": "context",
    "__eq__": "equality",
    "__ge__": "greater_or_equal",
    "__getitem__": "get_item",
    "__gt__": "greater_than",
    "__init__": "",
    "__iter__": "iteration",
    "__le__": "less_or_equal",
    "__len__": "length",
    "__lt__": "less_than",
    "__ne__": "inequality",
    "__setitem__": "set_item",
}
_SPECIAL = ("empty", "zero", "negative", "blank", "none")
_LONGEST_WORD = 12


class Namer:
    """Gives each test of a file a name of its own."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._taken: Set[str] = set()

    def name(self, test: Test, subject: str) -> str:
        """Return a name; `subject` is the part that all tests of this subject share, e.g. `test_slugify`."""
        outcome = _outcome(test.case)
        base = "_".join(part for part in (subject, outcome) if part)[:_LONGEST].rstrip("_")
        for words in self._suffixes(test):
            is_doubled = words[:1] == ["with"] and base.endswith("_with")
            name = "_".join([base, *(["given", *words[1:]] if is_doubled else words)])
            if len(name) <= _LONGEST and name not in self._taken:
                return self._take(name)
        number = 2
        while f"{base}_{number}" in self._taken:
            number += 1
        return self._take(f"{base}_{number}")

    def _take(self, name: str) -> str:
        self._taken.add(name)
        return name

    def _suffixes(self, test: Test) -> Iterator[List[str]]:
        """Give what may follow the subject, the shortest first."""
        yield []
        options, kinds, values = self._options(test), self._kinds(test), _value_words(test)
        history = _history(test.case)
        if values == ["returns_none"]:
            yield values
        parts = [part for part in (options, *kinds) if part]
        receiver = self._receiver(test)
        if receiver and not any(kind.startswith(_SPECIAL) for kind in kinds):
            yield ["of", receiver]
        given = _given(test)
        is_failing = test.case.observed.raised is not None
        if given and is_failing and not any(kind.startswith(_SPECIAL) for kind in kinds):
            yield ["for", given]
        for part in (options, history, *kinds):
            if part:
                yield ["with" if part is not history else "after", part]
        for value in values:
            yield [value]
        if given:
            yield ["for", given]
        yield from (["with", part, value] for part in parts for value in values)
        yield from (["with", part, "and", other] for part, other in combinations(parts, 2))
        yield from (["with", part, "after", history] for part in parts if history)

    def _options(self, test: Test) -> str:
        """Return the optional arguments that are given, or how many there are of a variadic kind."""
        call = _call(test.members[0])
        node = self._outline.function(test.case.subject)
        if call is None or node is None:
            return ""
        names = self._outline.parameters(test.case.subject)
        required = len(names) - len(node.args.defaults)
        words = [snake(one) for one in names[max(required, 0) : len(call.args)]]
        known = {*names, *(one.arg for one in node.args.kwonlyargs)}
        given = [one.arg for one in call.keywords if one.arg and one.arg not in names[:required]]
        words += [snake(one) for one in given if one in known]
        if node.args.kwarg is not None and not known.issuperset(given):
            words.append(snake(node.args.kwarg.arg))
        if node.args.vararg is not None and len(call.args) >= len(names):
            count = len(call.args) - len(names)
            noun = _noun(call.args[len(names) :], node.args.vararg.arg, count)
            if count or not words:
                words.insert(0, f"{_COUNTS[count] if count < len(_COUNTS) else count}_{noun}")
        return "_and_".join(words)

    def _receiver(self, test: Test) -> str:
        """Return how the object under test was made, where that is not the plainest way."""
        owner, _, method = test.case.subject.partition(".")
        calls = [call for case in test.members for call in [_made(case, owner)] if call is not None]
        if not method or len(calls) != len(test.members):
            return ""
        words: Set[str] = set()
        for call in calls:
            if isinstance(call.func, ast.Attribute):
                words.add(snake(f"{owner}_{call.func.attr}"))
                continue
            names = self._outline.parameters(owner)[1 : len(call.args)]
            given = [*names, *(one.arg for one in call.keywords if one.arg)]
            words.add(snake(f"{owner}_with_{'_and_'.join(given)}") if given else "")
        return words.pop() if len(words) == 1 else ""

    def _kinds(self, test: Test) -> List[str]:
        """Return descriptions of the arguments that hold for all rows, the most telling first."""
        calls = [_call(case) for case in test.members]
        first = calls[0]
        if first is None:
            return []
        names = self._outline.parameters(test.case.subject)
        local = {step.name for step in test.case.steps if step.name}
        special: List[str] = []
        plain: List[str] = []
        for number in range(len(first.args)):
            if getattr(first.args[number], "id", "") in local:
                continue
            found = {_kind(call.args[number]) for call in calls if call is not None and len(call.args) > number}
            label = snake(names[number]) if number < len(names) else ""
            _describe(found, label, special, plain)
        for position, given in enumerate(first.keywords):
            found = {_kind(call.keywords[position].value) for call in calls if call and len(call.keywords) > position}
            _describe(found, snake(given.arg or ""), special, plain)
        return special + plain


def subject_words(subject: str) -> str:
    """Return a qualified name in the words of a test's name: `Stack.__len__` is `stack_length`."""
    parts = [_METHODS.get(part, snake(part)) for part in subject.split(".")]
    return "_".join(part for part in parts if part)


def _describe(found: Set[str], label: str, special: List[str], plain: List[str]) -> None:
    if len(found) != 1:
        return
    (kind,) = found
    if kind in {"none", "true", "false"}:
        special.append(f"{label}_{kind}" if label else kind)
    elif kind.startswith(("empty", "zero", "negative", "blank")):
        word = kind.split("_", maxsplit=1)[0]
        special.append(f"{word}_{label}" if label else kind)
    elif kind:
        plain.append(f"{kind}_{label}" if label and kind != label else kind)


def _kind(node: ast.expr) -> str:
    """Return one or two words for a value: `empty_list`, `negative_number`, `function`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return "negative_number"
    if isinstance(node, ast.Constant):
        return _constant_kind(node.value)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        noun = type(node).__name__.lower()
        return noun if (node.keys if isinstance(node, ast.Dict) else node.elts) else f"empty_{noun}"
    while isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Lambda):
        return "function"
    return snake(getattr(node, "attr", "") or getattr(node, "id", ""))


def _constant_kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return ("float" if isinstance(value, float) else "number") if value else "zero"
    if isinstance(value, (str, bytes)):
        noun = "string" if isinstance(value, str) else "bytes"
        if not value:
            return f"empty_{noun}"
        return noun if value.strip() else f"blank_{noun}"
    return ""


def _noun(arguments: Sequence[ast.expr], name: str, count: int) -> str:
    kinds = {_kind(one).replace("empty_", "") for one in arguments}
    if len(kinds) != 1 or "" in kinds:
        kinds = {snake(name).rstrip("s") or snake(name)}
    word = kinds.pop()
    return word if count == 1 else _plural(word)


def _plural(word: str) -> str:
    if word.endswith("s"):
        return word
    return f"{word}es" if word.endswith(("sh", "ch", "x")) else f"{word}s"


def _outcome(case: Case) -> str:
    raised = case.observed.raised
    return "raises_" + snake(raised.type.split(".")[-1]) if raised is not None else ""


def _value_words(test: Test) -> List[str]:
    """Return words for what comes out, where it is the same in all rows."""
    observed = test.case.observed
    words: Dict[str, str] = {"None": "returns_none", "True": "is_true", "False": "is_false"}
    if len(observed.checks) != 1:
        return []
    (check,) = observed.checks
    expected = {case.observed.checks[0].expected for case in test.members if case.observed.checks}
    if len(expected) == 1 and check.expression == "result":
        if check.kind in {"is", "equal"} and check.expected in words:
            return [words[check.expected]]
        if check.kind == "isinstance":
            return [f"returns_{snake(check.expected.split('.')[-1])}"]
        empty = {
            "''": "empty_string",
            '""': "empty_string",
            "[]": "empty_list",
            "{}": "empty_dict",
            "()": "empty_tuple",
        }
        if check.expected in empty:
            return [f"returns_{empty[check.expected]}"]
    return []


def _history(case: Case) -> str:
    """Return the method that was called last before the step under test, and how often it was if it was alone."""
    called: List[str] = []
    for step in case.steps[:-1]:
        call = _call(replace(case, steps=(step,))) if not step.is_statement else None
        if call is not None and isinstance(call.func, ast.Attribute):
            called.append(snake(call.func.attr))
    is_one = len(set(called)) == 1 and 1 < len(called) < len(_COUNTS)
    last = called[-1] if called else ""
    return f"{_COUNTS[len(called)]}_{_plural(last)}" if is_one else last


def _given(test: Test) -> str:
    """Return the only argument in a word, where it is a short one."""
    call = _call(test.members[0])
    values = [*call.args, *(one.value for one in call.keywords)] if call is not None and len(test.members) == 1 else []
    if len(values) != 1 or not isinstance(values[0], ast.Constant) or not isinstance(values[0].value, (str, int)):
        return ""
    text = str(values[0].value)
    return text.lower() if len(text) <= _LONGEST_WORD and re.fullmatch(r"[A-Za-z0-9]+", text) else ""


def _made(case: Case, owner: str) -> Optional[ast.Call]:
    """Return the call that makes the object under test: of its class, or of a method of its class."""
    nodes = (node for step in case.steps for statement in parse_step(step) for node in ast.walk(statement))
    for node in nodes:
        if isinstance(node, ast.Call):
            maker = node.func.value if isinstance(node.func, ast.Attribute) else node.func
            if isinstance(maker, ast.Name) and maker.id == owner:
                return node
    return None


def _call(case: Case) -> Optional[ast.Call]:
    """Return the call of the subject in the last step: the one of its name, else the outermost."""
    (*_, statement) = parse_step(replace(case.steps[-1], awaits=False))
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    tail = case.subject.rpartition(".")[2]
    for call in calls:
        func = call.func
        if tail == (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")):
            return call
    return calls[0] if calls else None


def order(test: Test) -> Tuple[bool, bool, int, int]:
    """Return what sorts the tests of a subject: results before exceptions, fewer arguments before more."""
    call = _call(test.members[0])
    checks = test.case.observed.checks
    is_void = any(check.kind == "isinstance" or check.expected == "None" for check in checks)
    given = len(call.args) + 2 * len(call.keywords) if call is not None else 0
    return (test.case.observed.raised is not None, is_void, len(test.case.steps), given)
