"""``python -m nanvix`` is ``nanvix``."""

import sys

from nanvix.cli.main import main

sys.exit(main())
