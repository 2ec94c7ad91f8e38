"""
Find real bugs in the history of a library: small fixes that came with a test.

    python benchmarks/mine_bugs.py toolz --mirror GIT_DIR --venvs FOLDER --out bugs.toml

A commit counts when it changes at most a few lines of one Python file of the library (definitions and signatures
stay), changes its tests too, and the changed tests fail without the fix and pass with it while every other test
passes either way. The result lists facts alone: commit, file, tests, interpreter.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from library_history import (
    Library,
    Outcomes,
    export_tree,
    git,
    is_test_path,
    load_libraries,
    overlay,
    prepare_interpreter,
    remove_tree,
    run_tests,
)

MAX_CHANGED_LINES = 6
MAX_RED_TESTS = 40
MAX_RED_EITHER_WAY = 5
NOT_A_BUG = {"ImportError", "ModuleNotFoundError", "SyntaxError", "NameError", "IndentationError"}
"""Exceptions that say the code under test was not there yet."""
SAYS_REPAIR = re.compile(r"\b(fix|bug|issue|crash|regress|wrong|broken|(in)?correct|properly|handle)", re.IGNORECASE)
"""What a message says when the commit repairs something, so that new features stay out."""
NOT_THE_LIBRARY = {"setup.py", "conf.py", "conftest.py", "noxfile.py", "tasks.py", "version.py", "_version.py"}
NOT_ITS_FOLDERS = {"doc", "docs", "bench", "benchmark", "benchmarks", "examples", "scripts", "dev", "build", "misc"}


@dataclass(frozen=True, slots=True)
class Fix:
    """A commit whose change may be the repair of a bug."""

    commit: str
    parent: str
    source: str
    """The one Python file of the library that it changes."""
    tests: tuple[str, ...]
    """Files of the tests that it changes."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A fix that was seen to turn tests from red to green on an interpreter."""

    fix: Fix
    python: str
    red: tuple[str, ...]
    red_either_way: int


def is_library_source(path: str) -> bool:
    """Tell whether a Python file is part of what the library ships."""
    parts = PurePosixPath(path)
    return (
        path.endswith(".py")
        and not is_test_path(path)
        and parts.name not in NOT_THE_LIBRARY
        and not NOT_ITS_FOLDERS & set(parts.parts[:-1])
    )


def _bare(source: str) -> ast.Module:
    """Parse and drop what does not act: docstrings and annotations of arguments and results."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return tree


def _interface(tree: ast.Module) -> list[str]:
    """List definitions with their signatures, in order."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        f"{node.name}({ast.unparse(node.args)})" if isinstance(node, functions) else node.name
        for node in ast.walk(tree)
        if isinstance(node, (*functions, ast.ClassDef))
    ]


