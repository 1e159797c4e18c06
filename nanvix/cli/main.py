"""The entry point: finds the verb and imports only what it needs."""

import sys


def main() -> int:
    """Run the command line; the result is the process's exit code."""
    if sys.argv[1:] == ["--version"]:
        from nanvix import __version__

        print(f"nanvix {__version__}")
        return 0
    return 125
