"""
Whether a patch bends its own proof.

It is compared with its base for tests deleted, skipped or weakened, thresholds lowered, continuous integration
touched, and code that behaves differently under test. This sees the patch alone and runs nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import PurePosixPath

from regoose.domain.evidence import Check, CheckStatus, Finding
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.policy import CHECKS, START_UP
from regoose.verify.tamper_config import config_findings
from regoose.verify.tamper_tests import weakenings

TAMPER = "not tampered with"
"""Name of the check."""

_TEST_FOLDER = re.compile(r"^(.*_)?(tests?|test_?cases)$", re.IGNORECASE)
_UNDER_TEST = re.compile(
    r"PYTEST_CURRENT_TEST|PYTEST_VERSION|regoose_guest|['\"](_?pytest|unittest)['\"]\s+in\s+sys\.modules"
    r"|sys\.modules(\.get\(|\[)\s*['\"](_?pytest|unittest)|sys\.gettrace"
)
_SUPPRESSION = re.compile(
    r"#\s*(noqa|type:\s*ignore|pyright:\s*ignore|pragma:\s*no\s*(cover|branch)|nosec|pylint:\s*disable)"
)


def is_test_file(path: str) -> bool:
    """Whether a path, relative to the repository, holds tests or what they are collected with."""
    where = PurePosixPath(path)
    if where.name == "conftest.py" or (where.suffix == ".py" and _is_test_name(where.stem)):
        return True
    return any(_TEST_FOLDER.match(part) for part in where.parts[:-1])


def divided(patch: Patch) -> tuple[Patch, Patch]:
    """Return the part of a patch that changes tests and the part that changes anything else."""
    tests = tuple(edit for edit in patch.edits if is_test_file(edit.path))
    return Patch(tests), Patch(tuple(edit for edit in patch.edits if edit not in tests))


def inspect_patch(patch: Patch, *, allow_tests: bool = False) -> Check:
    """
    Return the check with one finding for everything suspicious.

    A patch that touches a test file at all is blocked unless `allow_tests`; then only what weakens the tests is.
    """
    start = time.monotonic()
    findings = tuple(finding for edit in patch.edits for finding in _edit_findings(edit, allow_tests=allow_tests))
    blocking = [finding for finding in findings if finding.blocking]
    summary = (
        f"The patch bends the proof: {blocking[0].path}: {blocking[0].message}"
        if blocking
        else "no test deleted, skipped or weakened, no threshold lowered, no CI file touched"
    )
    status = CheckStatus.FAILED if blocking else CheckStatus.PASSED
    return Check(name=TAMPER, status=status, summary=summary, seconds=time.monotonic() - start, findings=findings)


def _is_test_name(stem: str) -> bool:
    return stem.startswith("test_") or stem.endswith("_test") or stem in {"test", "tests"}


def _edit_findings(edit: FileEdit, *, allow_tests: bool) -> Iterator[Finding]:
    if edit.before == edit.after:
        return
    if CHECKS.match(edit.path):
        yield _finding(edit, "ci-touched", 0, "the patch changes how the repository is checked")
    if START_UP.search(edit.path):
        yield _finding(edit, "start-up-file", 0, "the patch changes a file that runs at every start of Python")
    if is_test_file(edit.path):
        yield _finding(edit, "test-file-touched", 0, "the patch changes a test file", blocking=not allow_tests)
        yield from (_finding(edit, rule, line, message) for rule, line, message in weakenings(edit))
    else:
        yield from _source_findings(edit)
    yield from (
        _finding(edit, rule, 0, message, blocking=blocking) for rule, message, blocking in config_findings(edit)
    )


def _source_findings(edit: FileEdit) -> Iterator[Finding]:
    """Look at the lines of other files that are new."""
    if not edit.path.endswith(".py"):
        return
    known = set((edit.before or "").split("\n"))
    before_suppressed = len(_SUPPRESSION.findall(edit.before or ""))
    after_suppressed = len(_SUPPRESSION.findall(edit.after or ""))
    for number, line in enumerate((edit.after or "").split("\n"), start=1):
        if line in known:
            continue
        if _UNDER_TEST.search(line):
            yield _finding(edit, "detects-tests", number, "new code asks whether it is under test")
        if after_suppressed > before_suppressed and _SUPPRESSION.search(line):
            yield _finding(edit, "suppression-added", number, "new code switches a checker off", blocking=False)


def _finding(edit: FileEdit, rule: str, line: int, message: str, *, blocking: bool = True) -> Finding:
    return Finding(TAMPER, rule, edit.path, line, message, blocking)
