"""
Prompts: Markdown files with named variables.

A file begins with its facts between two lines of `+++` (TOML: role, version, variables), then has two parts, `# System`
and `# Task`: what the model is told about its role, and what opens the conversation. Variables are written
`{{ name }}`; Jinja's conditions and loops may be used around them. Fenced blocks tagged `json output` are examples of
what the role hands in, and must be valid ones.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, ValidationError

from regoose.errors import InvalidPrompt

_FACTS = re.compile(r"\A\+\+\+\n(?P<facts>.*?)\n\+\+\+\n(?P<body>.*)\Z", re.DOTALL)
_PARTS = re.compile(r"\A\s*# System\n(?P<system>.*?)\n# Task\n(?P<task>.*)\Z", re.DOTALL)
_EXAMPLE = re.compile(r"^```json output\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    version: int
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """One prompt file, read and in order."""

    path: str
    role: str
    version: int
    variables: frozenset[str]
    system: str
    task: str

    def render(self, **values: str) -> tuple[str, str]:
        """
        Return the system message and the opening message.

        Raises `InvalidPrompt` where `values` are not exactly its variables. Values are text: what they hold is never
        read as a template.
        """
        if values.keys() != self.variables:
            missing, unknown = sorted(self.variables - values.keys()), sorted(values.keys() - self.variables)
            raise InvalidPrompt(f"{self.path}: variables without a value: {missing}, values without use: {unknown}")
        environment = _environment()
        try:
            told, asked = (environment.from_string(part).render(values) for part in (self.system, self.task))
        except TemplateError as error:
            raise InvalidPrompt(f"{self.path}: {error}") from None
        return told.strip(), asked.strip()

    @cached_property
    def examples(self) -> tuple[str, ...]:
        """The examples of what is handed in, as JSON texts."""
        return tuple(_EXAMPLE.findall(f"{self.system}\n{self.task}"))

    def problems(self, output: type[BaseModel]) -> tuple[str, ...]:
        """Say what is wrong: variables unused or not named, examples that `output` does not take, none at all."""
        used = _used(self.system) | _used(self.task)
        found = [f"the variable {name!r} is named and not used" for name in sorted(self.variables - used)]
        found += [f"the variable {name!r} is used and not named" for name in sorted(used - self.variables)]
        if not self.examples:
            found.append("it has no example of what is handed in: a fenced block tagged `json output`")
        for number, example in enumerate(self.examples, start=1):
            try:
                output.model_validate_json(example)
            except ValidationError as error:
                said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
                found.append(f"example {number} is not what {output.__name__} takes: {said}")
        return tuple(found)


def read_prompt(role: str, folder: Path | None = None) -> Prompt:
    """
    Return the prompt of a role: the file `<role>.md` of `folder` where it is there, else the one that comes along.

    Raises `InvalidPrompt` where it cannot be read.
    """
    own = folder / f"{role}.md" if folder is not None else None
    if own is not None and own.is_file():
        return parse_prompt(_text(own), str(own))
    return parse_prompt((files("regoose.agents") / "prompts" / f"{role}.md").read_text("utf-8"), f"{role}.md")


def parse_prompt(text: str, path: str) -> Prompt:
    """Read a prompt file's text; raises `InvalidPrompt` that says where it is wrong."""
    whole = _FACTS.match(text)
    if whole is None:
        raise InvalidPrompt(f"{path}: expected its facts (role, version, variables) between two lines of +++")
    try:
        facts = _Facts.model_validate(tomllib.loads(whole["facts"]))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise InvalidPrompt(f"{path}: its facts cannot be read: {error}") from None
    parts = _PARTS.match(whole["body"])
    if parts is None:
        raise InvalidPrompt(f"{path}: expected the part `# System` and then the part `# Task`")
    prompt = Prompt(path, facts.role, facts.version, frozenset(facts.variables), parts["system"], parts["task"])
    try:
        for part in (prompt.system, prompt.task):
            _used(part)
    except TemplateError as error:
        raise InvalidPrompt(f"{path}: {error}") from None
    return prompt


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPrompt(f"{path} cannot be read: {error}") from None


def _used(template: str) -> set[str]:
    environment = _environment()
    return meta.find_undeclared_variables(environment.parse(template))


def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
