/* The part of ring 0 that is left when the kernel has sunk to ring 3 (privilege.h).

   Every instruction here is interpreted by the host, so there are as few as possible: a trap of a
   program changes the address space and goes on in ring 3, where the rest is saved; a trap of the sunk
   kernel is one of two monitor calls, made by `syscall`, which this host turns into a page fault at
   syscall_entry. All traps land on one monitor stack, so their frame has a fixed address, and
   interrupts stay off in ring 3 until the program runs again. */
#include "abi.h"
#include "frame.inc"

#define TSS_RSP0 4
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MONITOR_FRAME (monitor_stack_top - 56) /* vector, error, rip, cs, rflags, rsp, ss */
#define FLAGS_RING3 2                          /* interrupts off */

.macro sink_vector number, has_error
sink_vector_\number:
    .if \has_error == 0
    pushq   $0
    .endif
    pushq   $\number
    jmp     sink_trap
.endm

    .text
    .altmacro
    .set    n, 0
    .rept   34
    sink_vector %n, %((n == 8) || ((n >= 10) && (n <= 14)) || (n == 17) || (n == 21) || (n == 29) || (n == 30))
    .set    n, n + 1
    .endr

sink_trap:
    cmpb    $0, sunk(%rip)
    jne     monitor_trap
    movb    $1, sunk(%rip)
    movq    %rax, saved_rax(%rip)
    movq    kernel_root(%rip), %rax
    movq    %rax, %cr3
    movq    %cr2, %rax
    movq    %rax, saved_cr2(%rip)
    pushq   $NV_SEL_USER_DATA
    pushq   kernel_stack_top(%rip)
    pushq   $FLAGS_RING3
    pushq   $NV_SEL_USER_CODE
    pushq   $sunk_trap
    iretq

    /* Ring 3 from here: the trap frame goes where the ring-0 kernel has it. */
sunk_trap:
    .set    at, 48
    .rept   7
    pushq   MONITOR_FRAME + at(%rip)
    .set    at, at - 8
    .endr
    movq    saved_rax(%rip), %rax
    save
    movq    %rsp, %rdi
    call    trap
    jmp     trap_return                 /* not straight on: a machine saved in between may be in ring 0 */

    /* Back to the program: everything but rcx and r11, which `syscall` overwrites, is restored here. */
    .globl  return_by_monitor
return_by_monitor:
    .set    at, 0
    .rept   5
    movq    FRAME_RIP + at(%rsp), %rax
    movq    %rax, resume_frame + at(%rip)
    .set    at, at + 8
    .endr
    movq    FRAME_RCX(%rsp), %rax
    movq    %rax, saved_rcx(%rip)
    movq    FRAME_R11(%rsp), %rax
    movq    %rax, saved_r11(%rip)
    restore
    movb    $1, resuming(%rip)
    syscall
    ud2

monitor_trap:
    cmpb    $0, resuming(%rip)
    je      1f
    movw    $0, sunk(%rip)              /* and resuming, the next byte */
    cmpb    $0, bases_changed(%rip)
    jne     load_bases
0:  movq    user_root(%rip), %rcx
    movq    %rcx, %cr3
    movq    saved_rcx(%rip), %rcx
    movq    saved_r11(%rip), %r11
    movq    $resume_frame, %rsp
    iretq

1:  cmpl    $14, (%rsp)
    jne     2f
    cmpq    $syscall_entry, 16(%rsp)
    jne     4f
    movl    %edi, %eax                  /* the other call: a doorbell */
    outl    %eax, $NV_PORT
    movq    %rcx, 16(%rsp)
    addq    $16, %rsp
    iretq
2:  cmpl    $NV_VECTOR_TIMER, (%rsp)
    jne     3f
    movb    $1, deferred(%rip)             /* .timer */
    addq    $16, %rsp
    iretq
3:  cmpl    $NV_VECTOR_EVENT, (%rsp)
    jne     4f
    movb    $1, deferred+1(%rip)           /* .event */
    addq    $16, %rsp
    iretq
4:  movb    $0, sunk(%rip)              /* an exception in the kernel: a bug, reported from ring 0 */
    jmp     trap_in_kernel

load_bases:
    movb    $0, bases_changed(%rip)
    pushq   %rax
    pushq   %rdx
    movl    $MSR_FS_BASE, %ecx
    movl    user_fs(%rip), %eax
    movl    user_fs+4(%rip), %edx
    wrmsr
    movl    $MSR_GS_BASE, %ecx
    movl    user_gs(%rip), %eax
    movl    user_gs+4(%rip), %edx
    wrmsr
    popq    %rdx
    popq    %rax
    jmp     0b

    /* void privilege_sink(void): returns to its caller in ring 3, interrupts off. */
    .globl  privilege_sink
privilege_sink:
    popq    %rax
    movb    $1, sunk(%rip)
    movq    $monitor_stack_top, tss+TSS_RSP0(%rip)
    movq    %rsp, %rdx
    pushq   $NV_SEL_USER_DATA
    pushq   %rdx
    pushq   $FLAGS_RING3
    pushq   $NV_SEL_USER_CODE
    pushq   %rax
    iretq

    /* void monitor_doorbell(u64 page) */
    .globl  monitor_doorbell
monitor_doorbell:
    syscall
    ret

    .section .rodata
    .balign 8
    .globl  sink_vector_table
sink_vector_table:
.macro sink_vector_address number
    .quad   sink_vector_\number
.endm
    .set    n, 0
    .rept   34
    sink_vector_address %n
    .set    n, n + 1
    .endr

    .bss
    .balign 4096
    .skip   4096
    .globl  monitor_stack_top
monitor_stack_top:
saved_rax:
    .skip   8
saved_rcx:
    .skip   8
saved_r11:
    .skip   8
resume_frame:
    .skip   40
    .globl  saved_cr2
saved_cr2:
    .skip   8
    .globl  sunk
sunk:
    .skip   1
resuming:
    .skip   1
    .globl  bases_changed
bases_changed:
    .skip   1
    .balign 2
    .globl  deferred
deferred:
    .skip   2
