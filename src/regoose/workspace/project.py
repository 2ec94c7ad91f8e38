"""What a Python project says about itself, read without executing any of it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from regoose.errors import PolicyRefused
from regoose.workspace import pyproject, requirement_files, setuptools_static
from regoose.workspace.beneath import Beneath
from regoose.workspace.declared import Declared, Group

_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)$")
_VERSION = re.compile(r"^__version__(?:\s*:\s*\w+)?\s*=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
_VERSION_FILES = ("__init__.py", "__about__.py", "_version.py", "version.py", "__version__.py", "about.py")
_DECLARATIONS = ("pyproject.toml", "setup.cfg", "setup.py")
_NOT_PACKAGES = {
    "test",
    "tests",
    "testing",
    "docs",
    "doc",
    "examples",
    "bench",
    "benchmark",
    "benchmarks",
    "tools",
    "dev",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project's own account of what it is and needs."""

    name: str
    """Distribution name; empty where none is declared."""
    version: str
    requires_python: str
    minors: tuple[int, ...]
    """Minor versions of Python 3 that the classifiers list, ascending."""
    python_version: str
    """Content of `.python-version`, empty where there is none."""
    runtime: tuple[str, ...]
    groups: tuple[Group, ...]
    """Test and development requirements, most likely needed first."""
    roots: tuple[str, ...]
    """Directories, relative to the tree, that hold the packages: `""` for a flat layout, `src`, …"""
    packages: tuple[str, ...]
    """Names that `roots` make importable."""
    entry_points: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    compiled: bool = False
    """Whether it declares extension modules, which only a build would provide."""
    pytest_options: str = ""
    """Text of the pytest configuration, to see which plugins it implies."""
    is_legacy: bool = False
    """Whether setup.py alone describes it: most likely written before Python 3.10 changed the library."""
    generated: tuple[str, ...] = ()
    """Version files that the build would write and the commit does not hold."""


def project_directory(root: Path, path: Path) -> str:
    """
    Return the directory of the project that `path` belongs to, relative to the repository's root.

    It is the nearest one, from `path` up, that declares a project; empty for the root, and where none does.
    """
    path = path.resolve()
    for place in (path, *path.parents):
        if place == root.resolve() or not place.is_relative_to(root.resolve()):
            return ""
        if any((place / name).is_file() for name in _DECLARATIONS):
            return place.relative_to(root.resolve()).as_posix()
    return ""


class Tree:
    """Reads small text files of a tree without following links."""

    def __init__(self, beneath: Beneath, root: Path) -> None:
        self._beneath = beneath
        self.root = root

    def text(self, path: str) -> str | None:
        """Return a file's text, None where it is missing or no regular file."""
        try:
            content = self._beneath.read(path)
        except (PolicyRefused, OSError):
            return None
        return None if content is None else content.decode("utf-8-sig", "replace")

    def names(self, directory: str = "") -> list[str]:
        """List a directory's entries; empty where it is none."""
        place = self.root / directory
        return sorted(path.name for path in place.iterdir()) if place.is_dir() and not place.is_symlink() else []


def read_project(root: Path) -> Project:
    """Read what the project in `root` declares. Files that cannot be parsed count as absent."""
    with Beneath(root) as beneath:
        tree = Tree(beneath, root)
        sources = (
            *pyproject.read(tree.text("pyproject.toml")),
            setuptools_static.read_cfg(tree.text("setup.cfg")),
            setuptools_static.read_setup(tree.text("setup.py")),
        )
        files = requirement_files.read(tree)
        roots = _roots(tree, sources)
        packages = tuple(sorted({name for place in roots for name in _packages(tree, place)}))
        version = next((source.version for source in sources if source.version), "")
        return Project(
            name=next((source.name for source in sources if source.name), ""),
            version=version or _version_in_code(tree, roots, packages),
            requires_python=next((source.requires_python for source in sources if source.requires_python), ""),
            minors=_minors(sources),
            python_version=_python_version(tree),
            runtime=_runtime(sources, files),
            groups=tuple(group for source in (*sources, files) for group in source.groups if group.lines),
            roots=roots,
            packages=packages,
            entry_points=next(
                (source.entry_points for source in sources if source.entry_points), dict[str, dict[str, str]]()
            ),
            compiled=any(source.compiled for source in sources),
            pytest_options=_pytest_options(tree, sources),
            is_legacy=tree.text("pyproject.toml") is None and tree.text("setup.py") is not None,
            generated=tuple(path for source in sources for path in source.version_files if tree.text(path) is None),
        )


def _runtime(sources: tuple[Declared, ...], files: Declared) -> tuple[str, ...]:
    declared = next((source.runtime for source in sources if source.runtime), ())
    return declared or (() if any(source.declares_runtime for source in sources) else files.runtime)


def _minors(sources: tuple[Declared, ...]) -> tuple[int, ...]:
    matches = (_CLASSIFIER.match(line.strip()) for source in sources for line in source.classifiers)
    return tuple(sorted({int(match[1].removeprefix("3.")) for match in matches if match}))


def _python_version(tree: Tree) -> str:
    lines = (tree.text(".python-version") or "").splitlines()
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")


def _roots(tree: Tree, sources: tuple[Declared, ...]) -> tuple[str, ...]:
    for source in sources:
        places = tuple(place for place in source.roots if _packages(tree, place))
        if places:
            return places
    return ("src",) if _packages(tree, "src") and "__init__.py" not in tree.names("src") else ("",)


def _packages(tree: Tree, place: str) -> list[str]:
    found: list[str] = []
    for name in tree.names(place):
        path = f"{place}/{name}" if place else name
        stem = name.removesuffix(".py")
        if not stem.isidentifier() or (not place and stem in _NOT_PACKAGES):
            continue
        inside = () if name.endswith(".py") else tree.names(path)
        if name.endswith(".py") and name not in {"setup.py", "conftest.py", "noxfile.py", "tasks.py"}:
            found.append(stem)
        elif "__init__.py" in inside or (place and any(child.endswith((".py", ".so")) for child in inside)):
            found.append(name)
    return found


def _version_in_code(tree: Tree, roots: tuple[str, ...], packages: tuple[str, ...]) -> str:
    for place in roots:
        for package in packages:
            for name in (*(f"{package}/{file}" for file in _VERSION_FILES), f"{package}.py"):
                text = tree.text(str(PurePosixPath(place, name)))
                if text and (match := _VERSION.search(text)):
                    return match[1]
    return ""


def _pytest_options(tree: Tree, sources: tuple[Declared, ...]) -> str:
    texts = [tree.text("pytest.ini") or "", *(source.pytest_options for source in sources)]
    tox = tree.text("tox.ini") or ""
    if "[pytest]" in tox:
        texts.append(tox.split("[pytest]", 1)[1].split("\n[", 1)[0])
    return "\n".join(texts)


def module_imports(source: str) -> set[str]:
    """Return top-level names that a module imports unconditionally at its top level; empty where it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return set()
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names
