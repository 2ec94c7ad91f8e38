"""
The settings of language models: which, where, with what key, at what price.

A model is named `PROVIDER:NAME`; the providers are listed in `regoose.providers.names`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

from regoose.settings.kinds import (
    About,
    CommaList,
    Count,
    File,
    Money,
    OptionalSeconds,
    Secret,
    Text,
    Url,
    mask,
)


class ModelSettings(BaseModel):
    """What is set about language models. A target repository may set none of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    llm_provider: Annotated[str, About()] = Field(
        default="openai",
        description=(
            "Provider of the model: openai, openai-responses, anthropic, azure, google, ollama, lmstudio, or one of "
            "your own."
        ),
    )
    llm_model: Annotated[str, About()] = Field(
        default="gpt-4", min_length=1, description="Model that writes patches and tests."
    )
    llm_temperature: Annotated[float, About()] = Field(
        default=0.1, ge=0, le=2, description="Sampling temperature; left out where a model does not take one."
    )
    llm_max_tokens: Annotated[Count, About()] = Field(default=4000, description="Most tokens of one answer.")
    llm_timeout: Annotated[OptionalSeconds, About()] = Field(
        default=None, description="Seconds one attempt at an answer may take; empty: 30, and 600 for a local model."
    )

    openai_api_key: Annotated[Secret, About()] = Field(default=None, description="Key for OpenAI models.")
    openai_api_key_file: Annotated[File, About()] = Field(
        default=None, description="File that holds the key for OpenAI models; read again for each attempt."
    )
    openai_base_url: Annotated[Url, About()] = Field(
        default=None, description="Address of the OpenAI API, or of a server that speaks it."
    )
    anthropic_api_key: Annotated[Secret, About()] = Field(default=None, description="Key for Anthropic models.")
    anthropic_api_key_file: Annotated[File, About()] = Field(
        default=None, description="File that holds the key for Anthropic models; read again for each attempt."
    )
    anthropic_base_url: Annotated[Url, About()] = Field(default=None, description="Address of the Anthropic API.")
    azure_openai_api_key: Annotated[Secret, About()] = Field(default=None, description="Key for Azure OpenAI.")
    azure_openai_api_key_file: Annotated[File, About()] = Field(
        default=None, description="File that holds the key for Azure OpenAI; read again for each attempt."
    )
    azure_openai_endpoint: Annotated[Url, About()] = Field(
        default=None, description="Address of the Azure OpenAI resource."
    )
    openai_api_version: Annotated[str, About()] = Field(
        default="2024-10-21", min_length=1, description="Version of the Azure OpenAI API."
    )
    google_api_key: Annotated[Secret, About()] = Field(default=None, description="Key for Google models.")
    google_api_key_file: Annotated[File, About()] = Field(
        default=None, description="File that holds the key for Google models; read again for each attempt."
    )
    ollama_api_key: Annotated[Secret, About()] = Field(
        default=None, description="Key for Ollama, where it asks for one."
    )
    ollama_api_key_file: Annotated[File, About()] = Field(
        default=None, description="File that holds the key for Ollama; read again for each attempt."
    )
    ollama_host: Annotated[Url, About()] = Field(default="http://127.0.0.1:11434", description="Address of Ollama.")
    lmstudio_base_url: Annotated[Url, About()] = Field(
        default="http://127.0.0.1:1234/v1", description="Address of LM Studio."
    )

    model_planner: Annotated[Text, About(own=True)] = Field(
        default=None, description="Model that plans (PROVIDER:NAME); empty: LLM_PROVIDER and LLM_MODEL."
    )
    model_coder: Annotated[Text, About(own=True)] = Field(
        default=None, description="Model that writes code (PROVIDER:NAME); empty: LLM_PROVIDER and LLM_MODEL."
    )
    model_tester: Annotated[Text, About(own=True)] = Field(
        default=None, description="Model that writes tests (PROVIDER:NAME); empty: LLM_PROVIDER and LLM_MODEL."
    )
    model_reviewer: Annotated[Text, About(own=True)] = Field(
        default=None, description="Model that reviews (PROVIDER:NAME); empty: LLM_PROVIDER and LLM_MODEL."
    )
    backup_model: Annotated[Text, About(own=True)] = Field(
        default=None, description="Model (PROVIDER:NAME) that is asked when another went on failing."
    )
    model_endpoints: Annotated[CommaList, About(own=True)] = Field(
        default=(),
        description="Further addresses of a model: PROVIDER:NAME=URL, or PROVIDER:NAME=URL@FILE with a key of its own.",
    )
    model_prices: Annotated[CommaList, About(own=True)] = Field(
        default=(), description="Prices: PROVIDER:NAME=INPUT/OUTPUT or INPUT/CACHED/OUTPUT, in USD per million tokens."
    )
    model_windows: Annotated[CommaList, About(own=True)] = Field(
        default=(), description="Sizes of windows: PROVIDER:NAME=TOKENS."
    )
    embedding_model: Annotated[Text, About(own=True)] = Field(
        default=None,
        description="Embedding model of Ollama (ollama:NAME), by which authors find passages by their meaning, too.",
    )
    model_attempts: Annotated[Count, About(own=True)] = Field(
        default=4, le=20, description="How often a model is asked for one answer before its backup is."
    )
    prompts: Annotated[File, About(own=True)] = Field(
        default=None, description="Directory of your own prompts: planner.md, tester.md, coder.md, reviewer.md."
    )
    max_cost: Annotated[Money, About(own=True)] = Field(
        default=5.0, description="Most US dollars that one run may spend on models."
    )

    @field_serializer("openai_api_key", "anthropic_api_key", "azure_openai_api_key", "google_api_key", "ollama_api_key")
    def _masked_key(self, value: SecretStr | None) -> str | None:
        return mask(value)
