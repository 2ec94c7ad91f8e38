"""Behaviour that looks wrong: shown to a person, and not asserted. Few false alarms matter more than many finds."""

from __future__ import annotations

import ast
import doctest
from dataclasses import replace
from itertools import zip_longest
from typing import Dict, List, Mapping, Optional, Sequence, Tuple, Union

from regoose_guest.testgen.case import Case, Raised
from regoose_guest.testgen.schema import OddityJson
from regoose_guest.testgen.writing.fitting import Function, arguments_fit, fits
from regoose_guest.testgen.writing.names import BUILTINS, Outline, expression, free_names, parse_step

_ACCIDENTS = frozenset({"AttributeError", "IndexError", "KeyError", "TypeError", "RecursionError", "ZeroDivisionError"})
_BUGS = frozenset({"UnboundLocalError", "NameError"})
"""Never meant, whatever the arguments are."""
_TELLING = frozenset({"IndexError", "RecursionError", "ZeroDivisionError"})
"""Accidents that kinds of arguments do not explain, even where these are only read from the code."""
_MOST = 10
_LOOK_UPS = frozenset({"__getitem__", "__delitem__", "__getattr__", "__next__", "pop", "popitem", "remove", "index"})
_CALLED_WRONGLY = ("positional argument", "keyword argument", "takes no arguments", "required keyword-only")
_TRANSPARENT = frozenset({"staticmethod", "classmethod", "lru_cache", "cache", "wraps", "override", "final"})


def sift(cases: Sequence[Case], source: str, apt: Sequence[bool] = ()) -> Tuple[List[Case], List[OddityJson]]:
    """Part the cases that may be asserted from the behaviour that looks wrong; see `odd` and `worth_telling`."""
    found = odd(cases, source, apt)
    told = [found[number] for number in worth_telling(found)]
    kept = [case for number, case in enumerate(cases) if number not in found]
    return kept, sorted(told, key=lambda one: (one["line"], one["call"]))


def odd(cases: Sequence[Case], source: str, apt: Sequence[bool] = ()) -> Dict[int, OddityJson]:
    """
    Return the cases that look wrong, by their number.

    `source` is the text of the module; `apt` says of each case whether its arguments are what the bodies of the
    functions ask for, where annotations do not tell.
    """
    outline = Outline(source)
    examples = _Examples(outline)
    found: Dict[int, OddityJson] = {}
    for number, (case, is_apt) in enumerate(zip_longest(cases, apt, fillvalue=False)):
        assert isinstance(case, Case)
        try:
            why = _why(case, outline, examples, is_apt=bool(is_apt))
        except (SyntaxError, ValueError, RecursionError):
            why = ""
        if why:
            found[number] = _told(case, outline, why)
    return found


def worth_telling(found: Mapping[int, OddityJson], most: int = _MOST) -> List[int]:
    """Return, of each kind of oddity, the one with the shortest call; few in all: first what can only be a fault."""
    best: Dict[Tuple[str, str, int], int] = {}
    for number, one in found.items():
        key = (one["subject"], one["why"], one["line"])
        if key not in best or len(one["call"]) < len(found[best[key]]["call"]):
            best[key] = number
    ranks = {
        number: (_rank(found[number]), len(found[number]["call"]), found[number]["line"]) for number in best.values()
    }
    return sorted(ranks, key=lambda number: ranks[number])[:most]


def _rank(one: OddityJson) -> int:
    """Return how sure it is that an oddity is a fault: the surest first."""
    words = ("docstring", "does not bind", "promises", "inner result")
    return next((number for number, word in enumerate(words) if word in one["why"]), len(words))


