"""Tests made for code that has none: what is asked for, what an author drafts, what verification keeps of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from regoose.domain.budget import Budget
from regoose.domain.evidence import Verdict
from regoose.domain.run import Cost
from regoose.domain.task import Engine, TaskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateTask:
    """Write tests for modules, packages, functions or what a branch changed. `repository` is an absolute path."""

    repository: str
    within: str = ""
    """Directory of the project meant, relative to the top of a repository that holds several; empty for the top."""
    targets: tuple[str, ...] = ()
    """As the user names them: files, directories, `file.py::Class.method`, or dotted names of modules and functions."""
    started_in: str = ""
    """Directory that the targets' paths are relative to, itself relative to the top of the repository."""
    since: str | None = None
    """Name of a commit: only what changed since it. With it, no targets mean every module."""
    engine: Engine = Engine.AUTO
    model: str | None = None
    """`provider:name` in place of the one that is set."""
    budget: Budget = field(default_factory=Budget)
    seconds: float = 15.0
    """Time of the author for each module, wall clock."""
    output: str | None = None
    """Directory for the test files, relative to the repository; None puts them where its tests are."""
    min_gain: float = 0.0
    """Percentage points of branch coverage or of mutants killed that a file must add to be kept."""
    append: bool = False
    """Add to an existing test file of the same name, where the default is a new name beside it."""
    branch: str | None = None
    apply: bool = False
    fresh: bool = False
    """Whether to leave earlier results for the same code unused."""
    sandbox: str | None = None
    python: str | None = None
    limits: TaskLimits = field(default_factory=TaskLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One module to write tests for."""

    path: str
    """Of its file, relative to the repository."""
    module: str
    """Dotted name under which the repository's tests import it."""
    only: tuple[str, ...] = ()
    """Qualified names of the functions and classes meant; empty: all."""
    lines: tuple[int, ...] = ()
    """Changed lines, where only these are meant; empty: all."""


@dataclass(frozen=True, slots=True)
class TestFile:
    """A file of tests as it is to stand in the repository."""

    __test__ = False  # pytest would collect it by its name

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """A behaviour that looks wrong. It is reported under "look at these", and not asserted silently."""

    path: str
    line: int
    subject: str
    """Qualified name of the function."""
    call: str
    """A Python expression or statement that shows it."""
    observed: str
    why: str
    """One sentence: what it contradicts, e.g. the docstring, an annotation, or that it is an accidental exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an author wrote for one target, before verification. `file` is None where there is nothing to write."""

    target: Target
    file: TestFile | None
    oddities: tuple[Oddity, ...] = ()
    unsteady: int = 0
    """Tests that the author itself gave up, as their outcome differs from run to run."""
    note: str = ""
    """Why there is nothing, or what could not be exercised, in one sentence a user can act on."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCoverage:
    """Coverage of one file, lines 1-based, branches as (from line, to line) in the manner of coverage.py."""

    path: str
    lines: tuple[int, ...]
    """Lines that can run, in order."""
    covered_lines: tuple[int, ...]
    branches: tuple[tuple[int, int], ...]
    """Ways out of the lines that have more than one; a target below zero leaves the function."""
    covered_branches: tuple[tuple[int, int], ...]

    @property
    def missing_lines(self) -> tuple[int, ...]:
        """Lines that no test ran."""
        return tuple(sorted(set(self.lines) - set(self.covered_lines)))

    @property
    def missing_branches(self) -> tuple[tuple[int, int], ...]:
        """Branches that no test took."""
        return tuple(sorted(set(self.branches) - set(self.covered_branches)))


def line_coverage(files: Iterable[FileCoverage]) -> float:
    """Return the percentage of lines that ran, 0 to 100; 100 where there is none."""
    files = tuple(files)
    return _percent(sum(len(one.covered_lines) for one in files), sum(len(one.lines) for one in files))


def branch_coverage(files: Iterable[FileCoverage]) -> float:
    """Return the percentage of branches that were taken, 0 to 100; 100 where there is none."""
    files = tuple(files)
    return _percent(sum(len(one.covered_branches) for one in files), sum(len(one.branches) for one in files))


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0


class MutantStatus(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    """The tests no longer end: as good as killed."""
    SURVIVED = "survived"
    UNCOVERED = "uncovered"
    """No test runs the line."""
    NOT_RUN = "not run"
    """The time was up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One small change to the code under test, and whether a test noticed."""

    path: str
    line: int
    operator: str
    """Kind of change, e.g. `comparison`."""
    before: str
    after: str
    """The changed source lines, before and after, dedented."""
    status: MutantStatus
    killers: tuple[str, ...] = ()
    """Ids of tests known to notice it, the first that did first."""
    likely_equivalent: bool = False
    """Whether the change looks like one that no test can notice."""

    @property
    def is_killed(self) -> bool:
        """Whether a test noticed."""
        return self.status in {MutantStatus.KILLED, MutantStatus.TIMEOUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationReport:
    """All mutants that were tried. The score counts those that were run or that no test covers."""

    mutants: tuple[Mutant, ...] = ()
    possible: int = 0
    """How many the operators could make; more than were tried where a sample was taken."""
    seconds: float = 0.0
    unused: tuple[str, ...] = ()
    """Ids of tests that were not found or do not pass on the code as it is, and so judged nothing."""
    note: str = ""
    """Why there are no mutants or none was run, in one sentence; else empty."""

    @property
    def killed(self) -> int:
        """How many a test noticed."""
        return sum(one.is_killed for one in self.mutants)

    @property
    def total(self) -> int:
        """How many count."""
        return sum(one.status is not MutantStatus.NOT_RUN for one in self.mutants)


class DropReason(StrEnum):
    """Why a drafted test was not kept."""

    FLAKY = "flaky"
    NO_GAIN = "no_gain"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class DroppedTest:
    """A drafted test that was not kept."""

    test: str
    """Node id."""
    reason: DropReason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What verification kept of the drafts for one target, and what the kept tests are worth."""

    target: Target
    file: TestFile | None
    tests: tuple[str, ...]
    """Node ids in `file`."""
    durations: tuple[float, ...] = ()
    """Seconds of each of `tests` in their order, as last measured; empty where nobody measured."""
    before: FileCoverage
    after: FileCoverage
    mutation: MutationReport
    """With the existing tests and the kept ones."""
    mutation_before: MutationReport = field(default_factory=MutationReport)
    """With the existing tests alone; empty where there are none."""
    dropped: tuple[DroppedTest, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    untested: tuple[str, ...] = ()
    """Qualified names of the functions meant of which no test runs a line."""
    repeats: int = 0
    """How often the file was run green, each time in another order and with another hash seed."""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateResult:
    """What `regoose test` gives back."""

    run_id: str
    status: Verdict
    """Proven: tests were kept, and each was green every time. Unproven: nothing was worth keeping."""
    engine: Engine
    """Who wrote the tests that are kept; where there are none, who tried."""
    repository: str
    base_commit: str
    modules: tuple[Kept, ...]
    branch: str | None
    commit: str | None
    applied: bool
    reproduce: str
    """Shell command that runs the tests in a clone of the repository; empty where nothing was kept."""
    seconds: float
    cost: Cost
    report: str | None
    environment: str
    sandbox: str
    not_enforced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cached: int = 0
    """Modules answered from earlier results for the same code and environment."""
    models: tuple[tuple[str, str], ...] = ()
    """Role and the name of its model; empty where none was asked."""
