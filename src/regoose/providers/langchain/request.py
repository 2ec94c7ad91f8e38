"""One request as the families of clients are given it, and what they give back for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from regoose.domain.conversation import OutputFormat, ToolSpec
from regoose.providers.endpoints import Endpoint

Arguments = dict[str, object]
"""Keyword arguments of one call, in the words of a family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an answer must be, besides an answer."""

    tools: tuple[ToolSpec, ...]
    output: OutputFormat | None
    """To be met natively; None where a tool call stands in for it."""
    forced: str
    """Name of the tool that must be called; empty: none must."""
    max_tokens: int
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """What a model turned out not to take; learned from its own refusal (a status of 400, which costs nothing)."""

    temperature: bool = False
    schema: bool = False
    limit: bool = False
    """The usual name of the limit of tokens."""
    cache: bool = False
    """That what was said shall be kept for the next request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a family needs to make a client."""

    endpoint: Endpoint
    key: str
    temperature: float | None
    quirks: Quirks


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A LangChain chat model and how it is spoken to."""

    model: BaseChatModel
    arguments: Callable[[Wanted], Arguments]
    close: Callable[[], Awaitable[None]]
    native_schema: bool
    """Whether it may know how to answer in a JSON schema by itself."""
    schema_beside_tools: bool
    """Whether it does so when it is given tools, too."""
    measure: Callable[[], Awaitable[int | None]] | None = None
    """Asks how large the model's window is; None from it: nobody can say. Raises nothing."""


def function(tool: ToolSpec) -> Arguments:
    """Return a tool in OpenAI's form, which most families read."""
    described = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": described}


def knows_schemas(model: BaseChatModel) -> bool:
    """Whether LangChain's data says so, or says nothing."""
    return (model.profile or {}).get("structured_output") is not False
