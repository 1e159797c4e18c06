"""The vCPU of a saved machine as plain values for JSON, and back with every value checked."""

from typing import Any

from nanvix.machine.state import GPRS, SEGMENTS, Segment, VcpuState

_BYTES = ("fxsave", "extended")
_EXTENDED_MAX = 4096 - 512
_NUMBERS = tuple(
    name
    for name in VcpuState.__slots__
    if name not in (*_BYTES, "gpr", "segments", "pending", "gdt_limit", "idt_limit")
)
_BITS_OF_SEGMENT = (16, 64, 32, 16)


def encode(state: VcpuState) -> dict[str, Any]:
    """Every register by name."""
    values = {name: getattr(state, name) for name in VcpuState.__slots__}
    values |= {name: values[name].hex() for name in _BYTES}
    values["segments"] = {
        name: [part.selector, part.base, part.limit, part.attributes]
        for name, part in state.segments.items()
    }
    values["pending"] = sorted(state.pending)
    return values


def decode(values: dict[str, Any]) -> VcpuState:
    """What :func:`encode` gave. Raises KeyError, TypeError or ValueError for anything else."""
    checked: dict[str, Any] = {name: number(values[name]) for name in _NUMBERS}
    checked |= {name: number(values[name], 32) for name in ("gdt_limit", "idt_limit")}
    checked |= {name: bytes.fromhex(values[name]) for name in _BYTES}
    if len(checked["fxsave"]) != 512 or len(checked["extended"]) > _EXTENDED_MAX:
        raise ValueError("vector state")
    checked["gpr"] = {name: number(values["gpr"][name]) for name in GPRS}
    checked["segments"] = {name: _segment(values["segments"][name]) for name in SEGMENTS}
    checked["pending"] = frozenset(number(vector, 8) for vector in values["pending"])
    return VcpuState(**checked)


def number(value: Any, bits: int = 64) -> int:
    """``value``, if it is an unsigned number of that many bits. Raises TypeError or ValueError."""
    if type(value) is not int:
        raise TypeError("not a number")
    if not 0 <= value < 1 << bits:
        raise ValueError("out of range")
    return value


def _segment(values: list[Any]) -> Segment:
    parts = zip(values, _BITS_OF_SEGMENT, strict=True)
    return Segment(*(number(value, bits) for value, bits in parts))
