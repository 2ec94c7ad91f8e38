"""Where settings come from: the layers, which one counts, and what each may set."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import platformdirs
from dotenv import dotenv_values
from pydantic import TypeAdapter, ValidationError

from regoose.errors import InvalidSetting, PolicyRefused
from regoose.settings.fields import Settings
from regoose.settings.kinds import MASK, About

PREFIX = "REGOOSE_"


class Source(StrEnum):
    """Where a value came from, lowest first."""

    DEFAULT = "default"
    REPOSITORY = "repository"
    USER = "user configuration"
    DOTENV = ".env"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Provenance:
    """One line of `regoose doctor --settings`."""

    name: str
    variable: str
    value: str
    """As text; a secret's is masked."""
    source: Source
    where: str
    """The file or variable it was read from; empty for a default."""
    acts: str
    """`acts`, or `read, acts with <part>`."""
    repository: bool
    description: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, where each came from, and what was read but left out."""

    settings: Settings
    provenance: tuple[Provenance, ...]
    ignored: tuple[str, ...]
    """Sentences: what was found and did not count, and why."""
    caller: Mapping[str, str] = field(repr=False)
    """The environment as it was found, for tools that have settings of their own there (uv, virtual environments)."""


@dataclass(frozen=True, slots=True)
class _Layer:
    source: Source
    where: str
    values: Mapping[str, object]


def load(
    repository: Path | None = None,
    *,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    user_config: Path | None = None,
) -> Loaded:
    """
    Read every source and return the settings in force.

    `repository` is the target's root, `directory` (the working directory by default) the one whose `.env` counts.
    `flags` holds field names; None there means not given. Raises `InvalidSetting` for a value or key that cannot be
    used and `PolicyRefused` where the repository sets what it may not.
    """
    environ = os.environ if environ is None else environ
    directory = (directory or Path.cwd()).resolve()
    repository = repository.resolve() if repository else None
    user_config = user_config or platformdirs.user_config_path("regoose") / "config.toml"
    dotenv, ignored = _dotenv_layer(directory, repository)
    layers = [
        *([_repository_layer(repository)] if repository else []),
        _Layer(Source.USER, str(user_config), _known(_read_toml(user_config), str(user_config))),
        dotenv,
        _Layer(Source.ENVIRONMENT, "", _from_variables(environ)),
        _Layer(Source.FLAG, "", {name: value for name, value in (flags or {}).items() if value is not None}),
    ]
    origin = {name: layer for layer in layers for name in layer.values}
    try:
        settings = Settings.model_validate({name: layer.values[name] for name, layer in origin.items()})
    except ValidationError as error:
        raise _invalid(error, origin) from None
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in _field_by_variable())
    ignored += tuple(f"{name} in the environment: no setting has this name{_close(name)}" for name in unknown)
    return Loaded(
        settings, tuple(_provenance(settings, name, origin.get(name)) for name in _abouts()), ignored, environ
    )


def debugging(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the environment asks for tracebacks. Never fails: it is asked where settings may be what failed."""
    environ = os.environ if environ is None else environ
    return environ.get(variable_of("debug"), "").lower() in {"1", "true", "yes", "on"}


def variable_of(name: str) -> str:
    """Name of the environment variable of a field."""
    return (PREFIX if _abouts()[name].own else "") + name.upper()


def example() -> str:
    """Content of `.env.example`: every variable with its description and default, commented out."""
    lines = ["# Every variable that Regoose reads. Copy to .env and uncomment what you change."]
    for name, setting in Settings.model_fields.items():
        acts = _abouts()[name].acts
        shown = "" if setting.default_factory or setting.default is None else _as_text(setting.default)
        lines += [
            "",
            f"# {setting.description}{f' (acts with {acts})' if acts else ''}",
            f"#{variable_of(name)}={shown}",
        ]
    return "\n".join(lines) + "\n"


def _abouts() -> dict[str, About]:
    return {
        name: next(item for item in setting.metadata if isinstance(item, About))
        for name, setting in Settings.model_fields.items()
    }


def _field_by_variable() -> dict[str, str]:
    return {variable_of(name): name for name in Settings.model_fields}


