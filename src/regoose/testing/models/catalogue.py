"""What is asked beside models' answers: which models there are, what they can do, how long a text is, embeddings."""

from __future__ import annotations

from collections.abc import Callable

from regoose.testing.models.embedding import embed
from regoose.testing.models.reply import tokens_of
from regoose.testing.models.values import Json, JsonObject, as_text
from regoose.testing.models.wire.base import CREATED

_MODEL = "scripted-model"


def catalogue(method: str, path: str, body: JsonObject, models: tuple[str, ...]) -> JsonObject | None:
    """Answer what is asked about models, None where nothing is."""
    known = models or (_MODEL,)
    answers: dict[str, Callable[[], JsonObject]] = {
        "GET /v1/models": lambda: _openai_models(known),
        "GET /v1beta/models": lambda: {"models": [_google_model(name) for name in known]},
        "GET /api/version": lambda: {"version": "0.20.0"},
        "GET /api/tags": lambda: {"models": [_ollama_model(name) for name in known]},
        "POST /api/show": lambda: _ollama_show(as_text(body.get("model"))),
        "POST /api/embed": lambda: {
            "model": as_text(body.get("model")),
            "embeddings": _embedded(body),
            "prompt_eval_count": tokens_of(body),
        },
        "POST /v1/messages/count_tokens": lambda: {"input_tokens": tokens_of(body)},
        "POST /v1/embeddings": lambda: _openai_embeddings(body),
    }
    answer = answers.get(f"{method} {path.replace('/openai/v1/', '/v1/')}")
    return answer() if answer is not None else None


def _openai_models(known: tuple[str, ...]) -> JsonObject:
    listed: list[Json] = [{"id": name, "object": "model", "created": CREATED, "owned_by": "scripted"} for name in known]
    return {"object": "list", "data": listed}


def _openai_embeddings(body: JsonObject) -> JsonObject:
    vectors: list[Json] = [
        {"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(_embedded(body))
    ]
    used: JsonObject = {"prompt_tokens": tokens_of(body), "total_tokens": tokens_of(body)}
    return {"object": "list", "model": as_text(body.get("model")), "data": vectors, "usage": used}


def _google_model(name: str) -> JsonObject:
    return {
        "name": f"models/{name}",
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _embedded(body: JsonObject) -> list[Json]:
    asked = body.get("input")
    return [[*embed(one)] for one in (asked if isinstance(asked, list) else [asked]) if isinstance(one, str)]


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
