"""Repair by search: start the engine inside a sandbox, follow its progress, read what it found."""

from regoose.search.repair.author import BaseReader, RepairOptions, RepairProgress, repair

__all__ = ["BaseReader", "RepairOptions", "RepairProgress", "repair"]
