"""What a repository may hold and a tool may say: odd files, links, too much of everything. The run goes on."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regoose.agents.roles import coder
from regoose.domain.ask import AskResult, AskTask
from regoose.domain.evidence import Verdict
from regoose.domain.json import Json
from regoose.durable.database import FILE_NAME
from regoose.testing.agents import FakeModels
from regoose.testing.models import Answer, Request, ScriptedProvider, Turn, call
from regoose.testing.search import ScriptedSearch
from regoose.workflows.ask import Asking
from regoose.workflows.service import Kind, RunService

from .scripted import FEW, MEDIAN, PLAN, SPREAD, run, script, scripted

if TYPE_CHECKING:
    from workflows.conftest import Machine, Repository

pytestmark = pytest.mark.slow

LATIN = "# -*- coding: latin-1 -*-\nNAME = 'café'\n"
ODD = {
    b"latin.py": LATIN.encode("latin-1"),
    b"notes.txt": "un café\n".encode("latin-1"),
    b"wide.txt": "un café\n".encode("utf-16"),
    b"marked.py": "NAME = 'café'\n".encode("utf-8-sig"),
    b"broken.py": b"NAME = 'caf\xe9'\n",
    b"rot.py": b"# coding: rot13\nANZR = 1\n",
    b"data.json": bytes(range(256)),
    b"caf\xe9.py": b"NAME = 1\n",
    b"dir\xff/inner.py": b"NAME = 2\n",
}
MIB = 1024 * 1024
MANY = 50 * MIB


def told(provider: ScriptedProvider) -> list[str]:
    """What the model was told before each of its answers."""
    return [request.last for request in provider.requests]


def blobs(repository: Repository, commit: str) -> dict[str, str]:
    lines = repository.git("-c", "core.quotepath=on", "ls-tree", "-r", commit).splitlines()
    return {line.partition("\t")[2]: line.split()[2] for line in lines}


async def test_files_that_are_not_utf_8_are_read_searched_edited_and_left_as_they_are(
    machine: Machine, repository: Repository
) -> None:
    for path, content in ODD.items():
        place = Path(os.fsdecode(os.fsencode(repository.root) + b"/" + path))
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
    (repository.root / "link").symlink_to("/etc")
    (repository.root / "loop.py").symlink_to("loop.py")
    repository.commit()
    scripts = script()
    outside: dict[str, Json] = {**PLAN, "files_to_modify": ["link/new.py"]}
    paths = ["latin.py", "notes.txt", "wide.txt", "marked.py", "broken.py", "rot.py", "data.json"]
    scripts["planner"] = [
        *(call("read", path=path) for path in (*paths, "link/passwd", "loop.py", "x" * 300)),
        call("search", query="café"),
        call("search", query="()", what="symbol"),
        call("list"),
        call("finish", **outside),
        call("finish", **PLAN),
    ]
    scripts["coder"] = [
        call("edit", path="latin.py", search="café", replace="cafés"),
        call("edit", path="marked.py", search="café", replace="thé"),
        *(call("create", path=path, text="mine\n") for path in ("notes.txt", "wide.txt", "link/new.py", "loop.py")),
        call("edit", path="broken.py", search="NAME", replace="OTHER"),
        call("edit", path="rot.py", search="ANZR", replace="OTHER"),
        call("create", path=f"{'y' * 300}.py", text="X = 1\n"),
        scripts["coder"][0],
        scripts["coder"][-1],
    ]
    providers = scripted(scripts)
    result = await run(machine, repository, providers, limits=replace(FEW, repeats=1))
    assert result.status is Verdict.PROVEN
    assert result.branch is not None

    said = told(providers["planner"])[1:]
    assert "NAME = 'café'" in said[0]
    assert "un caf�" in said[1]
    assert "not in the file's encoding" in said[1]
    assert "un café" in said[2]
    assert said[3].splitlines()[1] == "     1| NAME = 'café'"
    assert "not text" in said[6]
    assert all(one.startswith("Refused by policy: ") for one in said[7:9])
    assert said[9].startswith("There is no file")
    assert [line.partition(":")[0] for line in said[10].splitlines()] == [
        "latin.py",
        "marked.py",
        "wide.txt",
        "[left out",
    ]
    assert "'()' is not a name" in said[11]
    assert "left out: caf\\udce9.py (its name cannot be shown)" in said[12]
    assert said[13].startswith("Refused by policy: ")

    refused = {(one.rule, one.path[:11]) for one in result.refused}
    assert {("not a file of the repository", path) for path in ("link/passwd", "loop.py", "link/new.py")} <= refused
    before, after = blobs(repository, result.base_commit), blobs(repository, result.branch)
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    assert changed == {"stats.py", "tests/test_median.py", "latin.py", "marked.py"}
    repository.git("checkout", "-q", result.branch)
    assert (repository.root / "latin.py").read_bytes() == LATIN.replace("café", "cafés").encode("latin-1")
    assert (repository.root / "marked.py").read_bytes() == "NAME = 'thé'\n".encode("utf-8-sig")


def memory(what: str) -> int:
    """Return a number of bytes that the kernel counts for this process: `VmRSS` now, `VmHWM` at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))


