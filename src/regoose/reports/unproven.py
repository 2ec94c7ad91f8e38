"""What `fix` and `solve` say of a patch that is not proven: where it lies, and how a person takes it over."""

from __future__ import annotations

import shlex
from pathlib import Path

from regoose.domain.evidence import Verdict
from regoose.domain.run import FixResult
from regoose.domain.solve import SolveResult
from regoose.workspace.artifacts import PATCH


def patch_file(result: FixResult | SolveResult) -> str:
    """Return where the patch lies as a file; empty where there is none."""
    has_file = result.report is not None and result.patch is not None and bool(result.patch.edits)
    return str(Path(result.report).with_name(PATCH)) if has_file and result.report else ""


def by_hand(result: FixResult | SolveResult) -> str:
    """Return the command that takes over a patch for which there is no branch; empty where it is not needed."""
    path = patch_file(result)
    if not path or result.status is Verdict.PROVEN:
        return ""
    return f"git -C {shlex.quote(result.repository)} apply {shlex.quote(path)}"
