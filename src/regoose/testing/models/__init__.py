"""
Scripted models: a server for tests of what talks to models, over real HTTP and through real client libraries.

See `docs/testing-models.md`.
"""

from regoose.testing.models.director import Unscripted
from regoose.testing.models.provider import ScriptedProvider
from regoose.testing.models.request import MessageSeen, Prompt, Request
from regoose.testing.models.scenario import Scenario, read_scenario
from regoose.testing.models.script import (
    FOREVER,
    Answer,
    Conversation,
    Fault,
    FaultKind,
    RateLimit,
    Script,
    Stop,
    ToolCall,
    Turn,
    Usage,
    When,
    call,
    conversation,
    fail,
    say,
)
from regoose.testing.models.server import ModelServer

__all__ = [
    "FOREVER",
    "Answer",
    "Conversation",
    "Fault",
    "FaultKind",
    "MessageSeen",
    "ModelServer",
    "Prompt",
    "RateLimit",
    "Request",
    "Scenario",
    "Script",
    "ScriptedProvider",
    "Stop",
    "ToolCall",
    "Turn",
    "Unscripted",
    "Usage",
    "When",
    "call",
    "conversation",
    "fail",
    "read_scenario",
    "say",
]
