"""Everything nanvix raises on purpose.

    NanvixError                 exit code 125: nanvix itself cannot do what was asked
    ├── UsageError              an option or argument makes no sense
    ├── BackendUnavailable      the backend asked for does not work here
    ├── KernelImageError        the guest kernel is missing or of another version
    └── ProgramError            126: found, but nothing we can run
        └── ProgramNotFound     127: there is no such program (or interpreter)

The message of each is one line for the user: what is wrong and, where known, what to do.
"""


class NanvixError(Exception):
    """The root of the tree; ``exit_code`` is what the command line returns for it."""

    exit_code = 125


class UsageError(NanvixError):
    """An option or argument makes no sense."""


class BackendUnavailable(NanvixError):
    """The backend asked for does not work on this machine."""


class KernelImageError(NanvixError):
    """The guest kernel's image is missing, damaged, or of another version."""


class ProgramError(NanvixError):
    """The program was found, but cannot be run."""

    exit_code = 126


class ProgramNotFound(ProgramError):
    """The program, or the interpreter it asks for, does not exist."""

    exit_code = 127
