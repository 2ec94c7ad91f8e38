"""
The graph of references between files, and how attention flows along it.

A file points to those that define the names it uses; a name that many files define says little. Ranked by personalised
PageRank (Page et al., 1999; Haveliwala, 2002): a walk that starts again and again at the files which the task itself
points to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePosixPath

from regoose.context.index import Index

_AMBIGUOUS = 8
"""Files that define a name; a name with more says nothing."""
_SHORTEST = 3
_ROUNDS = 12
_IMPORTED = 2.0
"""What an import of a module weighs, a use of a name being one."""

Graph = Mapping[str, Mapping[str, float]]
"""File → files that it refers to → how much, the weights of one file summing to 1."""


def reference_graph(index: Index) -> Graph:
    """Return who refers to whom."""
    definers = index.definers
    modules = modules_of(index)
    graph: dict[str, dict[str, float]] = {}
    for path, record in index.records.items():
        edges: dict[str, float] = {}
        for name, times in zip(record.uses.split(), record.times, strict=True):
            defined = definers.get(name, ())
            if len(name) < _SHORTEST or not 0 < len(defined) <= _AMBIGUOUS or path in defined:
                continue
            for target in defined:
                edges[target] = edges.get(target, 0.0) + math.sqrt(times) / len(defined) ** 2
        for target in imported(path, record.imports.split(), modules):
            edges[target] = edges.get(target, 0.0) + _IMPORTED
        edges.pop(path, None)
        total = math.fsum(edges.values())
        if total:
            graph[path] = {target: weight / total for target, weight in edges.items()}
    return graph


def popularity(index: Index, graph: Graph) -> dict[str, float]:
    """Return how much all files of a tree refer to each, 1 in all: what a file has that everybody uses."""
    total = len(index.records)
    found = dict.fromkeys(index.records, 1 / total)
    for edges in graph.values():
        for target, share in edges.items():
            found[target] += share / total
    return found


def modules_of(index: Index) -> Mapping[str, str]:
    """Return the dotted names under which a file may be imported → its path; every suffix that is unique."""
    found: dict[str, str | None] = {}
    for path, record in index.records.items():
        if not record.defines and not path.endswith(".py"):
            continue
        where = PurePosixPath(path)
        names = [*where.parts[:-1], where.stem] if where.stem != "__init__" else list(where.parts[:-1])
        for start in range(len(names)):
            dotted = ".".join(names[start:])
            found[dotted] = None if dotted in found else path
    return {name: path for name, path in found.items() if path is not None}


def imported(path: str, imports: list[str], modules: Mapping[str, str]) -> list[str]:
    """Return the files of the tree that one file's imports name."""
    package = list(PurePosixPath(path).parts[:-1])
    found: dict[str, None] = {}
    for one in imports:
        module, _, name = one.partition(":")
        level = len(module) - len(module.lstrip("."))
        if level:
            above = package[: len(package) - level + 1]
            module = ".".join([*above, module[level:]]).rstrip(".")
        target = modules.get(f"{module}.{name}") or modules.get(module)
        if target is not None and target != path:
            found[target] = None
    return list(found)


def spread(graph: Graph, seeds: Mapping[str, float], *, stay: float = 0.5) -> dict[str, float]:
    """
    Return how much of the attention that starts at the seeds ends at each file, 1 in all.

    `stay` is the share that goes back to the seeds in each round.
    """
    total = math.fsum(seeds.values())
    if not total:
        return {}
    start = {path: weight / total for path, weight in sorted(seeds.items())}
    current = dict(start)
    for _ in range(_ROUNDS):
        following = {path: stay * weight for path, weight in start.items()}
        lost = 0.0
        for path, weight in current.items():
            edges = graph.get(path)
            if edges is None:
                lost += weight
                continue
            for target, share in edges.items():
                following[target] = following.get(target, 0.0) + (1 - stay) * weight * share
        for path, weight in start.items():
            following[path] += (1 - stay) * lost * weight
        current = following
    return current
