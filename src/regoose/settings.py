"""
Settings: the only reader of the environment, `.env` and `regoose.toml`.

From lowest to highest: the defaults below, `regoose.toml` (or `[tool.regoose]`) of the target repository, the user's
`config.toml`, `.env`, the environment, command-line flags. Each value knows which of them it came from.

A target repository is untrusted. Its `regoose.toml` may set only what describes its own run (`About.repository`);
anything else there is refused. A `.env` inside it belongs to its own programs: what it may not set is left out, and
listed. So no repository can switch the isolation off, move a limit or a threshold, redirect an address that is sent a
credential, or choose where on this machine files are written.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_serializer,
)

from regoose.errors import InvalidSetting, PolicyRefused

PREFIX = "REGOOSE_"
_MASK = "********"
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


@dataclass(frozen=True, slots=True)
class About:
    """What is to be known of a setting besides its type and default."""

    acts: str = ""
    """Empty: it acts. Otherwise: the part that it will act with, once that part is there."""
    own: bool = False
    """Whether its variable is spelled with the prefix `REGOOSE_`."""
    repository: bool = False
    """Whether a target repository may set it."""


class Source(StrEnum):
    """Where a value came from, lowest first."""

    DEFAULT = "default"
    REPOSITORY = "repository"
    USER = "user configuration"
    DOTENV = ".env"
    ENVIRONMENT = "environment"
    FLAG = "flag"


def _parse_size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise ValueError("expected a size such as 500MB or 1GB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _parse_list(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


def _must_stay_on(value: bool) -> bool:  # noqa: FBT001 - a validator takes the value alone
    if not value:
        raise ValueError("expected true: no code of a repository runs outside a sandbox")
    return value


def _absolute(value: Path) -> Path:
    return value.expanduser().absolute()


SandboxName = Literal["auto", "podman", "docker", "bubblewrap", "landlock"]
Bytes = Annotated[int, BeforeValidator(_parse_size), Field(gt=0)]
"""A number of bytes, written as `1GB`, `512 MiB` or a plain number; units are powers of 1024."""
CommaList = Annotated[tuple[str, ...], BeforeValidator(_parse_list)]
"""A list, written with commas."""
Secret = Annotated[SecretStr | None, BeforeValidator(_empty_is_none)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Directory = Annotated[Path, AfterValidator(_absolute)]
Text = Annotated[str | None, BeforeValidator(_empty_is_none)]


def _cache() -> Path:
    return platformdirs.user_cache_path("regoose")


def _jobs() -> int:
    return max(1, min(4, len(os.sched_getaffinity(0))))


class Settings(BaseModel):
    """Every setting, frozen. The names are those of the environment variables, in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    environment: Annotated[str, About("the service")] = Field(
        default="development", description="Name of the deployment."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], About("telemetry")] = Field(
        default="INFO", description="Least severe log record that is written."
    )
    api_host: Annotated[str, About("the service")] = Field(
        default="127.0.0.1", description="Address the service listens on."
    )
    api_port: Annotated[int, About("the service")] = Field(
        default=8002, ge=1, le=65535, description="Port the service listens on."
    )

    openai_api_key: Annotated[Secret, About("models")] = Field(default=None, description="Key for OpenAI models.")
    anthropic_api_key: Annotated[Secret, About("models")] = Field(default=None, description="Key for Anthropic models.")
    llm_provider: Annotated[str, About("models")] = Field(default="openai", description="Provider of the model.")
    llm_model: Annotated[str, About("models")] = Field(
        default="gpt-4", description="Model that writes patches and tests."
    )
    llm_temperature: Annotated[float, About("models")] = Field(
        default=0.1, ge=0, le=2, description="Sampling temperature of the model."
    )
    llm_max_tokens: Annotated[Count, About("models")] = Field(default=4000, description="Most tokens of one answer.")

    github_token: Annotated[Secret, About("pull requests")] = Field(default=None, description="Token for GitHub.")
    github_repository: Annotated[Text, About("pull requests")] = Field(
        default=None, description="Repository (owner/name) that is meant where none is given."
    )
    github_base_url: Annotated[str, About("pull requests")] = Field(
        default="https://api.github.com", description="Address of the GitHub API."
    )
    allowed_repositories: Annotated[CommaList, About("pull requests")] = Field(
        default=(), description="Repositories (owner/name) that may be worked on; empty allows all."
    )

    workspace_base_path: Annotated[Directory, About()] = Field(
        default_factory=lambda: _cache() / "workspaces", description="Directory of the checkouts that runs work in."
    )
    market_predictor_repo_url: Annotated[Text, About("the service")] = Field(
        default=None, description="Address of the market-predictor repository."
    )
    git_user_name: Annotated[str, About()] = Field(
        default="Regoose", min_length=1, description="Author name of commits."
    )
    git_user_email: Annotated[str, About()] = Field(
        default="regoose@localhost", min_length=1, description="Author address of commits."
    )

    workflow_timeout: Annotated[Seconds, About()] = Field(default=1800.0, description="Seconds one run may take.")
    testing_timeout: Annotated[Seconds, About()] = Field(
        default=600.0, description="Seconds one run of a test suite may take."
    )
    max_concurrent_tasks: Annotated[Count, About("the service")] = Field(
        default=3, description="Runs worked on at once."
    )
    cleanup_workspaces: Annotated[bool, About()] = Field(
        default=True, description="Whether a run's checkout is deleted when it ends."
    )

    enable_sandboxing: Annotated[bool, AfterValidator(_must_stay_on), About()] = Field(
        default=True, description="Always true: no code of a repository runs outside a sandbox."
    )
    max_workspace_size: Annotated[Bytes, About()] = Field(
        default=1024**3, description="Most bytes a sandbox's files may take, e.g. 1GB."
    )
    allowed_file_types: Annotated[CommaList, About("models")] = Field(
        default=(".py", ".md", ".txt", ".json", ".yml", ".yaml"),
        description="Suffixes of files that an author may change.",
    )

    sandbox: Annotated[SandboxName, About(own=True)] = Field(
        default="auto", description="Backend that isolates commands: auto, podman, docker, bubblewrap or landlock."
    )
    sandbox_memory: Annotated[Bytes, About(own=True)] = Field(
        default=2 * 1024**3, description="Most memory a sandbox may take, e.g. 2GB."
    )
    sandbox_processes: Annotated[Count, About(own=True)] = Field(
        default=128, description="Most processes in a sandbox."
    )
    state_dir: Annotated[Directory, About(own=True)] = Field(
        default_factory=lambda: platformdirs.user_state_path("regoose"),
        description="Directory of the journal and of the runs' reports.",
    )
    cache_dir: Annotated[Directory, About(own=True)] = Field(
        default_factory=_cache, description="Directory of what can be made again, such as environments."
    )
    python: Annotated[Text, About(own=True)] = Field(
        default=None, description="Interpreter that runs the target's tests; empty finds the repository's own."
    )
    jobs: Annotated[Count, About(own=True)] = Field(default_factory=_jobs, description="Sandboxes used at once.")
    search_seconds: Annotated[Seconds, About(own=True)] = Field(
        default=60.0, description="Seconds the search may take."
    )
    generate_seconds: Annotated[Seconds, About(own=True)] = Field(
        default=15.0, description="Seconds the search for the tests of one module may take."
    )
    repeats: Annotated[Count, About(own=True)] = Field(
        default=5,
        le=100,
        description="How often repaired or generated tests must pass, each time in another order.",
    )
    attempts: Annotated[Count, About(own=True)] = Field(
        default=5, le=100, description="Candidate patches that go through the whole proof at most."
    )
    debug: Annotated[bool, About(own=True)] = Field(
        default=False, description="Whether an unexpected error shows its traceback."
    )
    tests: Annotated[CommaList, About(own=True, repository=True)] = Field(
        default=(), description="Tests (pytest node ids) to repair where none is named; empty means every failing one."
    )

    @field_serializer("openai_api_key", "anthropic_api_key", "github_token")
    def _masked(self, value: SecretStr | None) -> str | None:
        return None if value is None else _MASK


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
    shown = _MASK if _is_secret(name) else repr(layer.values.get(name))
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


if __name__ == "__main__":
    sys.stdout.write(example())
