"""The whole file: what it imports, its tests in the order of the module, each under a name of its own."""

from __future__ import annotations

import re
from typing import Dict, List, Sequence

from regoose_guest.testgen.case import Case
from regoose_guest.testgen.schema import StyleJson
from regoose_guest.testgen.writing.body import Body
from regoose_guest.testgen.writing.imports import Imported, Imports, is_standard
from regoose_guest.testgen.writing.layout import INDENT, Layout
from regoose_guest.testgen.writing.names import BUILTINS, Outline, expression, free_names, needed, parse_step

_FIXTURES = frozenset({"tmp_path", "monkeypatch", "capsys", "request", "caplog", "result"})


def write_file(module: str, cases: Sequence[Case], style: StyleJson, source: str) -> str:
    """Return the text of the file; see `regoose_guest.testgen.writing.write`."""
    outline = Outline(source)
    layout = Layout(style)
    imports = Imports({*style["own"], module.split(".", maxsplit=1)[0]}, style["line_length"])
    tests: List[str] = []
    taken: Dict[str, int] = {}
    for case in sorted(cases, key=lambda one: (outline.order(one.subject), one.observed.raised is not None)):
        wanted = _wanted(case, module, outline)
        if any(imports.clashes(name, where) for name, where in wanted.items()):
            continue
        lines = Body(layout, INDENT).lines(case)
        for name, where in wanted.items():
            imports.add(name, where)
        if any("pytest." in line for line in lines):
            imports.add("pytest", ("pytest", ""))
        if any("asyncio." in line for line in lines):
            imports.add("asyncio", ("asyncio", ""))
        tests += ["", "", f"def {_name(case, taken)}({', '.join(case.fixtures)}):", *lines]
    if not tests:
        return ""
    head = f'"""Recorded behaviour of `{module}`: a surprising expectation may be a bug."""'
    return "\n".join([head, "", *imports.lines(), *tests, ""])


def _wanted(case: Case, module: str, outline: Outline) -> Dict[str, Imported]:
    """Return what a case needs to import, by name."""
    nodes = [node for step in case.steps for node in parse_step(step)]
    looked = [expression(one) for check in case.observed.checks for one in (check.expression, check.expected) if one]
    names = free_names([*nodes, *looked]) | free_names(expression(pin) for pin in case.pins)
    names -= {step.name for step in case.steps} | _FIXTURES | frozenset(case.fixtures)
    given = needed(case)
    found: Dict[str, Imported] = {}
    for name in names:
        if name in given:
            found[name] = given[name]
        elif name not in BUILTINS or outline.defines(name):
            found[name] = (module, name) if outline.defines(name) or not is_standard(name) else (name, "")
    raised = case.observed.raised
    if raised is not None and raised.module != "builtins":
        found[raised.type.split(".")[0]] = (raised.module, raised.type.split(".")[0])
    return found


def _name(case: Case, taken: Dict[str, int]) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", case.subject.replace("__", "").replace(".", "_")).lower()
    name = f"test_{words}"
    if case.observed.raised is not None:
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", case.observed.raised.type.split(".")[-1]).lower()
        name += f"_raises_{kind}"
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}_{taken[name]}"
