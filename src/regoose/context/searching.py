"""Searches of a tree with its unsaved edits, for an author's toolbox: text, definitions, files. Answers are bounded."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from regoose.context.globs import matcher
from regoose.context.index import Index
from regoose.context.parsing import Symbol
from regoose.context.tree import Skipped, Tree
from regoose.errors import TimeLimit, UsageError
from regoose.workspace.beneath import Beneath
from regoose.workspace.edits.source import legible

_LINE_END = regex.compile(r"\r\n|\r|\n")
"""What ends a line for Python and for editors; `str.splitlines` knows more."""
_LONGEST_PATTERN = 2_000
_LONGEST_LINE = 240
_COUNTED = 10_000
"""Matches after which counting ends."""


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A line that matches, 1-based; long lines are cut around the match."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class TextMatches:
    """The first matches in the order of paths and lines, and how many lines match in all (counting ends at 10,000)."""

    matches: tuple[TextMatch, ...]
    total: int
    files: int
    """Files in which a line matches."""
    skipped: tuple[Skipped, ...] = ()
    """Files that were asked for and not searched."""


@dataclass(frozen=True, slots=True)
class SymbolMatch:
    """A definition and where it is."""

    path: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class FileList:
    """Paths in order; a directory below the depth asked for stands as `name/` with the number of files in it."""

    entries: tuple[str, ...]
    total: int
    """Entries there are, shown or not."""
    skipped: tuple[Skipped, ...] = ()
    """Files that were asked for and are in none of them."""


async def search_text(
    tree: Tree,
    pattern: str,
    *,
    literal: bool = False,
    ignore_case: bool = False,
    paths: str = "**",
    limit: int = 100,
    seconds: float = 10.0,
) -> TextMatches:
    """
    Find the lines in which a match of a regular expression, or of a literal text, begins.

    `^` and `$` mean lines. Raises `UsageError` for a pattern that does not compile, `TimeLimit` for one that takes
    longer than `seconds`.
    """
    return await asyncio.to_thread(_TextSearch(tree, pattern, literal, ignore_case, paths, limit, seconds).run)


async def search_symbol(index: Index, name: str, *, limit: int = 50) -> tuple[SymbolMatch, ...]:
    """Find definitions by name, qualified or not: exact ones first, then other letter case, then longer names."""
    return await asyncio.to_thread(_find_symbols, index, name, limit)


async def list_files(tree: Tree, pattern: str = "**", *, depth: int | None = None, limit: int = 300) -> FileList:
    """List the files whose path matches; directories deeper than `depth` components are summed up."""
    return await asyncio.to_thread(_list, tree, pattern, depth, limit)


@dataclass(frozen=True, slots=True)
class _TextSearch:
    tree: Tree
    pattern: str
    literal: bool
    ignore_case: bool
    paths: str
    limit: int
    seconds: float

    def run(self) -> TextMatches:
        compiled = self._compile()
        wanted = matcher(self.paths)
        deadline = time.monotonic() + self.seconds
        found: list[TextMatch] = []
        total = files = 0
        listing = self.tree.listing()
        with Beneath(self.tree.root) as beneath:
            for path in listing.paths:
                if total >= _COUNTED:
                    break
                content = self.tree.read_from(beneath, path) if wanted(path) else None
                text = legible(content, path) if content is not None else None
                if text is None:
                    continue
                before = total
                for match in self._matches(compiled, path, text, deadline):
                    total += 1
                    if len(found) < self.limit:
                        found.append(match)
                files += total > before
        skipped = tuple(one for one in listing.skipped if wanted(one.path))
        return TextMatches(tuple(found), total, files, skipped)

    def _compile(self) -> regex.Pattern[str]:
        if not self.pattern or len(self.pattern) > _LONGEST_PATTERN:
            raise UsageError(
                f"a pattern of {len(self.pattern)} characters cannot be searched for",
                hint=f"Give one of 1 to {_LONGEST_PATTERN} characters.",
            )
        flags = regex.MULTILINE | regex.IGNORECASE if self.ignore_case else regex.MULTILINE
        try:
            return regex.compile(regex.escape(self.pattern) if self.literal else self.pattern, flags)
        except regex.error as error:
            raise UsageError(
                f"{self.pattern!r} is not a regular expression: {error}", hint="Search for it as a literal text."
            ) from error

    def _matches(self, compiled: regex.Pattern[str], path: str, text: str, deadline: float) -> Iterator[TextMatch]:
        starts: list[int] = []
        last = 0
        try:
            for match in compiled.finditer(text, timeout=max(deadline - time.monotonic(), 0.001), concurrent=True):
                starts = starts or [0, *(end.end() for end in _LINE_END.finditer(text))]
                number = bisect_right(starts, min(match.start(), len(text) - 1)) if text else 1
                if number > last:
                    last = number
                    yield TextMatch(path, number, _around(text, starts[number - 1], match.start()))
        except TimeoutError as error:
            raise TimeLimit(
                f"searching for {self.pattern!r} took more than {self.seconds:g} s, in {path}",
                hint="Search for a literal text, or for a pattern without nested repetition.",
            ) from error


def _around(text: str, start: int, position: int) -> str:
    end = text.find("\n", start)
    line = text[start : len(text) if end < 0 else end].rstrip("\r")
    if len(line) <= _LONGEST_LINE:
        return line
    begin = max(0, min(position - start - _LONGEST_LINE // 2, len(line) - _LONGEST_LINE))
    part = line[begin : begin + _LONGEST_LINE]
    return f"{'…' if begin else ''}{part}{'…' if begin + _LONGEST_LINE < len(line) else ''}"


def _find_symbols(index: Index, name: str, limit: int) -> tuple[SymbolMatch, ...]:
    wanted = name.strip().removesuffix("()")
    last = wanted.rpartition(".")[2].lower()
    if not last:
        raise UsageError(f"{name!r} is not a name", hint="Give a name like `Workspace` or `Workspace.read`.")
    found: list[tuple[int, str, int, SymbolMatch]] = []
    for path, record in index.records.items():
        if last in record.defines.lower():
            found += [
                (rank, path, symbol.start, SymbolMatch(path, symbol))
                for symbol in index.symbols(path)
                if (rank := _likeness(symbol.name, wanted)) is not None
            ]
    found.sort(key=lambda one: one[:3])
    return tuple(match for *_, match in found[:limit])


def _likeness(name: str, wanted: str) -> int | None:
    """Return 0 for the very name, then less alike; None for another name. A module in front of it may differ."""
    for rank, (one, other) in enumerate(((name, wanted), (name.lower(), wanted.lower()))):
        if one == other or one.endswith(f".{other}"):
            return 2 * rank
        if other.endswith(f".{one}"):
            return 2 * rank + 1
    return 4 if wanted.lower() in name.lower() else None


def _list(tree: Tree, pattern: str, depth: int | None, limit: int) -> FileList:
    wanted = matcher(pattern)
    entries: Counter[str] = Counter()
    listing = tree.listing()
    for path in listing.paths:
        if wanted(path):
            parts = path.split("/")
            short = path if depth is None or len(parts) <= max(depth, 1) else "/".join(parts[: max(depth, 1)]) + "/"
            entries[short] += 1
    shown = [_entry(entry, times) for entry, times in sorted(entries.items())]
    skipped = tuple(one for one in listing.skipped if wanted(one.path))
    return FileList(tuple(shown[:limit]), len(shown), skipped)


def _entry(path: str, files: int) -> str:
    return path if not path.endswith("/") else f"{path} ({files} file{'' if files == 1 else 's'})"
