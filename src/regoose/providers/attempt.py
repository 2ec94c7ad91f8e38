"""What is known of one failed attempt besides its error: whether another may help, and whether it can have cost."""

from __future__ import annotations

from regoose.errors import ModelUnavailable, RegooseError


class Circumstances(Exception):
    """
    How an attempt failed: no error itself. Stands as `__cause__` of the error of our tree that says why.

    A provider of one's own need not know it: without it, `ModelUnavailable` is worth another attempt, every other
    error is final, and the attempt counts as paid.
    """

    def __init__(
        self, *, retryable: bool, free: bool, retry_after: float | None = None, status: int | None = None
    ) -> None:
        parts = [f"status {status}" if status else "no status", "free" if free else "may have cost"]
        super().__init__(", ".join(parts))
        self.retryable = retryable
        self.free = free
        """Whether it certainly cost nothing."""
        self.retry_after = retry_after
        """Seconds that the provider asked to wait."""
        self.status = status


def circumstances(error: RegooseError) -> Circumstances:
    """Return how the attempt failed that raised the error."""
    cause = error.__cause__
    if isinstance(cause, Circumstances):
        return cause
    return Circumstances(retryable=isinstance(error, ModelUnavailable), free=False)
