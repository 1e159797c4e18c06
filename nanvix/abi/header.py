"""Renders the guest-host contract as the kernel's C header.

``python -m nanvix.abi.header`` prints it; the kernel build writes it to its build folder.
"""

from __future__ import annotations

from binascii import crc32

from nanvix.abi import channel, layout, network
from nanvix.abi.record import Record, split_type
from nanvix.abi.syscalls import SYSCALLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_RECORDS = (
    layout.BOOT_INFO,
    layout.MOVE,
    layout.CLOCK,
    layout.TAPE,
    layout.EVENT,
    layout.CONTROL,
    layout.TRACE_RECORD,
    channel.SEGMENT,
    channel.REQUEST,
    channel.ATTR,
    channel.DIRENT,
    channel.STATFS,
    channel.MANIFEST,
)
_version: list[int] = []


def _constants() -> Iterator[tuple[str, int]]:
    for module in (layout, channel, network):
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, int):
                yield f"NV_{name}", value
    for name, (number, _) in channel.OPS.items():
        yield f"NV_OP_{name}", number


def _struct(record: Record) -> str:
    lines = [f"/* {record.doc} */", f"struct {record.name} {{"]
    for field, ctype in record.fields:
        base, count = split_type(ctype)
        suffix = f"[{count}]" if "[" in ctype else ""
        lines.append(f"    {base} {field}{suffix};")
    lines.append("};")
    lines += [
        f'_Static_assert(__builtin_offsetof(struct {record.name}, {field}) == {offset}, "{field}");'
        for field, offset in record.offsets.items()
    ]
    lines.append(f'_Static_assert(sizeof(struct {record.name}) == {record.size}, "size");')
    return "\n".join(lines)


def _body() -> str:
    parts = [f"#define {name} NV_CONST(0x{value:x})" for name, value in _constants()]
    parts += [f"#define SYS_{name} {number}" for number, name in sorted(SYSCALLS.items())]
    parts.append("#ifndef __ASSEMBLER__")
    parts += [_struct(record) for record in _RECORDS]
    parts.append("#endif")
    return "\n".join(parts)


def abi_version() -> int:
    """A fingerprint of the whole contract: any change of it refuses an older kernel image."""
    if not _version:
        # Of what the header is made from: rendering it takes as long as booting a guest.
        records = {record.name: record.fields for record in _RECORDS}
        _version.append(crc32(repr((dict(_constants()), SYSCALLS, records)).encode()))
    return _version[0]


def render() -> str:
    """The text of ``abi.h``."""
    return (
        "/* Generated from nanvix/abi; do not edit. */\n#pragma once\n"
        "#ifdef __ASSEMBLER__\n#define NV_CONST(x) x\n"
        '#else\n#include "types.h"\n#define NV_CONST(x) x##ULL\n#endif\n'
        f"#define NV_ABI_VERSION 0x{abi_version():x}ULL\n{_body()}\n"
    )


if __name__ == "__main__":
    print(render(), end="")