def _from_variables(variables: Mapping[str, str]) -> dict[str, object]:
    return {setting: variables[name] for name, setting in _field_by_variable().items() if name in variables}


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSetting(f"{path} cannot be read: {error}; expected TOML with one setting a line") from None


def _known(values: Mapping[str, object], where: str) -> Mapping[str, object]:
    for name in values:
        if name not in Settings.model_fields:
            raise InvalidSetting(f"{where}: no setting is called {name!r}{_close(name)}")
    return values


def _close(name: str) -> str:
    names: Iterable[str] = _field_by_variable() if name.isupper() else Settings.model_fields
    match = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {match[0]!r}?" if match else ""


def _repository_layer(repository: Path) -> _Layer:
    """Read `regoose.toml`, else `[tool.regoose]`; both count as the untrusted word of the repository."""
    path = repository / "regoose.toml"
    values: Mapping[str, object] = _read_toml(path)
    if not values:
        path = repository / "pyproject.toml"
        values = _tool_table(path)
    abouts = _abouts()
    for name in _known(values, str(path)):
        if not abouts[name].repository:
            allowed = ", ".join(name for name, about in abouts.items() if about.repository)
            raise PolicyRefused(
                f"{path} sets {name!r}, which a repository may not set; it may set {allowed}",
                hint=f"Remove the line, and set {variable_of(name)} in your environment if you want it.",
            )
    return _Layer(Source.REPOSITORY, str(path), values)


def _tool_table(path: Path) -> Mapping[str, object]:
    try:
        read = _read_toml(path)
    except InvalidSetting:
        return {}  # a broken pyproject.toml is the repository's own matter
    tables = TypeAdapter(dict[str, dict[str, object]])
    try:
        return tables.validate_python(read.get("tool", {})).get("regoose", {})
    except ValidationError:
        return {}


def _dotenv_layer(directory: Path, repository: Path | None) -> tuple[_Layer, tuple[str, ...]]:
    path = directory / ".env"
    if not path.is_file():
        return _Layer(Source.DOTENV, str(path), {}), ()
    read = dotenv_values(path, interpolate=False)
    values = _from_variables({name: value for name, value in read.items() if value is not None})
    if repository is None or not path.resolve().is_relative_to(repository):
        return _Layer(Source.DOTENV, str(path), values), ()
    abouts = _abouts()
    ignored = tuple(
        f"{variable_of(name)} in {path}: the file is part of the target repository, which may not set it"
        for name in values
        if not abouts[name].repository
    )
    return _Layer(Source.DOTENV, str(path), {n: v for n, v in values.items() if abouts[n].repository}), ignored


def _invalid(error: ValidationError, origin: Mapping[str, _Layer]) -> InvalidSetting:
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    layer = origin.get(name, _Layer(Source.DEFAULT, "", {}))
    if name not in Settings.model_fields:
        return InvalidSetting(f"no setting is called {name!r}{_close(name)}")
    shown = MASK if _is_secret(name) else repr(layer.values.get(name))
    expected = first["msg"].removeprefix("Value error, ")
    return InvalidSetting(f"{variable_of(name)} is {shown} ({_where(layer, name)}): {expected}")


def _is_secret(name: str) -> bool:
    return "SecretStr" in str(Settings.model_fields[name].annotation)


def _where(layer: _Layer, name: str) -> str:
    if layer.source is Source.ENVIRONMENT:
        return f"environment variable {variable_of(name)}"
    return layer.where or layer.source.value


def _provenance(settings: Settings, name: str, layer: _Layer | None) -> Provenance:
    about = _abouts()[name]
    layer = layer or _Layer(Source.DEFAULT, "", {})
    return Provenance(
        name=name,
        variable=variable_of(name),
        value=_as_text(settings.model_dump()[name]),
        source=layer.source,
        where="" if layer.source is Source.DEFAULT else _where(layer, name),
        acts=f"read, acts with {about.acts}" if about.acts else "acts",
        repository=about.repository,
        description=Settings.model_fields[name].description or "",
    )


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - a tuple of text
    return "" if value is None else str(value)
