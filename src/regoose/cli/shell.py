"""What a command is given: the services it calls, the terminal it speaks to, and the one event loop."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

import typer

from regoose.cli.asking import Asker
from regoose.cli.console import Terminal
from regoose.domain.approval import Approval, Question
from regoose.domain.event import Observer
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.json import Json
from regoose.domain.kinds import Result, Task
from regoose.domain.preflight import Preflight
from regoose.domain.prompt import PromptCheck
from regoose.domain.run import ProofResult, Replayed, RunSummary, StepRecord
from regoose.domain.task import ProofTask
from regoose.sandbox.base import Probe
from regoose.settings import Loaded


class Runs(Protocol):
    """Runs as the workflows' service gives them; see `regoose.workflows.service.RunService`."""

    async def start(self, task: Task) -> str:
        """Begin a run and return its id."""
        ...

    async def follow(self, run_id: str, observer: Observer | None = None) -> Result:
        """Wait for a run and return its result."""
        ...

    async def result(self, run_id: str) -> Result:
        """Return the result of a run that has ended."""
        ...

    async def resume(self, run_id: str | None = None, overrides: Mapping[str, Json] | None = None) -> str:
        """Go on with a run, the newest interrupted one where none is named, and return its id."""
        ...

    async def approve(self, run_id: str, approval: Approval) -> Question:
        """Answer what a run waits for, and return the question."""
        ...

    async def replay(self, run_id: str, observer: Observer | None = None) -> Replayed:
        """Carry a run out again from its journal alone."""
        ...

    async def fork(self, run_id: str, at: str, overrides: Mapping[str, Json] | None = None) -> str:
        """Begin a run with the steps of another one before `at` and return its id."""
        ...

    async def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        ...

    async def list(self, limit: int = 50) -> tuple[RunSummary, ...]:
        """Return the newest runs first."""
        ...

    async def show(self, run_id: str) -> tuple[RunSummary, tuple[StepRecord, ...]]:
        """Return a run and its steps."""
        ...


class Services(Protocol):
    """What the composition root offers to the command line."""

    @property
    def loaded(self) -> Loaded:
        """The settings in force and where each came from."""
        ...

    @property
    def runs(self) -> Runs:
        """Runs of this machine."""
        ...

    def redact(self, text: str) -> str:
        """Return a text without the secrets that the settings name."""
        ...

    async def probes(self) -> tuple[Probe, ...]:
        """Try every sandbox backend for real."""
        ...

    async def preflight(self) -> tuple[Preflight, ...]:
        """Try every model that is set."""
        ...

    async def prove(self, task: ProofTask, observer: Observer | None = None) -> ProofResult:
        """Run a proof again."""
        ...

    def check_prompts(self, window: int) -> tuple[PromptCheck, ...]:
        """Say whether the prompts in force can be used with a model of that window, in tokens."""
        ...

    async def recall(self, task: GenerateTask) -> GenerateResult | None:
        """Return the result of an earlier run, where the same would come out."""
        ...


Flags = Mapping[str, object]
"""Settings given on the command line, by field name; None means not given."""
Connect = Callable[[Path | None, Flags], AbstractAsyncContextManager[Services]]
"""Wire the services for a target repository (None: for none in particular)."""


@dataclass(slots=True)
class Shell:
    """State of one invocation. `run_id` is the run that an interruption would leave behind."""

    terminal: Terminal
    connect: Connect
    program: str
    """How the user calls Regoose, for commands in messages."""
    ask: Asker | None = None
    """Asks a person at the terminal; None where nobody sits there."""
    run_id: str | None = None
    codes: list[int] = field(default_factory=list[int])

    def run(self, work: Coroutine[None, None, int]) -> None:
        """
        Run a command to its end; the exit code is what it returns. The only event loop of the program.

        Being told to end, or losing the terminal, is an interruption as Ctrl-C is: tidied up, and resumable.
        """
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores the second
                signal.signal(number, _interrupt)
        self.codes.append(asyncio.run(work))

    def command(self, text: str) -> str:
        """Return a command or a hint with each call of `regoose` spelled as the user can type it."""
        return re.sub(r"(^|`)regoose(?= )", lambda match: match[1] + self.program, text)


def shell_of(context: typer.Context) -> Shell:
    """Return the invocation that a command belongs to."""
    shell = context.find_object(Shell)
    assert shell is not None, "the application is always called with a Shell"
    return shell


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)
