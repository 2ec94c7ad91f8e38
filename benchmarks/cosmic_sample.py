"""
Choose the mutants of a module: a fixed sample of what cosmic-ray's operators can make of it.

    python benchmarks/cosmic_sample.py FILE RESULT.json COUNT SEED        (on an interpreter that has cosmic-ray 8)

One mutant a place and kind of operator, so that operators with many variants do not crowd out the rest. Annotations,
`if TYPE_CHECKING:` and `if __name__ == "__main__":` are left alone, as no test can notice a change there; so are
changes that leave the syntax tree as it was.
"""

from __future__ import annotations

import ast
import importlib
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, cast

Position = tuple[int, int]
Change = tuple[str, int]
"""Name of an operator, and which of its occurrences in the file."""
_NOT_CHANGES = ("VariableReplacer", "VariableInserter", "NoOp")
"""The first two need arguments of a user; the last does nothing."""


class Operator(Protocol):
    """An operator of cosmic-ray."""

    def mutation_positions(self, node: object) -> Iterable[tuple[Position, Position]]:
        """Yield where it applies."""
        ...


class Plugins(Protocol):
    """The module `cosmic_ray.plugins`."""

    def operator_names(self) -> Iterable[str]:
        """Return every operator's name."""
        ...

    def get_operator(self, name: str) -> type[Operator]:
        """Return the class of that name."""
        ...


class Tree(Protocol):
    """The module `cosmic_ray.ast`."""

    def get_ast(self, source: str) -> object:
        """Parse source with parso."""
        ...

    def ast_nodes(self, node: object) -> Iterable[object]:
        """Yield every node."""
        ...


class Visitor(Protocol):
    """The class `cosmic_ray.mutating.MutationVisitor`."""

    def mutate_code(self, source: str, operator: Operator, occurrence: int) -> str | None:
        """Apply an operator once."""
        ...


class Mutating(Protocol):
    """The module `cosmic_ray.mutating`."""

    MutationVisitor: Visitor


def untouched(tree: ast.AST) -> Iterator[tuple[Position, Position]]:
    """Yield the spans that no test can look into."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.returns:
                yield _span(node.returns)
        elif isinstance(node, (ast.arg, ast.AnnAssign)):
            if node.annotation:
                yield _span(node.annotation)
        elif isinstance(node, ast.If) and any(word in ast.unparse(node.test) for word in ("TYPE_CHECKING", "__main__")):
            yield _span(node)


def _span(node: ast.expr | ast.stmt) -> tuple[Position, Position]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def places(source: str, plugins: Plugins) -> dict[tuple[int, int, str], list[Change]]:
    """Return the changes that can be made, by line, column and kind of operator."""
    parso = cast("Tree", importlib.import_module("cosmic_ray.ast"))
    nodes = list(parso.ast_nodes(parso.get_ast(source)))
    spans = list(untouched(ast.parse(source)))
    found: dict[tuple[int, int, str], list[Change]] = defaultdict(list)
    for name in sorted(plugins.operator_names()):
        short = name.split("/")[-1]
        if short in _NOT_CHANGES:
            continue
        operator = plugins.get_operator(name)()
        occurrence = 0
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                if not any(first <= tuple(start) < last for first, last in spans):
                    found[start[0], start[1], short.split("_")[0]].append((name, occurrence))
                occurrence += 1
    return found


def sample(source: str, count: int, seed: int) -> tuple[list[dict[str, str | int]], int]:
    """Return at most `count` mutants, and how many places there are."""
    plugins = cast("Plugins", importlib.import_module("cosmic_ray.plugins"))
    mutating = cast("Mutating", importlib.import_module("cosmic_ray.mutating"))
    found = places(source, plugins)
    order = sorted(found)
    chance = random.Random(seed)
    chance.shuffle(order)
    unchanged = ast.dump(ast.parse(source))
    mutants: list[dict[str, str | int]] = []
    for place in order:
        if len(mutants) >= count:
            break
        name, occurrence = chance.choice(found[place])
        text = mutating.MutationVisitor.mutate_code(source, plugins.get_operator(name)(), occurrence)
        if text and _is_changed(text, unchanged):
            mutants.append({"line": place[0], "column": place[1], "operator": name.split("/")[-1], "source": text})
    mutants.sort(key=lambda mutant: (mutant["line"], mutant["column"], mutant["operator"]))
    return mutants, len(order)


def _is_changed(text: str, unchanged: str) -> bool:
    try:
        return ast.dump(ast.parse(text)) != unchanged
    except SyntaxError:
        return False


def main() -> None:
    """Write the sample."""
    file, result, count, seed = sys.argv[1:]
    mutants, total = sample(Path(file).read_text(encoding="utf-8"), int(count), int(seed))
    Path(result).write_text(json.dumps({"places": total, "mutants": mutants}), encoding="utf-8")


if __name__ == "__main__":
    main()
