"""Whatever a guest does, run() answers with an exit: random code and random tables."""

from backends.guests import GDT, IDT, PML4, TSS, UD2, USER_CODE, TinyGuest
from hypothesis import given, settings
from hypothesis import strategies as st

from nanvix.abi.layout import VECTOR_TIMER
from nanvix.emu import create
from nanvix.machine.backend import Exit

FLAG_VM = 1 << 17


def run_a_while(guest: TinyGuest) -> None:
    guest.start()
    guest.backend.set_budget(2000)
    guest.backend.inject(VECTOR_TIMER)
    for _ in range(40):
        if guest.backend.run() in (Exit.BUDGET, Exit.SHUTDOWN, Exit.ERROR):
            break
    guest.backend.save_state()
    guest.backend.translate(USER_CODE)


@settings(max_examples=40, deadline=None)
@given(
    code=st.binary(min_size=1, max_size=200),
    user=st.booleans(),
    rflags=st.integers(0, 0x3F_FFFF).map(lambda bits: bits & ~FLAG_VM | 2),
)
def test_random_code(code: bytes, user: bool, rflags: int) -> None:
    with TinyGuest(create, code, user=user) as guest:
        guest.state.rflags = rflags
        run_a_while(guest)


@settings(max_examples=30, deadline=None)
@given(data=st.binary(min_size=16, max_size=512), where=st.sampled_from([GDT, IDT, TSS]))
def test_random_descriptor_tables(data: bytes, where: int) -> None:
    with TinyGuest(create, b"\x90" + UD2, user=True) as guest:
        guest.memory.write(where, (data * (4096 // len(data) + 1))[:4096])
        run_a_while(guest)


@settings(max_examples=30, deadline=None)
@given(data=st.binary(min_size=8, max_size=512), cr3=st.sampled_from([PML4, 0x2000, 0xFFFF_F000]))
def test_random_page_tables(data: bytes, cr3: int) -> None:
    with TinyGuest(create, b"\x0f\x05", user=True) as guest:
        guest.memory.write(PML4, (data * (0x4000 // len(data) + 1))[:0x4000])
        guest.state.cr3 = cr3
        run_a_while(guest)


@settings(max_examples=30, deadline=None)
@given(stack=st.integers(0, (1 << 64) - 1), entry=st.integers(0, (1 << 64) - 1))
def test_random_stacks_and_entries(stack: int, entry: int) -> None:
    with TinyGuest(create, b"\x0f\x05", user=True) as guest:
        guest.memory.write(TSS + 4, stack.to_bytes(8, "little"))
        guest.state.lstar = entry
        run_a_while(guest)
