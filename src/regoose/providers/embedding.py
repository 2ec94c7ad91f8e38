"""Texts as vectors, by a model of Ollama's: what `regoose.context.retrieval` finds passages by their meaning with."""

from __future__ import annotations

from collections.abc import Sequence

from regoose.errors import InvalidSetting, ModelRejected
from regoose.providers.endpoints import Endpoint
from regoose.providers.failures import Raised, translate
from regoose.providers.lineup import endpoint_of
from regoose.providers.names import ModelName, Provider
from regoose.providers.redaction import Redactor
from regoose.settings import Settings

_SECONDS = 120.0
"""What one request may take, loading the model included."""


class OllamaEmbedder:
    """
    Implements `regoose.context.retrieval.Embedder`: one attempt a request, no more.

    Nobody waits for it: where it fails, passages are found by their words.
    """

    def __init__(self, endpoint: Endpoint, *, seconds: float = _SECONDS) -> None:
        self._endpoint = endpoint
        self._seconds = seconds

    @property
    def name(self) -> str:
        """`provider:name`, under which vectors are kept."""
        return str(self._endpoint.name)

    @property
    def host(self) -> str:
        """Where it is asked."""
        return self._endpoint.host

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return one vector a text; raises what `LLMProvider.generate` raises."""
        import ollama  # noqa: PLC0415 - its import takes a while, and few runs need it

        key = self._endpoint.key.read()
        client = ollama.AsyncClient(
            host=self._endpoint.url,
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=self._seconds,
            follow_redirects=False,
        )
        try:
            async with client:
                answer = await client.embed(model=self._endpoint.name.model, input=list(texts))
        except Exception as error:  # noqa: BLE001 - by what it says, as what a client raises elsewhere
            raise translate(Raised(error, None), self._endpoint, {}, Redactor([key]))[0] from None
        if len(answer.embeddings) != len(texts):
            raise ModelRejected(f"{self.name} gave {len(answer.embeddings)} vectors for {len(texts)} texts")
        return answer.embeddings


def read_embedder(settings: Settings) -> OllamaEmbedder | None:
    """Return the embedding model that is set, if one is; raises `UnknownModel` and `InvalidSetting`."""
    if not settings.embedding_model:
        return None
    name = ModelName.parse(settings.embedding_model, "REGOOSE_EMBEDDING_MODEL")
    if name.provider is not Provider.OLLAMA:
        raise InvalidSetting(
            f"REGOOSE_EMBEDDING_MODEL is {name}; only models of Ollama serve for embeddings",
            hint="Fetch one with `ollama pull nomic-embed-text` and set ollama:nomic-embed-text, or leave it empty.",
        )
    return OllamaEmbedder(endpoint_of(settings, name))
