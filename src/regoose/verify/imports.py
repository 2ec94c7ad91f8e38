"""Which file a failed import wants: a test may be red because what it imports is not written yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_NO_NAME = re.compile(r"cannot import name '([^']+)' from (?:partially initialized module )?'([\w.]+)'")
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")


def is_wanted(message: str, paths: frozenset[str]) -> bool:
    """Whether one of `paths` is a file in which the failed import would find what it names."""
    modules = {PurePosixPath(path).with_suffix("") for path in paths if path.endswith(".py")}
    names = {_dotted(module) for module in modules}
    return any(_is_same(name, wanted) for wanted in _wanted(message) for name in names)


def _wanted(message: str) -> Iterator[str]:
    for name, module in _NO_NAME.findall(message):
        yield module
        yield f"{module}.{name}"
    yield from _NO_MODULE.findall(message)


def _dotted(module: PurePosixPath) -> str:
    parts = module.parts[:-1] if module.name == "__init__" else module.parts
    return ".".join(parts)


def _is_same(path: str, module: str) -> bool:
    """Whether a dotted path from the repository's top ends in the module's name: `src.shop.orders` is `shop.orders`."""
    return path == module or path.endswith(f".{module}")
