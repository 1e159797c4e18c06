"""What a debugger cannot do."""

from nanvix.errors import NanvixError


class DebugError(NanvixError):
    """A request that makes no sense here; the message is one line for the user."""
