"""setup.cfg and setup.py as far as they can be read without running them."""

from __future__ import annotations

import ast
import configparser
from typing import cast

from regoose.workspace.declared import Declared, string, strings, table, wanted_groups


def read_cfg(text: str | None) -> Declared:
    """Read setup.cfg."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text or "")
    except configparser.Error:
        return Declared()

    def get(section: str, key: str) -> str:
        return parser.get(section, key, fallback="")

    def section(name: str) -> dict[str, str]:
        return dict(parser.items(name)) if parser.has_section(name) else {}

    version = get("metadata", "version")
    where = [get("options.packages.find", "where"), _pairs(get("options", "package_dir")).get("", "")]
    return Declared(
        name=get("metadata", "name"),
        version="" if version.startswith(("attr:", "file:")) else version,
        requires_python=get("options", "python_requires"),
        classifiers=tuple(_lines(get("metadata", "classifiers") or get("metadata", "classifier"))),
        runtime=tuple(_lines(get("options", "install_requires"))),
        declares_runtime=parser.has_section("options"),
        groups=wanted_groups(
            "extra",
            {name: _lines(value) for name, value in section("options.extras_require").items()}
            | {"tests_require": _lines(get("options", "tests_require"))},
        ),
        roots=tuple(place.strip() for place in where if place.strip() not in {"", "."}),
        entry_points={name: _pairs(value) for name, value in section("options.entry_points").items()},
        pytest_options=get("tool:pytest", "addopts") + "\n" + "\n".join(section("tool:pytest")),
    )


def _lines(value: str) -> list[str]:
    return [line.strip() for line in value.splitlines() if line.strip() and not line.strip().startswith("#")]


def _pairs(value: str) -> dict[str, str]:
    split = (line.partition("=") for line in _lines(value))
    return {name.strip(): target.strip() for name, _, target in split}


def read_setup(text: str | None) -> Declared:
    """Read the literal arguments of the `setup(...)` call, by syntax alone; names bound to literals are resolved."""
    try:
        module = ast.parse(text or "")
    except (SyntaxError, ValueError, RecursionError):
        return Declared()
    known: dict[str, object] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            known[node.targets[0].id] = _literal(node.value, known)
    call = next((node for node in ast.walk(module) if isinstance(node, ast.Call) and _is_setup(node.func)), None)
    if call is None:
        return Declared()
    given = {word.arg: _literal(word.value, known) for word in call.keywords if word.arg}
    extras = {name: _requirements(lines) for name, lines in table(given.get("extras_require")).items()}
    points = given.get("entry_points")
    return Declared(
        name=string(given.get("name")),
        version=string(given.get("version")),
        requires_python=string(given.get("python_requires")),
        classifiers=tuple(strings(given.get("classifiers"))),
        runtime=tuple(_requirements(given.get("install_requires"))),
        declares_runtime=isinstance(given.get("install_requires"), list),
        groups=wanted_groups("setup.py", extras | {"tests_require": _requirements(given.get("tests_require"))}),
        roots=tuple(place for place in (string(table(given.get("package_dir")).get("")),) if place not in {"", "."}),
        entry_points={name: _points(value) for name, value in table(points).items()},
        compiled=any(word.arg == "ext_modules" and ast.unparse(word.value) != "[]" for word in call.keywords),
    )


def _is_setup(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "setup"


def _literal(node: ast.expr, known: dict[str, object]) -> object:
    """Evaluate literals, known names and sums of lists; None for anything else."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.List | ast.Tuple):
        return [value for value in (_literal(item, known) for item in node.elts) if value is not None]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {str(_literal(key, known)): _literal(value, known) for key, value in pairs if key is not None}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left, known), _literal(node.right, known)
        both = isinstance(left, list) and isinstance(right, list)
        return [*cast("list[object]", left), *cast("list[object]", right)] if both else None
    return node.value if isinstance(node, ast.Constant) else None


def _requirements(value: object) -> list[str]:
    return _lines(value) if isinstance(value, str) else strings(value)


def _points(value: object) -> dict[str, str]:
    return _pairs(value if isinstance(value, str) else "\n".join(strings(value)))
