"""What an author may do: each action is allowed, denied, or asked of a person, before it happens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath


class Decision(StrEnum):
    """What a policy says of an action."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Act(StrEnum):
    """Kind of an action."""

    READ = "read"
    WRITE = "write"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a tool is about to do. `target` is a path relative to the repository, or a command."""

    act: Act
    target: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with its reason, as it is told to the author."""

    decision: Decision
    rule: str = ""
    """Short name of the rule that decided, e.g. `secret file`."""
    reason: str = ""


ALLOWED = Ruling(Decision.ALLOW)

_GIT = re.compile(r"(^|/)\.git(/|$)", re.IGNORECASE)
_SECRET = re.compile(
    r"(^|/)(\.env(\.(?!example$|sample$|template$|dist$)[^/]*)?|\.envrc|\.netrc|\.pypirc|\.npmrc|\.git-credentials"
    r"|id_(rsa|dsa|ecdsa|ed25519)|credentials(\.json)?|secrets?\.(ya?ml|json|toml|ini|py)|[^/]*\.(pem|key|p12|pfx|jks"
    r"|keystore|kdbx)|\.aws/.*|\.ssh/.*|\.kube/config|\.docker/config\.json)$",
    re.IGNORECASE,
)
CHECKS = re.compile(
    r"^(\.github/(workflows|actions)/.*|\.gitlab-ci\.ya?ml|\.gitlab/ci/.*|\.circleci/.*|\.travis\.ya?ml|\.ci/.*"
    r"|\.drone\.ya?ml|\.woodpecker(/.*|\.ya?ml)|\.buildkite/.*|\.?appveyor\.ya?ml|Jenkinsfile"
    r"|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|\.cirrus\.(ya?ml|star)|\.?codecov\.ya?ml|\.coveralls\.yml"
    r"|\.pre-commit-config\.yaml|noxfile\.py)$"
)
"""Paths of files that decide how a repository is checked."""
START_UP = re.compile(r"(^|/)(sitecustomize\.py|usercustomize\.py|[^/]+\.pth)$")
"""Paths of files that run at every start of Python."""
_LOCK = re.compile(
    r"(^|/)(uv\.lock|poetry\.lock|pdm\.lock|Pipfile\.lock|pylock(\.[^/]+)?\.toml|package-lock\.json|yarn\.lock"
    r"|pnpm-lock\.yaml|requirements[^/]*\.txt)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    The rules of one run. They look at names alone, so a decision is the same on every replay.

    Commands need no rule of their own: they run in a sandbox without network, and what they change is not kept.
    """

    file_types: tuple[str, ...] = (".py", ".md", ".txt", ".json", ".yml", ".yaml")
    """Suffixes of the files that an author may write; empty allows all."""

    def decide(self, action: Action) -> Ruling:
        """Say whether an action may happen."""
        if action.act is Act.RUN:
            return ALLOWED
        path = action.target
        if _is_outside(path):
            return _deny("outside the repository", f"{path!r} is not a path inside the repository")
        if _GIT.search(path):
            return _deny("git's own files", f"{path!r} belongs to git")
        if _SECRET.search(path):
            return _deny("secret file", f"{path!r} looks like a file of secrets; it is neither read nor written")
        return ALLOWED if action.act is Act.READ else self._write(path)

    def strictest(self, actions: Sequence[Action]) -> tuple[Action, Ruling] | None:
        """Return the action that is not simply allowed, denials first; None where all are."""
        ruled = [(action, self.decide(action)) for action in actions]
        for decision in (Decision.DENY, Decision.ASK):
            for action, ruling in ruled:
                if ruling.decision is decision:
                    return action, ruling
        return None

    def _write(self, path: str) -> Ruling:
        if CHECKS.match(path):
            return _deny("protected file", f"{path!r} decides how the repository is checked")
        if START_UP.search(path):
            return _deny("protected file", f"{path!r} would run at every start of Python")
        if _LOCK.search(path):
            return Ruling(Decision.ASK, "lock file", f"{path!r} decides which packages are installed")
        suffix = PurePosixPath(path).suffix
        if self.file_types and suffix not in self.file_types:
            known = ", ".join(self.file_types)
            return _deny("file type", f"{path!r} is none of the file types that may be written ({known})")
        return ALLOWED


def _deny(rule: str, reason: str) -> Ruling:
    return Ruling(Decision.DENY, rule, reason)


def _is_outside(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/"))
    return not path or parts.is_absolute() or ".." in parts.parts or "\0" in path
