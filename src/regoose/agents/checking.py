"""Whether the prompts in force can be used: before a model is paid for finding out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from regoose.agents.prompt import Prompt, read_prompt
from regoose.agents.roles import OUTPUTS, VARIABLES
from regoose.context.repository_map import approximate_tokens
from regoose.domain.prompt import PromptCheck
from regoose.errors import InvalidPrompt

_PART = 0.5
"""Of the window, what a prompt may take with its usual values: the rest is for the work."""


def check_prompts(folder: Path | None, window: int, largest: Mapping[str, int]) -> tuple[PromptCheck, ...]:
    """
    Check the prompt of every role: variables, examples, and that it fits.

    `window` is the model's, in tokens, and `largest` the most characters that each variable usually has.
    """
    return tuple(_check(role, output, folder, window, largest) for role, output in OUTPUTS.items())


def _check(
    role: str, output: type[BaseModel], folder: Path | None, window: int, largest: Mapping[str, int]
) -> PromptCheck:
    try:
        prompt = read_prompt(role, folder)
    except InvalidPrompt as error:
        return PromptCheck(role=role, path=f"{role}.md", version=None, tokens=0, problems=(error.message,))
    problems = list(prompt.problems(output))
    if prompt.role != role:
        problems.append(f"it says that it is for the role {prompt.role!r}")
    supplied = VARIABLES[role]
    problems += [f"the variable {name!r} is never supplied" for name in sorted(prompt.variables - supplied)]
    problems += [f"the variable {name!r} is supplied and not named" for name in sorted(supplied - prompt.variables)]
    tokens = 0 if problems else _tokens(prompt, largest)
    if tokens > window * _PART:
        problems.append(f"it takes about {tokens:,} tokens of a window of {window:,}; at most half leaves room to work")
    return PromptCheck(role=role, path=prompt.path, version=prompt.version, tokens=tokens, problems=tuple(problems))


def _tokens(prompt: Prompt, largest: Mapping[str, int]) -> int:
    return approximate_tokens("".join(prompt.render(**{name: "x" * largest.get(name, 0) for name in prompt.variables})))
