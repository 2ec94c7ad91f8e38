"""Everything that tells what a run of `regoose test` came to, written into the run's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from regoose.domain.generation import GenerateResult
from regoose.reports.generation import html
from regoose.reports.generation.document import generate_document
from regoose.workspace.artifacts import REPORT, RESULT, Artifacts


def write_generation(folder: Path, result: GenerateResult, sources: Mapping[str, str]) -> None:
    """
    Write `report.html` for people and `result.json` for programs.

    `sources` maps paths to the text of the modules on the base, to show what is covered; a path that is not in it
    is shown without code.
    """
    files = Artifacts(folder)
    files.write(REPORT, _encoded(html.render(result, sources)))
    files.write(RESULT, _encoded(json.dumps(generate_document(result), indent=2) + "\n"))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
