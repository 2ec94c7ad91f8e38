"""A run's result, written into its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from regoose.domain.run import FixResult
from regoose.domain.solve import SolveResult
from regoose.reports import html, markdown
from regoose.reports.json import fix_document, solve_document
from regoose.reports.solve import html as solve_html
from regoose.reports.solve import markdown as solve_markdown
from regoose.workspace.artifacts import PATCH, REPORT, RESULT, SUMMARY, Artifacts


def write_report(folder: Path, result: FixResult, sources: Mapping[str, str]) -> None:
    """Write `report.html`, `report.md`, `result.json` and, where there is a patch, `patch.diff`."""
    files = Artifacts(folder)
    files.write(REPORT, _encoded(html.render(result, sources)))
    files.write(SUMMARY, _encoded(markdown.render(result)))
    files.write(RESULT, _encoded(json.dumps(fix_document(result), indent=2) + "\n"))
    if result.patch is not None:
        files.write(PATCH, result.patch.diff().encode("utf-8", "surrogateescape"))


def write_solve_report(folder: Path, result: SolveResult) -> None:
    """Write the same files for a result of `solve`."""
    files = Artifacts(folder)
    files.write(REPORT, _encoded(solve_html.render(result)))
    files.write(SUMMARY, _encoded(solve_markdown.render(result)))
    files.write(RESULT, _encoded(json.dumps(solve_document(result), indent=2) + "\n"))
    if result.patch is not None:
        files.write(PATCH, result.patch.diff().encode("utf-8", "surrogateescape"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
