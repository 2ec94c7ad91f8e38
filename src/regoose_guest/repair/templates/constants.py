"""Constants: numbers, strings, booleans, None, regular expressions."""

from __future__ import annotations

import ast
import re
from typing import Iterator, Tuple

from regoose_guest.repair.build import Value, call, constant, empty_dict, empty_list, empty_tuple, name
from regoose_guest.repair.templates.conditions import is_condition
from regoose_guest.repair.templates.site import Proposal, Proposals, Site

_PATTERN = frozenset("\\[](){}*+?^$|")
_QUANTIFIERS = frozenset("?*+{")
_LONGEST_PATTERN = 120


def boolean(site: Site) -> Proposals:
    """True for False."""
    node = site.node
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield Proposal("boolean", 0.8, ast.Constant(not node.value))
        if not is_condition(site):
            yield Proposal("boolean to None", 0.2, ast.Constant(None))


def number(site: Site) -> Proposals:
    """A number beside the right one, or another of the module's."""
    node = site.node
    if not isinstance(node, ast.Constant) or isinstance(node.value, (bool, complex)):
        return
    value = node.value
    if not isinstance(value, (int, float)):
        return
    half = value // 2 if isinstance(value, int) else value / 2
    for other in dict.fromkeys([value + 1, value - 1, 0, 1, 2, -value, value * 2, -1, value * 10, half]):
        if other != value:
            near = abs(other - value) == 1
            fraction = isinstance(value, float) and abs(value) < 5
            prior = 0.15 if fraction else 0.7 if near else 0.35 if other in (0, 1, -1, 2) else 0.15
            yield Proposal("number", prior, constant(other))
    for seen in site.file.constants:
        if isinstance(seen, (int, float)) and not isinstance(seen, bool) and seen != value and abs(seen) > 2:
            yield Proposal("another number of the module", 0.12, constant(seen))
    yield Proposal("number to None", 0.12, ast.Constant(None))
    if value == 0:
        yield Proposal("number to infinity", 0.1, ast.UnaryOp(ast.USub(), call("float", ast.Constant("inf"))))
        yield Proposal("number to infinity", 0.08, call("float", ast.Constant("inf")))


def text(site: Site) -> Proposals:
    """A string beside the right one, or another of the function's or the module's."""
    node = site.node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or isinstance(site.parent, ast.JoinedStr):
        return
    value = node.value
    if not value:
        yield Proposal("string", 0.3, ast.Constant(" "))
    for other, prior in near_strings(value):
        yield Proposal("string", prior, ast.Constant(other))
    for pattern in _wider_classes(value, site.clues.characters):
        yield Proposal("character added to a pattern", 0.2, ast.Constant(pattern))
    mine = [other for other in site.scope.constants.values() if isinstance(other, str)]
    for other in mine:
        if other != value and len(other) <= 40:
            yield Proposal("another string of the function", 0.2, ast.Constant(other))
    for seen in site.file.constants:
        if isinstance(seen, str) and seen != value and seen not in mine:
            yield Proposal("another string of the module", 0.08, ast.Constant(seen))
    if len(value) < 3:
        yield Proposal("string to None", 0.12, ast.Constant(None))


def none(site: Site) -> Proposals:
    """None where an empty value, a variable or an expression at hand was meant."""
    node = site.node
    if not isinstance(node, ast.Constant) or node.value is not None:
        return
    plain: Tuple[Value, ...] = (0, "", False, True)
    for other in (*(constant(value) for value in plain), empty_list(), empty_dict(), empty_tuple()):
        yield Proposal("None to empty value", 0.25, other)
    for variable in site.scope.near(node, 10):
        yield Proposal("None to variable", 0.25, name(variable))
    if isinstance(site.parent, ast.Return):
        for expression in site.scope.expressions.values():
            if site.scope.sees(expression, node):
                yield Proposal("None to expression", 0.1, expression)


def near_strings(value: str) -> Iterator[Tuple[str, float]]:
    """Yield strings that differ by case, a space, a repetition or a detail of a pattern."""
    if not value:
        return
    yield value.upper(), 0.1
    yield value.lower(), 0.1
    yield value + " ", 0.1
    yield " " + value, 0.06
    if value.strip() != value:
        yield value.strip(), 0.15
    if len(value) <= 3:
        yield value * 2, 0.06
        yield value[:-1], 0.08
    if 1 < len(value) <= _LONGEST_PATTERN and _PATTERN & set(value):
        for pattern, prior in _near_patterns(value):
            if _compiles(pattern):
                yield pattern, prior


def _wider_classes(value: str, characters: str) -> Iterator[str]:
    """Add a character of the failing input to a class of a pattern."""
    for found in re.finditer(r"\[\^?\]?(?:\\.|[^\]\\])*\]", value):
        for character in characters:
            added = "\\" + character if character in "\\]^-" else character
            if character not in found.group():
                pattern = value[: found.end() - 1] + added + value[found.end() - 1 :]
                if _compiles(pattern):
                    yield pattern


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _near_patterns(value: str) -> Iterator[Tuple[str, float]]:
    if value.startswith("^"):
        yield value[1:], 0.12
    else:
        yield "^" + value, 0.12
    if value.endswith("$"):
        yield value[:-1], 0.12
        yield value[:-1] + r"\Z", 0.12
    else:
        yield value + "$", 0.15
        yield value + r"\Z", 0.06
    for index, character in enumerate(value):
        yield from _near_at(value, index, character)
    yield r"\b" + value, 0.06
    yield value + r"\b", 0.06


def _near_at(value: str, index: int, character: str) -> Iterator[Tuple[str, float]]:
    head, tail = value[:index], value[index + 1 :]
    if index and value[index - 1] == "\\":
        if character in "dws":
            yield head + character.upper() + tail, 0.08
        return
    if character in "+*":
        yield head + ("*" if character == "+" else "+") + tail, 0.15
        if not tail.startswith("?"):
            yield head + character + "?" + tail, 0.15
    elif character == "?":
        yield head + tail, 0.12
        yield head + "*" + tail, 0.12
    elif character in "])" and tail[:1] not in _QUANTIFIERS:
        for quantifier in "?+*":
            yield head + character + quantifier + tail, 0.1
    elif character == ".":
        yield head + "\\." + tail, 0.1
    elif character == "[" and not tail.startswith("^"):
        yield head + "[^" + tail, 0.06


TEMPLATES = (boolean, number, text, none)
