"""Changing memory that a process shares: the page of its own it gets for it, on the emulator.

After fork, and in what programs and libraries are made of, processes share pages until one of them
writes. A debugger's write must be seen by one process alone, too, and how a page becomes a
process's own is the guest kernel's affair (kernel/lib/debug.c). But a moment of history is no
place to let the guest run. So its kernel is asked in a copy of the machine, on a CPU of its own;
what it has written there are the changes that have to be made here.
"""

from struct import Struct
from typing import TYPE_CHECKING

from nanvix.abi.channel import OPS, REQUEST
from nanvix.abi.layout import (
    DEBUG_ASKED,
    DEBUG_OWN,
    PAGE_SHIFT,
    PAGE_SIZE,
    SEL_KERNEL_CODE,
    SEL_KERNEL_DATA,
)
from nanvix.debug.errors import DebugError
from nanvix.debug.space import Space
from nanvix.emu.backend import EmuBackend
from nanvix.emu.probes import WRITE
from nanvix.machine.backend import Exit
from nanvix.machine.memory import GuestMemory
from nanvix.machine.paging import walk
from nanvix.machine.state import Segment, VcpuState

if TYPE_CHECKING:
    from nanvix.debug.live import LiveMachine
    from nanvix.debug.view import View

_DEBUG, _MEMORY = OPS["DEBUG"][0], OPS["MEMORY"][0]
_OP = Struct("<H")
_ANSWER = REQUEST.offsets["result"]
_RESULT = Struct("<qQQ")
_MOST = 1_000_000
"""Instructions; it takes some thousand."""
_STACK = 4 * PAGE_SIZE
_RED = 256
"""Bytes left free below a stack that is in use."""
_QUIET = ("trace_event", "trace_syscall_exit", "trace_exec")
"""Where the kernel stands at an event, in the middle of nothing."""


def is_own(space: Space, address: int) -> bool:
    """Whether what is written there is seen by nobody else, or by others on purpose."""
    found = walk(space.memory, space.root, address)
    return found is not None and (found.write or not found.user)


def own_page(
    machine: "LiveMachine", view: "View", pid: int, address: int
) -> list[tuple[int, bytes]]:
    """The changes of physical memory that give a process a page of its own there.

    There are none where pages are shared on purpose. Raises DebugError where the guest kernel is in
    the middle of something else.
    """
    state = _in_kernel(machine, view)
    memory = machine.memory.twin()
    try:
        backend = EmuBackend(memory)
        try:
            backend.load_state(state)
            backend.set_budget(_MOST)
            written = _asked(backend, memory, pid, address)
        finally:
            backend.close()
        ours = Space(memory, state.cr3)
        for start, size in ours.pieces(state.gpr["rsp"] - _STACK, _STACK):
            written.difference_update(range(start >> 3, start + size >> 3))
        return [(start, memory.read(start, size)) for start, size in _runs(written)]
    finally:
        memory.close()


def _in_kernel(machine: "LiveMachine", view: "View") -> VcpuState:
    """The CPU as if the kernel had just been called to stand for a debugger."""
    state = machine.backend.save_state()
    kernel = view.kernel
    if machine.backend.in_user():
        stack = kernel.frame(kernel.current())
        state.segments["cs"] = Segment(SEL_KERNEL_CODE, 0, 0xFFFF_FFFF, 0xA09B)
        state.segments["ss"] = Segment(SEL_KERNEL_DATA, 0, 0xFFFF_FFFF, 0xC093)
    elif machine.idle.active or state.rip in map(kernel.address, _QUIET):
        stack = state.gpr["rsp"] - _RED
    else:
        raise DebugError("the kernel is at work: memory that processes share is not changed now")
    state.gpr |= {"rsp": (stack & -16) - 8, "rdi": DEBUG_ASKED, "rsi": 0, "rdx": 0, "rcx": 0}
    state.rip, state.rflags, state.pending = kernel.address("debug_stop"), 2, frozenset()
    return state


def _asked(backend: EmuBackend, memory: GuestMemory, pid: int, address: int) -> set[int]:
    """Run it until it has given the page; the words it has written, but for its requests."""
    written: set[int] = set()

    def note(access: int, physical: int, size: int, value: int, count: int) -> bool:
        written.update(range(physical >> 3, physical + size + 7 >> 3))
        return False

    backend.probes().place(memory=[(0, memory.size - 1, WRITE)], on_memory=note)
    asked = False
    while backend.run() is Exit.DOORBELL:
        page = backend.exit_value << PAGE_SHIFT
        op = _OP.unpack(memory.read(page, 2))[0]
        if op == _DEBUG and asked:
            return written - set(range(page >> 3, page + PAGE_SIZE >> 3))
        if op not in (_DEBUG, _MEMORY):
            break
        answer = (DEBUG_OWN, pid, address) if op == _DEBUG else (0, 0, 0)
        memory.write(page + _ANSWER, _RESULT.pack(*answer))
        asked = asked or op == _DEBUG
    raise DebugError("the kernel cannot give the process a page of its own now")


def _runs(words: set[int]) -> list[tuple[int, int]]:
    """Address and size of the runs of words that follow each other."""
    found: list[tuple[int, int]] = []
    for word in sorted(words):
        if found and sum(found[-1]) == word << 3:
            found[-1] = found[-1][0], found[-1][1] + 8
        else:
            found.append((word << 3, 8))
    return found
