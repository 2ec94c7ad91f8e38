"""
Settings: the only reader of the environment, `.env` and `regoose.toml`.

From lowest to highest: the defaults below, `regoose.toml` (or `[tool.regoose]`) of the target repository, the user's
`config.toml`, `.env`, the environment, command-line flags. Each value knows which of them it came from.

A target repository is untrusted. Its `regoose.toml` may set only what describes its own run (`About.repository`);
anything else there is refused. A `.env` inside it belongs to its own programs: what it may not set is left out, and
listed. So no repository can switch the isolation off, move a limit or a threshold, redirect an address that is sent a
credential, or choose where on this machine files are written.
"""

from __future__ import annotations

from regoose.settings.fields import Settings
from regoose.settings.kinds import SandboxName
from regoose.settings.layers import Loaded, Provenance, Source, debugging, example, load, variable_of

__all__ = [
    "Loaded",
    "Provenance",
    "SandboxName",
    "Settings",
    "Source",
    "debugging",
    "example",
    "load",
    "variable_of",
]
