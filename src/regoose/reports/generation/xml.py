"""The files that CI servers read: the kept tests as JUnit's XML, the coverage with them as Cobertura's."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from regoose import __version__
from regoose.domain.generation import DropReason, FileCoverage, GenerateResult, Kept
from regoose.reports.generation.cases import cases_of
from regoose.reports.generation.numbers import figures
from regoose.reports.source import printable

_NO_XML = re.compile("[\ufffe\uffff]")


def junit(result: GenerateResult, created: float) -> bytes:
    """
    Return the kept tests in the dialect that pytest writes (`xunit2`), one suite for each module that has some.

    A dropped test is not in the repository, so it is no case; each suite's properties count the dropped ones.
    `created` is seconds since the epoch.
    """
    modules = [one for one in result.modules if one.tests]
    root = ET.Element("testsuites", _clean(name="regoose test"))
    for one in modules:
        tests = tuple(cases_of(one))
        suite = ET.SubElement(
            root,
            "testsuite",
            _clean(
                name=one.target.module,
                errors="0",
                failures="0",
                skipped="0",
                tests=str(len(tests)),
                time=f"{sum(case.seconds for case in tests):.3f}",
                timestamp=datetime.fromtimestamp(created, UTC).isoformat(),
            ),
        )
        _properties(suite, one)
        for case in tests:
            place = ".".join([case.file.removesuffix(".py").replace("/", "."), *case.classes])
            ET.SubElement(suite, "testcase", _clean(classname=place, name=case.name, time=f"{case.seconds:.3f}"))
    return _encoded(root)


def _properties(suite: ET.Element, one: Kept) -> None:
    sums = figures([one])
    values = {
        "target": one.target.path,
        "repeats": str(one.repeats),
        "branch_coverage.before": f"{sums.branches.before:.2f}",
        "branch_coverage.after": f"{sums.branches.after:.2f}",
        "line_coverage.before": f"{sums.lines.before:.2f}",
        "line_coverage.after": f"{sums.lines.after:.2f}",
        "mutants.killed": str(sums.killed),
        "mutants.total": str(sums.mutants),
        **{f"dropped.{reason.value}": str(sums.dropped[reason]) for reason in DropReason},
    }
    properties = ET.SubElement(suite, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", _clean(name=name, value=value))


def cobertura(result: GenerateResult, created: float) -> bytes:
    """Return the coverage with the kept tests, as coverage.py writes it: a directory is a package, a file a class."""
    root = ET.Element("coverage", {"version": __version__, "timestamp": str(int(created * 1000))})
    ET.SubElement(ET.SubElement(root, "sources"), "source").text = "."
    packages: dict[str, list[FileCoverage]] = {}
    for one in sorted((one.after for one in result.modules), key=lambda one: one.path):
        packages.setdefault(posixpath.dirname(one.path) or ".", []).append(one)
    parent = ET.SubElement(root, "packages")
    for directory, files in packages.items():
        package = ET.SubElement(parent, "package", _clean(name=directory.replace("/", ".") or "."))
        package.attrib.update(_rates(files))
        classes = ET.SubElement(package, "classes")
        for one in files:
            _class(classes, one)
    everything = [one for files in packages.values() for one in files]
    root.attrib.update(_rates(everything))
    root.attrib.update(
        {
            "lines-valid": str(sum(len(one.lines) for one in everything)),
            "lines-covered": str(sum(len(one.covered_lines) for one in everything)),
            "branches-valid": str(sum(len(one.branches) for one in everything)),
            "branches-covered": str(sum(len(one.covered_branches) for one in everything)),
        }
    )
    return _encoded(root)


def _class(parent: ET.Element, one: FileCoverage) -> None:
    element = ET.SubElement(parent, "class", _clean(name=posixpath.basename(one.path), filename=one.path))
    element.attrib.update(_rates([one]))
    ET.SubElement(element, "methods")
    lines = ET.SubElement(element, "lines")
    run = frozenset(one.covered_lines)
    ways = Counter(line for line, _ in one.branches)
    taken = Counter(line for line, _ in one.covered_branches)
    missing: dict[int, list[str]] = {}
    for line, to in one.missing_branches:
        missing.setdefault(line, []).append(str(to) if to > 0 else "exit")
    for number in one.lines:
        line = ET.SubElement(lines, "line", {"number": str(number), "hits": str(int(number in run))})
        if ways[number]:
            share = f"{100 * taken[number] // ways[number]}% ({taken[number]}/{ways[number]})"
            line.attrib.update({"branch": "true", "condition-coverage": share})
        if number in missing:
            line.set("missing-branches", ",".join(missing[number]))


def _rates(files: Sequence[FileCoverage]) -> dict[str, str]:
    return {
        "line-rate": _rate(sum(len(one.covered_lines) for one in files), sum(len(one.lines) for one in files)),
        "branch-rate": _rate(sum(len(one.covered_branches) for one in files), sum(len(one.branches) for one in files)),
        "complexity": "0",
    }


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.4g}" if whole else "1"


def _clean(**attributes: str) -> dict[str, str]:
    """Return attributes without what XML cannot carry."""
    return {name: _NO_XML.sub("\ufffd", printable(value)) for name, value in attributes.items()}


def _encoded(root: ET.Element) -> bytes:
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
