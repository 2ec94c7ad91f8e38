"""Requirements kept outside the packaging metadata: requirements files, tox.ini and Pipfile."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import PurePosixPath
from typing import Protocol

from regoose.workspace.declared import Declared, Group, string, table

_RUNTIME_FILE = re.compile(r"^requirements([-_.](base|main|prod|install|run(time)?))?\.(txt|in)$", re.IGNORECASE)
_TEST_FILE = re.compile(
    r"^(requirements[-_.]?(tests?|testing|dev(el(opment)?)?|ci)|(tests?|testing|dev(el(opment)?)?|ci)[-_.]?requirements)\.(txt|in)$",
    re.IGNORECASE,
)
_IN_DIRECTORY = re.compile(
    r"^(base|main|requirements|tests?|testing|dev(el(opment)?)?|ci|pytest)\.(txt|in)$", re.IGNORECASE
)
_DIRECTORIES = ("", "requirements", "tests", "test")
_DEPTH = 5


class Files(Protocol):
    """Where the files are read from."""

    def text(self, path: str) -> str | None:
        """Return a file's text, None where it is missing."""
        ...

    def names(self, directory: str = "") -> list[str]:
        """List a directory's entries."""
        ...


def read(tree: Files) -> Declared:
    """Return the requirements of the usual files: run-time ones as `runtime`, the others as groups."""
    runtime: list[str] = []
    groups: list[Group] = []
    for directory in _DIRECTORIES:
        names = tree.names(directory)
        for name in names:
            if name.endswith(".txt") and name.removesuffix(".txt") + ".in" in names:
                continue  # the pinned form of the .in file, for one Python version
            path = f"{directory}/{name}" if directory else name
            if not directory and _RUNTIME_FILE.match(name):
                runtime += parse(tree, path)
            elif _TEST_FILE.match(name) or (directory and (_IN_DIRECTORY.match(name) or _RUNTIME_FILE.match(name))):
                groups.append(Group(path, tuple(parse(tree, path))))
    groups.append(Group("tox.ini", tuple(_tox(tree))))
    pipfile = _pipfile(tree.text("Pipfile"))
    groups.append(Group("Pipfile dev-packages", tuple(pipfile["dev-packages"])))
    return Declared(runtime=tuple(runtime + pipfile["packages"]), groups=tuple(groups))


def parse(tree: Files, path: str, depth: int = 0) -> list[str]:
    """Read one requirements file and those it includes; options, local paths and links to sources are left out."""
    text = tree.text(path)
    if text is None or depth > _DEPTH:
        return []
    return _parse_lines(tree, text, str(PurePosixPath(path).parent), depth)


def _parse_lines(tree: Files, text: str, directory: str, depth: int) -> list[str]:
    found: list[str] = []
    for raw in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        include = re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line)
        if include:
            found += parse(tree, str(PurePosixPath(directory, include[1])), depth + 1)
        elif line and not line.startswith(("-", ".", "/", "{")) and "://" not in line:
            found.append(re.sub(r"\s+--\w.*$", "", line))
    return found


def _tox(tree: Files) -> list[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(tree.text("tox.ini") or "")
    except configparser.Error:
        return []
    text = parser.get("testenv", "deps", fallback="")
    unconditional = "\n".join(line for line in text.splitlines() if not re.match(r"\s*[\w!,{}-]+\s*:\s", line))
    return _parse_lines(tree, unconditional.replace("{toxinidir}/", ""), "", 0)


def _pipfile(text: str | None) -> dict[str, list[str]]:
    try:
        data: dict[str, object] = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        data = {}
    return {section: _pipfile_lines(table(data, section)) for section in ("packages", "dev-packages")}


def _pipfile_lines(packages: dict[str, object]) -> list[str]:
    versions = {name: string(table(value).get("version")) or string(value) for name, value in packages.items()}
    return [name + (version if version[:1] in {"=", "<", ">", "!", "~"} else "") for name, version in versions.items()]
