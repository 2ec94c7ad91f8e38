"""One attempt at a task: its identity, its journal as seen from outside, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from regoose.domain.approval import Question
from regoose.domain.budget import Cost
from regoose.domain.evidence import Evidence, Verdict
from regoose.domain.json import Json
from regoose.domain.patch import Patch
from regoose.domain.repair import Candidate, Suspect
from regoose.domain.task import Engine


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    """Its process is gone and it can be resumed."""
    WAITING = "waiting"
    """It waits for a person's answer; nothing is held meanwhile."""
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One line of `regoose runs list`. Times are seconds since the epoch, UTC."""

    run_id: str
    kind: str
    repository: str
    state: RunState
    verdict: Verdict | None
    started: float
    ended: float | None
    forked_from: str | None = None
    """The run whose first steps it took over."""
    question: Question | None = None
    """What it waits for an answer to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One journalled step of a run."""

    number: int
    name: str
    started: float | None
    ended: float | None
    error: str | None = None
    value: Json = None
    """What it gave."""
    request: tuple[Json, ...] | None = None
    """What it was asked, in parts; None where it kept no request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of replaying a run: it ended as recorded, or was met as far as it is recorded."""

    run_id: str
    steps: int
    calls: int
    """Of a model, among the steps."""
    has_ended: bool
    next_step: str = ""
    """Where the run has not ended: the first step that is not recorded."""
    error: str | None = None
    """What ended the run, then as now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixResult:
    """What `regoose fix` gives back: the evidence and everything around it."""

    run_id: str
    engine: Engine
    """Who wrote the patch; where there is none, who tried."""
    repository: str
    base_commit: str
    patch: Patch | None
    """The proven one; where there is none, the best that a model wrote."""
    branch: str | None
    commit: str | None
    applied: bool
    evidence: Evidence
    alternatives: tuple[Candidate, ...]
    """Best candidate of each surviving behaviour, the delivered one included."""
    suspects: tuple[Suspect, ...]
    reproduce: str
    """Shell command that reruns the proof in a clone of the repository; empty where nothing was proven."""
    seconds: float
    cost: Cost
    report: str | None
    environment: str
    """One sentence: the interpreter and where the dependencies came from."""
    sandbox: str
    notes: tuple[str, ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    """Role and the name of its model; empty where none was asked."""

    @property
    def status(self) -> Verdict:
        """The JSON `status`."""
        return self.evidence.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofResult:
    """What `regoose prove` gives back: the evidence for the change from one commit to another."""

    repository: str
    base_commit: str
    head_commit: str
    patch: Patch
    evidence: Evidence
    seconds: float
    environment: str
    """One sentence: the interpreter and where the dependencies came from."""
    sandbox: str
    notes: tuple[str, ...] = ()
