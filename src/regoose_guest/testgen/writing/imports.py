"""Import statements: exactly what is used, in isort's order."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from typing import Collection, DefaultDict, Dict, Iterable, List, Optional, Set, Tuple

from regoose_guest.testgen.writing.layout import INDENT

_FUTURE, _STANDARD, _THIRD, _OWN = range(4)
Imported = Tuple[str, str]
"""(module, name) for `from module import name`; (module, '') for `import module`."""


def parse_imports(statement: str) -> Dict[str, Imported]:
    """Return the names that an import statement binds; none where it is no import of the two plain forms."""
    try:
        tree = ast.parse(statement).body
    except SyntaxError:
        return {}
    found: Dict[str, Imported] = {}
    for node in tree:
        if isinstance(node, ast.Import):
            for one in node.names:
                found[one.asname or one.name.split(".")[0]] = (one.name, "" if not one.asname else f"as {one.asname}")
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                found[one.asname or one.name] = (
                    node.module,
                    one.name if not one.asname else f"{one.name} as {one.asname}",
                )
    return found


class Imports:
    """Gathers what a file imports. Names are asked for once; two things of one name are refused."""

    def __init__(self, own: Collection[str], limit: int) -> None:
        self._own = own
        self._limit = limit
        self._bound: Dict[str, Imported] = {}

    def clashes(self, name: str, imported: Imported) -> bool:
        """Whether the file already imports something else under this name."""
        there = self._bound.get(name)
        return there is not None and there != imported and not (there[1] == imported[1] == "")

    def add(self, name: str, imported: Imported) -> None:
        """Import it; `import a` and `import a.b` may stand side by side."""
        key = name if imported[1] else f"{name}:{imported[0]}"
        self._bound.setdefault(name, imported)
        self._bound[key] = imported

    def lines(self) -> List[str]:
        """Return the statements, in blocks: standard library, third party, own."""
        plain: DefaultDict[int, Set[str]] = defaultdict(set)
        members: DefaultDict[int, DefaultDict[str, Set[str]]] = defaultdict(lambda: defaultdict(set))
        for module, name in self._bound.values():
            block = self._block(module)
            if not name or name.startswith("as "):
                plain[block].add(f"{module} {name}".strip())
            else:
                members[block][module].add(name)
        lines: List[str] = []
        for block in (_FUTURE, _STANDARD, _THIRD, _OWN):
            if not plain[block] and not members[block]:
                continue
            lines += [""] if lines else []
            lines += [f"import {one}" for one in sorted(plain[block], key=_natural)]
            for module in sorted(members[block], key=_natural):
                lines += self._from(module, members[block][module])
        return lines

    def _from(self, module: str, names: Iterable[str]) -> List[str]:
        ordered = sorted(names, key=_member)
        line = f"from {module} import {', '.join(ordered)}"
        if len(line) <= self._limit:
            return [line]
        return [f"from {module} import (", *[f"{' ' * INDENT}{name}," for name in ordered], ")"]

    def _block(self, module: str) -> int:
        top = module.split(".", maxsplit=1)[0]
        if top == "__future__":
            return _FUTURE
        if top in self._own:
            return _OWN
        return _STANDARD if is_standard(top) else _THIRD


def is_standard(top: str) -> bool:
    """Whether a top-level module belongs to the standard library."""
    names: Optional[Collection[str]] = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return top in names
    if top in sys.builtin_module_names:
        return True
    import importlib.util  # Python 3.9 only

    spec = importlib.util.find_spec(top)
    origin = (spec.origin or "") if spec is not None else ""
    return origin in {"built-in", "frozen"} or (f"python{sys.version_info[0]}." in origin and "-packages" not in origin)


def _natural(text: str) -> Tuple[str, str]:
    return text.lower(), text


def _member(name: str) -> Tuple[int, str, str]:
    """Order members as isort does: constants, classes, then the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower(), name
