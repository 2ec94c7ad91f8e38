"""Mutation analysis inside the sandbox: which small changes of a module its tests notice. Python 3.9, pytest only."""
