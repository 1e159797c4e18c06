/* Tracing: memory and registers of the other, single steps. */
#include "trace.h"
#include <elf.h>
#include <stddef.h>

#ifndef PTRACE_GET_RSEQ_CONFIGURATION
#define PTRACE_GET_RSEQ_CONFIGURATION 0x420f
#endif

enum { USER_SIZE = 928, DEBUG_REGISTERS = 848 }; /* struct user of the kernel's header */

/* Memory, also what the program itself may not touch; what is written there stays its own. */
static const char text_page[PAGE] __attribute__((aligned(PAGE))) = "constant";
static volatile long shared_word = 0x1122334455667788;

CASE(memory_of_the_other, "ptrace")
{
    long word = 0;
    char *hole = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char *closed = MUST(mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char *across = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(hole + PAGE, PAGE));
    pid_t child = TRACED({
        say("%s, %lx", text_page, shared_word);
        mprotect(closed, PAGE, PROT_READ);
        say("%s", closed);
    });
    T(ask(PTRACE_PEEKDATA, child, (long)&shared_word, &word));
    IS(word == shared_word);
    T(ask_n(PTRACE_POKEDATA, child, (long)&shared_word, 0x42));
    T(ask_n(PTRACE_POKETEXT, child, (long)text_page, 0x646567));
    say("here: %s, %lx", text_page, shared_word);
    T(ask(PTRACE_PEEKTEXT, child, (long)text_page, &word));
    N(word);
    T(ask_n(PTRACE_POKEDATA, child, (long)closed, 0x6e65646469));
    T(ask_n(PTRACE_POKEDATA, child, (long)across + PAGE - 3, 0x0102030405060708));
    T(ask(PTRACE_PEEKDATA, child, (long)across + PAGE - 3, &word));
    N(word);
    T(ask(PTRACE_PEEKDATA, child, (long)hole + PAGE - 4, &word));
    T(ask_n(PTRACE_POKEDATA, child, (long)hole + PAGE - 4, 1));
    T(ask(PTRACE_PEEKDATA, child, 0, &word));
    T(ask(PTRACE_PEEKDATA, child, (long)0xffff888000000000, &word));
    T(ask(PTRACE_PEEKDATA, child, (long)0x8000000000000000, &word));
    T(ask(PTRACE_PEEKDATA, child, -1, &word));
    T(ask(PTRACE_PEEKDATA, child, (long)&shared_word, (void *)8));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* Registers: all of them there and back, and what the kernel does not take. */
#define SET(field, value)                                                               \
    ({                                                                                  \
        errno = 0;                                                                      \
        long done_ = ask_n(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, field), value); \
        long now_ = 0;                                                                  \
        ask(PTRACE_PEEKUSER, child, offsetof(struct user_regs_struct, field), &now_);   \
        say("%s = %lx: %s, is %lx", #field, (long)(value), done_ ? error_name(errno) : "ok", now_); \
    })

CASE(registers, "ptrace")
{
    pid_t child = TRACED(pause());
    struct user_regs_struct r = registers_of(child), again;
    say("cs %llx, ss %llx, ds %llx, orig_rax %d", r.cs, r.ss, r.ds, r.orig_rax == SYS_tgkill || r.orig_rax == SYS_tkill);
    SET(rbx, 0x1234567890abcdef);
    SET(r15, -1);
    SET(rip, 0x400000);
    SET(rsp, 0x500000);
    SET(eflags, -1);
    SET(eflags, 0);
    SET(fs_base, 0x1000);
    SET(fs_base, 0x7fffffffe000);
    SET(fs_base, 0x7ffffffff000);
    SET(gs_base, 0xffff800000000000);
    SET(gs_base, 0x2000);
    SET(cs, 0);
    SET(cs, 0x10);
    SET(ss, 0);
    SET(ss, 0x18);
    SET(ds, 1);
    SET(fs, 0x10);
    SET(orig_rax, -1);
    SET(orig_rax, 5);
    T(ask(PTRACE_SETREGS, child, 0, &r));
    again = registers_of(child);
    IS(!memcmp(&r, &again, sizeof r));
    T(ask(PTRACE_SETREGS, child, 0, (void *)8));
    T(ask(PTRACE_GETREGS, child, 0, (void *)8));
    long word = 1;
    T(ask(PTRACE_PEEKUSER, child, 4, &word));
    T(ask(PTRACE_PEEKUSER, child, USER_SIZE, &word));
    T(ask(PTRACE_PEEKUSER, child, -8, &word));
    T(ask(PTRACE_PEEKUSER, child, USER_SIZE - 8, &word));
    T(ask(PTRACE_PEEKUSER, child, sizeof(struct user_regs_struct), &word));
    T(ask_n(PTRACE_POKEUSER, child, sizeof(struct user_regs_struct), 1));
    T(ask_n(PTRACE_POKEUSER, child, USER_SIZE, 1));
    T(ask_n(PTRACE_POKEUSER, child, USER_SIZE - 8, 1));
    for (int i = 0; i < 8; i++) {
        T(ask(PTRACE_PEEKUSER, child, DEBUG_REGISTERS + i * 8, &word));
        say("%lx", word);
    }
    T(ask_n(PTRACE_POKEUSER, child, DEBUG_REGISTERS + 7 * 8, 0));
    T(ask_n(PTRACE_POKEUSER, child, DEBUG_REGISTERS + 4 * 8, 0));
    end(child);
}

CASE(register_sets, "ptrace")
{
    static char room[16384] __attribute__((aligned(64)));
    struct user_regs_struct r, part;
    struct user_fpregs_struct f, set;
    pid_t child = TRACED({
        double two = 2;
        __asm__ volatile("movsd %0, %%xmm7\n int3\n movsd %%xmm7, %0" : "+m"(two)::"xmm7");
        say("xmm7 %g", two);
    });
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    info_of(child);
    r = registers_of(child);
    struct iovec v = {&part, sizeof part};
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    say("%zu, %d", v.iov_len, !memcmp(&r, &part, sizeof r));
    v.iov_len = 24;
    memset(&part, 0, sizeof part);
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    say("%zu, %d, %lld", v.iov_len, !memcmp(&r, &part, 24), part.r12 ? -1LL : 0LL);
    v = (struct iovec){room, sizeof room};
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    N(v.iov_len);
    v.iov_len = 20;
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    T(ask(PTRACE_SETREGSET, child, NT_PRSTATUS, &v));
    v.iov_len = 0;
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    T(ask(PTRACE_GETREGSET, child, 12345, &v));
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, 0));
    T(ask(PTRACE_GETFPREGS, child, 0, &f));
    say("cwd %x, mxcsr %x", f.cwd, f.mxcsr);
    double value;
    memcpy(&value, (char *)f.xmm_space + 7 * 16, sizeof value);
    say("xmm7 %g", value);
    v = (struct iovec){&set, sizeof set};
    T(ask(PTRACE_GETREGSET, child, NT_PRFPREG, &v));
    say("%zu, %d", v.iov_len, !memcmp(&f, &set, 416));
    value = 7.5;
    memcpy((char *)f.xmm_space + 7 * 16, &value, sizeof value);
    f.mxcsr = 0xffff0000;
    T(ask(PTRACE_SETFPREGS, child, 0, &f));
    f.mxcsr = 0x1f80;
    T(ask(PTRACE_SETFPREGS, child, 0, &f));
    v = (struct iovec){room, sizeof room};
    if (!ask(PTRACE_GETREGSET, child, NT_X86_XSTATE, &v)) {
        if (memcmp((char *)f.xmm_space, room + 160, 256) || ask(PTRACE_SETREGSET, child, NT_X86_XSTATE, &v))
            say("extended state: %s", error_name(errno));
        room[512] |= 0x80;
        room[519] |= 0x40; /* a component that no CPU has */
        if (!ask(PTRACE_SETREGSET, child, NT_X86_XSTATE, &v) || errno != EINVAL)
            say("a wrong header is taken");
    } else if (errno != ENODEV) {
        say("extended state: %s", error_name(errno));
    }
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* Instruction by instruction: through a call into the kernel, into a handler, and to a breakpoint. */
CASE(single_steps, "ptrace")
{
    pid_t child = TRACED({
        catch_signals();
        __asm__ volatile("int3\n nop\n mov $39, %%eax\n syscall\n nop\n nop\n pushf\n pop %%rax\n nop" ::: "rax", "rcx", "r11");
        raise(SIGUSR1);
        say_caught();
    });
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    for (int i = 0; i < 8; i++) {
        struct user_regs_struct r = registers_of(child), next;
        MUST(ask_n(PTRACE_SINGLESTEP, child, 0, 0));
        int status;
        MUST(waitpid(child, &status, 0));
        next = registers_of(child);
        say("%lld bytes, stopped by %d, orig_rax %lld, trap flag %d", next.rip - r.rip, WSTOPSIG(status),
            (long long)next.orig_rax, !!(next.eflags & 0x100));
        siginfo_t info = info_of(child);
        IS((unsigned long)info.si_addr == next.rip);
    }
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    MUST(ask_n(PTRACE_SINGLESTEP, child, 0, SIGUSR1));
    news_of("child", child);
    info_of(child);
    IS(registers_of(child).rip == (unsigned long)note);
    MUST(ask_n(PTRACE_SINGLESTEP, child, 0, 0));
    news_of("child", child);
    info_of(child);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* An address that is none: the program dies of it, not the kernel. */
static void run_from(const char *what, unsigned long address)
{
    pid_t child = TRACED(pause());
    MUST(ask_n(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, rip), (long)address));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    say("%s", what);
    news_of("child", child);
    siginfo_t info = info_of(child);
    say("address %lx, rip %d", (long)info.si_addr, registers_of(child).rip == address);
    MUST(ask_n(PTRACE_CONT, child, 0, 0)); /* once more */
    news_of("child", child);
    MUST(ask_n(PTRACE_CONT, child, 0, SIGSEGV));
    news_of("child", child);
}

CASE(programs_sent_astray, "ptrace")
{
    run_from("nothing there", 0x1000);
    run_from("the kernel's", 0xffffffff80000000);
    run_from("not canonical", 0x8000000000000000);
    run_from("the last page", 0x7ffffffff000);
}

CASE(restartable_sequences, "ptrace rseq")
{
    struct { unsigned long at; unsigned size, signature, flags, pad; } is;
    pid_t child = TRACED(pause());
    T(ask_n(PTRACE_GET_RSEQ_CONFIGURATION, child, sizeof is, (long)&is));
    T(ask_n(PTRACE_GET_RSEQ_CONFIGURATION, child, 8, (long)&is));
    end(child);
}
