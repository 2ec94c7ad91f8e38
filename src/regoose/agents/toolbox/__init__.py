"""The tools that come along: looking at files, changing them, running tests and commands."""

from __future__ import annotations

from regoose.agents.tool import AnyTool
from regoose.agents.toolbox.changing import create, delete, edit, move
from regoose.agents.toolbox.looking import listing, read, search
from regoose.agents.toolbox.running import run_tests, shell

LOOKING: tuple[AnyTool, ...] = (read, search, listing)
CHANGING: tuple[AnyTool, ...] = (edit, create, delete, move)
RUNNING: tuple[AnyTool, ...] = (run_tests, shell)

__all__ = ["CHANGING", "LOOKING", "RUNNING"]
