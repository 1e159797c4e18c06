"""Says where it runs: ``nanvix run examples/hello.py``."""

import os
import sys

system = os.uname()
print(f"Hello from Python {sys.version.split()[0]} on {system.sysname} {system.release}!")
