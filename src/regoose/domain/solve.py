"""A requirement that becomes a proven change: what is asked for, what each role hands in, what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from regoose.domain.approval import Approval
from regoose.domain.budget import Budget
from regoose.domain.evidence import Evidence, Finding, Verdict
from regoose.domain.patch import Patch
from regoose.domain.plan import Line, Plan
from regoose.domain.run import Cost
from regoose.domain.task import Engine, TaskLimits

POLICY, COMMANDS, REVIEW = "policy", "commands", "review"
"""Names of the checks that carry what was refused, what authors ran in the sandbox, and what the reviewer says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveTask:
    """Carry out a requirement. `repository` is the absolute path of the user's checkout."""

    repository: str
    requirement: str
    within: str = ""
    """Directory of the project meant, relative to the top of a repository that holds several; empty for the top."""
    approve: bool = False
    """Whether a person has to say yes to the plan."""
    model: str | None = None
    """`provider:name` for every role; None: as set."""
    budget: Budget = field(default_factory=Budget)
    branch: str | None = None
    apply: bool = False
    sandbox: str | None = None
    python: str | None = None
    limits: TaskLimits = field(default_factory=TaskLimits)


class _HandedIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenTests(_HandedIn):
    """What the tester hands in."""

    summary: Annotated[Line, Field(description="What the tests check, in one or two sentences.")]
    unchecked: Annotated[
        tuple[Line, ...], Field(description="Acceptance criteria that no automated test can check, and why.")
    ] = ()


class WrittenChange(_HandedIn):
    """What the coder hands in."""

    subject: Annotated[
        str, Field(min_length=1, max_length=200, description="Subject of the commit, imperative, up to 72 characters.")
    ]
    summary: Annotated[Line, Field(description="What was changed and why, for the reviewer.")]


class Remark(_HandedIn):
    """One thing that the reviewer has to say."""

    path: str = ""
    line: Annotated[int, Field(ge=0, description="0 where it is about the whole.")] = 0
    severity: Literal["blocking", "advice"]
    message: Line


class Review(_HandedIn):
    """What the reviewer hands in."""

    verdict: Annotated[Literal["approve", "send back"], Field(description="`send back` only for a blocking remark.")]
    summary: Line
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One candidate for the change, and what came of it."""

    subject: str
    """What its author calls it."""
    changed_lines: int
    """Without those of the tests."""
    is_proven: bool
    is_kept: bool
    """Whether the result is this one."""
    outcome: str
    """One sentence: what kept it from being proven, or what the reviewer said; empty where there was nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveResult:
    """What `regoose solve` gives back."""

    run_id: str
    engine: Engine
    repository: str
    requirement: str
    base_commit: str
    plan: Plan | None
    patch: Patch | None
    """Tests and code together."""
    tests: WrittenTests | None = None
    """What the author of the tests says of them."""
    change: WrittenChange | None
    branch: str | None
    commit: str | None
    applied: bool
    evidence: Evidence
    review: Review | None
    """Of the patch, and of no earlier candidate."""
    approval: Approval | None = None
    """A person's yes to the plan; None where nobody was asked."""
    attempts: int
    """How often the change was written or mended."""
    tried: tuple[Tried, ...] = ()
    """The candidates of those attempts, in order."""
    reproduce: str
    """Shell command that reruns the proof in a clone of the repository; empty where nothing was proven."""
    seconds: float
    cost: Cost
    models: tuple[tuple[str, str], ...]
    """Role and the name of its model."""
    report: str | None
    environment: str
    sandbox: str
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Verdict:
        """The JSON `status`."""
        return self.evidence.verdict

    @property
    def refused(self) -> tuple[Finding, ...]:
        """What an author tried and was refused."""
        return tuple(finding for finding in self.evidence.findings if finding.check == POLICY)
