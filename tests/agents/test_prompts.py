"""Prompts are files with named variables; what is wrong with one is said before a model is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from regoose.agents.prompt import parse_prompt, read_prompt
from regoose.agents.roles import OUTPUTS, ROLES
from regoose.errors import InvalidPrompt

PROMPT = """+++
role = "greeter"
version = 1
variables = ["name"]
+++
# System
You greet.

```json output
{"greeting": "Hello"}
```

# Task
Greet {{ name }}.
"""


class Greeting(BaseModel):
    greeting: str


@pytest.mark.parametrize("role", ROLES)
def test_the_prompts_that_come_along_are_in_order(role: str) -> None:
    assert read_prompt(role).problems(OUTPUTS[role]) == ()


def test_a_prompt_renders_its_two_parts() -> None:
    told, asked = parse_prompt(PROMPT, "greeter.md").render(name="Ada")
    assert told.startswith("You greet.")
    assert asked == "Greet Ada."


def test_what_a_variable_holds_is_never_a_template() -> None:
    _, asked = parse_prompt(PROMPT, "greeter.md").render(name="{{ 7 * 7 }}{% for x in y %}")
    assert asked == "Greet {{ 7 * 7 }}{% for x in y %}."


@pytest.mark.parametrize(("values", "named"), [({}, "name"), ({"name": "Ada", "age": "36"}, "age")])
def test_values_have_to_be_the_variables(values: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidPrompt, match=named):
        parse_prompt(PROMPT, "greeter.md").render(**values)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ name }}", "you", "'name' is named and not used"),
        ("Greet {{", "Greet {{ title }} {{", "'title' is used and not named"),
        ('{"greeting": "Hello"}', '{"greeting": 1}', "greeting: Input should be a valid string"),
        ('{"greeting": "Hello"}', "{", "example 1 is not what Greeting takes"),
        ("json output", "json", "no example"),
    ],
)
def test_problems_of_a_prompt_are_named(old: str, new: str, said: str) -> None:
    problems = parse_prompt(PROMPT.replace(old, new), "greeter.md").problems(Greeting)
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+++\n", "", r"between two lines of \+\+\+"),
        ("version = 1", "version = 'one'", "its facts cannot be read"),
        ("# Task", "# Tasks", "the part `# System` and then the part `# Task`"),
        ("{{ name }}", "{{ name", "expected name or number"),
    ],
)
def test_a_file_that_is_no_prompt_says_why(old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidPrompt, match=said):
        parse_prompt(PROMPT.replace(old, new), "greeter.md")


def test_a_users_own_prompt_takes_the_place_of_the_one_that_comes_along(tmp_path: Path) -> None:
    (tmp_path / "coder.md").write_text(PROMPT.replace("greeter", "coder"))
    assert read_prompt("coder", tmp_path).path == str(tmp_path / "coder.md")
    assert read_prompt("planner", tmp_path).path == "planner.md"
