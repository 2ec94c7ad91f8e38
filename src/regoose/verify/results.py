"""Read the results file that the guest's pytest plugin wrote, and notice where it was tampered with or cut."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from regoose.domain.evidence import CaseResult, CollectionError, Failure, Outcome
from regoose_guest.arcs import unpack_arcs
from regoose_guest.journal import SIGNATURE, sign
from regoose_guest.tracing import unpack

Lines = Mapping[str, frozenset[int]]
"""Path relative to the tree → 1-based line numbers that ran."""
Arcs = Mapping[str, frozenset[tuple[int, int]]]
"""Path relative to the tree → (line before, line) in the convention of `regoose_guest.arcs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRun:
    """What one process of pytest left behind; without `ended` it was cut."""

    begun: bool = False
    pytest: str = ""
    collected: tuple[str, ...] | None = None
    """In the order in which they run; None where the collection did not get to its end."""
    unshuffled: tuple[str, ...] = ()
    """Those collected in the order of their files, where the run shuffled them."""
    cases: tuple[CaseResult, ...] = ()
    broken: tuple[CollectionError, ...] = ()
    running: str | None = None
    """The test that had begun and has no result."""
    collecting: str | None = None
    """The file that was being imported when the process ended before the end of the collection."""
    ended: bool = False
    exit_code: int | None = None
    raised: str = ""
    problems: tuple[str, ...] = ()
    lines: Mapping[str, Lines] = field(default_factory=dict[str, Lines])
    import_lines: Lines = field(default_factory=dict[str, frozenset[int]])
    arcs: Mapping[str, Arcs] = field(default_factory=dict[str, Arcs])
    import_arcs: Arcs = field(default_factory=dict[str, frozenset[tuple[int, int]]])


class _Failure(BaseModel):
    model_config = ConfigDict(extra="ignore")

    phase: str
    exception: str
    message: str
    path: str
    line: int
    is_import: bool


class _Record(BaseModel):
    """Every field that any kind of record has."""

    model_config = ConfigDict(extra="ignore")

    k: str
    id: str = ""
    path: str = ""
    pytest: str = ""
    ids: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    i: int = -1
    outcome: Outcome = Outcome.ERROR
    seconds: float = 0.0
    failure: _Failure | None = None
    hidden: bool = False
    exception: str = ""
    message: str = ""
    line: int = 0
    lines: dict[str, str] = {}
    arcs: dict[str, str] = {}
    exit: int | None = None
    raised: str = ""


_RECORD = TypeAdapter(_Record)


def read_results(data: bytes, key: bytes) -> ProcessRun:
    """Read the lines up to the first whose signature is not ours; what follows it is ignored and named a problem."""
    reader = _Reader()
    previous = b""
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        signature, _, body = line.partition(b" ")
        previous = sign(key, previous, body)
        if len(signature) != 2 * SIGNATURE or not hmac.compare_digest(signature, previous.hex().encode("ascii")):
            reader.problems.append(f"line {number} of the results file was not written by our plugin")
            break
        try:
            reader.take(_RECORD.validate_json(body))
        except ValidationError as error:
            reader.problems.append(f"line {number} of the results file cannot be read: {error.errors()[0]['msg']}")
            break
    return reader.finished()


class _Reader:
    def __init__(self) -> None:
        self.problems: list[str] = []
        self._begin: _Record | None = None
        self._end: _Record | None = None
        self._ids: tuple[str, ...] | None = None
        self._cases: dict[str, CaseResult] = {}
        self._ranks: tuple[int, ...] = ()
        self._lines: dict[str, Lines] = {}
        self._arcs: dict[str, Arcs] = {}
        self._broken: list[CollectionError] = []
        self._running: str | None = None
        self._collecting: str | None = None
        self._hidden: list[str] = []

    def take(self, record: _Record) -> None:
        match record.k:
            case "begin":
                self._begin = record
            case "collecting":
                self._collecting = record.path
            case "broken":
                self._broken.append(_collection_error(record))
            case "collected":
                self._ids, self._ranks, self._collecting = record.ids, record.ranks, None
            case "start":
                self._running = self._name(record.i)
            case "case":
                self._take_case(record)
            case "stray":
                if self._ids is not None and record.id not in self._ids:
                    self.problems.append(f"a result for {record.id}, which was not collected")
            case "end":
                self._end = record
            case unknown:
                self.problems.append(f"an unknown record {unknown!r}")

    def finished(self) -> ProcessRun:
        if self._hidden:
            self.problems.append(
                f"{len(self._hidden)} failing tests are reported as not failing by the repository's own hooks, "
                f"e.g. {self._hidden[0]}"
            )
        end = self._end
        order = sorted(zip(self._ranks, self._ids or (), strict=False))
        return ProcessRun(
            begun=self._begin is not None,
            pytest=self._begin.pytest if self._begin else "",
            collected=self._ids,
            unshuffled=tuple(name for _, name in order),
            cases=tuple(self._cases.values()),
            broken=tuple(self._broken),
            running=self._running,
            collecting=self._collecting,
            ended=end is not None,
            exit_code=end.exit if end else None,
            raised=end.raised if end else "",
            problems=tuple(self.problems),
            lines=self._lines,
            import_lines=_lines(end) if end else {},
            arcs=self._arcs,
            import_arcs=_arcs(end) if end else {},
        )

    def _name(self, number: int) -> str:
        if self._ids is None or not 0 <= number < len(self._ids):
            self.problems.append("a test ran that was not collected")
            return "?"
        return self._ids[number]

    def _take_case(self, record: _Record) -> None:
        name = self._name(record.i)
        if name in self._cases:
            self.problems.append(f"two results for {name}")
        if record.hidden:
            self._hidden.append(name)
        failure = Failure(**record.failure.model_dump()) if record.failure else None
        self._cases[name] = CaseResult(name, record.outcome, record.seconds, failure)
        self._lines[name] = _lines(record)
        self._arcs[name] = _arcs(record)
        self._running = None


def _lines(record: _Record) -> Lines:
    """Return the lines that ran; where arcs were recorded, these are their ends."""
    lines = {path: frozenset(numbers) for path, numbers in unpack(record.lines).items()}
    ends = {path: frozenset(end for arc in arcs for end in arc if end > 0) for path, arcs in _arcs(record).items()}
    return {**lines, **ends}


def _arcs(record: _Record) -> Arcs:
    return {path: frozenset(arcs) for path, arcs in unpack_arcs(record.arcs).items()}


def _collection_error(record: _Record) -> CollectionError:
    at = f" ({record.path}, line {record.line})" if record.path and record.line else ""
    message = record.message if record.message.endswith(at) else record.message + at
    return CollectionError(record.id or record.path, record.exception, message, record.path, record.line)
