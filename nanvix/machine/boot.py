"""Boot without firmware: lays out guest memory and loads the vCPU at the kernel's entry.

Everything the kernel finds at its first instruction is built here: the image at its physical
addresses, the page tables (Intel SDM vol. 3, 4.5), the boot pages and the manifest.
"""

from __future__ import annotations

from struct import pack

from nanvix.abi.header import abi_version
from nanvix.abi.layout import (
    BOOT_HOST_TIME,
    BOOT_INFO,
    BOOT_INFO_PHYS,
    BOOT_MAGIC,
    BOOT_NO_RDTSC,
    BOOT_NO_VDSO_TSC,
    BOOT_TAPE,
    CLOCK_PHYS,
    HUGE_SIZE,
    KERNEL_BASE,
    MEMORY_MAX,
    MEMORY_MIN,
    PAGE_SIZE,
    SEL_KERNEL_CODE,
    SEL_KERNEL_DATA,
    SEL_TSS,
)
from nanvix.machine.clock import NANOSECONDS, GuestClock
from nanvix.machine.paging import ACCESSED, DIRTY, HUGE, NO_EXECUTE, PRESENT, USER, WRITE
from nanvix.machine.state import Segment, VcpuState
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.machine.backend import Backend
    from nanvix.machine.image import KernelImage
    from nanvix.machine.memory import GuestMemory

CR0 = 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 16 | 1 << 31
"""PE, MP, ET, NE, WP, PG (SDM vol. 3, 2.5)."""
CR4 = 1 << 5 | 1 << 7 | 1 << 9 | 1 << 10
"""PAE, PGE, OSFXSR, OSXMMEXCPT."""
CR4_TSD = 1 << 2
"""Time-stamp disable: `rdtsc` faults outside ring 0 (SDM vol. 3, 2.5)."""
EFER = 1 << 0 | 1 << 8 | 1 << 10 | 1 << 11
"""SCE, LME, LMA, NXE."""

# The kernel may run in ring 3 under these tables (kernel/include/privilege.h); in every program's
# own tables it takes the user bit away at the top level.
_TABLE = PRESENT | WRITE | USER | ACCESSED
# Accessed and dirty are set beforehand so that no walk has to write to the tables.
_LEAF = PRESENT | USER | ACCESSED | DIRTY
_GIB = 1 << 30
_FREE_MIN = 4 << 20
"""What must be left behind the image and the boot pages for the kernel to start a program."""


class BootError(Exception):
    """The machine cannot be built as asked; the message says why in one line."""


class BootSpec(NamedTuple):
    """What differs from one VM to the next; the fields of the same name in BOOT_INFO.

    ``manifest``: the encoded boot manifest. ``seed``: 32 bytes. ``flags``: BOOT_* bits.
    ``tmpfs_limit``: bytes, 0 for half of memory. ``realtime_ns``: the guest's date, ns since
    the epoch.
    """

    manifest: bytes
    uid: int = 0
    gid: int = 0
    umask: int = 0o022
    seed: bytes = bytes(32)
    flags: int = 0
    max_tasks: int = 1024
    max_files: int = 32_768
    tmpfs_limit: int = 0
    realtime_ns: int = 0


