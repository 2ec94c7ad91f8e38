"""What a change of a configuration file lowers: coverage, types, lint, what pytest runs."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from regoose.domain.patch import FileEdit

Lowering = tuple[str, str, bool]
"""Rule, message, whether it blocks."""

_FILES = frozenset({
    "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", ".coveragerc",
    "mypy.ini", ".mypy.ini", "ruff.toml", ".ruff.toml", ".flake8", "pyrightconfig.json", ".pylintrc", "pylintrc",
})  # fmt: skip
_WATCHED = re.compile(
    r"^(tool\.)?(coverage|pytest|mypy|ruff|pyright|basedpyright|flake8|pylint|bandit|importlinter|isort|black"
    r"|tool:pytest|testenv)\b"
)
_WHOLE_FILE = {
    ".coveragerc": "coverage.",
    "mypy.ini": "mypy.",
    ".mypy.ini": "mypy.",
    "ruff.toml": "ruff.",
    ".ruff.toml": "ruff.",
    "pyrightconfig.json": "pyright.",
    ".pylintrc": "pylint.",
    "pylintrc": "pylint.",
}
_HARMLESS = re.compile(r"\.(markers|minversion|line-length|target-version|cache_dir|show_error_codes|pretty)$")
_HIGHER_IS_STRICTER = re.compile(r"fail[-_]under$")
_MORE_IS_STRICTER = re.compile(r"\.(select|extend-select|enable|enable_error_code|files|testpaths|python_files)$")
_TRUE_IS_LAXER = re.compile(r"ignore_|skip_|follow_imports_for_stubs|allow_|no_strict|implicit_|exit-zero")

_Flat = dict[str, object]


def config_findings(edit: FileEdit) -> Iterator[Lowering]:
    """Yield each watched setting that the edit lowers, or changes in a way whose direction is not known."""
    name = PurePosixPath(edit.path).name
    if name not in _FILES or edit.before == edit.after:
        return
    try:
        before, after = _settings(name, edit.before), _settings(name, edit.after)
    except (ValueError, configparser.Error) as error:
        yield ("config-unreadable", f"{name} cannot be read: {error}", True)
        return
    for key in sorted({**before, **after}):
        old, new = before.get(key), after.get(key)
        if old != new and _WATCHED.match(key) and not _is_stricter(key, old, new):
            rule = "threshold-lowered" if "fail" in key and "under" in key else "check-config-changed"
            yield (rule, f"{key}: {_shown(old)} becomes {_shown(new)}", not _HARMLESS.search(key))


def _settings(name: str, text: str | None) -> _Flat:
    if text is None:
        return {}
    if name.endswith(".toml"):
        tree: Mapping[str, object] = tomllib.loads(text)
    elif name.endswith(".json"):
        tree = json.loads(text)
    else:
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        parser.read_string(text)
        tree = {section: dict(parser.items(section)) for section in parser.sections()}
    prefix = _WHOLE_FILE.get(name, "pytest." if "pytest" in name and name.endswith(".toml") else "")
    return dict(_flatten(tree, prefix))


def _flatten(tree: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            inner: dict[str, object] = {str(name): item for name, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - parsed configuration
            yield from _flatten(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_stricter(key: str, old: object, new: object) -> bool:
    """Whether the change surely asks for more than before."""
    if _HIGHER_IS_STRICTER.search(key):
        return new is not None and _number(new) >= _number(old)
    if isinstance(old, bool | None) and isinstance(new, bool):
        return new is not bool(_TRUE_IS_LAXER.search(key)) and not (old is None and not new)
    if isinstance(old, list) and isinstance(new, list):
        was, now = set(map(str, old)), set(map(str, new))  # pyright: ignore[reportUnknownArgumentType] - parsed configuration
        return was <= now if _MORE_IS_STRICTER.search(key) else now <= was and not _is_selection(key)
    return False


def _is_selection(key: str) -> bool:
    return bool(re.search(r"\.(addopts|filterwarnings|source|source_pkgs|include)$", key))


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def _shown(value: object) -> str:
    return "(nothing)" if value is None else str(value)[:80]
