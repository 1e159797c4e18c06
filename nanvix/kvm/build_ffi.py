"""Generates ``_kvm_abi.py``: cffi declarations of the KVM and libc calls we make.

    python nanvix/kvm/build_ffi.py [--output PATH]

The result is an out-of-line ABI module: plain Python that needs neither a compiler nor, when
it is imported, a C parser. It is committed; a test regenerates it and compares. Run this file
as a script: importing it at run time would cost the 50 ms the generated module saves.

Layouts and numbers are those of <linux/kvm.h> and <asm/kvm.h> for x86-64. Register blocks are
opaque bytes here: nanvix.kvm.registers knows their fields.
"""

import sys
from pathlib import Path

from cffi import FFI

MODULE = "nanvix.kvm._kvm_abi"

CONSTANTS = """
#define KVM_GET_API_VERSION 0xAE00
#define KVM_CREATE_VM 0xAE01
#define KVM_CHECK_EXTENSION 0xAE03
#define KVM_GET_VCPU_MMAP_SIZE 0xAE04
#define KVM_CREATE_VCPU 0xAE41
#define KVM_SET_USER_MEMORY_REGION 0x4020AE46
#define KVM_SET_TSS_ADDR 0xAE47
#define KVM_RUN 0xAE80
#define KVM_INTERRUPT 0x4004AE86
#define KVM_GET_MSRS 0xC008AE88
#define KVM_SET_MSRS 0x4008AE89
#define KVM_SET_SIGNAL_MASK 0x4004AE8B
#define KVM_SET_CPUID2 0x4008AE90
#define KVM_SET_GUEST_DEBUG 0x4048AE9B
#define KVM_GET_TSC_KHZ 0xAEA3
#define KVM_ENABLE_CAP 0x4068AEA3
#define KVM_GET_XSAVE 0x9000AEA4
#define KVM_SET_XSAVE 0x5000AEA5
#define KVM_SET_DEVICE_ATTR 0x4018AEE1
#define KVM_GET_DEVICE_ATTR 0x4018AEE2

#define SYS_timer_create 222
#define SYS_timer_settime 223
#define SYS_timer_delete 226
#define SYS_tgkill 234
"""

STRUCTURES = """
struct memory_region {
    uint32_t slot, flags;
    uint64_t guest_physical, size, host_address;
};

struct cpuid_entry {
    uint32_t leaf, subleaf, flags, eax, ebx, ecx, edx, padding[3];
};

struct cpuid_table {
    uint32_t count, padding;
    struct cpuid_entry entries[64];
};

struct msr_entry {
    uint32_t index, reserved;
    uint64_t value;
};

struct msr_list {
    uint32_t count, padding;
    struct msr_entry entries[16];
};

struct device_attribute {
    uint32_t flags, group;
    uint64_t attribute, address;
};

struct enable_capability {
    uint32_t capability, flags;
    uint64_t arguments[4];
    uint8_t padding[64];
};

struct guest_debug {
    uint32_t control, padding;
    uint64_t registers[8];
};

struct signal_mask {
    uint32_t length;
    uint8_t bits[8];
};

struct timer_event {
    uint64_t value;
    int32_t signal, notify, thread, padding[11];
};

struct timer_spec {
    int64_t interval_s, interval_ns, value_s, value_ns;
};

struct run_page {
    uint8_t request_interrupt_window, immediate_exit, padding1[6];
    uint32_t exit_reason;
    uint8_t ready_for_interrupt, if_flag;
    uint16_t flags;
    uint64_t cr8, apic_base;
    union {
        uint8_t exit_padding[256];
        uint64_t hardware_reason;
        struct { uint64_t io_word, io_data_offset; };
        struct { uint64_t mmio_address; uint8_t mmio_data[8]; uint32_t mmio_size;
                 uint8_t mmio_is_write; };
        struct { uint32_t internal_suberror, internal_count; uint64_t internal_data[16]; };
        struct { uint32_t debug_exception, debug_padding; uint64_t debug_pc; };
    };
    uint64_t valid_regs, dirty_regs;
    uint8_t regs[144], sregs[312], events[64];
};
"""

FUNCTIONS = """
int ioctl(int fd, unsigned long request, uintptr_t argument);
void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset);
int munmap(void *address, size_t length);
long syscall(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d);
typedef int (*handler)(int);
handler signal(int number, handler action);
int abs(int value);
"""


def generate(output: Path) -> None:
    """Write the module to ``output``."""
    ffi = FFI()
    ffi.cdef(CONSTANTS + STRUCTURES + FUNCTIONS)
    ffi.set_source(MODULE, None)
    ffi.emit_python_code(str(output))


def main(arguments: list[str]) -> int:
    """``--output PATH`` (default: the committed file beside this one)."""
    if arguments[:1] == ["--output"] and len(arguments) == 2:
        output = Path(arguments[1])
    elif not arguments:
        output = Path(__file__).with_name("_kvm_abi.py")
    else:
        print(f"usage: {sys.argv[0]} [--output PATH]", file=sys.stderr)
        return 2
    generate(output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
