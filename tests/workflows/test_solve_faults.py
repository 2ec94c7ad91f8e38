"""Whatever goes wrong with models, in whatever order, in a whole `solve`: no money too much, no step lost."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import Counter
from contextlib import aclosing, closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import hypothesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from regoose.context.store import Store
from regoose.domain.budget import Budget
from regoose.domain.event import Event
from regoose.domain.evidence import Verdict
from regoose.domain.policy import Policy
from regoose.domain.run import Cost, RunState, StepRecord
from regoose.domain.solve import SolveResult, SolveTask
from regoose.durable.codec import to_json
from regoose.durable.database import FILE_NAME
from regoose.durable.ledger import Ledger
from regoose.errors import (
    AgentFailed,
    BudgetExceeded,
    ModelRejected,
    ModelUnsuitable,
    RegooseError,
    UnknownModel,
    WindowExceeded,
)
from regoose.providers.calls import Timing
from regoose.providers.models import Models
from regoose.settings import load
from regoose.testing.models import (
    Answer,
    FaultKind,
    ModelServer,
    ToolCall,
    call,
    fail,
    say,
)
from regoose.testing.search import ScriptedSearch
from regoose.workflows.authors import Authors
from regoose.workflows.service import Kind, RunService
from regoose.workflows.solve import solve

from .moody import Moody
from .scripted import FEW
from .suite import ruled

if TYPE_CHECKING:
    from pathlib import Path

    from workflows.conftest import Machine, Repository

WAITS = {FaultKind.SLOW_START, FaultKind.DRIP, FaultKind.ENDLESS}
"""Those that only a deadline ends: see the tests of the calls and of each protocol's faults."""
WRONG = [
    say(""),
    say("I think that it is done."),
    *(Answer(text="I was abou", stop=stop) for stop in ("length", "refusal", "content_filter")),
    Answer(tool_calls=(ToolCall("read", '{"path": '),)),
    call("raed", path="stats.py"),
    call("read", path=["stats.py"]),
    call("finish", plan=7),
    Answer(tool_calls=(ToolCall("read", {"path": "stats.py"}, id=""), ToolCall("read", {"path": "none.py"}, id=""))),
    Answer(text="\ud800", tool_calls=(ToolCall("read", {"path": "stats.py"}),)),
]
FAULTS = [
    *(fail(kind) for kind in FaultKind if kind not in WAITS),
    fail("rate_limit", retry_after=3),
    fail("unavailable", retry_after=3600),
    *WRONG,
]
MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-6"}
LASTING = (AgentFailed, ModelRejected, ModelUnsuitable, UnknownModel, WindowExceeded)


@dataclass
class Bench:
    """A whole machine with one run, but for the sandbox; time passes while somebody sleeps."""

    machine: Machine
    repository: Repository
    url: str
    provider: str
    budget: Budget
    run_id: str = ""
    now: float = 1000.0
    events: list[Event] = field(default_factory=list[Event])

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def timing(self) -> Timing:
        return Timing(now=lambda: self.now, wall=lambda: self.now, sleep=self.sleep)

    async def carry_out(self, most: int) -> tuple[SolveResult | RegooseError, Cost, tuple[StepRecord, ...]]:
        """Start a run, and go on with it each time it is suspended, at most so often."""
        state = self.machine.home / "state"
        flags = {
            "llm_provider": self.provider,
            "llm_model": MODELS[self.provider],
            f"{self.provider}_base_url": self.url,
            f"{self.provider}_api_key": "a-key-of-mine",
        }
        settings = load(flags=flags, environ={}, directory=self.machine.home).settings
        ledger = Ledger.beside_journal(state)
        equipment = replace(self.machine.equip(ScriptedSearch([])), choose=ruled)
        async with aclosing(ledger), Models(settings, ledger, timing=self.timing()) as models:
            authors = Authors(models=models, store=Store(self.machine.home / "context"), policy=Policy())
            kind = Kind("solve", SolveTask, SolveResult, partial(solve, equipment, authors))
            async with RunService(state, [kind]) as runs:
                task = SolveTask(
                    repository=str(self.repository.root),
                    requirement="Add a median to stats.",
                    limits=replace(FEW, repeats=1),
                    budget=self.budget,
                )
                self.run_id = run_id = await runs.start(task)
                ended, before = await self.follow(runs, run_id), ()
                for _ in range(most):
                    if not (isinstance(ended, RegooseError) and ended.resumable):
                        break
                    assert (await ledger.spent(run_id)).usd <= (self.budget.usd or 0) + 1e-9
                    summary, steps = await runs.show(run_id)
                    assert summary.state is RunState.INTERRUPTED
                    ended_steps = tuple(one for one in steps if one.ended is not None)
                    assert ended_steps[: len(before)] == before
                    before = ended_steps
                    await self.go_on(runs, run_id, ended)
                    ended = await self.follow(runs, run_id)
                summary, steps = await runs.show(run_id)
                assert summary.state is (RunState.FAILED if isinstance(ended, RegooseError) else RunState.FINISHED)
                return ended, await ledger.spent(run_id), steps

    async def follow(self, runs: RunService, run_id: str) -> SolveResult | RegooseError:
        try:
            result = await runs.follow(run_id, self.events.append)
        except RegooseError as error:
            return error
        assert isinstance(result, SolveResult)
        return result

    async def go_on(self, runs: RunService, run_id: str, error: RegooseError) -> None:
        """Do what the hint of the error says: wait, or raise the budget."""
        self.now += 3600
        if isinstance(error, BudgetExceeded):
            self.budget = Budget(usd=(self.budget.usd or 0) + 1)
            await runs.resume(run_id, {"budget": to_json(self.budget, Budget)})
        else:
            await runs.resume(run_id)


def settled(state: Path, run_id: str) -> int:
    """Count the answers of a run that the ledger holds."""
    asked = "SELECT count(*) FROM regoose_ledger WHERE state = 'settled' AND run_id = ?"
    with closing(sqlite3.connect(state / FILE_NAME)) as connection:
        return connection.execute(asked, [run_id]).fetchone()[0]


@hypothesis.settings(
    deadline=None, max_examples=5, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    faults=st.lists(st.none() | st.sampled_from(FAULTS), min_size=4, max_size=12),
    usd=st.sampled_from([0.0, 0.05, 0.3, 1e6]),
    provider=st.sampled_from(sorted(MODELS)),
)
async def test_no_sequence_of_faults_costs_too_much_or_loses_a_step(
    machine: Machine, repository: Repository, faults: list[Answer | None], usd: float, provider: str
) -> None:
    model = Moody(list(faults))
    with ModelServer(model.script()) as server:
        bench = Bench(machine, repository, server.url(provider), provider, Budget(usd=usd))
        ended, spent, steps = await bench.carry_out(len(faults) + 5)
    assert server.problems == ()
    assert spent.usd <= (bench.budget.usd or 0) + 1e-9
    if isinstance(ended, RegooseError):
        assert isinstance(ended, LASTING), ended
    else:
        assert ended.status is Verdict.PROVEN
        assert repository.branches().count(str(ended.branch)) == 1
    done = Counter(event.step for event in bench.events if event.kind == "finished")
    assert done == dict.fromkeys((one.name for one in steps if not one.error), 1)
    answered = [name for name in done if re.fullmatch(r"(planner|tester|coder|reviewer) \d+( summary)?", name)]
    assert len(answered) == settled(machine.home / "state", bench.run_id) == model.sound
