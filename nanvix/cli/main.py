"""The entry point: finds the verb and imports only what that verb needs."""

import sys

_USAGE = """\
usage: nanvix run [OPTIONS] PROGRAM [ARGS...]     run a program in a micro-VM of its own
       nanvix doctor [--json]                     what works here, how to mend what does not
       nanvix diff [OPTIONS] PROGRAM [ARGS...]    run on both backends, compare the events
       nanvix --version | --help

'nanvix VERB --help' says more about each."""

_INTERRUPTED = 130


def main() -> int:
    """Run the command line ``sys.argv``; the result is the process's exit code."""
    arguments = sys.argv[1:]
    verb = arguments[0] if arguments else None
    if verb == "--version":
        from nanvix import __version__

        print(f"nanvix {__version__}")
        return 0
    if verb in ("--help", "-h", "help"):
        print(_USAGE)
        return 0
    try:
        return _dispatch(verb, arguments[1:])
    except KeyboardInterrupt:
        return _INTERRUPTED


def _dispatch(verb: str | None, arguments: list[str]) -> int:
    from nanvix.errors import NanvixError

    try:
        if verb == "run":
            from nanvix.cli import run

            return run.main(arguments)
        if verb == "doctor":
            from nanvix.cli import doctor

            return doctor.main(arguments)
        if verb == "diff":
            from nanvix.cli import diff

            return diff.main(arguments)
    except NanvixError as error:
        print(f"nanvix: {error}", file=sys.stderr)
        return error.exit_code
    except Exception:
        import traceback

        print("nanvix: an internal error; please report it:", file=sys.stderr)
        traceback.print_exc()
        return NanvixError.exit_code
    print(_USAGE if verb is None else f"nanvix: unknown command {verb!r}", file=sys.stderr)
    return NanvixError.exit_code
