/* The part of ring 0 that is left when the kernel has sunk to ring 3 (privilege.h): the way down, and
   a monitor with two calls. Its traps land on a stack of its own, because the program's trap frame
   lies at the top of the kernel stack the sunk kernel goes on using.

   Monitor calls are `syscall` with eax = MONITOR_DOORBELL (edi = page) or MONITOR_RESUME (rdi =
   trapframe). The flag `sunk` tells them from a program's system calls: it is set only while the
   kernel's own address space is loaded, and programs never run then. */
#include "abi.h"

#define MONITOR_DOORBELL 0
#define MONITOR_RESUME 1
#define TSS_RSP0 4
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101

    .text
    /* void privilege_sink(void): returns to its caller in ring 3, interrupts off. */
    .globl  privilege_sink
privilege_sink:
    popq    %rax
    movb    $1, sunk(%rip)
    movq    $monitor_stack_top, tss+TSS_RSP0(%rip)
    movq    kernel_root(%rip), %rdx
    movq    %rdx, %cr3
    movq    %rsp, %rdx
    pushq   $NV_SEL_USER_DATA
    pushq   %rdx
    pushq   $2
    pushq   $NV_SEL_USER_CODE
    pushq   %rax
    iretq

    /* A trap of the sunk kernel: vector, error, rip, cs, rflags, rsp, ss on the monitor's stack. */
    .globl  monitor_trap
monitor_trap:
    cmpl    $14, (%rsp)
    jne     1f
    cmpq    $syscall_entry, 16(%rsp)    /* `syscall` where it arrives as a page fault */
    je      monitor_call
1:  cmpl    $NV_VECTOR_TIMER, (%rsp)
    je      2f
    cmpl    $NV_VECTOR_EVENT, (%rsp)
    je      3f
    cmpl    $2, (%rsp)                  /* NMI */
    je      4f
    movb    $0, sunk(%rip)
    jmp     trap_in_kernel
2:  movb    $1, deferred_timer(%rip)
    jmp     4f
3:  movb    $1, deferred_event(%rip)
4:  addq    $16, %rsp
    iretq

    /* The same call by a real `syscall`: make the frame the other way leaves. */
    .globl  monitor_syscall
monitor_syscall:
    movq    %rsp, user_rsp(%rip)
    movq    $monitor_stack_top, %rsp
    pushq   $NV_SEL_USER_DATA
    pushq   user_rsp(%rip)
    pushq   $2
    pushq   $NV_SEL_USER_CODE
    pushq   %rcx
    pushq   $0
    pushq   $14
monitor_call:
    testl   %eax, %eax
    jnz     resume
    movl    %edi, %eax
    outl    %eax, $NV_PORT
    jmp     1f
1:  movq    %rcx, 16(%rsp)
    addq    $16, %rsp
    iretq

resume:
    movb    $0, sunk(%rip)
    movq    kernel_stack_top(%rip), %rax
    movq    %rax, tss+TSS_RSP0(%rip)
    movq    user_root(%rip), %rax
    movq    %rax, %cr3
    movq    wanted_fs(%rip), %rax
    cmpq    loaded_fs(%rip), %rax
    jne     load_fs
1:  movq    wanted_gs(%rip), %rax
    cmpq    loaded_gs(%rip), %rax
    jne     load_gs
2:  movq    %rdi, %rsp
    jmp     restore_all

load_fs:
    movq    %rax, loaded_fs(%rip)
    movq    %rax, %rdx
    shrq    $32, %rdx
    movl    $MSR_FS_BASE, %ecx
    wrmsr
    jmp     1b
load_gs:
    movq    %rax, loaded_gs(%rip)
    movq    %rax, %rdx
    shrq    $32, %rdx
    movl    $MSR_GS_BASE, %ecx
    wrmsr
    jmp     2b

    /* From the sunk kernel back to the program: rsp = trapframe. */
    .globl  return_by_monitor
return_by_monitor:
    movq    %rsp, %rdi
    movl    $MONITOR_RESUME, %eax
    syscall
    ud2

    /* void monitor_doorbell(u64 page) */
    .globl  monitor_doorbell
monitor_doorbell:
    movl    $MONITOR_DOORBELL, %eax
    syscall
    ret

    .bss
    .balign 4096
    .skip   4096
    .globl  monitor_stack_top
monitor_stack_top:
