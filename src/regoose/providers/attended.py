"""A provider of the user's own, attended: what it raises becomes an error of our tree, without its secrets."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Sequence
from typing import Protocol

from regoose.domain.conversation import LLMResponse, Message, OutputFormat, ToolSpec
from regoose.errors import ModelRejected, RegooseError
from regoose.providers.attempt import Circumstances, circumstances
from regoose.providers.endpoints import Endpoint
from regoose.providers.failures import Raised, headers_of, translate
from regoose.providers.port import LLMProvider
from regoose.providers.redaction import Redactor

_OF_THE_WIRE = {"TransportError", "ClientError"}
"""Classes of httpx and aiohttp for what befalls a connection; what other clients raise then is an `OSError`."""


class _Closing(Protocol):
    def aclose(self) -> Awaitable[None]: ...


class Attended:
    """
    `LLMProvider` around one of the user's own. `window` is what the user says of its size, None where nothing.

    Two attributes of the provider count, where it has them: `local` (nobody charges for it, and it may be slow) and
    `secrets`, which are taken out of everything that is shown or kept.
    """

    def __init__(self, provider: LLMProvider, endpoint: Endpoint, window: int | None, redact: Redactor) -> None:
        self._provider = provider
        self._endpoint = endpoint
        self._window = window
        self._redact = redact
        self._learn()

    @property
    def local(self) -> bool:
        """Whether it says that nobody charges for it."""
        return getattr(self._provider, "local", False) is True

    async def generate(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        output: OutputFormat | None = None,
        max_tokens: int | None = None,
    ) -> LLMResponse:
        """
        Answer a conversation, as `LLMProvider` says.

        An error that is none of our tree is judged by the status that it or its response has; without one, what befell
        the connection or was not JSON is worth another attempt, and anything else is a mistake in its code.
        """
        before = sys.exception()
        try:
            answer = await self._provider.generate(messages, tools=tools, output=output, max_tokens=max_tokens)
        except RegooseError as error:
            self._learn()
            found, how = self._redacted(error), circumstances(error)
        except Exception as error:  # noqa: BLE001 - the code of others; each becomes an error of the tree
            self._learn()
            found, how = self._judge(error, before)
        else:
            self._learn()
            if isinstance(answer, LLMResponse):  # pyright: ignore[reportUnnecessaryIsInstance] - the code of others
                return answer
            found = ModelRejected(f"{self._endpoint.name} answered a {type(answer).__name__}, expected an LLMResponse")
            how = Circumstances(retryable=False, free=False)
        raise found from how

    def get_model_name(self) -> str:
        """Return `provider:name`."""
        return str(self._endpoint.name)

    def get_max_tokens(self) -> int:
        """Return the size of the window."""
        return self._window or self._provider.get_max_tokens()

    async def aclose(self) -> None:
        """Close its connections, where it has a method for that."""
        if callable(getattr(self._provider, "aclose", None)):
            closing: _Closing = self._provider  # pyright: ignore[reportAssignmentType] - it has the method
            await closing.aclose()

    def _judge(self, error: Exception, before: BaseException | None) -> tuple[RegooseError, Circumstances]:
        found, how = translate(Raised(error, before), self._endpoint, headers_of(error), self._redact)
        if how.status is None and not _befell_the_wire(error):
            said = self._redact(f"{type(error).__name__}: {error}")
            return ModelRejected(
                f"{self._endpoint.name} raised {said}",
                hint="It is for its code to raise ModelUnavailable where another attempt may do better.",
            ), Circumstances(retryable=False, free=False)
        return found, how

    def _redacted(self, error: RegooseError) -> RegooseError:
        error.message, error.hint = self._redact(error.message), self._redact(error.hint)
        error.args, error.__context__ = (error.message,), None  # what it came from may name a secret
        return error

    def _learn(self) -> None:
        secrets: object = getattr(self._provider, "secrets", ())
        for secret in secrets if isinstance(secrets, Sequence) and not isinstance(secrets, str) else ():  # pyright: ignore[reportUnknownVariableType] - whatever it is
            self._redact.learn(str(secret))  # pyright: ignore[reportUnknownArgumentType]


def _befell_the_wire(error: Exception) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, OSError | json.JSONDecodeError) or bool(names & _OF_THE_WIRE)
