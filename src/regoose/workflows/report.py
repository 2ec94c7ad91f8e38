"""A run's result, written into its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from regoose.domain.run import FixResult
from regoose.reports import html, markdown
from regoose.reports.json import fix_document


def write_report(folder: Path, result: FixResult, sources: Mapping[str, str]) -> None:
    """Write `report.html`, `report.md`, `result.json` and, where there is a patch, `patch.diff`."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "report.html", html.render(result, sources))
    _write(folder / "report.md", markdown.render(result))
    _write(folder / "result.json", json.dumps(fix_document(result), indent=2) + "\n")
    if result.patch is not None:
        (folder / "patch.diff").write_bytes(result.patch.diff().encode("utf-8", "surrogateescape"))


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
