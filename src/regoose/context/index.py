"""
The index of a tree: for each file what it defines, imports, uses and which words it holds.

`open_index` reads every file, asks the store for what is known of its content, and parses only what is new. An index
is a value: it does not change when the tree or the store does. Parsing runs in a thread.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from regoose.context.parsing import Symbol, outline
from regoose.context.store import FileRecord, Store, key_of
from regoose.context.tree import Skipped, Tree, decode, is_python
from regoose.context.words import Splitter
from regoose.workspace.beneath import Beneath

_SAVED_AT_ONCE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How an index came about."""

    files: int
    parsed_now: int
    """Files whose content the store did not know."""
    unparsed: int
    """Python files that are no valid Python here and were read by their lines."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """What is known of the files of one tree, by path in order."""

    tree: Tree
    records: Mapping[str, FileRecord]
    skipped: tuple[Skipped, ...]
    counts: Counts
    note: str = ""
    """Why nothing could be kept for the next time, empty where it could."""

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        """Return the definitions of one file, by line."""
        return tuple(Symbol(*row) for row in json.loads(self.records[path].symbols))

    @cached_property
    def definers(self) -> Mapping[str, tuple[str, ...]]:
        """Each name that is defined, without what it is qualified by → the files that define it."""
        found: dict[str, list[str]] = {}
        for path, record in self.records.items():
            for name in record.defines.split():
                found.setdefault(name, []).append(path)
        return {name: tuple(paths) for name, paths in found.items()}


async def open_index(tree: Tree, store: Store) -> Index:
    """Index a tree; what the store does not know is read and kept there."""
    return await asyncio.to_thread(_Indexing(tree, store).run)


@dataclass(slots=True)
class _Indexing:
    tree: Tree
    store: Store
    splitter: Splitter = field(default_factory=Splitter)

    def run(self) -> Index:
        listing = self.tree.listing()
        skipped = list(listing.skipped)
        keys: dict[str, bytes] = {}
        with Beneath(self.tree.root) as beneath:
            for path in listing.paths:
                content = self.tree.read_from(beneath, path)
                if content is None:
                    skipped.append(Skipped(path, "could not be read"))
                elif b"\0" in content[:8192]:
                    skipped.append(Skipped(path, "binary"))
                elif len(content) > self.tree.limits.file_bytes:
                    skipped.append(Skipped(path, f"{len(content):,} bytes, more than {self.tree.limits.file_bytes:,}"))
                else:
                    keys[path] = key_of(content, _kind(path))
            known = self.store.load(keys.values())
            new = self._parse(beneath, {key: path for path, key in keys.items() if key not in known})
        known |= new
        records = {path: known[key] for path, key in keys.items() if key in known}
        return Index(
            tree=self.tree,
            records=records,
            skipped=tuple(sorted(skipped, key=lambda one: one.path)),
            counts=Counts(
                files=len(records),
                parsed_now=len(new),
                unparsed=sum(not record.parsed for record in records.values()),
            ),
            note=self.store.trouble,
        )

    def _parse(self, beneath: Beneath, wanted: Mapping[bytes, str]) -> dict[bytes, FileRecord]:
        new: dict[bytes, FileRecord] = {}
        unsaved: dict[bytes, FileRecord] = {}
        with self.store.parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for key, path in wanted.items():
                content = self.tree.read_from(beneath, path)
                if content is None or key_of(content, _kind(path)) != key:
                    continue
                new[key] = unsaved[key] = record_of(content, _kind(path), self.splitter)
                if len(unsaved) >= _SAVED_AT_ONCE:
                    self.store.save(unsaved)
                    unsaved = {}
        if unsaved:
            self.store.save(unsaved)
        return new


def record_of(content: bytes, kind: str, splitter: Splitter) -> FileRecord:
    """Read one file's content."""
    text = decode(content) or ""
    body = splitter.count(text)
    if kind != "python":
        return FileRecord(words=" ".join(body), counts=_packed(body, Counter(), Counter()), body=body.total())
    found = outline(content, text)
    names = Counter(symbol.last for symbol in found.symbols)
    definitions = splitter.count_tokens(names)
    documentation = splitter.count(found.documentation)
    return FileRecord(
        words=" ".join(body),
        counts=_packed(body, definitions, documentation),
        definitions=definitions.total(),
        documentation=documentation.total(),
        body=body.total(),
        symbols=json.dumps([_row(symbol) for symbol in found.symbols], ensure_ascii=False, separators=(",", ":")),
        defines=" ".join(names),
        uses=" ".join(found.uses),
        times=bytes(min(times, 255) for times in found.uses.values()),
        imports=" ".join(found.imports),
        parsed=found.parsed,
    )


def _packed(body: Counter[str], definitions: Counter[str], documentation: Counter[str]) -> bytes:
    return bytes(_triples(body, definitions, documentation))


def _triples(body: Counter[str], definitions: Counter[str], documentation: Counter[str]) -> Iterator[int]:
    for word, times in body.items():
        yield min(definitions[word], 255)
        yield min(documentation[word], 255)
        yield min(times, 255)


def _row(symbol: Symbol) -> tuple[str, str, int, int, str, str]:
    return symbol.name, symbol.kind, symbol.start, symbol.end, symbol.signature, symbol.summary


def _kind(path: str) -> str:
    return "python" if is_python(path) else "text"
