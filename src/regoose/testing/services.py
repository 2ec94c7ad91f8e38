"""Services for the command line that run nothing: they answer with what they are given and remember what was asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from regoose.cli.shell import Flags
from regoose.domain.approval import Approval, Question, unanswered
from regoose.domain.ask import AskResult
from regoose.domain.event import Event, Observer
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.json import Json
from regoose.domain.kinds import Result, Task
from regoose.domain.preflight import Preflight
from regoose.domain.prompt import PromptCheck
from regoose.domain.run import ProofResult, Replayed, RunState, RunSummary, StepRecord
from regoose.domain.task import ProofTask
from regoose.errors import RegooseError, UnknownRun, UsageError
from regoose.sandbox.base import Probe
from regoose.settings import Loaded, load

_STEPS = (
    StepRecord(number=1, name="prepare", started=1.0, ended=2.0),
    StepRecord(number=2, name="search", started=2.0, ended=4.0),
)


async def _at_once() -> None:
    """Wait for nothing."""


@dataclass
class FakeRuns:
    """Runs that end with `results`, by run id; `start` begins the one called `next_id`."""

    results: dict[str, Result] = field(default_factory=dict[str, Result])
    states: dict[str, RunState] = field(default_factory=dict[str, RunState])
    events: Sequence[Event] = ()
    next_id: str = "example-1"
    error: Exception | None = None
    """Raised by `follow` after the events."""
    pause: Callable[[], Awaitable[None]] = _at_once
    """Awaited by `follow` after the events."""
    steps: tuple[StepRecord, ...] = _STEPS
    tasks: list[Task] = field(default_factory=list[Task])
    questions: dict[str, Question] = field(default_factory=dict[str, Question])
    """What runs wait for, by their ids."""
    answers: dict[str, Approval] = field(default_factory=dict[str, Approval])
    forks: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    overrides: list[Mapping[str, Json]] = field(default_factory=list[Mapping[str, Json]])
    """What `resume` and `fork` were told to change."""

    async def start(self, task: Task) -> str:
        """Remember the task."""
        self.tasks.append(task)
        return self.next_id

    async def follow(self, run_id: str, observer: Observer | None = None) -> Result:
        """Tell the events, then return the result or raise the error."""
        for event in self.events:
            if observer is not None:
                observer(event)
        await self.pause()
        if self.error is not None:
            raise self.error
        if run_id in self.questions:
            raise unanswered(run_id, self.questions[run_id].text)
        return await self.result(run_id)

    async def result(self, run_id: str) -> Result:
        """Return the result of a run."""
        if run_id not in self.results:
            raise UsageError(f"run {run_id} has not ended")
        return self.results[run_id]

    async def resume(self, run_id: str | None = None, overrides: Mapping[str, Json] | None = None) -> str:
        """Go on with a run, the first interrupted one where none is named."""
        self.overrides.append(overrides or {})
        if run_id is not None:
            return run_id
        for name, state in self.states.items():
            if state is RunState.INTERRUPTED:
                return name
        raise UnknownRun("no run is interrupted, so there is nothing to resume")

    async def approve(self, run_id: str, approval: Approval) -> Question:
        """Take the answer to the question of a run; it waits no longer."""
        if run_id not in self.questions:
            raise UsageError(f"run {run_id} does not wait for an answer")
        self.answers[run_id] = approval
        self.states[run_id] = RunState.INTERRUPTED
        return self.questions.pop(run_id)

    async def replay(self, run_id: str, observer: Observer | None = None) -> Replayed:
        """Return that the run's two steps were met again."""
        summary, steps = await self.show(run_id)
        if self.error is not None:
            raise self.error
        for step in steps:
            if observer is not None:
                observer(Event(run_id, step.name, "replayed", step.name))
        return Replayed(run_id=run_id, steps=len(steps), calls=0, has_ended=summary.ended is not None)

    async def fork(self, run_id: str, at: str, overrides: Mapping[str, Json] | None = None) -> str:
        """Remember from where, and begin the run called `next_id`."""
        await self.show(run_id)
        self.forks.append((run_id, at))
        self.overrides.append(overrides or {})
        return self.next_id

    async def cancel(self, run_id: str) -> None:
        """Mark a run as cancelled."""
        await self.show(run_id)
        self.states[run_id] = RunState.CANCELLED

    async def list(self, limit: int = 50) -> tuple[RunSummary, ...]:
        """Return the runs in the order they were given."""
        return tuple([(await self.show(run_id))[0] for run_id in self.states][:limit])

    async def show(self, run_id: str) -> tuple[RunSummary, tuple[StepRecord, ...]]:
        """Return a run and the steps that every run here has."""
        if run_id not in self.states:
            raise UnknownRun(f"no run is called {run_id!r}")
        result = self.results.get(run_id)
        summary = RunSummary(
            run_id=run_id,
            kind="test" if isinstance(result, GenerateResult) else "fix",
            repository=result.repository if result else "/repository",
            state=self.states[run_id],
            verdict=None if result is None or isinstance(result, AskResult) else result.status,
            started=1_700_000_000.0,
            ended=1_700_000_012.5 if result else None,
            question=self.questions.get(run_id),
        )
        return summary, self.steps


@dataclass
class FakeServices:
    """Everything the command line calls; give `connect` to `regoose.cli.main.run`."""

    runs: FakeRuns = field(default_factory=FakeRuns)
    found: tuple[Probe, ...] = ()
    proof: ProofResult | None = None
    refusal: RegooseError | None = None
    """Raised where the services are wired."""
    loaded: Loaded = field(default_factory=lambda: load(environ={}, directory=Path("/"), user_config=Path("/none")))
    connected: list[tuple[Path | None, Flags]] = field(default_factory=list[tuple[Path | None, Flags]])
    proof_tasks: list[ProofTask] = field(default_factory=list[ProofTask])
    prompts: tuple[PromptCheck, ...] = ()
    tried: tuple[Preflight, ...] = ()
    """What `preflight` answers with."""
    known: GenerateResult | None = None
    """What `recall` answers with."""

    def redact(self, text: str) -> str:
        """Take the word `canary` out of a text."""
        return text.replace("canary", "[redacted]")

    async def preflight(self) -> tuple[Preflight, ...]:
        """Return what is known of the models."""
        return self.tried

    async def probes(self) -> tuple[Probe, ...]:
        """Return what was found."""
        return self.found

    async def prove(self, task: ProofTask, observer: Observer | None = None) -> ProofResult:
        """Return the proof."""
        self.proof_tasks.append(task)
        if observer is not None:
            observer(Event("", "prove", "finished", "prove"))
        assert self.proof is not None, "give the fake a proof"
        return self.proof

    def check_prompts(self, window: int) -> tuple[PromptCheck, ...]:
        """Return what was given as found."""
        del window
        return self.prompts

    async def recall(self, task: GenerateTask) -> GenerateResult | None:
        """Return what is known."""
        return None if task.fresh else self.known

    @asynccontextmanager
    async def connect(self, repository: Path | None, flags: Flags) -> AsyncGenerator[FakeServices]:
        """Give these services, with the flags counted as settings."""
        if self.refusal is not None:
            raise self.refusal
        self.connected.append((repository, flags))
        self.loaded = load(flags=flags, environ={}, directory=Path("/"), user_config=Path("/none"))
        yield self
