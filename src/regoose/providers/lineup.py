"""Which models are set for what, and where each is asked: the settings, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from regoose.errors import InvalidSetting, UnknownModel
from regoose.providers.endpoints import Endpoint, Key
from regoose.providers.names import ModelName, Provider
from regoose.providers.prices import Prices
from regoose.providers.windows import Windows
from regoose.settings import Settings

ROLES = ("planner", "coder", "tester", "reviewer")
"""Roles that have a setting of their own; any other is played by the default model."""
_ENDPOINT_FORMAT = "expected PROVIDER:NAME=URL or PROVIDER:NAME=URL@FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """The models in force."""

    default: ModelName
    roles: Mapping[str, ModelName]
    backup: ModelName | None
    more: Mapping[ModelName, tuple[Endpoint, ...]]
    """Further endpoints, besides the provider's own."""
    prices: Prices
    windows: Windows
    settings: Settings

    def of(self, role: str) -> ModelName:
        """Return the model that plays a role."""
        return self.roles.get(role, self.default)

    def names(self) -> tuple[ModelName, ...]:
        """Return every model that is set, each once."""
        set_ones = [self.default, *(self.roles[role] for role in ROLES if role in self.roles)]
        return tuple(dict.fromkeys([*set_ones, *([self.backup] if self.backup else [])]))

    def endpoints(self, name: ModelName) -> tuple[Endpoint, ...]:
        """Return where a model is asked; raises `InvalidSetting` where an address is missing."""
        return (endpoint_of(self.settings, name), *self.more.get(name, ()))


def read_lineup(settings: Settings) -> Lineup:
    """Read the settings; raises `UnknownModel` and `InvalidSetting`."""
    set_for = {role: getattr(settings, f"model_{role}") for role in ROLES}
    return Lineup(
        default=ModelName.parse(f"{settings.llm_provider}:{settings.llm_model}", "LLM_PROVIDER and LLM_MODEL"),
        roles={role: ModelName.parse(text, f"REGOOSE_MODEL_{role.upper()}") for role, text in set_for.items() if text},
        backup=ModelName.parse(settings.backup_model, "REGOOSE_BACKUP_MODEL") if settings.backup_model else None,
        more=_more(settings),
        prices=Prices(settings.model_prices),
        windows=Windows(settings.model_windows),
        settings=settings,
    )


def secrets(settings: Settings) -> tuple[str, ...]:
    """Return the value of every secret among the settings, those of other rooms included."""
    values = [getattr(settings, name) for name in Settings.model_fields]
    return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def endpoint_of(settings: Settings, name: ModelName) -> Endpoint:
    """Return the provider's own endpoint of a model; raises `InvalidSetting` where its address is missing."""
    match name.provider:
        case Provider.OPENAI | Provider.OPENAI_RESPONSES:
            at = Endpoint(name=name, url=settings.openai_base_url, key=_key(settings, "openai_api_key"))
        case Provider.ANTHROPIC:
            at = Endpoint(name=name, url=settings.anthropic_base_url, key=_key(settings, "anthropic_api_key"))
        case Provider.AZURE:
            if settings.azure_openai_endpoint is None:
                raise InvalidSetting(f"{name} is set, and AZURE_OPENAI_ENDPOINT, which says where, is not")
            at = Endpoint(
                name=name,
                url=settings.azure_openai_endpoint,
                key=_key(settings, "azure_openai_api_key"),
                api_version=settings.openai_api_version,
            )
        case Provider.GOOGLE:
            at = Endpoint(name=name, url=None, key=_key(settings, "google_api_key"))
        case Provider.OLLAMA:
            at = Endpoint(name=name, url=_ollama(settings.ollama_host), key=_key(settings, "ollama_api_key"))
        case Provider.LMSTUDIO:
            at = Endpoint(name=name, url=settings.lmstudio_base_url, key=Key(variable="LMSTUDIO", needed=False))
        case _:
            at = Endpoint(name=name, url=None, key=Key(variable="", needed=False))
    return at


def _key(settings: Settings, field: str) -> Key:
    value: SecretStr | None = getattr(settings, field)
    file: Path | None = getattr(settings, f"{field}_file")
    local = field == "openai_api_key" and settings.openai_base_url is not None
    return Key(variable=field.upper(), value=value, file=file, needed=field != "ollama_api_key" and not local)


def _ollama(host: str | None) -> str:
    """Return Ollama's address; its variable often names what the server listens on (`0.0.0.0`), and no port."""
    url = urlsplit(host or "http://127.0.0.1:11434")
    name = "127.0.0.1" if url.hostname in {"0.0.0.0", "::"} else url.hostname or ""  # noqa: S104 - not listened on
    port = url.port or (443 if url.scheme == "https" else 11434)
    return f"{url.scheme}://{f'[{name}]' if ':' in name else name}:{port}{url.path}"


def _more(settings: Settings) -> dict[ModelName, tuple[Endpoint, ...]]:
    found: dict[ModelName, tuple[Endpoint, ...]] = {}
    for line in settings.model_endpoints:
        text, _, where = line.partition("=")
        url, _, file = where.partition("@")
        if not urlsplit(url).hostname or urlsplit(url).scheme not in {"http", "https"}:
            raise InvalidSetting(f"REGOOSE_MODEL_ENDPOINTS has {line!r}: {_ENDPOINT_FORMAT}")
        name = ModelName.parse(text, f"REGOOSE_MODEL_ENDPOINTS has {line!r}")
        if name.provider is Provider.GOOGLE:
            raise UnknownModel(f"REGOOSE_MODEL_ENDPOINTS has {line!r}: Google's API has one address")
        if name.is_own:
            raise UnknownModel(f"REGOOSE_MODEL_ENDPOINTS has {line!r}: a provider of your own knows its addresses")
        own = _field(name.provider)
        key = _key(settings, own) if own else Key(variable="LMSTUDIO", needed=False)
        if file:
            key = Key(variable="REGOOSE_MODEL_ENDPOINTS", file=Path(file).expanduser().absolute())
        at = Endpoint(name=name, url=url.rstrip("/"), key=key, api_version=settings.openai_api_version)
        found[name] = (*found.get(name, ()), at)
    return found


def _field(provider: str) -> str:
    fields: dict[str, str] = {
        Provider.ANTHROPIC: "anthropic_api_key",
        Provider.AZURE: "azure_openai_api_key",
        Provider.OLLAMA: "ollama_api_key",
        Provider.LMSTUDIO: "",
    }
    return fields.get(provider, "openai_api_key")
