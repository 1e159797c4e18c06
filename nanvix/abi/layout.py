"""Where things are: guest-physical, guest-virtual, and the shared pages.

Physical memory is one range from 0. The host loads the kernel at ``KERNEL_PHYS``, builds
the first page tables and the boot pages behind it, and hands over the rest as free.
"""

from nanvix.abi.record import Record

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT
HUGE_SIZE = 2 << 20

MEMORY_MIN = 8 << 20
MEMORY_MAX = 64 << 30
MEMORY_DEFAULT = 256 << 20

KERNEL_PHYS = 0x10_0000
"""Load address of the kernel's first segment; the image is linked at KERNEL_BASE + this."""
KERNEL_BASE = 0xFFFF_FFFF_8000_0000
"""Virtual = physical + KERNEL_BASE for the image (4 KiB pages with each segment's rights)."""
DIRECT_BASE = 0xFFFF_FF80_0000_0000
"""Virtual = physical + DIRECT_BASE for all of RAM (2 MiB pages, no execute). It shares the last
top-level entry with the image: the one part of the upper half in which every KVM lets ring 3 run
at full speed when a kernel chooses to work there (kernel/include/privilege.h)."""
USER_END = 0x0000_7FFF_FFFF_F000
"""First address above user space (one guard page below the canonical hole, as Linux)."""

BOOT_INFO_PHYS = 0x1000
CLOCK_PHYS = 0x2000
CONTROL_PHYS = 0x3000
COUNTS_PHYS = 0x4000
"""One u64 per syscall number: how often it was entered."""
COUNT_SLOTS = 512
TRACE_PHYS = 0x10000
TRACE_RECORDS = 2048
"""Ring of trace records in guest memory (64 bytes each); a power of two."""

MOVE_PHYS = 0x5000
"""What a saved machine is told when it goes on on another CPU (MOVE)."""

TAPE_PHYS = 0x6000
TAPE_SLOTS = 256
"""A power of two."""

PIE_BASE = 0x5555_5555_4000
"""Where the kernel loads position-independent programs, as Linux does without randomising."""

# Segment selectors, as Linux lays them out so that `mov %cs` shows what programs expect.
SEL_KERNEL_CODE = 0x10
SEL_KERNEL_DATA = 0x18
SEL_USER_CODE32 = 0x23
SEL_USER_DATA = 0x2B
SEL_USER_CODE = 0x33
SEL_TSS = 0x40

VECTOR_TIMER = 32
VECTOR_EVENT = 33

BOOT_MAGIC = 0x3158_4956_4E41_4E01

# boot_info.flags
BOOT_TRACE = 1 << 0
"""Emit every event and flush before the ring wraps (otherwise it is a flight recorder)."""
BOOT_NO_VDSO_TSC = 1 << 1
"""User code must not read the TSC: the vDSO falls back to system calls."""

BOOT_STEADY = 1 << 2
"""Threads take turns where they wait, not by the clock (which still ends a spin): two runs of the
same program then have the same order of events, on any backend."""

BOOT_STEP = 1 << 5
"""Programs run with the trap flag set: every instruction of theirs is traced (TRACE_STEP).
What the auxiliary vector says of the CPU is then the same on every host."""
BOOT_HOST_STEP = 1 << 12
"""With BOOT_STEP: not the guest but the host steps the programs. The kernel sets no trap flag,
takes the host's out of the registers it has saved, and says when it returns to a program (STEP)."""
COMMON_FEATURES = 0x0789_A17D
"""CPUID.1:EDX of the CPU model (nanvix.machine.cpuid): the capability word of BOOT_STEP."""
BOOT_NET_NONE = 1 << 3
"""The guest has no network, not even loopback."""
BOOT_NET_HOST = 1 << 4
"""NET_* calls are served: the guest has an interface beside loopback."""

BOOT_HOST_TIME = 1 << 6
"""The kernel reads no counter: it asks the host for the time (TIME), and every answer to a request
brings it along in its last ``out``. So time enters by the channel and can be recorded."""
BOOT_TAPE = 1 << 13
"""With BOOT_HOST_TIME: the counter is read all the same, every reading is noted on the tape (TAPE),
and the host is asked only to make room there."""

BOOT_NO_RDTSC = 1 << 7
"""With BOOT_HOST_TIME: `rdtsc` of a program faults (CR4.TSD) and is answered by the kernel."""

