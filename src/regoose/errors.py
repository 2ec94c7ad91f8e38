"""
Every error a user can meet, in one tree. Each class fixes the exit code, the HTTP status and a default hint.

    RegooseError                     1 / 500
    ├── UsageError                   2 / 422   what was asked cannot be done as asked
    │   ├── NotARepository
    │   ├── DirtyTree
    │   ├── NoTests
    │   ├── NothingToFix
    │   ├── CollectionFailed
    │   ├── UnknownRun
    │   ├── InvalidSetting
    │   ├── UnknownModel
    │   ├── PriceUnknown
    │   ├── InvalidPrompt
    │   └── ReplayMiss
    ├── MachineError                 3 / 503   this machine cannot, and here is the command that mends it
    │   ├── NoSandbox
    │   ├── MissingTool
    │   ├── EnvironmentUnavailable
    │   ├── NoModel
    │   ├── ModelDenied
    │   ├── ModelUnavailable
    │   └── ModelUnsuitable
    ├── LimitReached                 4 / 429   a limit of money, time or size was reached
    │   ├── TimeLimit
    │   ├── SizeLimit
    │   ├── BudgetExceeded
    │   ├── QuotaExhausted
    │   └── WindowExceeded
    ├── PolicyRefused                5 / 403   the policy says no
    ├── SandboxDied                  1 / 500   the sandbox ended under a command
    ├── GitFailed                    1 / 500   git said no, with its own words
    ├── ModelRejected                1 / 502   the model's API found the request wrong
    ├── AgentFailed                  1 / 502   a model did not do its part, and was told so often enough
    ├── RunBusy                      2 / 409   another process is working on this run or repository
    ├── RunCancelled                 1 / 409   someone cancelled the run
    └── ApprovalNeeded             130 / 409   the run waits for a person's yes or no

A message says what was wrong (with the offending value) and what was expected; the hint says what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class RegooseError(Exception):
    """Base of the tree; catch it to catch everything that Regoose reports on purpose."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    default_hint: ClassVar[str] = "Run the command again with --json for the full record."
    resumable: ClassVar[bool] = False
    """Whether a run that met it can go on from its last finished step once the cause is gone."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint


class UsageError(RegooseError):
    """What was asked cannot be done as asked."""

    exit_code = 2
    http_status = 422
    default_hint = "See `regoose --help`."


class NotARepository(UsageError):
    """The path is not inside a git checkout."""

    default_hint = "Run `git init && git add -A && git commit -m start` there, or give the path of a checkout."


class DirtyTree(UsageError):
    """The working tree has uncommitted changes where Regoose was asked to write."""

    default_hint = "Commit or stash the changes, or leave out --apply to get a branch."


class NoTests(UsageError):
    """The repository has no test that pytest collects."""

    default_hint = "Add a failing test that shows the bug, or name one with --test."


class NothingToFix(UsageError):
    """Every test passes already."""

    default_hint = "Name a test that should pass with --test, or add one that shows the bug."


class CollectionFailed(UsageError):
    """Tests could not be imported, so there is nothing to repair against."""

    default_hint = "Mend the import or syntax error named above, then run again."


class UnknownRun(UsageError):
    """No run has this id."""

    default_hint = "`regoose runs list` shows the runs of this machine."


class InvalidSetting(UsageError):
    """A setting has a value that cannot be used."""

    default_hint = "`regoose doctor --settings` shows each setting and where it came from."


class UnknownModel(UsageError):
    """The provider does not know the model."""

    default_hint = "Name a model as PROVIDER:NAME with --model; `regoose doctor --models` tries those that are set."


class PriceUnknown(UsageError):
    """Nobody knows what the model costs, so no budget can be kept."""

    default_hint = "Set its price with REGOOSE_MODEL_PRICES, e.g. `openai:my-model=2.50/10` (USD per million tokens)."


class InvalidPrompt(UsageError):
    """A prompt file cannot be used."""

    default_hint = "`regoose prompts check` shows every problem of the prompts."


class ReplayMiss(UsageError):
    """
    A recorded step does not fit what is asked for now.

    The run stays where it was: whatever recorded it may go on with it.
    """

    resumable = True
    default_hint = "Replay it with the version and prompts that recorded it, or go another way: `regoose runs fork`."


class MachineError(RegooseError):
    """This machine cannot do it as it stands; the hint is the command that mends it."""

    exit_code = 3
    http_status = 503
    default_hint = "`regoose doctor` shows what this machine can do."
    resumable = True


class NoSandbox(MachineError):
    """No backend can isolate a command here."""

    default_hint = "Install one: `apt-get install bubblewrap` (or `dnf install bubblewrap`, or Podman)."


class MissingTool(MachineError):
    """A program that Regoose calls is not installed."""


class EnvironmentUnavailable(MachineError):
    """The target's dependencies could not be provided."""

    default_hint = "Make a virtual environment `.venv` in the repository with its test dependencies, then run again."


