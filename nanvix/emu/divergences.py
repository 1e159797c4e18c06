"""Where the emulated CPU departs from hardware and from what CPUID promises: the one table.

Unmodified programs compiled for our CPU model do not notice any of this; a debugger's user
might. ``tests/backends/test_emu_divergences.py`` holds entries in place, so that a new version
of the engine that mends one is noticed.
"""

from __future__ import annotations

from nanvix.named import NamedTuple


class Divergence(NamedTuple):
    """``topic``, what the manuals say, and what happens here."""

    topic: str
    manual: str
    here: str


DIVERGENCES = (
    Divergence(
        "vex",
        "Without AVX in CPUID, VEX-encoded instructions are invalid (#UD).",
        "The prefix is decoded and partly ignored: some run as their SSE counterparts.",
    ),
    Divergence(
        "alignment",
        "MOVAPS and its kind fault (#GP) on an operand that is not 16-byte aligned.",
        "They work at any address; #AC is never raised either.",
    ),
    Divergence(
        "simd exceptions",
        "An unmasked SSE floating-point exception raises #XM.",
        "It is never raised, and MXCSR's status flags are not kept exactly.",
    ),
    Divergence(
        "flush to zero",
        "With FZ in MXCSR, a result that is too small to be normal becomes zero.",
        "It does not; DAZ, which does that to operands, works.",
    ),
    Divergence(
        "horizontal sums",
        "PHADDW, PHSUBW and their kind take both halves of the result from the old operands.",
        "Where both operands are the same register the upper half is that of changed operands.",
    ),
    Divergence(
        "ordered strings",
        "PCMPISTRM and its kind, looking for a string, also report a match cut off by the end.",
        "Only whole matches are reported.",
    ),
    Divergence(
        "unknown msr",
        "RDMSR and WRMSR of a register that does not exist raise #GP in ring 0.",
        "Reads give 0 and writes are lost; in ring 3 both raise #GP as they should.",
    ),
    Divergence(
        "reserved bits",
        "Reserved bits of CR0, CR4, EFER and of loaded flags, a non-canonical base and a null task "
        "register raise #GP.",
        "Most are accepted.",
    ),
    Divergence(
        "stack fault",
        "A push, or an access by RSP or RBP, at a non-canonical address raises #SS.",
        "It raises #GP.",
    ),
    Divergence(
        "string input",
        "INS refused in ring 3 leaves memory alone.",
        "Its destination is overwritten before #GP arrives.",
    ),
    Divergence(
        "x87 pointers",
        "FXSAVE stores the last x87 instruction's opcode and addresses.",
        "They are zero.",
    ),
    Divergence(
        "accessed bits",
        "Delivering an event sets the accessed and dirty bits of the pages it touches.",
        "It does not; everything the guest itself does sets them.",
    ),
    Divergence(
        "debug registers",
        "Hardware breakpoints and DR6 work.",
        "DR0 to DR7 can be written; single-stepping by TF works, breakpoints are unreliable.",
    ),
    Divergence(
        "interrupt window",
        "An interrupt is taken at the first boundary at which IF allows it.",
        "In ring 0 up to 64 instructions later; never later than the next event of ring 3.",
    ),
    Divergence(
        "branches to nowhere",
        "A branch to a non-canonical address faults (#GP) and does not happen.",
        "It happens; the fault is that of the instruction at the target.",
    ),
    Divergence(
        "end of addresses",
        "Code may run up to the last byte of the lower half; the next fetch raises #GP.",
        "#GP comes before the last few instructions there.",
    ),
    Divergence(
        "string flags",
        "A fault in the middle of REPE CMPS or SCAS leaves the flags of before the instruction.",
        "They are those of the last comparison.",
    ),
    Divergence(
        "changes",
        "An instruction that reads and writes the same memory faults as a write.",
        "It faults as a read, where reading is not allowed either.",
    ),
    Divergence(
        "vector stores",
        "A 16-byte store whose second page faults leaves the first one alone.",
        "Half of it may have been written.",
    ),
    Divergence(
        "x87 errors",
        "A pending x87 error raises #MF at the next FWAIT or x87 instruction that waits.",
        "Only FWAIT and some instructions raise it.",
    ),
    Divergence(
        "x87 status",
        "The status word notes exceptions, and a register stack that is too full or empty.",
        "It does not: reading an empty register gives what it held last.",
    ),
    Divergence(
        "partial remainder",
        "FPREM and FPREM1 are exact in all 64 bits.",
        "They are computed with 53 bits.",
    ),
    Divergence(
        "resume flag",
        "RF is clear in what PUSHF stores, and set by a trap within a string instruction.",
        "PUSHF stores it, and such a trap does not set it.",
    ),
    Divergence(
        "ports",
        "IOPL and the I/O bitmap of the TSS open ports to ring 3.",
        "Ports are closed to ring 3.",
    ),
    Divergence(
        "task priority",
        "CR8 holds the task priority.",
        "It reads as 0.",
    ),
    Divergence(
        "doorbell",
        "A single-step trap behind OUT comes when the host has answered.",
        "It is delivered before the host sees the doorbell.",
    ),
    Divergence(
        "time-stamp counter",
        "It counts cycles, whatever they did.",
        "It counts instructions; a repeated string instruction counts each round.",
    ),
)
