"""What tests are to be written for: from the names a user gives to modules of the tree."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from regoose.domain.generation import Target
from regoose.errors import UsageError
from regoose.verify.tamper import is_test_file
from regoose.workspace.beneath import Beneath
from regoose.workspace.project import Tree, read_project

_LEFT_OUT = {"setup.py", "conftest.py", "noxfile.py", "tasks.py", "__main__.py"}
"""Files of a directory for which nobody means tests; named by themselves they count."""
_NOT_ENTERED = {"__pycache__", "node_modules", "build", "dist", "docs", "doc", "examples", "benchmarks", "migrations"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Modules:
    """The Python modules of one tree. Nothing of them is run."""

    def __init__(self, tree: Path, within: str = "") -> None:
        self._tree = tree.resolve()
        self._within = within
        place = self._tree / within
        self._roots = tuple(str(PurePosixPath(within, root)) for root in read_project(place).roots)

    def find(self, named: Sequence[str], started_in: str = "") -> tuple[Target, ...]:
        """
        Return the modules that `named` means, each once, in the order named.

        A name is a file, a directory, `file.py::Class.method`, or a dotted name of a package, a module, a class or a
        function; paths are relative to `started_in`, or else to the tree. Raises `UsageError` for what is none of
        these, what lies outside the tree and what holds nothing to test.
        """
        found: dict[str, Target] = {}
        for name in named:
            for target in self._named(name, started_in):
                known = found.get(target.path)
                found[target.path] = target if known is None else _joined(known, target)
        return tuple(found.values())

    def all(self) -> tuple[Target, ...]:
        """Return every module of the project."""
        return tuple(
            self._target(path)
            for root in dict.fromkeys(self._roots)
            for path in self._below(self._tree / root)
            if self._module(path) is not None
        )

    def _named(self, name: str, started_in: str) -> Iterator[Target]:
        path, _, member = name.partition("::")
        place = self._place(path, started_in)
        if place is None:
            yield self._dotted(name)
        elif place.is_dir():
            if member:
                raise UsageError(
                    f"{path!r} is a directory and has no {member!r}", hint="Name the file: `FILE.py::NAME`."
                )
            paths = tuple(self._below(place))
            if not paths:
                raise UsageError(f"there is no Python module to test below {path!r}")
            # of several, those that `import` cannot reach are scripts; alone, each is worth its own error
            yield from (self._target(one) for one in [one for one in paths if self._module(one)] or paths)
        elif place.suffix != ".py":
            raise UsageError(f"{path!r} is not a Python file", hint="Name a .py file, a directory or a module.")
        else:
            yield self._target(self._relative(place), self._known_member(self._relative(place), member))

    def _place(self, path: str, started_in: str) -> Path | None:
        """Return the file or directory that is meant, None where there is none and the name may be dotted."""
        places = [self._tree / started_in / path, self._tree / path]
        for place in places:
            if place.exists():
                resolved = place.resolve()
                if not resolved.is_relative_to(self._tree):
                    raise UsageError(
                        f"{path!r} lies outside the repository", hint="Give a path inside it, or run in its repository."
                    )
                return resolved
        if "/" in path or path.endswith(".py"):
            close = difflib.get_close_matches(path, [target.path for target in self.all()], 1, cutoff=0.5)
            raise UsageError(
                f"there is no file {path!r} in the tree",
                hint=f"Did you mean {close[0]}?" if close else "Paths are relative to where the command is run.",
            )
        return None

    def _dotted(self, name: str) -> Target:
        """Return the module of a dotted name, narrowed to a member of it where the name goes on."""
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            for root in self._roots:
                stem = PurePosixPath(root, *parts[:count])
                for path in (f"{stem}/__init__.py", f"{stem}.py"):  # the order of Python's own search
                    member = ".".join(parts[count:])
                    if (self._tree / path).is_file() and (not member or member in self._members(path)):
                        return self._target(path, member)
        known = [
            known
            for one in self.all()
            for known in (one.module, *(f"{one.module}.{m}" for m in self._members(one.path)))
        ]
        close = difflib.get_close_matches(name, known, 1, cutoff=0.5)
        raise UsageError(
            f"{name!r} is no file, directory, module or function of the tree",
            hint=f"Did you mean {close[0]}?" if close else "Name a .py file, a directory, or a dotted name.",
        )

    def _target(self, path: str, member: str = "") -> Target:
        module = self._module(path)
        if module is None:
            raise UsageError(
                f"{path!r} cannot be imported by name: a part of its path is no Python identifier",
                hint="Rename it, or name modules that `import` can reach.",
            )
        package = self._package_before(path)
        if package is not None:
            raise UsageError(
                f"{path!r} cannot be imported: the package {package!r} of the same name comes before it",
                hint=f"Name {package}, or rename one of the two.",
            )
        return Target(path=path, module=module, only=(member,) if member else ())

    def _package_before(self, path: str) -> str | None:
        """Return the package that Python finds in place of a module, if any."""
        package = f"{path.removesuffix('.py')}/__init__.py"
        return package if (self._tree / package).is_file() else None

    def _known_member(self, path: str, member: str) -> str:
        member = member.replace("::", ".")
        names = self._members(path)
        if member and names and member not in names:
            close = difflib.get_close_matches(member, names, 1, cutoff=0.4)
            hint = f"Did you mean {close[0]}?" if close else f"It defines {', '.join(names[:5])}."
            raise UsageError(f"{path} defines no {member!r}", hint=hint)
        return member

    def _members(self, path: str) -> tuple[str, ...]:
        """Return the qualified names a file defines; none where it cannot be parsed, which its author will say."""
        with Beneath(self._tree) as beneath:
            text = Tree(beneath, self._tree).text(path) or ""
        try:
            return tuple(_members(ast.parse(text).body, ""))
        except (SyntaxError, ValueError):
            return ()

    def _module(self, path: str) -> str | None:
        for root in sorted(self._roots, key=len, reverse=True):
            pure = PurePosixPath(path)
            if pure.is_relative_to(root):
                parts = pure.relative_to(root).with_suffix("").parts
                parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
                return ".".join(parts) if all(part.isidentifier() for part in parts) else None
        parts = PurePosixPath(path).with_suffix("").parts
        return ".".join(parts) if all(part.isidentifier() for part in parts) else None

    def _below(self, place: Path) -> Iterator[str]:
        """Give the modules below a directory, tests and what only builds or runs the project left out."""
        for entry in sorted(place.iterdir(), key=lambda entry: entry.name):
            name = entry.name
            if entry.is_symlink() or name.startswith("."):
                continue
            if entry.is_dir():
                if name not in _NOT_ENTERED and not (entry / "pyvenv.cfg").exists():
                    yield from self._below(entry)
            elif name.endswith(".py") and name not in _LEFT_OUT:
                path = self._relative(entry)
                if not is_test_file(path) and self._package_before(path) is None and _has_code(entry):
                    yield path

    def _relative(self, place: Path) -> str:
        return place.relative_to(self._tree).as_posix()


def _members(body: Iterable[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, Definition):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _members(node.body, f"{prefix}{node.name}.")


def _has_code(path: Path) -> bool:
    """Whether a file defines anything; one that cannot be parsed counts, so that somebody says so."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return True
    return any(isinstance(node, Definition) for node in ast.walk(tree))


def _joined(one: Target, other: Target) -> Target:
    """Return both wishes for one module: all of it where either means all."""
    only = tuple(dict.fromkeys((*one.only, *other.only))) if one.only and other.only else ()
    return Target(path=one.path, module=one.module, only=only)
