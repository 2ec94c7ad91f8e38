"""Laws of written source: it means what was meant, and formatters leave it alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regoose_guest.testgen.schema import StyleJson
from regoose_guest.testgen.writing.flat import Flat
from regoose_guest.testgen.writing.layout import Layout
from regoose_guest.testgen.writing.literal import constant

QUOTES = ("'", '"')
STYLES = st.sampled_from(
    [StyleJson(line_length=length, quotes=quotes, classes=False, own=[]) for length in (40, 88) for quotes in QUOTES]
)


def parsed(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


@settings(deadline=None)
@given(st.one_of(st.text(), st.binary(), st.floats(allow_nan=False), st.integers()), st.sampled_from(QUOTES))
def test_a_constant_evaluates_to_an_equal_value(value: object, quote: str) -> None:
    text = constant(value, quote)
    assert eval(text) == value
    assert text.isprintable()


@settings(deadline=None)
@given(st.text(st.characters(categories=["Cs", "Cf", "Cc", "Zl", "Zp", "Mn"]), min_size=1))
def test_characters_that_cannot_be_seen_are_escaped(value: str) -> None:
    assert constant(value, '"').isascii()
    assert eval(constant(value, '"')) == value


@settings(deadline=None)
@given(st.integers(0), st.sampled_from(QUOTES))
def test_an_expression_on_one_line_parses_to_the_same_tree(seed: int, quote: str) -> None:
    source = operation(Random(seed), 4)
    text = Flat(quote)(parsed(source))
    assert "\n" not in text
    assert ast.dump(parsed(text)) == ast.dump(parsed(source))


@settings(deadline=None)
@given(st.integers(0), STYLES, st.sampled_from([0, 4, 8]))
def test_an_expression_over_several_lines_parses_to_the_same_tree(seed: int, style: StyleJson, depth: int) -> None:
    source = display(Random(seed), 4)
    lines = Layout(style).assignment("result", parsed(source), depth)
    text = "if True:\n" * bool(depth) + "    if True:\n" * (depth > 4) + "\n".join(lines)
    (found,) = [one.value for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Assign)]
    assert ast.dump(found) == ast.dump(parsed(source))


@pytest.mark.parametrize("quotes", QUOTES)
@pytest.mark.parametrize("length", [50, 88])
def test_ruff_leaves_statements_as_they_are(length: int, quotes: str) -> None:
    chance = Random(length)
    layout = Layout(StyleJson(line_length=length, quotes=quotes, classes=False, own=[]))
    lines = ["def test():"]
    for _ in range(150):
        node = parsed(display(chance, chance.randrange(1, 4)))
        lines += layout.expression(node, 4)
        lines += layout.assignment("result", node, 4)
        if layout.can_break(node):
            lines += layout.expression(node, 4, "assert result == ")
    text = "\n".join([*lines, ""])
    assert formatted(text, length, quotes) == text


def display(chance: Random, depth: int) -> str:
    """Return source of a value such as tests hold, at most so deep."""
    if depth == 0 or chance.random() < 0.2:
        return leaf(chance)
    items = [display(chance, depth - 1) for _ in range(chance.randrange(5))]
    keys = ("1", "None", repr("key" * chance.randrange(4)), "'k'")
    options = [f"k{number}={display(chance, depth - 1)}" for number in range(chance.randrange(3))]
    name = chance.choice(["f", "some_function", "obj.method"])
    forms = [
        f"[{', '.join(items)}]",
        f"({', '.join([*items, ''])})" if items else "()",
        f"{{{', '.join(f'{chance.choice(keys)}: {item}' for item in items)}}}",
        f"{name}({', '.join([*items, *options])})",
    ]
    return chance.choice(forms)


def operation(chance: Random, depth: int) -> str:
    """Return source with operators of every kind."""
    if depth == 0:
        return leaf(chance)
    one, two, three = (f"({operation(chance, depth - 1)})" for _ in range(3))
    signs = ["+", "-", "*", "**", "|", "%", "<<", "==", "<", "in", "is not", "and", "or"]
    forms = [
        f"{one} {chance.choice(signs)} {two}",
        f"{chance.choice(['not', '-', '~'])} {one}",
        f"{one} if {two} else {three}",
        f"{one}.name",
        f"{one}[{two}]",
        f"{one}[{two}:{three}]",
        f"{one}({two}, *{three}, **{one})",
        f"lambda a, /, b={one}, *c, d, e={two}, **f: {three}",
        f"[{one} for x, y in {two} if {three}]",
        f"{{{one}: {two} for x in {three}}}",
        f"f({one} for x in {two})",
        f"{{**{one}, 1: {two}}}",
        f"({one}, *{two})",
        f"(lambda: (yield {one}))",
        display(chance, depth - 1),
    ]
    return chance.choice(forms)


def leaf(chance: Random) -> str:
    def word(letters: str, longest: int) -> str:
        return "".join(chance.choice(letters) for _ in range(chance.randrange(longest)))

    several = "\n".join(word("abc de'\"{}\\é世", 25) for _ in range(chance.randrange(1, 5)))
    one = word("abcdefg hij'\"\t", chance.choice([4, 10, 40, 90]))
    fixed = ["None", "True", "...", "b'ab'", "1e20", "3.5", "-2", "1 + 2j", "x", "a.b", "lambda x: x + 1"]
    return chance.choice([repr(several), repr(one), repr(one), chance.choice(fixed), str(chance.randrange(10**9))])


def formatted(text: str, length: int, quotes: str) -> str:
    style = {"'": "single", '"': "double"}[quotes]
    options = ["--isolated", "--config", f"line-length={length}", "--config", f'format.quote-style="{style}"']
    command = [sys.executable, "-m", "ruff", "format", *options, "--stdin-filename", "test_it.py", "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=60)
    return done.stdout.decode()
