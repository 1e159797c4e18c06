"""Counting whole blocks of code gives what counting each instruction gives, in every way it can."""

import random
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import pytest
from backends.guests import RESULT, SPARE, UD, USER_CODE, TinyGuest

from nanvix.emu import backend as emu_backend
from nanvix.emu import create, intercepts
from nanvix.emu.backend import EmuBackend
from nanvix.emu.engine import Engine, EngineError
from nanvix.emu.probes import READ
from nanvix.machine.backend import Exit

SLICES = (emu_backend.SLICE, 9, 3, 1)
EVENTS = 3

PROGRAMS = {
    "loop": "b907000000 4801d8 4883c302 ffc9 75f5 0f0b",
    "fault in the middle": "48ffc3 4829d8 488b0c25 00200100 48ffc0 0f0b",
    "divide by zero": "48ffc3 31c9 f7f1 48ffc0",
    "counter": "48ffc3 0f31 4889c6 90 90 0f31 4829f0 48890425 00e00000 0f0b",
    "cpuid": "31c0 48ffc6 0fa2 48ffc6 39db 0fa2 0f94c2 0f0b",
    "string": "be00e00000 bf08e00000 b905000000 48ffc3 f3a4 48ffc3 f348ab 0f0b",
    "refused port": "48ffc3 39c0 e7e0 48ffc3 0f0b",
    "refused string input": "48ffc3 6c 48ffc3",
    "refused counter with a number": "48ffc3 0f01f9 48ffc3",
    "call": "48ffc3 31c0 0f05",
    "software interrupt": "48ffc3 90 cd03 48ffc3",
    "single step": "9c 810c24 00010000 9d 48ffc3 48ffc3 0f0b",
    # It makes a later instruction of its block another one: mov $1, %dl becomes mov $7, %dl.
    "changes itself": "4801d8 29c9 c605 05000000 07 410f94c0 b201 0f0b",
    "changes itself behind": "b201 29c9 c605 f6ffffff 07 410f94c0 ffc6 83fe03 75ef 0f0b",
}  # fmt: skip


class End(NamedTuple):
    """Whatever a guest could tell two runs apart by, and the host."""

    events: tuple[tuple[int, int | None, int, int], ...]
    instructions: int
    registers: dict[str, int]
    memory: str


def end_of(code: bytes, *, watched: bool = False, user: bool = True, events: int = EVENTS) -> End:
    """Where ``code`` gets to within some events; ``watched``: with every instruction counted."""
    with TinyGuest(create, code, user=user, entry=b"\xe7\xe0" if user else b"") as guest:
        guest.map(SPARE, SPARE | 7)
        guest.start()
        assert isinstance(guest.backend, EmuBackend)
        if watched:
            guest.backend.probes().place([], None, [(0x1FF000, 0x1FF000, READ)], lambda *_: False)
        seen = []
        for _ in range(events):
            frame = guest.event()
            seen.append((frame.vector, frame.error, frame.rip, frame.rflags))
        state = guest.backend.save_state()
        registers = state.gpr | {"rip": state.rip, "rflags": state.rflags, "tsc": state.tsc}
        memory = sha256(guest.memory.view).hexdigest()
        return End(tuple(seen), guest.backend.instructions(), registers, memory)


