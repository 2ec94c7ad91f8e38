"""Regoose: the coding agent that proves its work. Importing this package does nothing."""
