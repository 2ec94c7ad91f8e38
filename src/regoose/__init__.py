"""Regoose: the coding agent that proves its work. Importing this package does nothing."""

__version__ = "0.1.0"
