"""Azure OpenAI: OpenAI's protocols under other addresses, with errors of its own in front of the models."""

from __future__ import annotations

import re

from regoose.testing.models.request import Prompt
from regoose.testing.models.script import Fault, FaultKind
from regoose.testing.models.values import Json, JsonObject
from regoose.testing.models.wire.base import Failure, Wording, filled
from regoose.testing.models.wire.openai_chat import OpenAIChat

_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/")
_WORDINGS = {
    FaultKind.RATE_LIMIT: Wording(
        429,
        "",
        "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded "
        "token rate limit of your current OpenAI S0 pricing tier. Please retry after {seconds} seconds. Please go "
        "here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit.",
        "429",
    ),
    FaultKind.UNAUTHORIZED: Wording(
        401,
        "",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource.",
        "401",
    ),
    FaultKind.FORBIDDEN: Wording(403, "", "Access denied due to Virtual Network/Firewall rules.", "403"),
    FaultKind.UNKNOWN_MODEL: Wording(
        404,
        "",
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
        "please wait a moment and try again.",
        "DeploymentNotFound",
    ),
    FaultKind.SERVER_ERROR: Wording(500, "", "Internal server error", "InternalServerError"),
    FaultKind.UNAVAILABLE: Wording(503, "", "The service is temporarily unavailable.", "ServiceUnavailable"),
}
_FILTERED = (
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
    "your prompt and retry. To learn more about our content filtering policies please read our documentation: "
    "https://go.microsoft.com/fwlink/?linkid=2198766"
)


class AzureChat(OpenAIChat):
    """`POST /openai/deployments/{deployment}/chat/completions`, where the deployment is the model."""

    name = "azure"

    def read(self, body: JsonObject, path: str) -> Prompt:
        """Read a request."""
        found = _DEPLOYMENT.search(path)
        return super().read({**body, "model": found[1]} if found else body, path)

    def failure(self, fault: Fault, model: str, number: int) -> Failure:
        """Word an error of the API."""
        if fault.kind is FaultKind.PROMPT_FILTERED:
            return Failure(400, _filtered(fault.message))
        wording = _WORDINGS.get(fault.kind)
        if wording is None:
            return super().failure(fault, model, number)
        return Failure(wording.status, {"error": {"code": wording.code, "message": filled(wording, fault, model)}})


def _filtered(message: str) -> JsonObject:
    severities: dict[str, Json] = {
        kind: {"filtered": kind == "violence", "severity": "medium" if kind == "violence" else "safe"}
        for kind in ("hate", "self_harm", "sexual", "violence")
    }
    inner: JsonObject = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": severities}
    return {
        "error": {
            "message": message or _FILTERED,
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": inner,
        }
    }
