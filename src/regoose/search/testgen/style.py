"""How a repository formats its tests, read from its configuration and from the tests themselves."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

from regoose_guest.testgen.schema import StyleJson

_LENGTH = 88
_SHORTEST, _LONGEST = 60, 160
"""A limit outside of this is a linter's way to say that there is none."""
_MOST_FILES = 40
_MOST_BYTES = 200_000
_SKIPPED = frozenset({"node_modules", "venv", "build", "dist", "site-packages", "__pycache__"})
_SINGLE = re.compile(r"""(?<![\w"'\\])'[^'"\\\n]*'(?!['\w])""")
_DOUBLE = re.compile(r"""(?<![\w"'\\])"[^'"\\\n]*"(?!["\w])""")
_FUNCTION = re.compile(r"^(?:async )?def test", re.MULTILINE)
_CLASS = re.compile(r"^class Test\w*(?:\(\s*(?:object)?\s*\))?:", re.MULTILINE)
_METHOD = re.compile(r"^\s+(?:async )?def test\w*\(\s*self", re.MULTILINE)

_Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The few choices in which formatters differ."""

    line_length: int = _LENGTH
    quotes: str = '"'
    classes: bool = False
    """Whether tests stand in classes."""
    own: tuple[str, ...] = ()
    """Top-level modules of the repository, which imports list last."""

    def to_json(self) -> StyleJson:
        """Return it as the guest reads it."""
        return {
            "line_length": self.line_length,
            "quotes": self.quotes,
            "classes": self.classes,
            "own": list(self.own),
        }


def detect(root: Path) -> Style:
    """
    Return the style of the repository at `root`.

    The configuration of a formatter decides, then that of a linter or editor; without a formatter that settles the
    quotes, those of most strings in the tests count. Files that cannot be read say nothing.
    """
    tests = [text for path in islice(_tests(root), _MOST_FILES) if (text := _text(path))]
    return Style(
        line_length=next(_lengths(root), _LENGTH),
        quotes=_quotes(root) or _majority(tests),
        classes=_has_classes(tests),
        own=own_modules(root),
    )


def own_modules(root: Path) -> tuple[str, ...]:
    """Return the names that Python finds at the root or in `src/`, sorted."""
    found: set[str] = set()
    for folder in (root, root / "src"):
        for path in _entries(folder):
            is_package = path.is_dir() and any(one.suffix == ".py" for one in _entries(path))
            if path.suffix == ".py" or is_package:
                found.add(path.stem)
    return tuple(sorted(name for name in found if name.isidentifier()))


def _lengths(root: Path) -> Iterator[int]:
    """Give the line lengths that tools are told, the most telling first."""
    pyproject = _table(_toml(root / "pyproject.toml"), "tool")
    ruff = _ruff(root)
    flake8 = _ini(root, ("setup.cfg", "tox.ini", ".flake8"))
    found = (
        ruff.get("line-length"),
        _table(pyproject, "black").get("line-length", _table(pyproject, "black").get("line_length")),
        flake8("yapf", "column_limit"),
        _table(pyproject, "isort").get("line_length"),
        _table(pyproject, "flake8").get("max-line-length"),
        flake8("flake8", "max-line-length") or flake8("flake8", "max_line_length"),
        flake8("pycodestyle", "max-line-length") or flake8("pycodestyle", "max_line_length"),
        _editor_length(root),
    )
    for value in found:
        if isinstance(value, (int, str)) and str(value).isdecimal() and _SHORTEST <= int(value) <= _LONGEST:
            yield int(value)


def _quotes(root: Path) -> str:
    """Return the quotes that a formatter enforces; empty where none does."""
    pyproject = _table(_toml(root / "pyproject.toml"), "tool")
    style = _table(_ruff(root), "format").get("quote-style")
    if style is not None:
        return {"single": "'", "double": '"'}.get(str(style), "")
    black = _table(pyproject, "black")
    keeps = black.get("skip-string-normalization", black.get("skip_string_normalization", False))
    return '"' if ("black" in pyproject and not keeps) or "format" in _ruff(root) else ""


def _majority(tests: Iterable[str]) -> str:
    single = double = 0
    for text in tests:
        single += len(_SINGLE.findall(text))
        double += len(_DOUBLE.findall(text))
    return "'" if single > double else '"'


def _has_classes(tests: Iterable[str]) -> bool:
    """Whether most tests are methods of plain classes; those of `unittest` are another matter."""
    functions = methods = 0
    for text in tests:
        functions += len(_FUNCTION.findall(text))
        methods += len(_METHOD.findall(text)) if _CLASS.search(text) else 0
    return methods > functions


def _tests(root: Path) -> Iterator[Path]:
    for path in _walk(root, depth=4):
        if path.name.startswith("test_") or path.name.endswith("_test.py"):
            yield path


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    folders: list[Path] = []
    for path in _entries(folder):
        if path.is_symlink():
            continue
        if path.is_dir():
            folders.append(path)
        elif path.suffix == ".py":
            yield path
    for path in folders:
        if depth and not path.name.startswith(".") and path.name not in _SKIPPED:
            yield from _walk(path, depth - 1)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _ruff(root: Path) -> _Table:
    for name in (".ruff.toml", "ruff.toml"):
        found = _toml(root / name)
        if found:
            return found
    return _table(_table(_toml(root / "pyproject.toml"), "tool"), "ruff")


def _toml(path: Path) -> _Table:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _table(within: _Table, name: str) -> _Table:
    found = within.get(name)
    return cast("_Table", found) if isinstance(found, dict) else {}


def _ini(root: Path, names: Iterable[str]) -> Callable[[str, str], str | None]:
    """Return a look-up of options by section and name, the first file that has it."""
    parsers = [_parsed(_text(root / name)) for name in names]

    def look_up(section: str, option: str) -> str | None:
        for parser in parsers:
            value = parser.get(section, option, fallback=None)
            if value is not None:
                return value.split("#")[0].strip()
        return None

    return look_up


def _parsed(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return configparser.ConfigParser()
    return parser


def _editor_length(root: Path) -> str | None:
    """Return `max_line_length` of the sections of an `.editorconfig` that are about Python or everything."""
    text = re.sub(r"\A[^\[]*", "", _text(root / ".editorconfig"))
    parser = _parsed(text)
    found = None
    for section in parser.sections():
        if section == "*" or re.search(r"\.py\b|[{,]py\b", section):
            found = parser.get(section, "max_line_length", fallback=found)
    return found
