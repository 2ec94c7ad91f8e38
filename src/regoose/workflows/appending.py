"""New tests at the end of a file of tests that is there already. Nothing of what stands in it changes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_WIDTH = 79
"""Columns that every style allows."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def appended(present: str, draft: str) -> str | None:
    """
    Return `present` with the imports and the tests of `draft` added, or None where they do not go together.

    Imports that are there already are not repeated, names join the line that imports from their module, and a test
    whose name is taken gets another. They do not go together where one of the two cannot be parsed, or where one name
    would mean two things.
    """
    try:
        old, new = _Text(present, ast.parse(present)), _Text(draft, ast.parse(draft))
    except (SyntaxError, ValueError):
        return None
    imports, body = _divided(new)
    bound = _bindings(old)
    wanted = {name: origin for node in imports for name, origin in _imported(node)}
    defined = {node.name for node in body if isinstance(node, _Definition)}
    others = {name for node in body if not isinstance(node, _Definition) for name in _assigned(node)}
    tests = {name for name in defined if name.lower().startswith("test")}
    if any(bound.get(name, origin) != origin for name, origin in wanted.items()):
        return None
    if (others | (defined - tests)) & bound.keys():
        return None
    missing = {name: origin for name, origin in wanted.items() if name not in bound}
    text = _with_imports(old, missing)
    added = new.from_line(min((_first_line(node) for node in body), default=len(new.lines) + 1))
    for name in sorted(tests & bound.keys()):
        added = re.sub(
            rf"^((?:async )?def|class) {name}\b", rf"\1 {_free(name, {*bound, *defined})}", added, flags=re.MULTILINE
        )
    note = ast.get_docstring(new.tree)
    is_said = note == ast.get_docstring(old.tree)
    heading = "".join(f"# {line}\n" for line in (note or "").splitlines() if line) + "\n\n" if not is_said else ""
    return f"{text.rstrip()}\n\n\n{heading}{added.strip()}\n"


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    tree: ast.Module

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def from_line(self, first: int) -> str:
        return "\n".join(self.lines[first - 1 :])


def _divided(new: _Text) -> tuple[list[ast.Import | ast.ImportFrom], list[ast.stmt]]:
    """Return the imports at the top of a draft, and what follows them."""
    imports: list[ast.Import | ast.ImportFrom] = []
    body: list[ast.stmt] = []
    for node in new.tree.body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) and not body:
            imports.append(node)
        elif not is_text or body:
            body.append(node)
    return imports, body


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield the names that an import binds, with what each stands for."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}:{alias.name}"
        else:
            yield alias.asname or alias.name.partition(".")[0], alias.name


def _import_line(name: str, origin: str) -> str:
    module, separator, member = origin.partition(":")
    if separator:
        return f"from {module} import {member}" + (f" as {name}" if name != member else "")
    return f"import {module}" + (f" as {name}" if name != module.partition(".")[0] else "")


def _bindings(old: _Text) -> dict[str, str]:
    """Return what a file binds at its top, with what it stands for."""
    found: dict[str, str] = {}
    for node in old.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update(_imported(node))
        elif isinstance(node, _Definition):
            found[node.name] = f"line {node.lineno}"
        else:
            found.update(dict.fromkeys(_assigned(node), f"line {node.lineno}"))
    return found


def _assigned(node: ast.stmt) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id
        elif isinstance(one, _Definition):
            yield one.name
        elif isinstance(one, ast.Import | ast.ImportFrom):
            yield from (name for name, _ in _imported(one))


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, _Definition) else []
    return min([node.lineno, *(one.lineno for one in decorators)])


def _with_imports(old: _Text, missing: Mapping[str, str]) -> str:
    """Add imports: to the line that imports from the same module, else behind the last, or behind the documentation."""
    lines = list(old.lines)
    imports: list[str] = []
    nodes = [node for node in old.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for name, origin in missing.items():
        if not any(_join(lines, node, name, origin) for node in nodes):
            imports.append(_import_line(name, origin))
    if not imports:
        return "\n".join(lines)
    if nodes:
        end = nodes[-1].end_lineno or nodes[-1].lineno
        return "\n".join([*lines[:end], *imports, *lines[end:]])
    first = old.tree.body[0] if old.tree.body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    top = (first.end_lineno or 0) if first is not None and is_text else 0
    return "\n".join([*lines[:top], *([""] if top else []), *imports, *([] if top else [""]), *lines[top:]])


def _join(lines: list[str], node: ast.Import | ast.ImportFrom, name: str, origin: str) -> bool:
    """Add a name to an import of one line from its module, in order where the names there are; whether it was done."""
    module, separator, member = origin.partition(":")
    at = node.lineno - 1
    start = f"from {module} import "
    if isinstance(node, ast.Import) or not separator or not lines[at].startswith(start):
        return False
    named = lines[at].removeprefix(start).split(", ")
    if not all(re.fullmatch(r"\w+( as \w+)?", one) for one in named):
        return False
    joined = [*named, member if member == name else f"{member} as {name}"]
    line = start + ", ".join(sorted(joined) if named == sorted(named) else joined)
    if len(line) > max(_WIDTH, *(len(one) for one in lines)):
        return False
    lines[at] = line
    return True


def _free(name: str, taken: set[str]) -> str:
    return next(one for number in range(2, 10_000) if (one := f"{name}_{number}") not in taken)
