"""What settings are made of: their types, how their text is read, and what is to be known of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

MASK = "********"
"""Shown instead of a secret."""
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


def mask(value: SecretStr | None) -> str | None:
    """Return what is shown of a secret."""
    return None if value is None else MASK


def must_stay_on(value: bool) -> bool:  # noqa: FBT001 - a validator takes the value alone
    """Refuse to switch the isolation off."""
    if not value:
        raise ValueError("expected true: no code of a repository runs outside a sandbox")
    return value


def _absolute(value: Path) -> Path:
    return value.expanduser().absolute()


def _absolute_file(value: Path | None) -> Path | None:
    return None if value is None else _absolute(value)


def _web_address(value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value if "//" in value else f"http://{value}")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ValueError("expected an address such as https://host/v1, with no user name or password in it")
    return parts.geturl().rstrip("/")


SandboxName = Literal["auto", "podman", "docker", "bubblewrap", "landlock"]
Bytes = Annotated[int, BeforeValidator(_parse_size), Field(gt=0)]
"""A number of bytes, written as `1GB`, `512 MiB` or a plain number; units are powers of 1024."""
CommaList = Annotated[tuple[str, ...], BeforeValidator(_parse_list)]
"""A list, written with commas."""
Secret = Annotated[SecretStr | None, BeforeValidator(_empty_is_none)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Directory = Annotated[Path, AfterValidator(_absolute)]
OptionalSeconds = Annotated[Seconds | None, BeforeValidator(_empty_is_none)]
Text = Annotated[str | None, BeforeValidator(_empty_is_none)]
File = Annotated[Path | None, BeforeValidator(_empty_is_none), AfterValidator(_absolute_file)]
"""A file, or none."""
Url = Annotated[str | None, BeforeValidator(_empty_is_none), AfterValidator(_web_address)]
"""An http address without credentials in it, or none; a bare `host:port` is read as http."""
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""US dollars."""
