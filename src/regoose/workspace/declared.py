"""What one configuration file declares, and how untyped tables are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

_TEST_NAME = re.compile(
    r"^(unit[-_]?)?tests?([-_].*)?$|^testing$|^pytest$|^(tests?|testing)[-_]?(deps|requirements)?$", re.IGNORECASE
)
_DEV_NAME = re.compile(r"^dev(el(op(ment)?)?)?([-_](deps|dependencies|requirements))?$|^all$|^ci$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Group:
    """Requirements that belong together, and where they stand."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One file's part of what a project declares; empty where it says nothing."""

    name: str = ""
    version: str = ""
    requires_python: str = ""
    classifiers: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    declares_runtime: bool = False
    groups: tuple[Group, ...] = ()
    roots: tuple[str, ...] = ()
    entry_points: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    compiled: bool = False
    pytest_options: str = ""
    version_files: tuple[str, ...] = ()


def wanted_groups(where: str, groups: Mapping[str, list[str]]) -> tuple[Group, ...]:
    """Keep the groups that tests need by their names: those for tests first, then those for development."""
    tests = [name for name in groups if _TEST_NAME.match(name)]
    development = [name for name in groups if _DEV_NAME.match(name)]
    return tuple(Group(f"{where} {name!r}", tuple(groups[name])) for name in [*tests, *development])


def table(value: object, *keys: str) -> dict[str, object]:
    """Follow keys into nested tables; empty where the way ends."""
    for key in keys:
        value = cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """Return the items of a list; empty for anything else."""
    return list(cast("list[object]", value)) if isinstance(value, list) else []


def strings(value: object) -> list[str]:
    """Return the strings of a list; empty for anything else."""
    return [item for item in items(value) if isinstance(item, str)]


def string(value: object) -> str:
    """Return the value where it is a string, else the empty string."""
    return value if isinstance(value, str) else ""
