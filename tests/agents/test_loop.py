"""The loop: what it does with every way in which a model's answer can be of no use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from regoose.agents.changes import Changes
from regoose.agents.desk import Desk
from regoose.agents.gatekeeper import Gatekeeper
from regoose.agents.loop import Agent, ModelRoom
from regoose.agents.outputs import Outputs
from regoose.agents.prompt import parse_prompt
from regoose.agents.role import Role
from regoose.agents.toolbox import CHANGING, LOOKING
from regoose.context.store import Store
from regoose.domain.approval import Approval
from regoose.domain.evidence import SuiteReport
from regoose.domain.patch import Patch
from regoose.domain.policy import Policy
from regoose.durable.run import Suspended
from regoose.errors import AgentFailed, ApprovalNeeded, MachineError, WindowExceeded
from regoose.sandbox.base import Result
from regoose.testing.agents import FakeModels
from regoose.testing.embedding import WordEmbedder
from regoose.testing.models import Answer, ScriptedProvider, ToolCall, call, fail, say
from regoose.testing.runs import MemorySteps, memory_run

PROMPT = parse_prompt(
    """+++
role = "helper"
version = 1
variables = ["wish"]
+++
# System
You help.

# Task
{{ wish }}
""",
    "helper.md",
)


class Done(BaseModel):
    model_config = ConfigDict(extra="forbid")

    said: str


DONE = call("finish", said="done")


@dataclass
class NoPlace:
    """A directory of files, without a sandbox."""

    root: Path

    async def tree(self) -> Path:
        return self.root

    async def test(self, selection: Sequence[str], patch: Patch) -> SuiteReport:
        raise AssertionError(selection, patch)

    async def run(self, command: str, patch: Patch, seconds: float) -> Result:
        raise AssertionError(command, patch, seconds)


@dataclass
class Bench:
    """An agent with a scripted model, over a directory with one file."""

    folder: Path
    policy: Policy = field(default_factory=Policy)
    may_ask: bool = False
    approvals: dict[str, Approval] = field(default_factory=dict[str, Approval])
    steps: MemorySteps = field(default_factory=MemorySteps)
    embedder: WordEmbedder | None = None
    window: int = 100_000
    turns: int = 14

    def __post_init__(self) -> None:
        (self.folder / "tree").mkdir(parents=True)
        (self.folder / "tree" / "app.py").write_text("x = 1\n")

    def agent(self, *answers: Answer) -> tuple[Agent[Done], ScriptedProvider]:
        provider = ScriptedProvider(answers)
        run = memory_run(self.folder / "run", self.approvals, self.steps)
        tree = self.folder / "tree"

        def read(path: str) -> bytes | None:
            return (tree / path).read_bytes() if (tree / path).is_file() else None

        self.gatekeeper = Gatekeeper(self.policy, run, may_ask=self.may_ask)
        desk = Desk(
            changes=Changes(read),
            place=NoPlace(tree),
            outputs=Outputs(self.folder / "outputs", shown=300),
            store=Store(self.folder / "store"),
            policy=self.policy,
            embedder=self.embedder,
        )
        role = Role(name="helper", prompt=PROMPT, output=Done, tools=(*LOOKING, *CHANGING), turns=self.turns)
        agent = Agent(role, FakeModels({"": provider}), run, desk, self.gatekeeper, ModelRoom(self.window, 4000))
        return agent, provider


async def test_passages_on_a_topic_are_found_by_words_and_by_meaning(bench: Bench) -> None:
    tree = bench.folder / "tree"
    (tree / "shipping.py").write_text("def fee(parcel):\n    return parcel.weight * 2\n")
    (tree / ".env").write_text("POSTAGE=canary\n")
    search = call("search", query="parcel weight", what="topic")
    agent, provider = bench.agent(search, DONE)
    await agent.work(wish="Look.")
    assert "shipping.py, fee\n     1| def fee(parcel):" in last(provider)

    search = call("search", query="postage", what="topic")
    agent, provider = bench.agent(search, DONE)
    await agent.work(wish="Look.")
    assert "Nothing deals with 'postage'" in last(provider)

    bench.embedder = WordEmbedder({"postage": "parcel"})
    agent, provider = bench.agent(search, DONE)
    await agent.work(wish="Look.")
    assert "shipping.py, fee" in last(provider)
    assert "canary" not in str(bench.embedder.asked)

    bench.embedder = WordEmbedder(failure=MachineError("nobody answers"), name="away")
    agent, provider = bench.agent(search, DONE)
    await agent.work(wish="Look.")
    assert "[by words alone: away: nobody answers]" in last(provider)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def last(provider: ScriptedProvider) -> str:
    """What the model was told before its last answer."""
    return provider.requests[-1].last


async def test_tools_are_used_in_turn_until_the_result_is_handed_in(bench: Bench) -> None:
    agent, provider = bench.agent(
        call("read", path="app.py"), call("edit", path="app.py", search="x = 1", replace="x = 2"), DONE
    )
    assert (await agent.work(wish="Make x 2.")).said == "done"
    assert agent.changes.read("app.py") == b"x = 2\n"
    assert (bench.folder / "tree" / "app.py").read_text() == "x = 1\n"
    assert bench.steps.names == [
        "helper 1",
        "helper 1.1 read",
        "helper 2",
        "helper 2.1 edit",
        "helper 3",
        "helper 3.1 finish",
    ]
    assert provider.problems == []


async def test_the_step_of_a_tool_keeps_how_its_edits_ended(bench: Bench) -> None:
    agent, provider = bench.agent(
        call("edit", path="app.py", search="  x = 1", replace="  x = 2"),
        call("edit", path="app.py", search="y = 1", replace="y = 2"),
        DONE,
    )
    await agent.work(wish="Make x 2.")
    assert "the search text was not found" in last(provider)
    kept = dict(zip(bench.steps.names, bench.steps.values, strict=True))
    edits = [value["edits"] for name, value in kept.items() if name.endswith("edit") and isinstance(value, dict)]
    assert edits == [{"indentation": 1}, {"Missed": 1}]


@pytest.mark.parametrize(
    ("answer", "name", "told"),
    [
        (Answer(tool_calls=(ToolCall("read", '{"path": "app'),)), "malformed tool call", "Invalid JSON"),
        (call("read", path="app.py", first="one"), "wrong tool call", "first: Input should be a valid integer"),
        (call("read", path="app.py", colour="red"), "wrong tool call", "colour: Extra inputs are not permitted"),
        (call("wish", path="app.py"), "unknown tool", "There is no tool 'wish'. The tools are: read,"),
        (call("finish", sad="done"), "wrong result", "said: Field required"),
        (Answer(text="I was about to", stop="length"), "length", "cut off"),
        (Answer(text="I cannot.", stop="refusal"), "refusal", "You declined"),
        (Answer(stop="content_filter"), "content filter", "held back by a filter"),
        (Answer(), "empty answer", "Your answer was empty"),
        (say("I am done!"), "no tool call", "You used no tool"),
    ],
)
async def test_an_answer_of_no_use_is_told_of_a_few_times_and_then_fails_by_name(
    bench: Bench, answer: Answer, name: str, told: str
) -> None:
    agent, provider = bench.agent(answer, DONE)
    assert (await agent.work(wish="Help.")).said == "done"
    assert told in last(provider)

    other = Bench(bench.folder / "other")
    agent, provider = other.agent(*[answer] * 4)
    with pytest.raises(AgentFailed, match=f"^{name}: "):
        await agent.work(wish="Help.")
    assert len(provider.requests) == 4


async def test_what_was_cut_off_is_not_done(bench: Bench) -> None:
    cut = Answer(tool_calls=(ToolCall("create", {"path": "new.py", "text": "half"}),), stop="length")
    agent, _ = bench.agent(cut, DONE)
    await agent.work(wish="Help.")
    assert agent.changes.patch().edits == ()


async def test_good_turns_in_between_make_patience_new(bench: Bench) -> None:
    bad = [call("wish"), call("wish"), call("wish")]
    agent, _ = bench.agent(*bad, call("read", path="app.py"), *bad, DONE)
    assert (await agent.work(wish="Help.")).said == "done"


async def test_one_action_again_and_again_is_a_loop(bench: Bench) -> None:
    same = call("read", path="app.py")
    agent, provider = bench.agent(*[same] * 4, DONE)
    await agent.work(wish="Help.")
    assert "You have done exactly this 3 times" in last(provider)

    other = Bench(bench.folder / "other")
    agent, _ = other.agent(*[same] * 10)
    with pytest.raises(AgentFailed, match=r"^loop: "):
        await agent.work(wish="Help.")


async def test_the_same_look_after_a_change_is_no_loop(bench: Bench) -> None:
    answers: list[Answer] = []
    for number in range(1, 6):
        answers += [
            call("edit", path="app.py", search=f"x = {number}", replace=f"x = {number + 1}"),
            call("read", path="app.py"),
        ]
    agent, _ = bench.agent(*answers, DONE)
    await agent.work(wish="Help.")
    assert agent.changes.read("app.py") == b"x = 6\n"


async def test_turns_are_bounded(bench: Bench) -> None:
    agent, _ = bench.agent(*(call("search", query=f"word{number}") for number in range(20)))
    with pytest.raises(AgentFailed, match=r"^turns: the helper did not finish within 14 turns"):
        await agent.work(wish="Help.")


async def test_calls_of_one_answer_are_done_in_order_and_all_are_answered(bench: Bench) -> None:
    first = ToolCall("edit", {"path": "app.py", "search": "x = 1", "replace": "x = 2"})
    second = ToolCall("read", {"path": "app.py"})
    third = ToolCall("finish", {"said": "done"})
    agent, provider = bench.agent(Answer(tool_calls=(first, second, third, second)), call("finish", said="again"))
    await agent.work(wish="Help.")
    assert (await agent.go_on("Once more.")).said == "again"
    assert provider.problems == []
    assert "1| x = 2" in provider.requests[-1].text
    assert last(provider) == "Once more."


async def test_policy_refuses_before_anything_is_done_and_the_attempt_is_kept(bench: Bench) -> None:
    agent, provider = bench.agent(call("create", path=".github/workflows/ci.yml", text="on: push"), DONE)
    await agent.work(wish="Help.")
    assert last(provider).startswith("Refused by policy (protected file)")
    assert agent.changes.patch().edits == ()
    assert [(one.rule, one.path) for one in bench.gatekeeper.findings] == [
        ("protected file", ".github/workflows/ci.yml")
    ]


async def test_a_path_that_was_mended_into_a_protected_one_is_refused_as_well(bench: Bench) -> None:
    workflows = bench.folder / "tree" / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text("on: push\n")
    answer = call("edit", path=".GITHUB/workflows/CI.yml", search="on: push", replace="on: never")
    agent, provider = bench.agent(answer, DONE)
    await agent.work(wish="Help.")
    assert "Refused by policy" in last(provider)
    assert agent.changes.patch().edits == ()


async def test_secrets_are_neither_read_nor_found(bench: Bench) -> None:
    (bench.folder / "tree" / ".env").write_text("TOKEN=canary\n")
    agent, provider = bench.agent(call("read", path=".env"), call("search", query="canary"), DONE)
    await agent.work(wish="Help.")
    assert "TOKEN=canary" not in "".join(request.text for request in provider.requests)


async def test_a_person_is_asked_where_the_policy_says_so(bench: Bench) -> None:
    bench.may_ask = True
    agent, _ = bench.agent(call("create", path="requirements.txt", text="flask\n"), DONE)
    with pytest.raises(Suspended) as suspended:
        await agent.work(wish="Help.")
    assert isinstance(suspended.value.cause, ApprovalNeeded)

    other = Bench(bench.folder / "other", may_ask=True)
    other.approvals = {"helper 1.1 create": Approval(granted=True, comment="", by="ada")}
    agent, _ = other.agent(call("create", path="requirements.txt", text="flask\n"), DONE)
    await agent.work(wish="Help.")
    assert agent.changes.read("requirements.txt") == b"flask\n"


async def test_a_long_output_is_shortened_and_can_be_read_on(bench: Bench) -> None:
    lines = "".join(f"line {number}\n" for number in range(200))
    (bench.folder / "tree" / "long.txt").write_text(lines)
    agent, provider = bench.agent(call("search", query="line", paths="long.txt"), DONE)
    await agent.work(wish="Help.")
    told = last(provider)
    assert len(told) < 400
    name = told[told.index("output:") :].split()[0]
    agent, provider = bench.agent(call("read", path=name), DONE)
    await agent.work(wish="Help.")
    assert "long.txt:100: line 99" in last(provider)


async def test_a_model_without_tool_calls_is_spoken_to_in_text(bench: Bench) -> None:
    block = "app.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n"
    finish = '```tool\n{"name": "finish", "arguments": {"said": "done"}}\n```\n'
    agent, provider = bench.agent(fail("no_tools"), say(block), say(finish))
    assert (await agent.work(wish="Make x 2.")).said == "done"
    assert agent.changes.read("app.py") == b"x = 2\n"
    assert "Result of `edit`:\n\napp.py: placed at line 1" in last(provider)
    assert [request.prompt.tools for request in provider.requests[1:]] == [(), ()]


async def test_old_outputs_are_left_out_before_the_window_is_full(bench: Bench) -> None:
    bench.window = 8_000
    (bench.folder / "tree" / "long.py").write_text("".join(f"value_{number} = {number}\n" for number in range(200)))
    reads = [call("read", path="long.py", first=first, last=first + 99) for first in range(1, 12)]
    agent, provider = bench.agent(*reads, DONE)
    await agent.work(wish="Help.")
    assert "output left out to save room" in provider.requests[-1].text
    assert provider.problems == []


async def test_the_middle_becomes_a_summary_where_leaving_out_is_not_enough(bench: Bench) -> None:
    bench.window = 9_000
    bench.turns = 30
    thoughts = [Answer(text="hm " * 700, tool_calls=(ToolCall("search", {"query": f"w{n}"}),)) for n in range(9)]
    agent, provider = bench.agent(*thoughts, say("I searched, in vain."), DONE)
    await agent.work(wish="Help.")
    assert any(name.endswith("summary") for name in bench.steps.names)
    assert "I searched, in vain." in provider.requests[-1].text
    assert provider.problems == []


@pytest.mark.parametrize("unusable", [fail("context_overflow"), say(""), call("search", query="w")])
async def test_without_a_usable_summary_it_goes_on(bench: Bench, unusable: Answer) -> None:
    bench.window = 9_000
    bench.turns = 30
    thoughts = [Answer(text="hm " * 700, tool_calls=(ToolCall("search", {"query": f"w{n}"}),)) for n in range(9)]
    agent, provider = bench.agent(*thoughts, unusable, DONE)
    assert (await agent.work(wish="Help.")).said == "done"
    assert "It could not be summed up." in provider.requests[-1].text
    assert provider.requests[-2].prompt.tools == provider.requests[-1].prompt.tools, "an API wants them named"
    assert provider.problems == []


async def test_what_does_not_fit_at_all_is_said(bench: Bench) -> None:
    bench.window = 5_000
    agent, _ = bench.agent(DONE)
    with pytest.raises(WindowExceeded, match="a window of 5,000 leaves"):
        await agent.work(wish="word " * 5_000)


async def test_a_window_that_is_smaller_than_said_is_found_out(bench: Bench) -> None:
    agent, provider = bench.agent(call("read", path="app.py"), fail("context_overflow"), DONE)
    assert (await agent.work(wish="Help.")).said == "done"
    assert len(provider.requests) == 3


async def test_requests_of_the_journal_are_the_whole_conversation(bench: Bench) -> None:
    agent, _ = bench.agent(call("read", path="app.py"), DONE)
    await agent.work(wish="Help.")
    asked = bench.steps.requests[bench.steps.names.index("helper 2")]
    assert asked is not None
    assert next(next(iter(part)) for part in asked if isinstance(part, dict)) == "tools"
    assert json.dumps(asked).count('"speaker"') == 4
