"""Everything that tells what a run of `regoose test` came to, written into the run's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from regoose.domain.generation import GenerateResult
from regoose.reports.generation.document import generate_document
from regoose.workspace.artifacts import RESULT, Artifacts


def write_generation(folder: Path, result: GenerateResult, sources: Mapping[str, str]) -> None:
    """
    Write `result.json`.

    `sources` maps paths to the text of the modules on the base, to show what is covered; a path that is not in it
    is shown without code.
    """
    del sources
    files = Artifacts(folder)
    files.write(RESULT, (json.dumps(generate_document(result), indent=2) + "\n").encode())