class _Builder:
    """Hands out zeroed pages behind the kernel image, in ascending order."""

    __slots__ = ("memory", "next")

    def __init__(self, memory: GuestMemory, start: int) -> None:
        self.memory = memory
        self.next = _page_up(start)

    def place(self, data: bytes) -> int:
        """Store ``data`` in fresh pages; its physical address."""
        at = self.next
        self.next = _page_up(at + len(data))
        if self.next > self.memory.size:
            raise BootError(too_small(self.memory.size, self.next + _FREE_MIN))
        self.memory.write(at, data)
        return at

    def table(self, entries: dict[int, int]) -> int:
        """One page table from its present entries."""
        return self.place(pack("<512Q", *[entries.get(index, 0) for index in range(512)]))

    def direct_map(self) -> dict[int, int]:
        """All RAM by 2 MiB pages, as level-3 entries."""
        directories: dict[int, int] = {}
        flags = _LEAF | WRITE | HUGE | NO_EXECUTE
        for gib in range(-(-self.memory.size // _GIB)):
            start, end = gib * _GIB, min((gib + 1) * _GIB, self.memory.size)
            entries = range(start | flags, end | flags, HUGE_SIZE)
            directories[gib] = self.place(pack(f"<{len(entries)}Q", *entries)) | _TABLE
        return directories

    def kernel_map(self, image: KernelImage) -> dict[int, int]:
        """The image by 4 KiB pages with its segments' rights, as a level-3 entry."""
        tables: dict[int, dict[int, int]] = {}
        for segment in image.segments:
            flags = _LEAF | (WRITE if segment.write else 0)
            flags |= 0 if segment.execute else NO_EXECUTE
            for page in range(segment.start, segment.start + segment.size, PAGE_SIZE):
                tables.setdefault(page // HUGE_SIZE, {})[page // PAGE_SIZE % 512] = page | flags
        directory = {index: self.table(pages) | _TABLE for index, pages in tables.items()}
        return {KERNEL_BASE >> 30 & 511: self.table(directory) | _TABLE}


def boot(memory: GuestMemory, backend: Backend, image: KernelImage, spec: BootSpec) -> GuestClock:
    """Prepare fresh (all zero) memory and the vCPU; the VM's clock starts at 0 here.

    Raises BootError when the memory cannot hold the kernel, the manifest and a program.
    """
    _check_size(memory.size, image.end)
    for segment in image.segments:
        memory.write(segment.start, segment.data)
    builder = _Builder(memory, image.end)
    upper = builder.table(builder.direct_map() | builder.kernel_map(image)) | _TABLE
    root = builder.table({KERNEL_BASE >> 39 & 511: upper})
    manifest = builder.place(spec.manifest)
    _check_size(memory.size, builder.next)
    memory.write(BOOT_INFO_PHYS, _boot_info(memory, backend, spec, manifest, builder.next))

    state = entry_state(image.entry, root)
    if spec.flags & BOOT_NO_RDTSC:
        state.cr4 |= CR4_TSD
    backend.load_state(state)
    clock = GuestClock(backend.tsc_hz, backend.tsc(), spec.realtime_ns)
    shown, flags = clock, spec.flags & (BOOT_NO_VDSO_TSC | BOOT_TAPE)
    if spec.flags & BOOT_HOST_TIME and not spec.flags & BOOT_TAPE:
        shown, flags = GuestClock(NANOSECONDS, 0, spec.realtime_ns), BOOT_NO_VDSO_TSC
    memory.write(CLOCK_PHYS, shown.page(flags))
    return clock


def too_small(size: int, needed: int) -> str:
    """The message for a guest that does not fit."""
    return (
        f"{size >> 20} MiB of guest memory are too few: at least {-(-needed >> 20)} MiB are needed"
    )


def _check_size(size: int, used: int) -> None:
    needed = max(MEMORY_MIN, used + _FREE_MIN)
    if size < needed:
        raise BootError(too_small(size, needed))
    if size > MEMORY_MAX or size % HUGE_SIZE:
        raise BootError(
            f"guest memory must be a multiple of 2 MiB and at most {MEMORY_MAX >> 30} GiB"
        )


def _boot_info(
    memory: GuestMemory, backend: Backend, spec: BootSpec, manifest: int, free_start: int
) -> bytes:
    return BOOT_INFO.pack_fields(
        magic=BOOT_MAGIC,
        abi_version=abi_version(),
        memory_size=memory.size,
        free_start=free_start,
        manifest_gpa=manifest,
        manifest_size=len(spec.manifest),
        flags=spec.flags,
        quirks=backend.quirks,
        seed=[int.from_bytes(spec.seed[i : i + 8], "little") for i in range(0, 32, 8)],
        uid=spec.uid,
        gid=spec.gid,
        umask=spec.umask,
        max_tasks=spec.max_tasks,
        max_files=spec.max_files,
        tmpfs_limit=spec.tmpfs_limit or memory.size // 2,
    )


def entry_state(entry: int, root: int) -> VcpuState:
    """64-bit mode, interrupts off, empty GDT and IDT: the kernel loads its own."""
    state = VcpuState(rip=entry, cr0=CR0, cr3=root, cr4=CR4, efer=EFER)
    state.gpr["rdi"] = BOOT_INFO_PHYS
    state.segments["cs"] = Segment(SEL_KERNEL_CODE, 0, 0xFFFF_FFFF, 0xA09B)
    for name in ("ss", "ds", "es", "fs", "gs"):
        state.segments[name] = Segment(SEL_KERNEL_DATA, 0, 0xFFFF_FFFF, 0xC093)
    # VMX and SVM want a present, busy TSS even before the kernel loads one.
    state.segments["tr"] = Segment(SEL_TSS, 0, 0x67, 0x008B)
    state.segments["ldt"] = Segment(0, 0, 0, 0x0082)
    return state


def _page_up(address: int) -> int:
    return -(-address // PAGE_SIZE) * PAGE_SIZE
