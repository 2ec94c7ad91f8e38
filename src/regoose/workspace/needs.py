"""What tests need beyond what is declared: imports that nobody lists, and the pytest plugins their use implies."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from regoose.sandbox.base import MIB
from regoose.workspace.project import Project, module_imports

_FILES = 3000
_NOT_SEARCHED = {".git", ".venv", "venv", "env", "node_modules", "__pycache__", ".tox", ".nox", "build", "dist"}
_TEST_FILE = re.compile(r"^(test_.*|.*_tests?|tests?|conftest)\.py$")

_DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "google.protobuf": "protobuf",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "multipart": "python-multipart",
    "nacl": "PyNaCl",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "pkg_resources": "setuptools<81",
    "psycopg2": "psycopg2-binary",
    "pytest_asyncio": "pytest-asyncio",
    "serial": "pyserial",
    "setuptools": "setuptools",
    "six": "six",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "usb": "pyusb",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
"""Import name → distribution, where they differ by more than case and punctuation."""

_PLUGIN_BY_FIXTURE = {
    "aiohttp_client": "pytest-aiohttp",
    "benchmark": "pytest-benchmark",
    "faker": "Faker",
    "freezer": "pytest-freezer",
    "fs": "pyfakefs",
    "httpserver": "pytest-httpserver",
    "httpx_mock": "pytest-httpx",
    "mocker": "pytest-mock",
    "requests_mock": "requests-mock",
    "snapshot": "syrupy",
    "subtests": "pytest-subtests",
}
_PLUGIN_BY_MARK = {
    "anyio": "anyio",
    "asyncio": "pytest-asyncio",
    "benchmark": "pytest-benchmark",
    "django_db": "pytest-django",
    "flaky": "pytest-rerunfailures",
    "timeout": "pytest-timeout",
    "trio": "pytest-trio",
}
_PLUGIN_BY_OPTION = (
    (r"--cov\b", "pytest-cov"),
    (r"\basyncio_mode\b", "pytest-asyncio"),
    (r"(?<!\S)['\"\[]*-n\s*['\",]*\s*(\d|auto|logical)|--numprocesses|--dist\b", "pytest-xdist"),
    (r"--timeout\b|^timeout\s*=", "pytest-timeout"),
    (r"--benchmark-", "pytest-benchmark"),
    (r"--reruns\b", "pytest-rerunfailures"),
    (r"\bDJANGO_SETTINGS_MODULE\b", "pytest-django"),
    (r"--randomly-", "pytest-randomly"),
    (r"--flake8\b", "pytest-flake8"),
    (r"--mypy\b", "pytest-mypy"),
    (r"--ruff\b", "pytest-ruff"),
    (r"--doctest-plus|\bdoctest_plus\b", "pytest-doctestplus"),
    (r"--snapshot-", "syrupy"),
    (r"^env\s*=", "pytest-env"),
    (r"--sugar\b|-p sugar", "pytest-sugar"),
    (r"--html\b", "pytest-html"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the tests use. `imports` are top-level names that neither the library nor the tree provides."""

    imports: frozenset[str]
    plugins: tuple[str, ...]


def read_needs(root: Path, project: Project) -> Needs:
    """Read the tests (and, where nothing at all is declared, the rest of the code) for what they use."""
    local: set[str] = set()
    imports: set[str] = set()
    plugins: set[str] = {
        name for pattern, name in _PLUGIN_BY_OPTION if re.search(pattern, project.pytest_options, re.MULTILINE)
    }
    undeclared = not project.runtime and not project.groups and not project.name
    for path in _python_files(root):
        local |= {path.stem, *path.relative_to(root).parts[:-1]}
        is_test = bool(_TEST_FILE.match(path.name))
        if path.name == "setup.py" or not (is_test or undeclared):
            continue
        source = path.read_text("utf-8", "replace") if path.stat().st_size < MIB else ""
        imports |= module_imports(source)
        if is_test:
            plugins |= _plugins(source)
    outside = imports - set(sys.stdlib_module_names) - local - {"pytest", "_pytest", "__future__"}
    return Needs(imports=frozenset(outside), plugins=tuple(sorted(plugins)))


def _python_files(root: Path) -> Iterable[Path]:
    count = 0
    for directory, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name not in _NOT_SEARCHED)
        for name in sorted(names):
            path = Path(directory, name)
            if name.endswith(".py") and not path.is_symlink():
                count += 1
                yield path
        if count >= _FILES:
            return


def _plugins(source: str) -> set[str]:
    found = {name for mark, name in _PLUGIN_BY_MARK.items() if f"mark.{mark}" in source}
    if not any(fixture in source for fixture in _PLUGIN_BY_FIXTURE):
        return found
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return found
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    own = {function.name for function in functions}
    asked = {
        argument.arg
        for function in functions
        if function.name.startswith("test") or function.decorator_list
        for argument in function.args.args
    }
    return found | {_PLUGIN_BY_FIXTURE[name] for name in (asked - own) & _PLUGIN_BY_FIXTURE.keys()}


def distribution_of(name: str) -> str:
    """Return the distribution that most likely provides an import name."""
    return _DISTRIBUTIONS.get(name, name)
