"""Ollama's embedding models, by the real client over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from regoose.errors import InvalidSetting, ModelUnavailable, UnknownModel
from regoose.providers.embedding import OllamaEmbedder, read_embedder
from regoose.settings import load
from regoose.testing.models import ModelServer


def embedder(**settings: object) -> OllamaEmbedder:
    flags = {"embedding_model": "ollama:nomic-embed-text", **settings}
    made = read_embedder(load(flags=flags, environ={}, directory=Path("/")).settings)
    assert made is not None
    return made


async def test_each_text_gets_a_vector_and_like_texts_like_ones() -> None:
    with ModelServer([]) as server:
        made = embedder(ollama_host=server.url("ollama"))
        one, other, third = await made.embed(["price of a parcel", "the price of a parcel", "unrelated"])
    assert len({len(one), len(other), len(third)}) == 1
    assert sum(map(float.__mul__, one, other)) > sum(map(float.__mul__, one, third))


async def test_where_nobody_answers_that_is_said() -> None:
    with pytest.raises(ModelUnavailable, match=r"ollama:nomic-embed-text at 127\.0\.0\.1 cannot be reached"):
        await embedder(ollama_host="http://127.0.0.1:9").embed(["word"])


def test_only_a_model_of_ollama_serves() -> None:
    assert read_embedder(load(environ={}, directory=Path("/")).settings) is None
    with pytest.raises(InvalidSetting, match="only models of Ollama"):
        embedder(embedding_model="openai:text-embedding-3-small")
    with pytest.raises(UnknownModel, match="REGOOSE_EMBEDDING_MODEL"):
        embedder(embedding_model="nomic-embed-text")
