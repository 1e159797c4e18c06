"""The entry point: finds the verb and imports only what that verb needs."""

from __future__ import annotations

import errno
import gc
import os
import sys

_USAGE = """\
usage: nanvix run [OPTIONS] PROGRAM [ARGS...]     run a program in a micro-VM of its own
       nanvix replay FILE                         run again what 'run --record FILE' recorded
       nanvix resume [OPTIONS] FILE               go on with a machine that was saved
       nanvix doctor [--json]                     what works here, how to mend what does not
       nanvix debug [OPTIONS] PROGRAM [ARGS...]   step through it on a screen, forward and back
       nanvix diff [OPTIONS] PROGRAM [ARGS...]    run on KVM, replay on emu, compare
       nanvix conformance [OPTIONS]               compare with native Linux, case by case
       nanvix --version | --help

'nanvix VERB --help' says more about each."""

_INTERRUPTED = 130
_BROKEN_PIPE = 141
"""128 + SIGPIPE: nobody reads what we print."""


def script() -> None:
    """The console script: :func:`main`, with nothing done that a short run would not notice."""
    # Imports make many objects and hardly any garbage: collecting while they run is in vain.
    gc.set_threshold(50_000)
    # Taking the interpreter apart object by object lasts longer than a small guest.
    os._exit(main())


def main() -> int:
    """Run the command line ``sys.argv``; the result is the process's exit code."""
    from nanvix.errors import NanvixError

    _stand_in()
    try:
        code = _dispatch(sys.argv[1:])
        _flush()
    except NanvixError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return _BROKEN_PIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _complain(where + (error.strerror or str(error)).lower())
        return NanvixError.exit_code
    except Exception:
        import traceback

        _complain("an internal error; please report it:")
        traceback.print_exc()
        return NanvixError.exit_code
    return code


def _stand_in() -> None:
    """A standard stream that is closed is empty to read, and what is written to it goes nowhere;
    print would take stdout for a stderr that is None."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            from io import BytesIO, TextIOWrapper

            setattr(sys, name, TextIOWrapper(BytesIO(), encoding="utf-8"))


def _flush() -> None:
    """Before the end, which flushes nothing itself; a terminal that is gone (EIO) is no error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if error.errno != errno.EIO:
                raise


def _dispatch(arguments: list[str]) -> int:
    verb = arguments[0] if arguments else None
    if verb == "--version":
        from nanvix import __version__

        print(f"nanvix {__version__}")
        return 0
    if verb in ("--help", "-h", "help"):
        print(_USAGE)
        return 0
    if verb == "run":
        from nanvix.cli import run

        return run.main(arguments[1:])
    if verb == "replay":
        from nanvix.cli import replay

        return replay.main(arguments[1:])
    if verb == "resume":
        from nanvix.cli import resume

        return resume.main(arguments[1:])
    if verb == "doctor":
        from nanvix.cli import doctor

        return doctor.main(arguments[1:])
    if verb == "debug":
        from nanvix.cli import debug

        return debug.main(arguments[1:])
    if verb == "diff":
        from nanvix.cli import diff

        return diff.main(arguments[1:])
    if verb == "conformance":
        from nanvix.cli import conformance

        return conformance.main(arguments[1:])
    from nanvix.errors import UsageError

    raise UsageError(f"unknown command {verb!r} (try 'nanvix --help')" if verb else _USAGE)


def _complain(message: str) -> None:
    try:
        print(f"nanvix: {message}", file=sys.stderr, flush=True)
    except OSError:
        pass  # whom else could it be told?
