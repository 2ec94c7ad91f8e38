"""The pages on providers: the settings that they name exist, and what they say to set works."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from regoose.providers.models import Models
from regoose.providers.preflight import preflight
from regoose.settings import Settings, load, variable_of
from regoose.testing.ledger import MemoryLedger
from regoose.testing.models import Answer, ModelServer, Request, Turn, call

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {
    "openai": "openai",
    "anthropic": "anthropic",
    "azure": "azure",
    "google": "google",
    "ollama": "ollama",
    "lm-studio": "lmstudio",
}
VARIABLES = {variable_of(name) for name in Settings.model_fields}
OTHERS = {"LANGSMITH_TRACING", "LANGSMITH_GATEWAY", "HTTPS_PROXY", "NO_PROXY"}
ADDRESSES = {
    "openai": "OPENAI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
    "azure": "AZURE_OPENAI_ENDPOINT",
    "ollama": "OLLAMA_HOST",
    "lmstudio": "LMSTUDIO_BASE_URL",
}


@pytest.mark.parametrize("page", [DOCS / "models.md", *(DOCS / "providers" / f"{name}.md" for name in PAGES)], ids=str)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", page.read_text()))
    assert named - VARIABLES - OTHERS - {"PROVIDER_NAME"} == set()


def set_up(page: str) -> dict[str, str]:
    """What the page says to set, with a key in place of the dots."""
    (block,) = re.findall(r"```ini\n(.*?)```", (DOCS / "providers" / f"{page}.md").read_text(), re.DOTALL)
    values = dotenv_values(stream=io.StringIO(re.sub(r"^ +", "", block, flags=re.MULTILINE)))
    return {name: (value or "").replace("…", "a-key-of-mine") for name, value in values.items()}


@pytest.mark.parametrize("page", [name for name in PAGES if name != "google"])  # whose address cannot be set
async def test_what_a_page_says_to_set_is_all_that_its_models_need(page: str, tmp_path: Path) -> None:
    def give(request: Request) -> Answer:
        tool = next((name for name in ("report", "status") if name in request.prompt.tools), None)
        return call(tool, word="ready") if tool else Answer(text='{"word": "ready"}')

    with ModelServer([Turn(give), Turn(give)]) as server:
        environ = {**set_up(page), ADDRESSES[PAGES[page]]: server.url(PAGES[page])}
        if page == "azure":  # as the page says of a deployment that is not called like its model
            environ["REGOOSE_MODEL_PRICES"] = "azure:my-gpt-4o-deployment=2.50/1.25/10"
        loaded = load(environ=environ, directory=tmp_path, user_config=tmp_path / "none.toml")
        async with Models(loaded.settings, MemoryLedger()) as models:
            (found,) = await preflight(models)
    assert found.suitable, found
    assert server.problems == ()
