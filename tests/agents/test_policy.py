"""What an author may do is decided by names alone, before it is done."""

from __future__ import annotations

import pytest

from regoose.domain.policy import Act, Action, Decision, Policy


@pytest.mark.parametrize(
    ("act", "target", "decision", "rule"),
    [
        (Act.READ, "src/app.py", Decision.ALLOW, ""),
        (Act.READ, ".env", Decision.DENY, "secret file"),
        (Act.READ, "deploy/.env.production", Decision.DENY, "secret file"),
        (Act.READ, ".env.example", Decision.ALLOW, ""),
        (Act.READ, "certs/server.pem", Decision.DENY, "secret file"),
        (Act.READ, "src/secretary.py", Decision.ALLOW, ""),
        (Act.READ, ".git/config", Decision.DENY, "git's own files"),
        (Act.READ, "sub/.GIT/hooks/pre-commit", Decision.DENY, "git's own files"),
        (Act.READ, ".gitignore", Decision.ALLOW, ""),
        (Act.READ, "../other/app.py", Decision.DENY, "outside the repository"),
        (Act.READ, "/etc/passwd", Decision.DENY, "outside the repository"),
        (Act.READ, "..\\other\\app.py", Decision.DENY, "outside the repository"),
        (Act.READ, "", Decision.DENY, "outside the repository"),
        (Act.READ, "a\0b", Decision.DENY, "outside the repository"),
        (Act.WRITE, "src/app.py", Decision.ALLOW, ""),
        (Act.WRITE, ".github/workflows/ci.yml", Decision.DENY, "protected file"),
        (Act.WRITE, "src/sitecustomize.py", Decision.DENY, "protected file"),
        (Act.WRITE, "requirements-dev.txt", Decision.ASK, "lock file"),
        (Act.WRITE, "uv.lock", Decision.ASK, "lock file"),
        (Act.WRITE, "pyproject.toml", Decision.DENY, "file type"),
        (Act.WRITE, "Makefile", Decision.DENY, "file type"),
        (Act.RUN, "rm -rf /", Decision.ALLOW, ""),
    ],
)
def test_decisions(act: Act, target: str, decision: Decision, rule: str) -> None:
    ruling = Policy().decide(Action(act, target))
    assert (ruling.decision, ruling.rule) == (decision, rule)


def test_a_denial_counts_before_a_question() -> None:
    actions = [Action(Act.WRITE, "uv.lock"), Action(Act.WRITE, ".git/config")]
    found = Policy().strictest(actions)
    assert found is not None
    assert found[0].target == ".git/config"
    assert Policy().strictest([Action(Act.READ, "a.py")]) is None


def test_file_types_are_a_setting() -> None:
    assert Policy(file_types=(".toml",)).decide(Action(Act.WRITE, "pyproject.toml")).decision is Decision.ALLOW
    assert Policy(file_types=()).decide(Action(Act.WRITE, "Makefile")).decision is Decision.ALLOW
