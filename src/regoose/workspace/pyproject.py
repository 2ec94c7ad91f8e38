"""pyproject.toml, static parts only: the standard tables, Poetry's, and those of the common build back ends."""

from __future__ import annotations

import tomllib

from regoose.workspace.declared import Declared, items, string, strings, table, wanted_groups


def read(text: str | None) -> tuple[Declared, ...]:
    """Return what the standard tables declare, then what Poetry's do."""
    try:
        data: dict[str, object] = tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        return ()
    return (_standard(data), _poetry(table(data, "tool", "poetry")))


def _standard(data: dict[str, object]) -> Declared:
    project = table(data, "project")
    tool = table(data, "tool")
    optional = {name: strings(lines) for name, lines in table(project, "optional-dependencies").items()}
    groups = {name: _group(data, name, frozenset()) for name in table(data, "dependency-groups")}
    hatch = {
        name: strings(table(tool, "hatch", "envs", name).get("dependencies")) for name in table(tool, "hatch", "envs")
    }
    pdm = {name: strings(lines) for name, lines in table(tool, "pdm", "dev-dependencies").items()}
    entry_points = {
        "console_scripts": _texts(table(project, "scripts")),
        "gui_scripts": _texts(table(project, "gui-scripts")),
        **{name: _texts(table(project, "entry-points", name)) for name in table(project, "entry-points")},
    }
    return Declared(
        name=string(project.get("name")),
        version=string(project.get("version")),
        requires_python=string(project.get("requires-python")),
        classifiers=tuple(strings(project.get("classifiers"))),
        runtime=tuple(strings(project.get("dependencies"))),
        declares_runtime=bool(project) and "dependencies" not in strings(project.get("dynamic")),
        groups=(
            *wanted_groups("dependency group", groups),
            *wanted_groups("extra", _without_self(string(project.get("name")), optional)),
            *wanted_groups("Hatch environment", hatch),
            *wanted_groups("PDM group", pdm),
            *wanted_groups("uv", {"dev": strings(table(tool, "uv").get("dev-dependencies"))}),
        ),
        roots=_roots(tool),
        entry_points={group: points for group, points in entry_points.items() if points},
        compiled=bool(table(tool, "setuptools").get("ext-modules"))
        or string(table(data, "build-system").get("build-backend")).startswith(("maturin", "mesonpy", "scikit_build")),
        pytest_options="\n".join(f"{key} = {value}" for key, value in table(tool, "pytest", "ini_options").items()),
        version_files=tuple(filter(None, _version_files(tool))),
    )


def _group(data: dict[str, object], name: str, seen: frozenset[str]) -> list[str]:
    """Expand a dependency group (PEP 735), `include-group` tables included; a cycle ends."""
    lines: list[str] = []
    for item in items(table(data, "dependency-groups").get(name)):
        included = string(table(item).get("include-group"))
        if included and included not in seen:
            lines += _group(data, included, seen | {name})
        elif isinstance(item, str):
            lines.append(item)
    return lines


def _without_self(name: str, groups: dict[str, list[str]]) -> dict[str, list[str]]:
    """Replace `name[extra]` inside an extra by what that extra lists."""
    expanded: dict[str, list[str]] = {}
    for extra, lines in groups.items():
        kept: list[str] = []
        for line in lines:
            head, bracket, rest = line.partition("[")
            if bracket and name and head.strip().lower() == name.lower():
                kept += [need for part in rest.partition("]")[0].split(",") for need in groups.get(part.strip(), [])]
            else:
                kept.append(line)
        expanded[extra] = kept
    return expanded


def _roots(tool: dict[str, object]) -> tuple[str, ...]:
    hatch = table(tool, "hatch", "build", "targets", "wheel")
    packages = [path.rpartition("/")[0] for path in strings(hatch.get("packages"))]
    return tuple(
        dict.fromkeys(
            place.strip("/").removeprefix("./")
            for place in (
                string(table(tool, "setuptools", "package-dir").get("")),
                *strings(table(tool, "setuptools", "packages", "find").get("where")),
                string(table(tool, "uv", "build-backend").get("module-root")),
                string(table(tool, "pdm", "build").get("package-dir")),
                *packages,
                *strings(hatch.get("sources")),
            )
            if place and place != "."
        )
    )


def _version_files(tool: dict[str, object]) -> list[str]:
    """List the files that a build would write the version to."""
    scm = table(tool, "setuptools_scm")
    return [
        string(scm.get("write_to")),
        string(scm.get("version_file")),
        string(table(tool, "hatch", "build", "hooks", "vcs").get("version-file")),
        string(table(tool, "pdm", "version").get("write_to")),
    ]


def _poetry(poetry: dict[str, object]) -> Declared:
    dependencies = table(poetry, "dependencies")
    groups = {name: _poetry_lines(table(poetry, "group", name, "dependencies")) for name in table(poetry, "group")} | (
        {"dev": _poetry_lines(table(poetry, "dev-dependencies"))} if poetry.get("dev-dependencies") else {}
    )
    places = [string(table(item).get("from")) for item in items(poetry.get("packages"))]
    scripts = _texts(table(poetry, "scripts"))
    plugins = {name: _texts(table(poetry, "plugins", name)) for name in table(poetry, "plugins")}
    return Declared(
        name=string(poetry.get("name")),
        version=string(poetry.get("version")),
        requires_python=_specifier(string(dependencies.get("python"))),
        classifiers=tuple(strings(poetry.get("classifiers"))),
        runtime=tuple(_poetry_lines({key: value for key, value in dependencies.items() if not _is_optional(value)})),
        declares_runtime=bool(dependencies),
        groups=wanted_groups("Poetry group", groups),
        roots=tuple(place for place in places if place),
        entry_points={**({"console_scripts": scripts} if scripts else {}), **plugins},
    )


def _is_optional(value: object) -> bool:
    return bool(table(value).get("optional"))


def _poetry_lines(dependencies: dict[str, object]) -> list[str]:
    lines: list[str] = []
    for name, value in dependencies.items():
        if name.lower() == "python":
            continue
        chosen = next(iter(items(value)), value)
        entry = table(chosen)
        extras = ",".join(strings(entry.get("extras")))
        markers = string(entry.get("markers"))
        version = _specifier(string(entry.get("version")) if entry else string(chosen))
        lines.append(f"{name}{f'[{extras}]' if extras else ''}{version}{f' ; {markers}' if markers else ''}")
    return lines


def _specifier(constraint: str) -> str:
    """Turn Poetry's `^1.2` and `~1.2` into what PEP 440 knows; the first branch of `||` counts."""
    parts: list[str] = []
    for part in constraint.split("||", maxsplit=1)[0].replace(" ", ",").split(","):
        bare = part.lstrip("^~=<>! ")
        if not bare or bare == "*":
            continue
        if part.startswith("^"):
            parts += [f">={bare}", f"<{_next(bare, caret=True)}"]
        elif part.startswith("~") and not part.startswith("~="):
            parts += [f">={bare}", f"<{_next(bare, caret=False)}"]
        else:
            parts.append(part if part[0] in "<>=!~" else f"=={part}")
    return ",".join(parts)


def _next(version: str, *, caret: bool) -> str:
    """Return the first version a caret or tilde constraint excludes."""
    numbers = [int(piece) for piece in version.split(".") if piece.isdigit()] or [0]
    leading = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    position = leading if caret else min(1, len(numbers) - 1)
    return ".".join(str(number) for number in [*numbers[:position], numbers[position] + 1])


def _texts(values: dict[str, object]) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}