def _why(case: Case, outline: Outline, examples: "_Examples", *, is_apt: bool) -> str:
    """Return what is wrong in one sentence, empty where nothing is."""
    contradiction = examples.contradiction(case)
    if contradiction:
        return contradiction
    call = _direct_call(case)
    node = outline.function(case.subject)
    if case.observed.raised is not None:
        return _accident(case, case.observed.raised, outline, call, is_apt=is_apt)
    if call is None or node is None or isinstance(outline.definitions.get(case.subject), ast.ClassDef):
        return ""
    return _wrong_type(case, node, outline.parameters(case.subject), call)


def _accident(case: Case, raised: Raised, outline: Outline, call: Optional[ast.Call], *, is_apt: bool) -> str:
    said = raised.said or raised.message
    if raised.is_explicit or raised.module != "builtins" or _is_documented(case.subject, raised.type, outline):
        return ""
    if raised.type in _BUGS:
        return f"{raised.type} comes from a name that the code itself does not bind."
    node = outline.function(case.subject)
    if raised.type == "AttributeError" and said.startswith("'NoneType'"):
        is_odd = not _mentions_none(case) and (node is None or is_apt or not _is_misfit(node, outline, case, call))
        return "An inner result is None and is used as if it were not; no argument is None." if is_odd else ""
    if raised.type not in _ACCIDENTS or node is None or call is None or _is_natural(case, raised.type, said, call):
        return ""
    fit = _all_fit(case, outline) or (is_apt and raised.type in _TELLING)
    return f"An accidental {raised.type} of Python's own, not documented, for arguments as asked for." if fit else ""


def _all_fit(case: Case, outline: Outline) -> bool:
    """Whether the arguments of all calls certainly are what is asked for, those of the steps before among them."""
    owner = case.subject.partition(".")[0]
    for step in case.steps:
        for one in (one for node in parse_step(step) for one in ast.walk(node) if isinstance(one, ast.Call)):
            func = one.func
            name = f"{owner}.{func.attr}" if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            node = outline.function(name)
            has_any = bool(one.args or one.keywords)
            if has_any and (node is None or not arguments_fit(node, outline.parameters(name), one)):
                return False
    return True


def _is_natural(case: Case, kind: str, said: str, call: ast.Call) -> bool:
    """Whether the arguments as good as ask for the exception."""
    if case.subject.rpartition(".")[2] in _LOOK_UPS:
        return True
    if kind == "TypeError":
        return any(words in said for words in _CALLED_WRONGLY)
    constants = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
    if kind == "ZeroDivisionError":
        return any(value == 0 and not isinstance(value, bool) for value in constants if isinstance(value, (int, float)))
    if kind == "KeyError":
        return said in {repr(value) for value in constants} or not said
    return False


def _is_misfit(node: Function, outline: Outline, case: Case, call: Optional[ast.Call]) -> bool:
    """Whether arguments are certainly not what the function asks for."""
    if call is None:
        return True
    annotated = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    if any(one.annotation is not None for one in annotated):
        return not arguments_fit(node, outline.parameters(case.subject), call)
    return not all(_is_text(one) for one in [*call.args, *(one.value for one in call.keywords)])


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)


def _mentions_none(case: Case) -> bool:
    nodes = [node for step in case.steps for one in parse_step(step) for node in ast.walk(one)]
    return any(isinstance(node, ast.Constant) and node.value is None for node in nodes)


def _is_documented(subject: str, kind: str, outline: Outline) -> bool:
    """Whether the text of the function or of its class speaks of the exception, in words or in code."""
    owner = subject.rpartition(".")[0]
    nodes = [outline.function(subject), outline.definitions.get(subject), outline.definitions.get(owner)]
    for node in nodes:
        if node is None:
            continue
        if kind in (ast.get_docstring(node) or ""):
            return True
        if not isinstance(node, ast.ClassDef) and any(
            isinstance(one, ast.Name) and one.id == kind for one in ast.walk(node)
        ):
            return True
    return False


