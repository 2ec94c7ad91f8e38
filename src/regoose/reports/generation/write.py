"""Everything that tells what a run of `regoose test` came to, written into the run's folder."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from regoose.domain.generation import GenerateResult
from regoose.reports.generation import html, markdown, xml
from regoose.reports.generation.document import generate_document
from regoose.reports.generation.pytest_plugins import pytest_html, pytest_json
from regoose.workspace.artifacts import REPORT, RESULT, SUMMARY, Artifacts

JUNIT = "junit.xml"
COVERAGE = "coverage.xml"
PYTEST_HTML = "pytest-html.html"
PYTEST_JSON = "pytest-report.json"


def write_generation(folder: Path, result: GenerateResult, sources: Mapping[str, str]) -> None:
    """
    Write the report for people (`report.html`, `report.md`) and for programs.

    Those are `result.json`, `junit.xml`, `coverage.xml` (Cobertura), `pytest-html.html` and `pytest-report.json`.
    `sources` maps paths to the text of the modules on the base, to show what is covered; a path that is not in it
    is shown without code.
    """
    files, now = Artifacts(folder), time.time()
    files.write(REPORT, _encoded(html.render(result, sources)))
    files.write(SUMMARY, _encoded(markdown.render(result)))
    files.write(RESULT, _encoded(json.dumps(generate_document(result), indent=2) + "\n"))
    files.write(JUNIT, xml.junit(result, now))
    files.write(COVERAGE, xml.cobertura(result, now))
    files.write(PYTEST_HTML, _encoded(pytest_html(result, now)))
    files.write(PYTEST_JSON, _encoded(json.dumps(pytest_json(result, now))))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
