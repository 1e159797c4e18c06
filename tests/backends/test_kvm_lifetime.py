"""Machines on KVM come and go: nothing is left behind, whatever fails, and whoever closes."""

import gc
import os
import resource
import signal
import threading
import time

import pytest
from backends.guests import SPIN
from backends.probing import alarmed, started

from nanvix.kvm import create
from nanvix.kvm._kvm_abi import ffi
from nanvix.kvm.device import calls
from nanvix.kvm.probe_guest import ProbeGuest
from nanvix.machine.backend import Exit
from nanvix.machine.memory import GuestMemory

pytestmark = pytest.mark.usefixtures("kvm")


# -- life ----------------------------------------------------------------------------------------


def open_files() -> int:
    """But for those of objects in circles, which would be closed at any moment."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def test_close_releases_everything_and_is_idempotent() -> None:
    before = open_files()
    memory = GuestMemory(2 << 20)
    backend = create(memory)
    backend.close()
    backend.close()
    backend.kick()
    memory.close()
    assert open_files() == before


def test_close_ends_a_run_of_another_thread() -> None:
    before = open_files()
    for delay_s in (0, 0.0005, 0.02) * 7:
        with started(SPIN, user=True) as guest:
            outcomes: list[object] = []

            def spin(guest: ProbeGuest = guest, outcomes: list[object] = outcomes) -> None:
                try:
                    while True:
                        outcomes.append(guest.backend.run())
                except ValueError as error:
                    outcomes.append(str(error))

            thread = threading.Thread(target=spin)
            thread.start()
            time.sleep(delay_s)
            guest.backend.close()
            assert guest.backend.vcpu._page == ffi.NULL
            thread.join(10)
            assert not thread.is_alive()
            assert outcomes[-1] == "the VM is closed"
            assert set(outcomes[:-1]) <= {Exit.KICKED}
    assert open_files() == before


def test_a_signal_handler_can_close() -> None:
    with started(SPIN, user=True) as guest, alarmed(guest.backend.close):
        assert guest.backend.run() is Exit.KICKED
        assert guest.backend.vcpu._page == ffi.NULL
        with pytest.raises(ValueError, match="closed"):
            guest.backend.run()


@pytest.mark.parametrize(
    "failing",
    [
        "KVM_CREATE_VM", "KVM_SET_USER_MEMORY_REGION", "KVM_CREATE_VCPU", "KVM_SET_CPUID2",
        "KVM_GET_VCPU_MMAP_SIZE",
    ],
)  # fmt: skip
def test_a_failure_half_way_releases_everything(
    failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = calls.ioctl

    def ioctl(fd: int, name: str, argument: int = 0) -> int:
        if name == failing:
            raise OSError(12, "no memory", name)
        return real(fd, name, argument)

    memory = GuestMemory(2 << 20)
    create(memory).close()  # the quirks are known from here on
    before = open_files()
    monkeypatch.setattr(calls, "ioctl", ioctl)
    with pytest.raises(Exception, match=failing):
        create(memory)
    assert open_files() == before
    memory.close()


def test_signals_do_not_keep_a_machine_from_being_made() -> None:
    """KVM_CREATE_VM gives up where a signal is pending."""
    seen = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append(None))
    try:
        for step in range(1, 61):
            memory = GuestMemory(2 << 20)
            signal.setitimer(signal.ITIMER_REAL, step * 0.00002)
            create(memory).close()
            memory.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen


def test_many_machines_live_side_by_side() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    count = min(20, limit // 8)
    memories = [GuestMemory(2 << 20) for _ in range(count)]
    backends = [create(memory) for memory in memories]
    for backend in backends:
        backend.close()
    for memory in memories:
        memory.close()