def ends(code: bytes, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[End]:
    for size in SLICES:
        monkeypatch.setattr(emu_backend, "SLICE", size)
        yield end_of(code, **options)
        yield end_of(code, watched=True, **options)


@pytest.mark.parametrize("at", [0, 3, 6, 9])
def test_a_probe_is_asked_at_the_right_moment(at: int) -> None:
    """In the middle of a block that is counted whole where nobody asks; the last time for the
    second time, when others have been in its place."""
    code = bytes.fromhex("48ffc3 4801d8 48ffc1 4883fb05 75f1 0f0b")
    moments: list[list[int]] = []
    for _ in range(2):
        with TinyGuest(create, code, user=True) as guest:
            guest.start()
            assert isinstance(guest.backend, EmuBackend)
            probes, seen = guest.backend.probes(), list[int]()

            def note(_address: int, count: int, seen: list[int] = seen) -> bool:
                seen.append(count)
                return False

            guest.backend.set_budget(2)
            assert guest.backend.run() is Exit.BUDGET
            for places in ([USER_CODE + at], [], [USER_CODE + at]):
                probes.place(places, note)
                guest.backend.set_budget(guest.backend.instructions() + 6)
                assert guest.backend.run() is Exit.BUDGET
            moments.append(seen)
    index = {0: 0, 3: 1, 6: 2, 9: 3}[at]
    expected = [n for n in range(2, 20) if n % 5 == index and not 8 <= n < 14]
    assert moments == [expected] * 2


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_ways_of_counting_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = ends(bytes.fromhex(PROGRAMS[name]), monkeypatch)
    assert others == [first] * len(others)


def test_a_doorbell_in_the_middle_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host finds the guest right behind it, and not at the end of the block."""
    code = bytes.fromhex("48ffc3 e7e0 48ffc3 ec 48ffc3 e7e0 48ffc3 0f0b")
    for size in SLICES:
        monkeypatch.setattr(emu_backend, "SLICE", size)
        with TinyGuest(create, code) as guest:
            guest.start()
            for count, at in ((2, 5), (6, 14)):
                assert guest.backend.run() is Exit.DOORBELL
                state = guest.backend.save_state()
                assert (guest.backend.instructions(), state.rip & 0xFFF) == (count, at)
            assert guest.event().vector == UD


# What random programs are made of; each keeps to rax, rcx, rdx, rbx, r8 and the result page.
PIECES = [
    "48ffc0", "4801d8", "4829c3", "480fafc3", "31d2", "39d8", "0f94c2", "11c8", "d3e0", "4899",
    "48890425 08e00000", "48031c25 08e00000", "0fb61425 10e00000", "f00fc10c25 18e00000",
    "0f31", "0fa2", "f8", "f9", "fc", "9c 8f0425 20e00000", "410fb6c0", "48f7d8", "0fc8", "90",
    "c60425 28e00000 55", "eb00", "7500", "7202 31c0", "e800000000 5a", "6698",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of some rounds around random instructions, ports and faults among them."""
    chance = random.Random(seed)
    body = b""
    while len(body) < 90:
        body += bytes.fromhex(chance.choice(PIECES))
        if chance.random() < 0.02:
            body += bytes.fromhex(chance.choice(["0f0b", "e7e0", "cd03"]))
    rounds = bytes.fromhex("41ffc1 4183f905 0f85") + (-len(body) - 13).to_bytes(
        4, "little", signed=True
    )
    first, *others = ends(body + rounds + b"\x0f\x0b", monkeypatch, events=1)
    assert others == [first] * len(others)


def test_what_changes_itself_counts_once() -> None:
    end = end_of(bytes.fromhex(PROGRAMS["changes itself"]), events=1)
    assert end.registers["rdx"] == 7
    assert end.registers["r8"] == 1, "the zero flag from before the change"
    assert end.instructions == 5 + 2, "five, and two of the handler"


def test_code_is_dropped_before_the_engine_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that lie where others were are not taken for those."""
    code = b"".join(b"\x48\xff\xc0" * (1 + n % 3) + b"\xeb\x00" for n in range(200))
    code += bytes.fromhex("41ffc1 4183f904 0f85") + (-len(code) - 13).to_bytes(
        4, "little", signed=True
    )
    expected = end_of(code + b"\x0f\x0b", events=1)
    monkeypatch.setattr(intercepts, "CODE_BUFFER", 40_000)
    assert end_of(code + b"\x0f\x0b", events=1) == expected
    assert expected.instructions == 4 * sum(2 + n % 3 for n in range(200)) + 4 * 3 + 2


def test_without_the_engines_own_table_each_instruction_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = bytes.fromhex(PROGRAMS["counter"])
    expected = end_of(code)
    symbol = Engine.symbol
    monkeypatch.setattr(
        Engine, "symbol", lambda self, name: 0 if name.startswith("tcg_") else symbol(self, name)
    )
    assert end_of(code) == expected


def test_an_event_storm_ends_with_the_slice() -> None:
    """A handler whose stack has gone: no instruction ever retires, and a kick is heard."""
    with TinyGuest(create, b"\x0f\x0b") as guest:
        guest.state.gpr["rsp"] = RESULT
        for vector in range(32):
            guest.gate(vector)
        guest.memory.write(0x8000 + UD * 16, b"\x0f\x0b" * 8)
        guest.start()
        guest.backend.set_timer(50)
        guest.backend.kick()
        assert guest.backend.run() is Exit.KICKED


def test_a_stale_or_missing_c_part_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intercepts, "FINGERPRINT", 1)
    with pytest.raises(EngineError, match=r"stale: python kernel/build\.py"):
        end_of(b"\x0f\x0b")
    monkeypatch.setattr(intercepts, "library_path", lambda: "/nonexistent/hooks.so")
    with pytest.raises(EngineError, match=r"python kernel/build\.py"):
        end_of(b"\x0f\x0b")


def test_where_user_code_starts() -> None:
    """The programs above count on it."""
    assert end_of(b"\x0f\x0b", events=1).events[0][2] == USER_CODE
