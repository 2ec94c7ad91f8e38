"""Where a model is asked and with what key."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from regoose.errors import InvalidSetting, NoModel
from regoose.providers.names import ModelName, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key and where it is read from: a file is read again for each attempt, so that a rotated key is used at once."""

    variable: str
    value: SecretStr | None = None
    file: Path | None = None
    """Counts before the value."""
    needed: bool = True

    def read(self) -> str:
        """Return the key, empty where none is needed. Raises `NoModel` and `InvalidSetting`."""
        if self.file is not None:
            try:
                key = self.file.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not text"
                raise InvalidSetting(f"{self.variable}_FILE names {self.file}, which cannot be read: {why}") from None
        else:
            key = self.value.get_secret_value().strip() if self.value else ""
        if not key and self.needed:
            where = f"the file {self.file} is empty" if self.file else f"{self.variable} is not set"
            raise NoModel(
                f"no key for the model: {where}",
                hint=f"Set {self.variable} (or {self.variable}_FILE), or name a local model with --model.",
            )
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address that a model is asked at."""

    name: ModelName
    url: str | None
    """None: the provider's own."""
    key: Key = field(repr=False)
    api_version: str = ""
    """Azure's alone."""
    says_local: bool = False
    """Whether a provider of the user's own says that nobody charges for it."""

    @property
    def host(self) -> str:
        """Return the host for messages: no path, no query."""
        if self.url:
            return urlsplit(self.url).hostname or ""
        return "an address of its own" if self.name.is_own else f"{self.name.provider} API"

    @property
    def on_this_machine(self) -> bool:
        """Whether the address is of this machine."""
        host = urlsplit(self.url).hostname if self.url else None
        if host is None:
            return False
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def local(self) -> bool:
        """Whether nobody charges for it, as far as can be known."""
        if self.name.provider is Provider.OLLAMA:
            return not self.name.model.endswith("cloud")  # those are computed by Ollama's own service
        return self.name.provider is Provider.LMSTUDIO or self.on_this_machine or self.says_local
