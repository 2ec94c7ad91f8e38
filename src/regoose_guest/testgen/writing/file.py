"""The whole file: what it imports, its tests in the order of the module, each under a name of its own."""

from __future__ import annotations

import ast
from typing import Dict, List, Sequence

from regoose_guest.testgen.case import Case
from regoose_guest.testgen.schema import StyleJson
from regoose_guest.testgen.writing.body import Body
from regoose_guest.testgen.writing.imports import Imported, Imports
from regoose_guest.testgen.writing.layout import INDENT, Layout, width
from regoose_guest.testgen.writing.names import Outline, free_names
from regoose_guest.testgen.writing.naming import Namer, order, subject_words
from regoose_guest.testgen.writing.plan import Test, plan
from regoose_guest.testgen.writing.resolve import Resolver

_WARNING = "a surprising expectation may be a bug."


def write_file(module: str, cases: Sequence[Case], style: StyleJson, source: str) -> str:
    """Return the text of the file; see `regoose_guest.testgen.writing.write`."""
    return _File(module, style, Outline(source)).text(cases)


class _File:
    def __init__(self, module: str, style: StyleJson, outline: Outline) -> None:
        self._module = module
        self._style = style
        self._outline = outline
        self._layout = Layout(style)
        self._imports = Imports({*style["own"], module.split(".", maxsplit=1)[0]}, style["line_length"])
        self._namer = Namer(outline)

    def text(self, cases: Sequence[Case]) -> str:
        resolver = Resolver(self._module, self._outline, self._layout)
        ready: List[Case] = []
        for case in cases:
            found = resolver.resolved(case)
            if found is not None and self._import(found.imports):
                ready.append(found.case)
        tests = plan(ready, self._outline, self._layout.flat)
        tests.sort(key=lambda test: (self._outline.order(test.case.subject), order(test)))
        lines = self._classes(tests) if self._style["classes"] else self._functions(tests)
        if not lines:
            return ""
        return "\n".join([*self._docstring(), "", *self._imports.lines(), *lines, ""])

    def _import(self, wanted: Dict[str, Imported]) -> bool:
        """Import what a case needs; False where one name would have to mean two things."""
        if any(self._imports.clashes(name, where) for name, where in wanted.items()):
            return False
        for name, where in wanted.items():
            self._imports.add(name, where)
        return True

    def _docstring(self) -> List[str]:
        """Return one line, or where the name of the module is too long for it, a heading and the line."""
        line = f'"""Recorded behaviour of `{self._module}`: {_WARNING}"""'
        if width(line) <= self._style["line_length"]:
            return [line]
        rest = f"They record what the code does: {_WARNING}"
        return [f'"""Tests of `{self._module}`.', "", rest, '"""']

    def _functions(self, tests: Sequence[Test]) -> List[str]:
        lines: List[str] = []
        for test in tests:
            name = self._namer.name(test, f"test_{subject_words(test.case.subject)}")
            lines += ["", "", *self._function(test, name, 0)]
        return lines

    def _classes(self, tests: Sequence[Test]) -> List[str]:
        lines: List[str] = []
        names: Dict[str, Namer] = {}
        for test in tests:
            owner, _, rest = test.case.subject.partition(".")
            if owner not in names:
                names[owner] = Namer(self._outline)
                title = "".join(word[:1].upper() + word[1:] for word in owner.split("_"))
                lines += ["", "", f"class Test{title}:"]
            else:
                lines += [""]
            subject = "_".join(["test", subject_words(rest or owner)]).rstrip("_")
            lines += self._function(test, names[owner].name(test, subject), INDENT)
        return lines

    def _function(self, test: Test, name: str, indent: int) -> List[str]:
        body = Body(self._layout, indent + INDENT)
        lines = body.lines(test.case, test.match)
        self._import_for(lines)
        given = [*(["self"] if indent else []), *test.columns, *test.case.fixtures]
        head = f"def {name}({', '.join(given)}):"
        pad = " " * indent
        heads = [pad + head]
        if not self._layout.fits(head, indent):
            heads = [f"{pad}def {name}(", *[f"{pad}    {one}," for one in given], f"{pad}):"]
            together = f"{pad}    {', '.join(given)}"
            if self._layout.fits(together, 0):
                heads[1:-1] = [together]
        return [*self._table(test, indent), *heads, *lines]

    def _table(self, test: Test, indent: int) -> List[str]:
        if not test.columns:
            return []
        self._imports.add("pytest", ("pytest", ""))
        pad, inner = " " * indent, indent + INDENT
        names: ast.expr = ast.Tuple([ast.Constant(one) for one in test.columns], ast.Load())
        rows: List[ast.expr] = [ast.Tuple(list(row), ast.Load()) for row in test.rows]
        if len(test.columns) == 1:
            names, rows = ast.Constant(test.columns[0]), [row[0] for row in test.rows]
            flat = f"@pytest.mark.parametrize({self._layout.flat(names)}, {self._layout.flat(_list(rows))})"
            if self._layout.fits(flat, indent):
                return [pad + flat]
        lines = [f"{pad}@pytest.mark.parametrize("]
        lines += self._layout.expression(names, inner, "", ",")
        lines += [f"{' ' * inner}["]
        for row in rows:
            lines += self._layout.expression(row, inner + INDENT, "", ",")
        return [*lines, f"{' ' * inner}],", f"{pad})"]

    def _import_for(self, lines: Sequence[str]) -> None:
        """Import what the writing itself has brought in."""
        used = free_names(ast.parse("def test():\n" + "\n".join("    " + line for line in lines)).body)
        for name in ("asyncio", "pytest", "re"):
            if name in used:
                self._imports.add(name, (name, ""))


def _list(nodes: Sequence[ast.expr]) -> ast.expr:
    return ast.List(list(nodes), ast.Load())
