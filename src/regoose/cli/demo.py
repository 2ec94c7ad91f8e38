"""`regoose demo`: the main job for real, on a repository that comes along."""

from __future__ import annotations

import shutil
import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path

import typer

from regoose.cli.results import Json, carry_out, limits
from regoose.cli.shell import shell_of
from regoose.domain.task import FixTask
from regoose.errors import MachineError
from regoose.workspace.git import CommitText, Identity, create_repository

NAME = "market-predictor"
AUTHOR = Identity("Market Predictor", "market-predictor@localhost")


def demo(context: typer.Context, *, json: Json = False) -> None:  # noqa: ARG001 - read before the line is parsed
    """
    Repair the example repository, market-predictor, and prove it.

    Needs no key and changes nothing of yours: the repository is made in a temporary directory and stays there.
    """
    shell = shell_of(context)
    directory = Path(tempfile.mkdtemp(prefix="regoose-demo-")) / NAME
    shell.terminal.note(f"A copy of {NAME}, whose tests fail, is in {directory}")
    copy_example(directory)

    async def work() -> int:
        text = CommitText(message="Market Predictor 0.3.0", author=AUTHOR, when=int(time.time()))
        await create_repository(directory, text)
        async with shell.connect(directory, {}) as services:
            task = FixTask(repository=str(directory), limits=limits(services.loaded.settings))
            return await carry_out(shell, services, task)

    shell.run(work())


def copy_example(directory: Path) -> None:
    """Copy the example repository; it is part of the wheel, and beside the package in a checkout."""
    package = files("regoose")
    for place in (package / "example" / NAME, package / ".." / ".." / "examples" / NAME):
        with as_file(place) as source:
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".venv")
                shutil.copytree(source, directory, ignore=ignore)
                return
    raise MachineError(f"the example repository {NAME} is not part of this installation", hint="Install Regoose anew.")
