"""Which path speaks which protocol, and what is asked beside models' answers."""

from __future__ import annotations

from collections.abc import Mapping

from regoose.testing.models.values import Json, JsonObject, as_text
from regoose.testing.models.wire.anthropic import Anthropic
from regoose.testing.models.wire.base import CREATED, WireFormat
from regoose.testing.models.wire.ollama import Ollama
from regoose.testing.models.wire.openai_chat import OpenAIChat

_MODEL = "scripted-model"


def format_of(method: str, path: str, query: Mapping[str, str]) -> WireFormat | None:
    """Return the protocol of a call to a model, None where it is none."""
    del query
    if method != "POST":
        return None
    formats: dict[str, WireFormat] = {
        "/v1/chat/completions": OpenAIChat(),
        "/v1/messages": Anthropic(),
        "/api/chat": Ollama(),
    }
    return formats.get(path)


def catalogue(method: str, path: str, body: JsonObject, models: tuple[str, ...]) -> JsonObject | None:
    """Answer what is asked about models, None where nothing is."""
    known = models or (_MODEL,)
    match method, path:
        case "GET", "/v1/models":
            listed: list[Json] = [
                {"id": name, "object": "model", "created": CREATED, "owned_by": "scripted"} for name in known
            ]
            return {"object": "list", "data": listed}
        case "GET", "/api/version":
            return {"version": "0.20.0"}
        case "GET", "/api/tags":
            return {"models": [_ollama_model(name) for name in known]}
        case "POST", "/api/show":
            return _ollama_show(as_text(body.get("model")))
        case _:
            return None


def _ollama_model(name: str) -> JsonObject:
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-01-01T00:00:00Z",
        "size": 4_000_000_000,
        "digest": "0" * 64,
        "details": _ollama_details(),
    }


def _ollama_details() -> JsonObject:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "8.0B",
        "quantization_level": "Q4_K_M",
    }


def _ollama_show(name: str) -> JsonObject:
    return {
        "modelfile": f"FROM {name}",
        "parameters": "num_ctx 32768",
        "template": "{{ .Prompt }}",
        "details": _ollama_details(),
        "model_info": {"general.architecture": "llama", "llama.context_length": 131_072},
        "capabilities": ["completion", "tools"],
        "modified_at": "2026-01-01T00:00:00Z",
    }
