"""The policy at the door of the tools: allows, asks a person, or refuses, before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from regoose.agents.tool import Mistake
from regoose.domain.evidence import Finding
from regoose.domain.policy import Act, Action, Decision, Policy, Ruling
from regoose.domain.solve import COMMANDS, POLICY

if TYPE_CHECKING:
    from regoose.durable.run import Run


_SHOWN = 500
"""Characters of a command that are kept."""


class Refused(Mistake):
    """The model tried what it may not do."""


class Gatekeeper:
    """Applies one run's policy, and remembers what it refused: an attempt belongs into the report."""

    def __init__(self, policy: Policy, run: Run, *, may_ask: bool) -> None:
        self._policy = policy
        self._run = run
        self._may_ask = may_ask
        self.findings: list[Finding] = []
        self.commands: list[Finding] = []
        """What was let run in the sandbox: nothing tells there what a command is after, so a person is shown it."""

    async def let(self, name: str, actions: Sequence[Action], refuses: Callable[[Action], str]) -> None:
        """
        Return where the actions may be done; raises `Refused` with the reason where not.

        `refuses` is the role's own rule, which says why one is not for it to do.
        """
        for action in actions:
            if reason := refuses(action):
                self._refuse(name, action, Ruling(Decision.DENY, "not this role", reason))
                raise Refused(f"Refused: {reason}.")
        strictest = self._policy.strictest(actions)
        if strictest is None:
            self._note_commands(name, actions)
            return
        action, ruling = strictest
        if ruling.decision is Decision.ASK and self._may_ask:
            approval = await self._run.gate(name, f"May the author {action.act} {action.target!r}?", ruling.reason)
            if approval.granted:
                self._note_commands(name, actions)
                return
            self._refuse(name, action, ruling)
            raise Refused(f"A person was asked and said no. {approval.comment}".strip())
        self._refuse(name, action, ruling)
        alone = " It needs a person's yes, and nobody can be asked." if ruling.decision is Decision.ASK else ""
        raise Refused(f"Refused by policy ({ruling.rule}): {ruling.reason}.{alone} Find another way.")

    def _note_commands(self, name: str, actions: Sequence[Action]) -> None:
        self.commands += [
            Finding(COMMANDS, "run", "", 0, f"{name}: {action.target[:_SHOWN]}", blocking=False)
            for action in actions
            if action.act is Act.RUN
        ]

    def refused(self, name: str, actions: Sequence[Action], why: str) -> None:
        """Remember what only doing it could tell: that a path leads elsewhere."""
        for action in actions[:1]:
            self._refuse(name, action, Ruling(Decision.DENY, "not a file of the repository", why))

    def _refuse(self, name: str, action: Action, ruling: Ruling) -> None:
        message = f"{name} was refused to {action.act} it: {ruling.reason}"
        self.findings.append(Finding(POLICY, ruling.rule, action.target, 0, message, blocking=False))
