"""How OpenAI words errors, in both of its protocols; LM Studio and others follow it."""

from __future__ import annotations

from regoose.testing.models.script import Fault, FaultKind
from regoose.testing.models.values import Json, JsonObject
from regoose.testing.models.wire.base import Failure, Refused, Wording, filled, wording_of

_SORRY = (
    "Sorry about that! You can retry your request, or contact us through our help center at help.openai.com if you "
    "keep seeing this error."
)
_INVALID = "invalid_request_error"

WORDINGS = {
    FaultKind.RATE_LIMIT: Wording(
        429,
        "tokens",
        "Rate limit reached for {model} in organization org-scripted on tokens per min (TPM): Limit 30000, Used 29500, "
        "Requested 1500. Please try again in {seconds}s. Visit https://platform.openai.com/account/rate-limits to "
        "learn more.",
        "rate_limit_exceeded",
    ),
    FaultKind.QUOTA: Wording(
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
    ),
    FaultKind.SERVER_ERROR: Wording(500, "server_error", f"The server had an error processing your request. {_SORRY}"),
    FaultKind.UNAVAILABLE: Wording(
        503, "server_error", f"That model is currently overloaded with other requests. {_SORRY}"
    ),
    FaultKind.OVERLOADED: Wording(
        529, "server_error", f"The server is currently overloaded with other requests. {_SORRY}"
    ),
    FaultKind.UNAUTHORIZED: Wording(
        401,
        _INVALID,
        "Incorrect API key provided: ********. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        "invalid_api_key",
    ),
    FaultKind.FORBIDDEN: Wording(
        403,
        _INVALID,
        "Project `proj_scripted` does not have access to model `{model}`.",
        "model_not_found",
    ),
    FaultKind.UNKNOWN_MODEL: Wording(
        404, _INVALID, "The model `{model}` does not exist or you do not have access to it.", "model_not_found"
    ),
    FaultKind.BAD_REQUEST: Wording(
        400,
        _INVALID,
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is "
        "supported.",
        "unsupported_value",
        "temperature",
    ),
    FaultKind.CONTEXT_OVERFLOW: Wording(
        400,
        _INVALID,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 140012 tokens. "
        "Please reduce the length of the messages.",
        "context_length_exceeded",
        "messages",
    ),
    FaultKind.PROMPT_FILTERED: Wording(
        400,
        _INVALID,
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a "
        "different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting",
        "invalid_prompt",
    ),
    FaultKind.NO_TOOLS: Wording(400, _INVALID, "tools is not supported in this model.", param="tools"),
}


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> JsonObject:
    """Return the body of an error."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def failure(fault: Fault, model: str) -> Failure:
    """Word an error of the API."""
    wording = wording_of(WORDINGS, fault.kind)
    return Failure(wording.status, error_body(filled(wording, fault, model), wording.type, wording.param, wording.code))


def refused(one: Refused) -> Failure:
    """Word a refusal of the request."""
    return Failure(400, error_body(one.message, _INVALID, one.param, one.code))


def text_of(content: Json) -> str:
    """Return the text of a message's content: a string, or a list of parts."""
    if isinstance(content, list):
        return "\n".join(
            str(part.get("text") or part.get("refusal") or "") for part in content if isinstance(part, dict)
        )
    return content if isinstance(content, str) else ""
