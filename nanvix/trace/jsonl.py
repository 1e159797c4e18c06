"""Events as JSON Lines: one object per line, keys always in the same order.

Every line begins with ``event``, ``tid`` and ``tsc``; the rest depends on the event:

    boot       memory, free_start, quirks
    enter      syscall, args (as many as the call has)
    return     syscall, result
    exception  name, rip, error, address
    exec       path (cut at 48 bytes)
    exit       status (wait status)
    signal     signal, sender, address, handler
    hypercall  op, args (four), bytes, result
"""

import json
from typing import IO

from nanvix.abi import layout
from nanvix.machine.arity import arguments
from nanvix.machine.describe import (
    KINDS,
    exception_name,
    exec_path,
    op_name,
    signal_name,
    signed,
    syscall_name,
)
from nanvix.machine.trace_ring import TraceEvent


def as_object(event: TraceEvent) -> dict[str, object]:
    """The event as a JSON object, keys in the documented order."""
    kind, code, args = event.kind, event.code, event.args
    line: dict[str, object] = {
        "event": KINDS.get(kind, f"kind_{kind}"),
        "tid": event.tid,
        "tsc": event.tsc,
    }
    if kind == layout.TRACE_SYSCALL_ENTER:
        line.update(syscall=syscall_name(code), args=args[: arguments(code)])
    elif kind == layout.TRACE_SYSCALL_EXIT:
        line.update(syscall=syscall_name(code), result=signed(args[0]))
    elif kind == layout.TRACE_EXCEPTION:
        line.update(name=exception_name(code), rip=args[0], error=args[1], address=args[2])
    elif kind == layout.TRACE_EXEC:
        line.update(path=exec_path(event))
    elif kind == layout.TRACE_EXIT:
        line.update(status=args[0])
    elif kind == layout.TRACE_SIGNAL:
        line.update(signal=signal_name(code), sender=args[0], address=args[1], handler=args[2])
    elif kind == layout.TRACE_HYPERCALL:
        line.update(op=op_name(code), args=args[:4], bytes=args[4], result=signed(args[5]))
    elif kind == layout.TRACE_BOOT:
        line.update(memory=args[0], free_start=args[1], quirks=args[2])
    else:
        line.update(code=code, args=args)
    return line


class JsonLines:
    """A listener that writes each event to a text file, which stays the caller's."""

    def __init__(self, file: IO[str]) -> None:
        self._write = file.write
        self._encode = json.JSONEncoder(separators=(",", ":")).encode

    def __call__(self, event: TraceEvent) -> None:
        """Write one line. Raises OSError when the file does."""
        self._write(self._encode(as_object(event)) + "\n")
