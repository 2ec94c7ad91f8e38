"""
Models tried before work: two small real calls at each endpoint, within a budget of their own.

The first has to call a tool, the second has to answer in a JSON schema. What fails is named, and what depends on it is
not tried.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from regoose.domain.budget import Budget
from regoose.domain.conversation import LLMResponse, OutputFormat, Stop, ToolSpec, Usage, system, user
from regoose.domain.json import Json
from regoose.domain.preflight import Preflight, Trial
from regoose.errors import RegooseError
from regoose.providers.balance import Place
from regoose.providers.calls import Ask
from regoose.providers.embedding import OllamaEmbedder, read_embedder
from regoose.providers.lineup import ROLES, Lineup
from regoose.providers.models import Models
from regoose.providers.names import ModelName

BUDGET = 0.25
"""US dollars that trying one model may cost at one endpoint."""
SMALLEST_WINDOW = 8000
"""Tokens. Below, an author cannot be shown enough of a repository to change it."""
_MOST = 1000
"""Tokens of an answer: models that think first need them."""
_MILLION = 1_000_000
_WORD = "ready"
_SHAPE: dict[str, Json] = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
_TOOL = ToolSpec(name="report", description="Report a word.", parameters=_SHAPE)
_OUTPUT = OutputFormat(name="status", schema=_SHAPE)


async def preflight(models: Models) -> tuple[Preflight, ...]:
    """Try every model that is set; raises `UnknownModel` and `InvalidSetting` where the settings name none."""
    lineup = models.lineup()
    run_id = f"preflight-{uuid.uuid4().hex[:12]}"
    tried: list[Preflight] = []
    for name in lineup.names():
        try:
            places = await models.places(name)
        except RegooseError as error:
            tried.append(_unreachable(lineup, name, error))
            continue
        tried += [await _try(models, place, f"{run_id}-{number}-{name}") for number, place in enumerate(places)]
    if embedder := read_embedder(lineup.settings):
        tried.append(await _try_embedding(embedder))
    return tuple(tried)


async def _try_embedding(embedder: OllamaEmbedder) -> Preflight:
    try:
        (vector,) = await embedder.embed([_WORD])
        trial = Trial(name="answers", passed=True, says=f"gave a vector of {len(vector)} numbers")
    except RegooseError as error:
        trial = Trial(name="answers", passed=False, says=error.message, hint=error.hint)
    return Preflight(model=embedder.name, roles=("embedding",), endpoint=embedder.host, trials=(trial,), usd=0.0)


async def _try(models: Models, place: Place, run_id: str) -> Preflight:
    lineup, name = models.lineup(), place.endpoint.name
    trials = [_price(lineup, place)]
    if trials[0].passed:
        trials += await _calls(models, place, run_id)
    trials.append(_window(lineup, name, models.window(name)))
    return Preflight(
        model=str(name),
        roles=_roles(lineup, name),
        endpoint=place.endpoint.host,
        trials=tuple(trials),
        usd=(await models.for_run(run_id).cost()).usd,
    )


async def _calls(models: Models, place: Place, run_id: str) -> list[Trial]:
    asked = f"Report the word {_WORD!r} by calling the tool `report`."
    try:
        answer = await models.answer_at(_ask(run_id, f"{place.endpoint.host} tools", asked, tools=(_TOOL,)), [[place]])
    except RegooseError as error:
        return [Trial(name="answers", passed=False, says=error.message, hint=error.hint)]
    trials = [Trial(name="answers", passed=True, says=f"answered by {answer.usage.output_tokens} tokens")]
    trials.append(_tool_trial(answer))
    asked = f"Answer with a JSON object that has one property, `word`, with the value {_WORD!r}."
    try:
        answer = await models.answer_at(_ask(run_id, f"{place.endpoint.host} JSON", asked, output=_OUTPUT), [[place]])
    except RegooseError as error:
        return [*trials, Trial(name="JSON", passed=False, says=error.message, hint=error.hint)]
    return [*trials, _json_trial(answer)]


def _ask(
    run_id: str, key: str, text: str, *, tools: tuple[ToolSpec, ...] = (), output: OutputFormat | None = None
) -> Ask:
    return Ask(
        run_id=run_id,
        key=key,
        budget=Budget(usd=BUDGET),
        messages=(system("You do exactly what you are asked."), user(text)),
        tools=tools,
        output=output,
        max_tokens=_MOST,
    )


def _tool_trial(answer: LLMResponse) -> Trial:
    call = next((call for call in answer.calls if call.name == _TOOL.name), None)
    if call is not None and _has_word(call.arguments):
        return Trial(name="tool calls", passed=True, says="called the tool it was asked to")
    instead = f"it answered {_short(answer.text)}" if call is None else f"its arguments were {_short(call.arguments)}"
    return Trial(
        name="tool calls",
        passed=False,
        says=f"asked to call a tool, {instead}{_ended(answer)}",
        hint="Choose a model that can call tools.",
    )


def _json_trial(answer: LLMResponse) -> Trial:
    if _has_word(answer.text):
        return Trial(name="JSON", passed=True, says="answered in the shape it was given")
    return Trial(
        name="JSON",
        passed=False,
        says=f"asked for JSON, it answered {_short(answer.text)}{_ended(answer)}",
        hint="Choose a model that can answer in a JSON schema.",
    )


def _price(lineup: Lineup, place: Place) -> Trial:
    try:
        before, after = (
            lineup.prices.usd(place.endpoint, usage)
            for usage in (Usage(input_tokens=_MILLION), Usage(output_tokens=_MILLION))
        )
    except RegooseError as error:
        return Trial(name="price", passed=False, says=error.message, hint=error.hint)
    if before == after == 0:
        return Trial(name="price", passed=True, says="free of charge")
    return Trial(name="price", passed=True, says=f"${before:g} in, ${after:g} out for a million tokens")


def _window(lineup: Lineup, name: ModelName, size: int) -> Trial:
    guessed = "" if lineup.windows.known(name) else ", a careful guess"
    return Trial(
        name="window",
        passed=size >= SMALLEST_WINDOW,
        says=f"{size} tokens{guessed}",
        hint=f"Set it: REGOOSE_MODEL_WINDOWS={name}=TOKENS." if guessed or size < SMALLEST_WINDOW else "",
    )


def _unreachable(lineup: Lineup, name: ModelName, error: RegooseError) -> Preflight:
    trial = Trial(name="answers", passed=False, says=error.message, hint=error.hint)
    return Preflight(model=str(name), roles=_roles(lineup, name), endpoint="", trials=(trial,), usd=0.0)


def _roles(lineup: Lineup, name: ModelName) -> tuple[str, ...]:
    roles: Sequence[str] = [role for role in ROLES if lineup.of(role) == name]
    return (*roles, *(("backup",) if lineup.backup == name else ()))


def _has_word(text: str) -> bool:
    try:
        value: Json = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and isinstance(value.get("word"), str)


def _ended(answer: LLMResponse) -> str:
    return "" if answer.stop in {Stop.END, Stop.TOOL_CALLS} else f" ({answer.stop})"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…") if text else "nothing"  # noqa: PLR2004 - a line's worth
