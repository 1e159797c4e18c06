"""What KVM or the emulator is known to do otherwise in these cases: the one table, with reasons."""

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import NamedTuple

from differential.specimen import Event

ARITHMETIC = 0xDD5
"""The flags that are compared where FLAGS are excused: those of arithmetic, DF and TF."""
SEGMENTS = ("ds", "es", "fs", "gs", "fs.base", "gs.base")
FLAGS, RESUME, MEMORY = "flags", "resume flag", "memory"
ALL = ("all",)
STEPPING, SOFTWARE_CPU = "stepping", "software CPU"
_RF = 1 << 16


class Excuse(NamedTuple):
    """``who``: a quirk of the host, ``emulator: TOPIC`` (nanvix.emu.divergences), ``kvm`` (any),
    SOFTWARE_CPU (a KVM on QEMU's), or STEPPING (counts for the steps alone). ``what``: names in
    states and frames, FLAGS, RESUME (RF alone), MEMORY, or ALL. ``cases``: patterns of names."""

    who: str
    what: tuple[str, ...]
    cases: tuple[str, ...]
    why: str


EXCUSES = (
    # The emulator.
    Excuse(
        "emulator: branches to nowhere", ("rip", "rsp"),
        ("jump to nowhere*", "call to nowhere*", "return to nowhere*"),
        "the fault comes with the fetch, when the branch is done",
    ),
    Excuse("emulator: stack fault", ALL, ("stack at nowhere, ring *",), "#GP for #SS"),
    Excuse("emulator: string flags", (FLAGS, "rflags"), ("compare strings*",), "flags are new"),
    Excuse("emulator: changes", ("error",), ("change where *",), "the fault is that of a read"),
    Excuse("emulator: string input", (MEMORY,), ("privileged insb",), "memory is overwritten"),
    Excuse(
        "emulator: x87 errors", ALL, ("x87 error at an x87 instruction",), "only FWAIT raises it"
    ),
    Excuse("emulator: simd exceptions", ALL, ("SSE error",), "never raised"),
    Excuse("emulator: alignment", ALL, ("unaligned movaps", "alignment check"), "never raised"),
    Excuse(
        "emulator: resume flag", ("rax", "rflags"),
        ("single step of a string", "iretq to ring 3*"),
        "RF is pushed, and is not set within a string instruction",
    ),
    Excuse("emulator: ports", ALL, ("ring 3 with IOPL 3",), "IOPL opens no ports"),
    Excuse(
        "emulator: reserved bits", ALL,
        ("paging *", "not write-through *", "no physical *", "reserved bits of *", "long mode off",
         "base registers at nowhere", "lstar at nowhere", "lgdt at nowhere", "what the CPU does *",
         "ltr of nothing"),
        "what a register cannot hold is accepted",
    ),
    Excuse("emulator: unknown msr", ALL, ("an unknown model*",), "it reads as 0"),
    Excuse("emulator: task priority", ("rbx",), ("cr8",), "there is none"),
    Excuse("emulator: end of addresses", ALL, ("code at the end of the lower *",), "too early"),
    Excuse(
        "emulator: interrupt window", ALL,
        ("sti holds *", "popf opens", "mov ss holds *", "interrupt of a stepping *"),
        "up to 64 instructions late in ring 0",
    ),
    Excuse(
        "emulator: doorbell", ALL, ("single step, ring 0",), "the trap behind it comes before it"
    ),
    # Any KVM.
    Excuse("kvm", ALL, ("privileged vmcall", "privileged vmmcall"), "KVM answers its own calls"),
    # A KVM without VT-x or SVM.
    Excuse(
        "syscall_faults", (FLAGS,), ("*",),
        "ring 3 runs with the host's IF, IOPL and NT; RF of an interrupt is what the host's was",
    ),
    Excuse(
        "syscall_faults", SEGMENTS, ("*",),
        "ring 3 has the host's segment registers, and keeps those of ring 0",
    ),
    Excuse(
        "syscall_faults", ("rax", "r8", "r9", "r10", "r11"),
        ("single step over pushf", "iretq *", "popf*", "lar*"),
        "what PUSHF stores are the host's flags",
    ),
    Excuse(
        "syscall_faults", ALL,
        ("interrupt gate closed*", "int3*", "int *", "icebp", "* over int", "syscall*", "sysret*",
         "sysenter", "xgetbv", "privileged monitor", "privileged rdpmc", "bound", "into",
         "iretq in ring 3*", "ring 3 with IOPL 3", "sgdt*", "FXSAVE *"),
        "what enters ring 0, or is refused there, is answered by the host",
    ),
    Excuse(
        "syscall_faults", ALL,
        ("no x87*", "emulated x87", "no SSE*", "wait with *"),
        "CR0 and CR4 of the guest do not reach the x87 and SSE unit",
    ),
    Excuse(
        "slow_ring0", ALL,
        ("absent gate*", "gate *", "handler *", "*without a gate*", "*without gates*", "no gate*",
         "ring 0 stack *", "stack on *", "stack at nowhere", "frame across pages, *", "TSS *",
         "the GDT's page *", "the table's page *", "interrupt stack*",
         "interrupt on its own stack"),
        "what goes wrong on the way to a handler is told otherwise",
    ),
    Excuse(
        "slow_ring0", ALL,
        ("iretq to a data *", "iretq with *", "iretq to 32 bits", "iretq to nowhere",
         "far *", "ltr*", "lldt*", "lgdt*", "single step over mov ss", "a * stack segment*",
         "the accessed bit *", "a base by *", "mov ss holds *"),
        "what interprets ring 0 lacks some checks, and the shadow of a load of SS",
    ),
    Excuse("slow_ring0", (MEMORY,), ("write the page after*",), "the first half is written"),
    # QEMU's software CPU, below a standard KVM.
    Excuse(SOFTWARE_CPU, (RESUME,), ("*",), "a fault does not set RF in the flags it pushes"),
    Excuse(
        SOFTWARE_CPU, ("error", "rip"),
        ("interrupt gate closed*", "int3, gate closed", "absent gate*", "gate *", "handler *",
         "interrupt without a gate", "TSS *", "ring 0 stack at nowhere"),
        "the error code names another vector and lacks EXT; RIP is the next instruction's",
    ),
    Excuse(
        SOFTWARE_CPU, ALL,
        ("page fault without a gate", "general protection without a gate", "handler at nowhere",
         "divide error without a gate", "icebp"),
        "an event that KVM injects makes no double fault; some checks are missing",
    ),
    Excuse(SOFTWARE_CPU, ("cr2",), ("ring 0 stack absent, page fault",), "it is the first fault's"),
    Excuse(SOFTWARE_CPU, (MEMORY,), ("frame across *",), "half a frame is written"),
    Excuse(SOFTWARE_CPU, ("rflags",), ("syscall*",), "the arithmetic flags are dropped"),
    # Steps.
    Excuse(
        STEPPING, ALL,
        ("single step*", "*stepping*", "interrupt*", "two interrupts", "hlt waits", "cli behind *",
         "*opens", "a fault with an *", "icebp", "popf in ring 3", "sysretq"),
        "the guest's own trap flag is not KVM's; the moment of an interrupt is not the step's",
    ),
)  # fmt: skip


