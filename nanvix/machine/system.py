"""The system operations: the calls in which the guest kernel talks to the machine itself."""

from __future__ import annotations

from errno import EPROTO

from nanvix.abi.channel import OPS, TIME_OUT
from nanvix.abi.header import abi_version
from nanvix.machine.clock import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Call, Handler
    from nanvix.machine.machine import Machine

_TEXT_MAX = 1024


class SystemOps:
    """Handlers bound to one machine; ``handlers`` maps op numbers to them."""

    __slots__ = ("_machine", "handlers")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        serve: dict[str, Handler] = {
            "HELLO": self._hello,
            "EXIT": self._exit,
            "PANIC": self._panic,
            "LOG": self._log,
            "IDLE": self._idle,
            "TIMER": self._timer,
            "TIME": self._time,
            "TRACE": self._trace,
            "CRASH": self._crash,
            "MEMORY": self._memory,
            "LOOK": self._look,
            "STEP": self._step,
        }
        self.handlers = {OPS[name][0]: handler for name, handler in serve.items()}

    def _hello(self, call: Call) -> int:
        if call.arg[0] != abi_version():
            self._machine.finish(
                "error", detail="the kernel image is of another version: build it again"
            )
            return -EPROTO
        return 0

    def _exit(self, call: Call) -> int:
        status = call.arg[0] & 0xFFFF
        self._machine.finish("signal" if status & 0x7F else "exit", status)
        return 0

    def _panic(self, call: Call) -> int:
        self._machine.panic(_text(call), call.arg[0])
        return 0

    def _log(self, call: Call) -> int:
        if self._machine.log is not None:
            self._machine.log(min(call.arg[0], 7), _text(call))
        return 0

    def _idle(self, call: Call) -> int:
        deadline = call.arg[0]
        if self._machine.look is not None:
            self._machine.look.forget()  # who wakes up looks at everything
        self._machine.idle.begin(deadline if 0 < deadline < NEVER else None)
        return 0

    def _timer(self, call: Call) -> int:
        deadline = call.arg[0]
        journal = self._machine.journal
        if journal is not None and not journal.own_timers:
            return 0
        self._machine.timers.set_guest(deadline if 0 < deadline < NEVER else None)
        return 0

    def _time(self, call: Call) -> int:
        call.out[TIME_OUT] = self._machine.now_ns()
        return 0

    def _trace(self, call: Call) -> int:
        self._machine.drain()
        return 0

    def _memory(self, call: Call) -> int:
        self._machine.memory.populate(call.arg[0], call.arg[1])
        return 0

    def _look(self, call: Call) -> int:
        return 0 if self._machine.look is None else self._machine.look.answer(call)

    def _step(self, call: Call) -> int:
        if self._machine.steps is not None:
            self._machine.steps.begin(call.arg[0] & 0xFFFF_FFFF)
        return 0

    def _crash(self, call: Call) -> int:
        frame, signal, pid, address, root, _ = call.arg
        self._machine.process_crash(
            frame, signal & 0x7F, pid & 0xFFFF_FFFF, address, root, _text(call)
        )
        return 0


def _text(call: Call) -> str:
    """The inputs as one printable line of bounded length."""
    from nanvix.machine.describe import printable

    data = b"".join(bytes(view[:_TEXT_MAX]) for view in call.inputs[:4])[:_TEXT_MAX]
    return printable(data.rstrip(b"\0\n"))
