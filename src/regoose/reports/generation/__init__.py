"""What `regoose test` found, as people and programs read it: pages, JSON, and the files that CI servers know."""

from regoose.reports.generation.document import generate_document
from regoose.reports.generation.write import write_generation

__all__ = ["generate_document", "write_generation"]