class NoModel(MachineError):
    """No model can be called: none is set, or its key is missing."""

    default_hint = (
        "Set OPENAI_API_KEY (or another provider's key and LLM_PROVIDER), or name a local model with --model."
    )


class ModelDenied(MachineError):
    """The provider does not accept the key."""

    default_hint = "Check the key and what it may do; a new one is read without a restart."


class ModelUnavailable(MachineError):
    """The model could not be reached, or went on failing."""

    default_hint = "Wait a little and go on: `regoose runs resume`, or set a backup with REGOOSE_BACKUP_MODEL."


class ModelUnsuitable(MachineError):
    """The model lacks something that the work needs."""

    default_hint = "Choose another model with --model PROVIDER:NAME."
    resumable = False


class LimitReached(RegooseError):
    """A limit of money, time or size was reached."""

    exit_code = 4
    http_status = 429
    default_hint = "Raise the limit named above, or narrow the task."
    resumable = True


class TimeLimit(LimitReached):
    """A time limit was reached."""


class SizeLimit(LimitReached):
    """A size limit was reached."""


class BudgetExceeded(LimitReached):
    """The next call of a model could cost more than is left of the budget. Nothing may swallow it."""

    default_hint = "Raise the budget and go on: `regoose runs resume ID --max-cost USD`."


class QuotaExhausted(LimitReached):
    """The account at the provider has no credit left."""

    default_hint = "Top up the account, then go on: `regoose runs resume`."


class WindowExceeded(LimitReached):
    """What has to be said does not fit the model's window."""

    default_hint = "Choose a model with a larger window, or narrow the task."
    resumable = False


class PolicyRefused(RegooseError):
    """The policy does not allow it."""

    exit_code = 5
    http_status = 403
    default_hint = "The policy is shown by `regoose doctor --settings`."


class SandboxDied(RegooseError):
    """The sandbox ended under a command."""

    default_hint = "Run `regoose runs resume`: the run goes on from its last finished step."
    resumable = True


class GitFailed(RegooseError):
    """A git command failed or took too long."""

    resumable = True


class RunBusy(RegooseError):
    """Another process is working on this run."""

    exit_code = 2
    http_status = 409
    default_hint = "Wait for it to finish, or end that process, then run again."


class RunCancelled(RegooseError):
    """The run was cancelled."""

    http_status = 409
    default_hint = "Run the task again, or go on with it by `regoose runs resume` and the run's id."


class ModelRejected(RegooseError):
    """The model's API answered that the request itself is wrong; the same request will not do better."""

    http_status = 502
    default_hint = "The model may not support what is asked of it: `regoose doctor --models` tells."


class AgentFailed(RegooseError):
    """
    A model did not do its part: it was told what was wrong as often as its role allows.

    The message begins with the name of the ending, e.g. `malformed tool call`, `length`, `refusal`, `loop`.
    """

    http_status = 502
    default_hint = "Try another model, or go another way from a step of this run: `regoose runs fork`."


class ApprovalNeeded(RegooseError):
    """The run waits for a person's yes or no; nothing is held meanwhile."""

    exit_code = 130
    http_status = 409
    default_hint = "Say yes or no: `regoose runs approve ID` or `regoose runs approve ID --reject`."
    resumable = True
