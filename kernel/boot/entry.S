/* Every way into the kernel and out of it: boot, exceptions and interrupts, system calls, the
   return to user mode. struct trapframe (task.h) is what `save` pushes. */
#include "abi.h"
#include "frame.inc"

    .section .text.entry, "ax"
    .globl _start
_start:                                 /* rdi = physical address of the boot info, rsi = 0; or */
    leaq    boot_stack_top(%rip), %rsp  /* rsi = that of struct nv_move: a saved machine goes on */
    xorl    %ebp, %ebp
    testq   %rsi, %rsi
    jnz     1f
    call    kmain
1:  movq    %rsi, %rdi
    call    adapt
    ud2

    .text

.macro vector number, has_error
vector_\number:
    .if \has_error == 0
    pushq   $0
    .endif
    pushq   $\number
    jmp     trap_entry
.endm

    .altmacro
    .set    n, 0
.macro vectors first, last
    .set    n, \first
    .rept   \last - \first + 1
    vector  %n, %((n == 8) || ((n >= 10) && (n <= 14)) || (n == 17) || (n == 21) || (n == 29) || (n == 30))
    .set    n, n + 1
    .endr
.endm
    vectors 0, 33

trap_entry:
    save
    movq    %rsp, %rdi
    call    trap
    .globl  trap_return
trap_return:                            /* rsp = trapframe */
    cmpb    $0, sunk(%rip)
    jne     return_by_monitor           /* boot/sink.S */
    restore
    addq    $16, %rsp                   /* vector, error */
    iretq

    /* The syscall instruction: rcx = user rip, r11 = user flags; interrupts are masked by SFMASK.
       One CPU, so the scratch word is ours until the stack has been switched. On a page of its own
       that ring 3 can never execute (privilege_init), so what a sleeping task returns to is elsewhere:
       a saved machine may go on with its kernel in ring 3. */
    .section .text.supervisor, "ax"
    .globl  syscall_entry
syscall_entry:
    movq    %rsp, user_rsp(%rip)
    movq    kernel_stack_top(%rip), %rsp
    pushq   $NV_SEL_USER_DATA
    pushq   user_rsp(%rip)
    pushq   %r11
    pushq   $NV_SEL_USER_CODE
    pushq   %rcx
    pushq   %rax
    pushq   $256                        /* VECTOR_SYSCALL */
    save
    jmp     syscall_work

    /* From 32-bit code, where AMD's CPUs have the instruction: ours is one of Intel's and has it not. */
    .globl  narrow_entry
narrow_entry:
    movq    %rsp, user_rsp(%rip)
    movq    kernel_stack_top(%rip), %rsp
    subq    $2, %rcx                    /* back to the instruction */
    pushq   $NV_SEL_USER_DATA
    pushq   user_rsp(%rip)
    pushq   %r11
    pushq   $NV_SEL_USER_CODE32
    pushq   %rcx
    pushq   $0
    pushq   $6                          /* invalid opcode */
    jmp     trap_entry

    .text
    .globl  syscall_work                /* a debugger looks for the sysretq from here */
syscall_work:
    movq    %rsp, %rdi
    call    trap_syscall
    testl   %eax, %eax
    jz      trap_return
    /* Nothing but rax has changed, and C keeps r12 to r15, rbp and rbx: the rest is restored. sysret
       takes rip from rcx and flags from r11. */
    addq    $48, %rsp
    restore_volatile
    movq    40(%rsp), %rsp              /* the user's stack: past vector, error, rip, cs, rflags */
    sysretq

    /* A new task runs from here with rsp at its trapframe (fork.c). */
    .globl  task_start
task_start:
    movq    %rsp, %rdi
    call    task_begin
    jmp     trap_return

    /* noreturn void enter_user(struct trapframe *frame): the first program's first instruction. */
    .globl  enter_user
enter_user:
    movq    %rdi, %rsp
    jmp     trap_return

    /* void context_switch(u64 *save_sp, u64 load_sp): both stacks hold the callee-saved registers. */
    .globl  context_switch
context_switch:
    pushq   %rbx
    pushq   %rbp
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    movq    %rsp, (%rdi)
    movq    %rsi, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbp
    popq    %rbx
    ret

    /* void idle_ring(void): hc_ring for the request IDLE. A machine that was saved there and goes on on
       another CPU returns from it by context_switch to idle_sp instead (adapt.c). */
    .globl  idle_ring
idle_ring:
    pushq   %rbx
    pushq   %rbp
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    movq    %rsp, idle_sp(%rip)
    call    hc_ring
    addq    $48, %rsp                   /* its C code has kept them all */
    ret

    /* An exception of the sunk kernel, handed over by the monitor: a bug, reported from ring 0. */
    .globl  trap_in_kernel
trap_in_kernel:
    save
    movq    %rsp, %rdi
    call    panic_in_kernel
    ud2

    .section .rodata
    .balign 8
    .globl  vector_table
vector_table:
.macro vector_address number
    .quad   vector_\number
.endm
    .set    n, 0
    .rept   34
    vector_address %n
    .set    n, n + 1
    .endr

    .bss
    .balign 8
user_rsp:
    .skip   8
    .globl  idle_sp
idle_sp:
    .skip   8
    .balign 4096
    .skip   8192
    .globl  boot_stack_top
boot_stack_top:
    .skip   4096
    .globl  fault_stack_top
fault_stack_top:
