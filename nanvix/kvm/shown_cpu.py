"""What CPUID tells programs on a host that does not let the guest's table through.

A recording keeps it, so that programs choose the same code in the replay where they can.
"""

from struct import Struct, pack

from nanvix.kvm import cache
from nanvix.kvm.probe_guest import RESULT, VECTOR_UD, Inconclusive, ProbeGuest
from nanvix.machine.cpuid import HYPERVISOR_BASE, Row, cpuid

_ASKED = [
    *((leaf, subleaf) for leaf in range(0x20) for subleaf in range(4)),
    *((leaf, 0) for leaf in (*range(HYPERVISOR_BASE, HYPERVISOR_BASE + 2),
                             *range(0x8000_0000, 0x8000_0022))),
]  # fmt: skip
"""Whatever any CPU says of itself by a few subleaves; all answers fit into a page."""
_QUESTION, _ANSWER = Struct("<II8x"), Struct("<4I")

_RSI_TO_ROWS = b"\xbe" + pack("<I", RESULT)
_EDI_TO_COUNT = b"\xbf" + pack("<I", len(_ASKED))
_LOAD_EAX_ECX = b"\x8b\x06\x8b\x4e\x04"
_CPUID = b"\x0f\xa2"
_STORE_ALL = b"\x89\x06\x89\x5e\x04\x89\x4e\x08\x89\x56\x0c"
_NEXT_ROW = b"\x48\x83\xc6\x10\xff\xcf"
_ROW = _LOAD_EAX_ECX + _CPUID + _STORE_ALL + _NEXT_ROW
_LOOP = _ROW + b"\x75" + pack("<b", -len(_ROW) - 2)
_UD2 = b"\x0f\x0b"


def shown() -> list[Row]:
    """The rows in which ring 3 sees something else than nanvix.machine.cpuid, from the cache or by
    probing (~5 ms, once); none where a busy host does not let them be found out."""
    key = cache.host_key()
    rows = cache.load_cpuid(key)
    if rows is None:
        rows = _ask()
        cache.store_cpuid(key, rows)
    return rows


def _ask() -> list[Row]:
    with ProbeGuest(_RSI_TO_ROWS + _EDI_TO_COUNT + _LOOP + _UD2, user=True) as guest:
        for index, question in enumerate(_ASKED):
            guest.memory.write(RESULT + index * _ANSWER.size, _QUESTION.pack(*question))
        guest.start()
        try:
            if guest.exception() != VECTOR_UD:
                return []
        except Inconclusive:
            return []
        answers = _ANSWER.iter_unpack(guest.memory.read(RESULT, len(_ASKED) * _ANSWER.size))
        rows = zip(_ASKED, answers, strict=True)
        return [(*asked, *answer) for asked, answer in rows if answer != cpuid(*asked)]
