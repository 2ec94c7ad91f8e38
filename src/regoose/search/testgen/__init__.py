"""Tests by search: start the engine inside a sandbox, follow its progress, read the file it wrote."""

from regoose.search.testgen.author import GenerateOptions, GenerateProgress, generate
from regoose.search.testgen.style import Style, detect

__all__ = ["GenerateOptions", "GenerateProgress", "Style", "detect", "generate"]
