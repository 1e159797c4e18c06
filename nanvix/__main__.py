"""``python -m nanvix`` is ``nanvix``."""

from nanvix.cli.main import script

script()
