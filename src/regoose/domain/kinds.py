"""The kinds of run: what each is asked for and what it gives back."""

from __future__ import annotations

from regoose.domain.ask import AskResult, AskTask
from regoose.domain.generation import GenerateResult, GenerateTask
from regoose.domain.run import FixResult
from regoose.domain.solve import SolveResult, SolveTask
from regoose.domain.task import FixTask

Task = FixTask | GenerateTask | SolveTask | AskTask
Result = FixResult | GenerateResult | SolveResult | AskResult
