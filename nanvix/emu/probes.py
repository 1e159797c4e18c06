"""Looking at the guest from inside the engine: at instructions and at physical memory.

Only blocks of code that hold a probed instruction are slower, and all code while memory is probed:
there every instruction is counted as it runs, and asks whether it is meant. The engine's hooks are
never taken out: removing one looks its address up in the guest's page tables, and where nothing is
mapped that leaves a page fault behind. They wait out of the way for the next probe instead.
"""

from __future__ import annotations

import ctypes

from nanvix.emu.engine import HOOK_CODE, HOOK_MEM_READ, HOOK_MEM_WRITE, Engine
from nanvix.emu.layout import NOWHERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nanvix.emu.cpu import Cpu
    from nanvix.emu.intercepts import Intercepts

    CodeProbe = Callable[[int, int], bool]
    """``(address, count)``: an instruction is about to run, the first after ``count`` have retired.
    True stops the guest in front of it."""
    MemoryProbe = Callable[[int, int, int, int, int], bool]
    """``(access, physical, size, value, count)``: an instruction, the last of ``count``, is reading
    or about to write (``value``: what). True stops the guest behind it."""

READ, WRITE = 1, 2
_KINDS = {READ: HOOK_MEM_READ, WRITE: HOOK_MEM_WRITE}
_MEMORY_READ = 16
"""uc_mem_type: UC_MEM_READ; UC_MEM_WRITE follows it."""

# Callbacks declare only the arguments they use; the C caller cleans up the rest.
_CODE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64)
_MEMORY = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_uint64
)


def _address(callback: object) -> int:
    return ctypes.cast(callback, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


class Probes:
    """The probes of one engine. Change them only between runs."""

    def __init__(self, engine: Engine, cpu: Cpu, intercepts: Intercepts) -> None:
        self._engine = engine
        self._cpu = cpu
        self._intercepts = intercepts
        self._on_code: CodeProbe | None = None
        self._on_memory: MemoryProbe | None = None
        self._code: dict[tuple[int, int, int], ctypes.Array[ctypes.c_uint64]] = {}
        self._memory: dict[tuple[int, int, int], ctypes.Array[ctypes.c_uint64]] = {}
        self._spare: dict[int, list[ctypes.Array[ctypes.c_uint64]]] = {}
        self._code_callback = _CODE(self._code_hit)
        self._memory_callback = _MEMORY(self._memory_hit)

    def place(
        self,
        code: Iterable[int] = (),
        on_code: CodeProbe | None = None,
        memory: Iterable[tuple[int, int, int]] = (),
        on_memory: MemoryProbe | None = None,
    ) -> None:
        """Replace all probes. ``code``: linear addresses of instructions. ``memory``: first and
        last physical address, and READ or WRITE."""
        self._on_code, self._on_memory = on_code, on_memory
        places = {(address, address, HOOK_CODE) for address in code}
        fresh = self._fit(self._code, places, self._code_callback)
        ranges = {(first, last, _KINDS[access]) for first, last, access in memory}
        if self._fit(self._memory, ranges, self._memory_callback) or fresh:
            # Code translated before there was a hook of this kind does not ask it.
            self._engine.flush_code()
            self._engine.flush_tlb()
            self._intercepts.forget()
        hooks = {first: bounds for (first, _, _), bounds in self._code.items()}
        self._intercepts.watch(hooks, everything=bool(ranges))

    def _fit(
        self,
        hooks: dict[tuple[int, int, int], ctypes.Array[ctypes.c_uint64]],
        wanted: set[tuple[int, int, int]],
        callback: object,
    ) -> bool:
        """Make ``hooks`` what is wanted; True when the engine has got a hook more."""
        for key in hooks.keys() - wanted:
            bounds = hooks.pop(key)
            bounds[0] = bounds[1] = NOWHERE
            self._spare.setdefault(key[2], []).append(bounds)
        more = False
        for first, last, kind in wanted - hooks.keys():
            spare = self._spare.get(kind)
            if spare:
                bounds = spare.pop()
            else:
                bounds = self._engine.watch(kind, _address(callback))
                more = True
            bounds[0], bounds[1] = first, last
            hooks[first, last, kind] = bounds
        return more

    def finish_instruction(self) -> None:
        """In a code probe: stop the guest behind the instruction instead of in front of it."""
        self._intercepts.pause_behind()

    def _code_hit(self, _engine: int, address: int) -> None:
        intercepts = self._intercepts
        try:
            if self._on_code is not None and self._on_code(address, intercepts.now() - 1):
                intercepts.pause_in_front()
        except BaseException as error:
            intercepts.failed_behind(error)

    def _memory_hit(self, _engine: int, kind: int, physical: int, size: int, value: int) -> None:
        intercepts = self._intercepts
        try:
            access = READ if kind == _MEMORY_READ else WRITE
            if self._on_memory is not None and self._on_memory(
                access, physical, size, value & (1 << 8 * size) - 1, intercepts.now()
            ):
                # Told to stop here, the engine would run this instruction once more later.
                intercepts.pause_behind()
        except BaseException as error:
            intercepts.failed_behind(error)
