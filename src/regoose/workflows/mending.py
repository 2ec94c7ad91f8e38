"""
The second author of `fix`: a model, which is shown the failing tests and what the search saw, and never changes a test.

What it writes goes through the proof of every patch; what does not hold goes back to it, as often as the task allows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.roles import CODER, coder
from regoose.context.store import Store
from regoose.domain.conversation import system, user
from regoose.domain.evidence import CaseResult, Evidence
from regoose.domain.patch import Patch
from regoose.domain.repair import Candidate, Suspect
from regoose.domain.task import Engine
from regoose.errors import RegooseError
from regoose.verify.flaky import Baseline
from regoose.verify.red_green import Proof
from regoose.verify.tamper import inspect_patch
from regoose.verify.verdict import judge
from regoose.workflows.authors import Authors, RunModels
from regoose.workflows.outcome import Tried
from regoose.workflows.shown import Room, Shown, show_repository
from regoose.workflows.site import Site
from regoose.workflows.solving import Attempt, best_of, doings, findings_for_coder
from regoose.workflows.writing import MODEL_FAILED, Staff, Studio

Prove = Callable[[int, str, Patch], Awaitable[Proof]]
"""Puts a numbered and described candidate through the whole proof."""

_TESTS, _MESSAGE, _SUSPECTS = 20, 600, 10
"""Failing tests that are told, characters of why each fails, and suspects."""
_REQUIREMENT = """\
Make the failing tests pass by mending the code that they test. Find out why it is wrong and mend that, for every input,
not only for those of the tests. Leave everything else as it is.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be mended, as its author is told."""

    red: tuple[CaseResult, ...]
    suspects: tuple[Suspect, ...] = ()
    searched: bool = False

    def told(self) -> str:
        """List the failing tests with why they fail, and the suspects where the search ran."""
        lines = ["These tests fail now, and must pass:", "", *(_why(case) for case in self.red[:_TESTS])]
        if len(self.red) > _TESTS:
            lines.append(f"- and {len(self.red) - _TESTS} more; `run_tests` shows them")
        if self.searched:
            lines += ["", "A search through many simple edits found none that makes them pass and breaks nothing."]
        if self.suspects:
            lines += ["", "Lines that the failing tests run and the passing ones mostly do not:", ""]
            lines += [
                f"- {one.path}:{one.line} in `{one.function}` ({one.score:.2f} of 1)"
                for one in self.suspects[:_SUSPECTS]
            ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What came of asking a model; without attempts where it was not asked, or failed before the first."""

    staff: Staff | None = None
    attempts: tuple[Attempt, ...] = ()
    first: int = 1
    """Number of the first attempt among all candidates of the run."""
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Role and the name of its model."""
        return self.staff.names if self.staff else ()

    def engine(self, asked: Engine, *, proven: bool) -> Engine:
        """Say who wrote the patch; where there is none, who tried."""
        if not self.staff:
            return Engine.SEARCH
        return Engine.MODEL if proven else asked

    def best(self) -> Tried | None:
        """Return the best attempt as a candidate."""
        if not self.attempts:
            return None
        best = best_of(self.attempts)
        assert best.proof is not None
        number = self.first + self.attempts.index(best)
        return Tried(_candidate(number, best.change.subject, best.patch), best.proof, best.tamper)


async def show_case(site: Site, case: Case, store: Store, room: Room) -> Shown:
    """Draw the map for what is to be mended: tracebacks and names of tests weigh most."""
    return await show_repository(site.workspace.tree, f"{_REQUIREMENT}\n{case.told()}", store, room)


async def mend(
    studio: Studio, case: Case, variables: dict[str, str], prove: Prove, *, most: int, first: int
) -> Written:
    """
    Have a patch written and proven, at most `most` times; `first` numbers the first candidate.

    Raises `AgentFailed` and the model's other errors where there is no attempt at all.
    """
    agent = studio.agent(coder(studio.authors.prompts), Patch(()))
    change = await agent.work(requirement=_REQUIREMENT, plan="", tests=case.told(), **variables)
    attempts: list[Attempt] = []
    try:
        while True:
            patch = agent.changes.patch()
            proof = await prove(first + len(attempts), change.subject, patch)
            attempts.append(Attempt(change, patch, proof, inspect_patch(patch)))
            if attempts[-1].is_proven or len(attempts) >= most:
                break
            change = await agent.go_on(findings_for_coder(attempts[-1]))
    except MODEL_FAILED as failure:
        attempts[-1] = replace(attempts[-1], note=failure.message)
    notes = tuple(f"The model gave up: {one.note}." for one in attempts if one.note)
    return Written(staff=studio.staff, attempts=tuple(attempts), first=first, notes=notes)


async def saved(
    site: Site, models: RunModels, authors: Authors, case: Case, variables: Callable[[Shown], dict[str, str]]
) -> str:
    """Say what a patch that the search proved did not cost; nothing where no model could have been asked."""
    if models.missing((CODER,)) is not None:
        return ""
    try:
        name, room = models.name(CODER), Room.of(models.window(CODER))
        shown = await show_case(site, case, authors.store, room)
        role = coder(authors.prompts)
        told, asked = role.prompt.render(requirement=_REQUIREMENT, plan="", tests=case.told(), **variables(shown))
        usd = models.usd(CODER, [system(told), user(asked)], role.specs())
    except RegooseError:
        return ""
    would = f" (reading the task alone would have cost about ${usd:.4f} at {name})" if usd else ""
    return f"The search proved this patch, so no model was asked: nothing was spent{would}."


def evidence_of_model(baseline: Baseline, tried: Tried, gatekeeper: Gatekeeper) -> Evidence:
    """Put together the evidence for what a model wrote; nobody searched for other behaviours."""
    evidence = judge(tried.proof, tried.tamper, baseline.report, behaviours=0)
    return replace(evidence, checks=(*evidence.checks, *doings(gatekeeper)))


def _candidate(number: int, description: str, patch: Patch) -> Candidate:
    return Candidate(
        number=number,
        patch=patch,
        template="written by a model",
        description=description,
        score=0.0,
        behaviour=number,
    )


def _why(case: CaseResult) -> str:
    failure = case.failure
    if failure is None:
        return f"- `{case.id}`"
    message = failure.message if len(failure.message) <= _MESSAGE else f"{failure.message[:_MESSAGE]} […]"
    where = f" at {failure.path}:{failure.line}" if failure.path else ""
    indented = message.strip().replace("\n", "\n  ")
    return f"- `{case.id}`\n  {failure.exception} in {failure.phase}{where}: {indented}"
