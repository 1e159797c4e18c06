"""Names for people: signals, exceptions, operations, and one line per event."""

from __future__ import annotations

from struct import pack

from nanvix.abi import channel, layout
from nanvix.abi.syscalls import SYSCALLS
from nanvix.machine.arity import arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.machine.trace_ring import TraceEvent

SIGNALS = (
    "0", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE",
    "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT",
    "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
    "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
)  # fmt: skip

EXCEPTIONS = (
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS",
    "#GP", "#PF", "15", "#MF", "#AC", "#MC", "#XM",
)  # fmt: skip

FORKS = {layout.FORK: "fork", layout.FORK_WAITS: "vfork", layout.FORK_THREAD: "thread"}

KINDS = {
    layout.TRACE_BOOT: "boot",
    layout.TRACE_SYSCALL_ENTER: "enter",
    layout.TRACE_SYSCALL_EXIT: "return",
    layout.TRACE_EXCEPTION: "exception",
    layout.TRACE_EXEC: "exec",
    layout.TRACE_EXIT: "exit",
    layout.TRACE_SIGNAL: "signal",
    layout.TRACE_HYPERCALL: "hypercall",
    layout.TRACE_STEP: "step",
    layout.TRACE_FORK: "fork",
}

OPS = {number: name for name, (number, _) in channel.OPS.items()}


def signal_name(number: int) -> str:
    """``SIGSEGV``; real-time signals as ``SIGRTMIN+3`` (the kernel's SIGRTMIN is 32)."""
    if 0 < number < len(SIGNALS):
        return SIGNALS[number]
    return f"SIGRTMIN+{number - 32}" if 32 <= number <= 64 else f"signal {number}"


def exception_name(vector: int) -> str:
    """The manual's mnemonic, or the number."""
    return EXCEPTIONS[vector] if vector < len(EXCEPTIONS) else str(vector)


def syscall_name(number: int) -> str:
    """``openat``, or ``syscall_999``."""
    return SYSCALLS.get(number) or f"syscall_{number}"


def op_name(number: int) -> str:
    """``FS_WALK``, or ``op_0x7f``."""
    return OPS.get(number) or f"op_{number:#x}"


def signed(value: int) -> int:
    """A u64 read as i64."""
    return value - (1 << 64) if value >> 63 else value


def printable(data: bytes) -> str:
    """Guest text made safe for a terminal: no control characters, always decodable."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def exec_path(event: TraceEvent) -> str:
    """The path of a TRACE_EXEC, which may be cut at 48 bytes."""
    return printable(pack("<6Q", *event.args).split(b"\0")[0])


def ended(status: int) -> str:
    """How a process ended, by its wait status: ``status 3``, or ``by SIGSEGV``."""
    number = status & 0x7F
    return f"by {signal_name(number)}" if number else f"status {status >> 8 & 0xFF}"


def describe(event: TraceEvent) -> str:
    """One line, without the time."""
    kind, code, args = event.kind, event.code, event.args
    who = f"[{event.tid}] "
    if kind == layout.TRACE_SYSCALL_ENTER:
        shown = ", ".join(f"{value:#x}" for value in args[: arguments(code)])
        return f"{who}{syscall_name(code)}({shown})"
    if kind == layout.TRACE_SYSCALL_EXIT:
        result = signed(args[0])
        return f"{who}{syscall_name(code)} = {result if -4096 < result < 4096 else hex(args[0])}"
    if kind == layout.TRACE_EXCEPTION:
        return (
            f"{who}{exception_name(code)} at {args[0]:#x}, error {args[1]:#x}, address {args[2]:#x}"
        )
    if kind == layout.TRACE_EXEC:
        return f"{who}exec {exec_path(event)}"
    if kind == layout.TRACE_EXIT:
        return f"{who}exit, {ended(args[0])}"
    if kind == layout.TRACE_SIGNAL:
        return f"{who}{signal_name(code)} from {args[0]}, address {args[1]:#x}"
    if kind == layout.TRACE_FORK:
        return f"{who}{FORKS.get(code, 'fork')}: process {args[1]}, thread {args[0]}"
    if kind == layout.TRACE_HYPERCALL:
        return f"{op_name(code)}({', '.join(f'{a:#x}' for a in args[:4])}) = {signed(args[5])}"
    return f"{who}{KINDS.get(kind, f'event {kind}')}"
