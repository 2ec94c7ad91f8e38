"""A provider of one's own: models behind an HTTP gateway of the house, as `--model gateway:NAME`."""

import os
from collections.abc import Sequence

import httpx
from pydantic import TypeAdapter
from pydantic_core import to_json

from regoose.domain.conversation import LLMResponse, Message


class Gateway:
    local = True  # nobody charges for it; without this it needs a price

    def __init__(self, model: str) -> None:
        self.model, self.secrets = model, [os.environ["GATEWAY_KEY"]]  # secrets are shown nowhere

    async def generate(self, messages: Sequence[Message], **wanted: object) -> LLMResponse:
        body = to_json({"model": self.model, "messages": messages, **wanted})  # tools, output, max_tokens
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.secrets[0]}"}, timeout=600) as client:
            answer = await client.post(os.environ["GATEWAY_URL"], content=body)  # the deadline is set around it
        return TypeAdapter(LLMResponse).validate_json(answer.raise_for_status().content)

    def get_model_name(self) -> str:
        return f"gateway:{self.model}"

    def get_max_tokens(self) -> int:
        return 32_000