def _wrong_type(case: Case, node: Function, names: List[str], call: ast.Call) -> str:
    if node.returns is None or not _is_plain_function(node) or not arguments_fit(node, names, call):
        return ""
    for check in case.observed.checks:
        if check.expression != "result" or check.kind not in {"equal", "is"}:
            continue
        if fits(node.returns, expression(check.expected)) is False:
            return f"The annotation promises `{ast.unparse(node.returns)}`."
    return ""


def _is_plain_function(node: Function) -> bool:
    """Whether its annotation speaks of what a call gives: no generator, no decorator that may change it."""
    decorators = {getattr(one, "attr", getattr(one, "id", "")) for one in map(_undecorated, node.decorator_list)}
    yields = any(isinstance(one, (ast.Yield, ast.YieldFrom)) for one in ast.walk(node))
    return decorators <= _TRANSPARENT and not yields and isinstance(node, ast.FunctionDef)


def _undecorated(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


class _Examples:
    """The examples that docstrings give, and what they say comes out."""

    def __init__(self, outline: Outline) -> None:
        self._wanted: Dict[str, doctest.Example] = {}
        parser = doctest.DocTestParser()
        for name, node in outline.definitions.items():
            try:
                examples = parser.get_examples(ast.get_docstring(node) or "")
            except ValueError:
                continue
            for one in examples:
                shape = _shape(one.source)
                if shape and "..." not in one.want and _is_alone(one.source, outline, name):
                    self._wanted.setdefault(shape, one)

    def contradiction(self, case: Case) -> str:
        """Return what the docstring's own example says otherwise; empty where it agrees or says nothing."""
        if len(case.steps) != 1 or case.steps[0].is_statement or case.pins:
            return ""
        example = self._wanted.get(_shape(case.steps[0].source))
        if example is None:
            return ""
        raised = case.observed.raised
        if example.exc_msg is not None:
            wanted = example.exc_msg.split(":")[0].strip()
            same = raised is not None and raised.type.split(".")[-1] == wanted.split(".")[-1]
            return "" if same else f"The docstring's example raises {wanted}."
        if raised is not None and example.want.strip():
            return f"The docstring's example gives {example.want.strip()}."
        return self._other_value(case, example)

    @staticmethod
    def _other_value(case: Case, example: doctest.Example) -> str:
        for check in case.observed.checks:
            if check.expression == "result" and check.kind in {"equal", "is"}:
                try:
                    same = ast.literal_eval(check.expected) == ast.literal_eval(example.want.strip())
                except (ValueError, SyntaxError):
                    return ""
                return "" if same else f"The docstring's example gives {example.want.strip()}."
        return ""


def _is_alone(source: str, outline: Outline, name: str) -> bool:
    """Whether an example needs nothing that stands before it."""
    read = free_names([expression(source)])
    return name.split(".", maxsplit=1)[0] in read and all(one in BUILTINS or outline.defines(one) for one in read)


def _shape(source: str) -> str:
    try:
        return ast.dump(expression(source))
    except SyntaxError:
        return ""


def _direct_call(case: Case) -> Optional[ast.Call]:
    """Return the call of the last step where it is nothing but one call of the subject."""
    (*_, statement) = parse_step(replace(case.steps[-1], awaits=False))
    value: Union[ast.expr, None] = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(value, ast.Call):
        return None
    func = value.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    parts = case.subject.split(".")
    return value if name in {parts[-1], parts[0] if parts[-1] == "__init__" else ""} else None


def _told(case: Case, outline: Outline, why: str) -> OddityJson:
    raised = case.observed.raised
    node = outline.definitions.get(case.subject)
    line = raised.line if raised is not None and raised.line else node.lineno if node is not None else 1
    if raised is not None:
        said = raised.said or raised.message
        observed = f"{raised.type}: {said}" if said else raised.type
    else:
        observed = ", ".join(f"{check.expression} is {check.expected}" for check in case.observed.checks)
    steps = [f"{step.name} = {step.source}" if step.name else step.source for step in case.steps]
    return {"line": line, "subject": case.subject, "call": "; ".join(steps), "observed": observed, "why": why}
