"""nanvix: unmodified Linux programs in a micro-VM of their own."""

__version__ = "0.1.0"
