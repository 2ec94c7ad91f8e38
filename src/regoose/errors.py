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
    │   └── InvalidSetting
    ├── MachineError                 3 / 503   this machine cannot, and here is the command that mends it
    │   ├── NoSandbox
    │   ├── MissingTool
    │   └── EnvironmentUnavailable
    ├── LimitReached                 4 / 429   a limit of money, time or size was reached
    │   ├── TimeLimit
    │   └── SizeLimit
    ├── PolicyRefused                5 / 403   the policy says no
    ├── SandboxDied                  1 / 500   the sandbox ended under a command
    ├── GitFailed                    1 / 500   git said no, with its own words
    ├── RunBusy                      2 / 409   another process is working on this run or repository
    └── RunCancelled                 1 / 409   someone cancelled the run

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