# boot_info.quirks: how this backend's CPU departs from the manuals (found by probing).
QUIRK_SLOW_RING0 = 1 << 0
"""Ring 0 is interpreted: the kernel works in ring 3 (docs/privilege.md)."""
QUIRK_NO_SYSRET = 1 << 1
"""`sysretq` does not work: return to user mode with `iretq`."""
QUIRK_SYSCALL_FAULTS = 1 << 2
"""`syscall` arrives as a page fault at LSTAR instead of entering ring 0."""
QUIRK_OPEN_AVX = 1 << 3
"""Ring 3 can use AVX although CR4.OSXSAVE is off: a task's state is what XSAVE holds (there
also XSAVE works in ring 3), not what FXSAVE does."""
QUIRK_HOST_CPUID = 1 << 4
"""`cpuid` shows the host's CPU: programs may choose other code than on another backend."""

QUIRK_OPEN_TSC = 1 << 5
"""Ring 3 can read the time-stamp counter whatever CR4.TSD says."""

QUIRK_TRANSLATED = 1 << 6
"""The CPU runs translations of code and notices a store to it only where it looks for one: at the
first store through a new TLB entry. The kernel rings CODE_WRITTEN (kernel/mm/code.c)."""

BOOT_INFO = Record(
    "nv_boot_info",
    "What the host tells the kernel at boot; at BOOT_INFO_PHYS, read-only by convention.",
    ("magic", "u64"),
    ("abi_version", "u64"),
    ("memory_size", "u64"),
    ("free_start", "u64"),
    ("manifest_gpa", "u64"),
    ("manifest_size", "u64"),
    ("flags", "u64"),
    ("quirks", "u64"),
    ("seed", "u64[4]"),
    ("uid", "u32"),
    ("gid", "u32"),
    ("umask", "u32"),
    ("max_tasks", "u32"),
    ("max_files", "u32"),
    ("reserved", "u32"),
    ("tmpfs_limit", "u64"),
)
"""``free_start``: first free physical byte (page aligned); all RAM from there is zero.
``seed``: 256 bits for the kernel's generator. ``max_files``: hard RLIMIT_NOFILE."""

MOVE = Record(
    "nv_move",
    "For a saved machine that goes on on another CPU; at MOVE_PHYS, rsi at the kernel's entry.",
    ("quirks", "u64"),
    ("flags", "u64"),
    ("wide", "u64"),
    ("in_program", "u64"),
    ("registers", "u64[22]"),
)
"""``quirks``: of the new CPU. ``flags``: BOOT_* bits to add. ``wide``: 1 when registers beyond x87
and SSE are in use. ``in_program``: 1 when a program was running; then ``registers`` are its own,
as struct trapframe has them, else the kernel was idle."""

# How the kernel answers, in place of a doorbell's page number.
MOVED = 0xFFFF_FF00
"""It has arranged itself for the new CPU, and goes on when the host lets it."""
MOVED_WIDE = 0xFFFF_FF01
"""Vector registers are in use that the new CPU does not have."""
MOVED_MEMORY = 0xFFFF_FF02
"""No memory is left for what the new CPU needs."""

CODE_WRITTEN = 0xFFFF_FF03
"""Rung under QUIRK_TRANSLATED: code of the frame in the control page has changed."""

CLOCK = Record(
    "nv_clock",
    "The clock page, mapped read-only into user space for the vDSO.",
    ("sequence", "u32"),
    ("shift", "u32"),
    ("mult", "u64"),
    ("tsc_base", "u64"),
    ("monotonic_base", "u64"),
    ("realtime_offset", "i64"),
    ("flags", "u64"),
)
"""monotonic = monotonic_base + ((tsc - tsc_base) * mult >> shift), in ns since boot;
realtime = monotonic + realtime_offset. ``flags`` repeats BOOT_NO_VDSO_TSC and BOOT_TAPE."""

CLOCK_GIVEN = 1 << 32
"""In a clock page's ``flags``: the tape says what the time is, not the counter."""

TAPE = Record(
    "nv_tape",
    "The tape page: what the clock showed. Under BOOT_TAPE the vDSO can write it, in any program.",
    ("head", "u32"),
    ("tail", "u32"),
    ("values", f"u64[{TAPE_SLOTS}]"),
)
"""``head``: readings begun so far, by kernel or program. Reading n has slot n % TAPE_SLOTS and
puts there how many ns since boot it was, or takes that from there (CLOCK_GIVEN), if n - tail <
TAPE_SLOTS; else it has failed, and the kernel calls TIME. A slot is 0 while nothing is in it.
``tail``: the host has taken all before; it does so at every call that is recorded."""