def compare(left: Event, right: Event, left_out: Collection[str]) -> list[str]:
    """The names of what differs in two events, but for those left out."""
    if left.kind != right.kind:
        return ["kind"]
    differing = []
    for ours, theirs in ((left.state, right.state), (left.frame, right.frame)):
        for key in ours:
            both = ours[key], theirs[key]
            if key == "rflags" and FLAGS in left_out:
                both = ours[key] & ARITHMETIC, theirs[key] & ARITHMETIC
            elif key == "rflags" and RESUME in left_out:
                both = ours[key] & ~_RF, theirs[key] & ~_RF
            if key == "cr2" and left.kind == "step":
                continue  # the emulator sets it when it looks ahead; only a page fault defines it
            if key not in left_out and both[0] != both[1]:
                differing.append(key)
    return differing


def excused(name: str, quirks: Collection[str], stepping: bool = False) -> set[str]:
    """What need not agree in the case of this name, against a KVM with these quirks."""
    found: set[str] = set()
    for excuse in EXCUSES:
        applies = (
            excuse.who in quirks
            or excuse.who == "kvm"
            or excuse.who.startswith("emulator: ")
            or (stepping and excuse.who == STEPPING)
        )
        if applies and any(fnmatchcase(name, pattern) for pattern in excuse.cases):
            found.update(excuse.what)
    return found