async def test_outputs_and_files_of_50_mb_are_shown_in_part_and_read_on(
    machine: Machine, repository: Repository
) -> None:
    lines = MANY // len("0000000 a line of a log\n")
    with (repository.root / "big.txt").open("w") as file:
        file.writelines(f"{number:07} a line of a log\n" for number in range(1, lines + 1))
    loud = "def test_loud():\n    print('x' * (50 << 20))\n    assert False, 'y' * (1 << 20)\n"
    repository.write("tests/test_loud.py", loud)
    repository.commit()
    shout = f"echo begin; yes 'much of the same' | head -c {MANY}; echo the end; yes trouble | head -c {MANY} >&2"

    def read_on(request: Request) -> Answer:
        return call("read", path=re.findall(r"output:\w+", request.last)[0], first=2000, last=2001)

    provider = ScriptedProvider(
        [
            call("read", path="big.txt"),
            call("read", path="big.txt", first=lines - 1),
            call("search", query="0000777 a line"),
            call("edit", path="big.txt", search="0000777", replace="777"),
            call("run_tests", tests=["tests/test_loud.py"]),
            call("shell", command=shout),
            Turn(read_on),
            call("edit", path="stats.py", search=SPREAD, replace=MEDIAN),
            call("finish", subject="Add median", summary="The middle of sorted values."),
        ]
    )
    role = coder(None)
    asking = Asking(machine.equip(ScriptedSearch([])), machine.authors(FakeModels({"": provider})))
    asking.learn(role)
    task = AskTask(repository=str(repository.root), role=role.name, variables=dict.fromkeys(role.prompt.variables, "-"))
    Path("/proc/self/clear_refs").write_text("5")  # the highest memory so far is that of now
    before = memory("VmRSS")
    async with RunService(machine.home / "state", [Kind("ask", AskTask, AskResult, asking.carry_out)]) as runs:
        result = await runs.follow(await runs.start(task))
    grown = memory("VmHWM") - before
    assert isinstance(result, AskResult)
    assert [edit.path for edit in result.patch.edits] == ["stats.py"]
    assert (machine.home / "state" / FILE_NAME).stat().st_size < 4 * MIB

    first, last, searched, edited, ran, shouted, further, _ = told(provider)[1:]
    assert first.endswith(f"[lines 1 to 400 of {lines}; go on with first=401]")
    assert f"{lines:07} a line of a log" in last
    assert "[left out: big.txt (" in searched
    assert "are not changed" in edited
    assert "1 failed" in ran
    assert shouted.startswith("exit code 0\nstdout:\nbegin\n")
    assert "left out; `read` with the path output:" in shouted
    assert shouted.splitlines()[-2:] == ["trouble", "The middle of its output is lost: it was too large to keep."]
    assert "  2000| much of the same\n  2001| " in further
    assert max(map(len, told(provider))) < 30_000
    assert grown < 250 * MIB