# Kinds in the event ring (host to guest).
EVENT_READY = 1
"""A watched stream is ready: cookie of the WATCH, value = poll(2) bits."""
EVENT_SIGNAL = 2
"""The host asks for a signal: value = signal number, cookie = thread, or 0 for the foreground
process group. Signal 0 only makes the kernel look what there is to do."""

EVENT_DEBUG = 3
"""A debugger wants to have the guest: the kernel calls DEBUG with the kind DEBUG_ASKED."""

EVENT = Record(
    "nv_event",
    "One entry of the host-to-guest event ring.",
    ("kind", "u32"),
    ("value", "u32"),
    ("cookie", "u64"),
)

EVENT_SLOTS = 128
CONTROL = Record(
    "nv_control",
    "The control page: cursors of the rings. Tail and head count up and never wrap back.",
    ("event_head", "u32"),
    ("event_tail", "u32"),
    ("trace_head", "u64"),
    ("trace_tail", "u64"),
    ("frames_used", "u64"),
    ("frames_peak", "u64"),
    ("debug_events", "u64"),
    ("look_at", "u64"),
    ("code_frame", "u64"),
)
"""Host appends events at ``event_tail``, guest consumes at ``event_head``. Guest appends
trace records at ``trace_head`` (records ever written), host has read up to ``trace_tail``.
The event slots follow the record. ``frames_*`` are 4 KiB frames the kernel has handed out.
``debug_events``: a bit for each kind of event that the kernel calls DEBUG for.
``look_at``: when so many system calls have been done, the kernel calls LOOK; 0: never.
``code_frame``: the physical address of what CODE_WRITTEN is rung for."""

TRACE_BOOT = 1
TRACE_SYSCALL_ENTER = 2
TRACE_SYSCALL_EXIT = 3
TRACE_EXCEPTION = 4
TRACE_EXEC = 5
TRACE_EXIT = 6
TRACE_SIGNAL = 7
TRACE_HYPERCALL = 8
"""Written by the host into its own stream, never by the guest."""
TRACE_STEP = 9
"""A program's registers behind one of its instructions: three records, code 0 to 2."""

TRACE_FORK = 10
"""A process or thread is about to run for the first time; its code is one of these:"""
FORK, FORK_WAITS, FORK_THREAD = 0, 1, 2
"""a process; one that its parent waits for until it has executed a program; a thread."""

DEBUG_ASKED = 0
"""Beside TRACE_*: the kinds of stops for a debugger on the host. This one it has asked for."""
DEBUG_TRAP = 31
"""A program's breakpoint or step: its vector and rip."""
DEBUG_WATCHED = 30
"""A page that is watched has been written to, for a program by the kernel (code 0), or by an
instruction of the program (1; 2 where a DEBUG_TRAP for a step follows unless this is taken): an
address there, and rip of the instruction."""
DEBUG_TAKEN = 1
"""Answers to DEBUG beside 0 (go on): the program is to know nothing of it,"""
DEBUG_OWN = 2
"""and: give process out0 a page of its own at out1, then call again;"""
DEBUG_WATCH, DEBUG_UNWATCH = 3, 4
"""and: watch the page at out1 of process out0, or no longer, then call again."""
WATCHED_PAGES = 16
"""So many can be watched at a time."""

TRACE_RECORD = Record(
    "nv_trace",
    "One event: code is a syscall number, vector or signal; args depend on the type.",
    ("type", "u16"),
    ("code", "u16"),
    ("tid", "u32"),
    ("tsc", "u64"),
    ("args", "u64[6]"),
)
"""ENTER: six arguments. EXIT (of a syscall): args[0] = result. EXCEPTION: rip, error code,
cr2. EXEC: up to 48 bytes of the path. TRACE_EXIT: args[0] = wait status. SIGNAL: sender tid,
fault address, handler. FORK: tid, pid, clone(2) flags of the new one.
STEP: rip, rflags, rax, rbx, rcx, rdx; rsi, rdi, rbp, rsp, r8, r9; r10 to
r15."""
