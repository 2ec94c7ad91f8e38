"""Plain JSON values, as the journal keeps them and as tools are described."""

from __future__ import annotations

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
