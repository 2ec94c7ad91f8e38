"""Which path speaks which protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from regoose.testing.models.wire.anthropic import Anthropic
from regoose.testing.models.wire.azure import AzureChat
from regoose.testing.models.wire.base import WireFormat
from regoose.testing.models.wire.google import Google
from regoose.testing.models.wire.ollama import Ollama
from regoose.testing.models.wire.openai_chat import OpenAIChat
from regoose.testing.models.wire.openai_responses import OpenAIResponses

_CHAT = re.compile(r"/v1/chat/completions|/openai/v1/chat/completions|/api/v0/chat/completions")
_RESPONSES = re.compile(r"/v1/responses|/openai/v1/responses")
_MESSAGES = re.compile(r"/v1/messages")
_OLLAMA = re.compile(r"/api/chat")
_GEMINI = re.compile(r"/v1(?:beta)?/models/[^/:]+:(?:generateContent|streamGenerateContent)")
_AZURE_CHAT = re.compile(r"/openai/deployments/[^/]+/chat/completions")
_AZURE_RESPONSES = re.compile(r"/openai/responses")


def format_of(method: str, path: str, query: Mapping[str, str]) -> WireFormat | None:
    """Return the protocol of a call to a model, None where it is none."""
    if method != "POST":
        return None
    for pattern, wire, versioned in _formats():
        if pattern.fullmatch(path) and ("api-version" in query or not versioned):
            return wire
    return None


def _formats() -> Iterator[tuple[re.Pattern[str], WireFormat, bool]]:
    """Return patterns of paths with their protocols, and whether the query has to name a version."""
    yield _CHAT, OpenAIChat(), False
    yield _RESPONSES, OpenAIResponses(), False
    yield _MESSAGES, Anthropic(), False
    yield _OLLAMA, Ollama(), False
    yield _GEMINI, Google(), False
    yield _AZURE_CHAT, AzureChat(), True
    yield _AZURE_RESPONSES, OpenAIResponses(), True