def is_small_repair(before: str, after: str) -> bool:
    """Tell whether the code, layout and comments aside, differs in few lines and keeps every definition."""
    try:
        old, new = _bare(before), _bare(after)
    except (SyntaxError, ValueError):
        return False
    if _interface(old) != _interface(new):
        return False
    lines = difflib.unified_diff(ast.unparse(old).splitlines(), ast.unparse(new).splitlines(), n=0, lineterm="")
    changed = sum(line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"} for line in lines)
    return 0 < changed <= MAX_CHANGED_LINES


def _logged_commits(git_dir: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield commit, parent and changed paths of every plain commit, and of merges seen from the main line."""
    for selection in (("--no-merges",), ("--merges", "--first-parent", "-m")):
        log = git(git_dir, "log", *selection, "--no-renames", "--name-only", "--format=%x01%H %P%x02%B%x02", "HEAD")
        for record in log.split("\x01")[1:]:
            head, message, rest = record.split("\x02")
            commits = head.split()
            if len(commits) > 1 and SAYS_REPAIR.search(message):
                yield commits[0], commits[1], [line for line in rest.splitlines() if line]


def find_fixes(git_dir: Path) -> Iterator[Fix]:
    """Yield the commits of a history, newest first, that look like the repair of a bug."""
    seen: set[str] = set()
    for commit, parent, paths in _logged_commits(git_dir):
        sources = [path for path in paths if is_library_source(path)]
        tests = tuple(path for path in paths if is_test_path(path))
        if len(sources) != 1 or not any(path.endswith(".py") or "fixtures" in path for path in tests):
            continue
        source = sources[0]
        if not git(git_dir, "ls-tree", parent, "--", source) or not git(git_dir, "ls-tree", commit, "--", source):
            continue
        before, after = (git(git_dir, "show", f"{one}:{source}") for one in (parent, commit))
        change = "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), n=1))
        change = change[change.find("\n@@") :].partition("@@\n")[2]
        if change not in seen and is_small_repair(before, after):
            seen.add(change)
            yield Fix(commit, parent, source, tests)


def lay_out(git_dir: Path, fix: Fix, folder: Path) -> tuple[Path, Path]:
    """Write the failing tree (the parent with the fix's tests) and the repaired one; return both."""
    broken, repaired = folder / "broken", folder / "repaired"
    for tree in (broken, repaired):
        export_tree(git_dir, fix.parent, tree)
        overlay(git_dir, fix.commit, fix.tests, tree)
    overlay(git_dir, fix.commit, [fix.source], repaired)
    return broken, repaired


def red_tests(broken: Outcomes, repaired: Outcomes) -> tuple[str, ...]:
    """
    Return the tests that the fix turns green; none where anything else speaks against the commit.

    Against it speak: a file that cannot be collected, a test that is red without the fix for want of a name or a
    module or before its own call, one that is red with the fix alone, many that are red either way (few are, where
    an old commit meets an interpreter it did not know).
    """
    after = {test for test, (outcome, _) in repaired.items() if outcome == "failed"}
    before = {test for test, (outcome, _) in broken.items() if outcome == "failed"}
    red = before - after
    collected = not any(kind == "collect" for _, kind in (*broken.values(), *repaired.values()))
    real = all(":" not in broken[test][1] and broken[test][1] not in NOT_A_BUG for test in red)
    turned = all(repaired.get(test, ("", ""))[0] == "passed" for test in red)
    few = len(red) <= MAX_RED_TESTS and len(after) <= MAX_RED_EITHER_WAY
    return tuple(sorted(red)) if collected and real and turned and few and after <= before else ()


def confirm(fix: Fix, library: Library, git_dir: Path, venvs: Path, seconds: float) -> Bug | None:
    """Run the tests with and without the fix on the library's interpreters; the first that tells decides."""
    folder = Path(tempfile.mkdtemp(prefix=f"mine-{library.name}-"))
    try:
        broken, repaired = lay_out(git_dir, fix, folder)
        touched = [path for path in fix.tests if path.endswith(".py") and (repaired / path).exists()]
        for version in library.pythons:
            python = prepare_interpreter(library, version, venvs)
            for arguments in (touched or library.tests, library.tests):
                after = run_tests(repaired, python, arguments, seconds=seconds)
                before = run_tests(broken, python, arguments, seconds=seconds) if after else None
                red = red_tests(before, after) if before and after else ()
                if not before or not red:
                    break
            else:
                either = sum(outcome == "failed" for outcome, _ in before.values()) - len(red)
                return Bug(fix, version, red, either)
        return None
    finally:
        remove_tree(folder)


def write_bugs(bugs: list[Bug], library: Library, stream: Path) -> None:
    """Write the table of bugs as TOML."""
    entries: list[str] = []
    for bug in bugs:
        tests = "".join(f"  {quote(test)},\n" for test in bug.red)
        entries.append(
            f'[{library.name}-{bug.fix.commit[:7]}]\nlibrary = "{library.name}"\ncommit = "{bug.fix.commit}"\n'
            f'parent = "{bug.fix.parent}"\nsource = {quote(bug.fix.source)}\n'
            f"test_files = [{', '.join(map(quote, bug.fix.tests))}]\n"
            f'python = "{bug.python}"\nred_either_way = {bug.red_either_way}\nred = [\n{tests}]\n'
        )
    stream.write_text("\n".join(entries), encoding="utf-8")


def quote(text: str) -> str:
    """Write a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'


def main() -> int:
    """Mine one library."""
    parser = argparse.ArgumentParser(description="Find small fixes with a test in the history of a library.")
    parser.add_argument("library", help="name in corpora/libraries.toml")
    parser.add_argument("--mirror", type=Path, required=True, help="bare git directory of the library")
    parser.add_argument("--venvs", type=Path, required=True, help="folder for virtual environments")
    parser.add_argument("--out", type=Path, required=True, help="TOML file to write")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, default=200, help="how many commits to try, newest first")
    parser.add_argument("--seconds", type=float, default=60, help="how long one run of the tests may take")
    options = parser.parse_args()
    library = load_libraries()[options.library]
    fixes = list(find_fixes(options.mirror))[: options.limit]
    options.venvs.mkdir(parents=True, exist_ok=True)
    for version in library.pythons:
        prepare_interpreter(library, version, options.venvs)
    with ThreadPoolExecutor(options.jobs) as pool:
        work = partial(confirm, library=library, git_dir=options.mirror, venvs=options.venvs, seconds=options.seconds)
        bugs: list[Bug] = []
        for bug in pool.map(work, fixes):
            bugs += [bug] if bug else []
            write_bugs(bugs, library, options.out)
    print(f"{library.name}: {len(fixes)} small fixes with a test, {len(bugs)} red without them and green with them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
