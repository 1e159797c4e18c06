/* Returns from signals through forged frames: kernel segments, flags and addresses. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static int way;

static void forge(int number, siginfo_t *info, void *context)
{
    ucontext_t *machine = context;
    greg_t *registers = machine->uc_mcontext.gregs;

    (void)number, (void)info;
    switch (way) {
    case 0: registers[REG_RIP] = (greg_t)0xffffffff80100000; break;
    case 1: registers[REG_RIP] = (greg_t)0x8000000000000000; break;
    case 2: registers[REG_CSGSFS] = 0x0010001000100010; break;
    case 3: registers[REG_EFL] = 0x3f7fd7; break;
    case 4: registers[REG_RSP] = (greg_t)0xffff800000000000; break;
    case 5: registers[REG_RSP] = (greg_t)0x8000000000000000; break;
    case 6: memset(machine->uc_mcontext.fpregs, 0xff, sizeof *machine->uc_mcontext.fpregs); break;
    case 7: machine->uc_mcontext.fpregs = (void *)0xffff800000001000; break;
    case 8: machine->uc_mcontext.fpregs = (void *)0x10; break;
    case 9: memset(registers, 0xff, sizeof machine->uc_mcontext.gregs); break;
    case 10: registers[REG_EFL] = 0x100; break;
    case 11: registers[REG_EFL] = 0x4000; break;
    case 12: memset(&machine->uc_sigmask, 0xff, sizeof machine->uc_sigmask); break;
    case 13: machine->uc_stack.ss_sp = (void *)-4096L; machine->uc_stack.ss_size = (size_t)-1; break;
    case 14: machine->uc_mcontext.fpregs = (void *)((char *)machine->uc_mcontext.fpregs + 3); break;
    case 15: registers[REG_RIP] = 0x7fffffffffff; break;
    }
}

static void bare_return(uint64_t stack)
{
    __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall; ud2" : : "r"(stack) : "memory");
}

int main(void)
{
    static const uint64_t stacks[] = {0, 8, 0xffff800000001000, 0x8000000000000000, 0x7ffffffff000,
                                      (uint64_t)-8};
    for (way = 0; way < 22; way++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            struct sigaction action = {.sa_sigaction = forge, .sa_flags = SA_SIGINFO};
            alarm(2);
            if (way >= 16)
                bare_return(stacks[way - 16]);
            sigaction(SIGUSR1, &action, 0);
            syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
            /* The processor must still refuse what only the kernel may do. */
            __asm__ volatile("outl %%eax, $0xe0" : : "a"(3));
            _exit(9);
        }
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status)) {
            printf("way %d: exit %d\n", way, WEXITSTATUS(status));
            return 1;
        }
    }
    puts("survived");
    return 0;
}
